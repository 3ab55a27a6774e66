"""What staff do with appeals, as functions on a connection: one transaction with the messages that tell of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from core.appeals import life
from core.appeals.kinds import LINK
from core.appeals.models import OPEN, SETTLED, Actor, Appeal, AppealStatus, Author
from core.appeals.records import add_message, id_of, note_event
from core.appeals.rules import AppealRules
from core.billing.models import BillingAccount
from core.delivery.writes import insert_for
from core.ids import new_id
from core.subscribers.links import add_link, chats_of_owners
from core.subscribers.models import Chat, Proof, Role
from core.subscribers.phones import mask_phone
from core.subscribers.tables import activity, chats, subscribers

MAX_ANSWER = 3000  # characters: what one message of every messenger holds with room for its head


class NotPossible(Exception):
    """A sentence for staff: why it cannot be done. ``message`` with ``values`` can be translated."""

    def __init__(self, message: str, **values: Any) -> None:
        super().__init__(message.format(**values) if values else message)
        self.message = message
        self.values = values


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file of staff's that lies in the file store already."""

    blob: str
    name: str
    media_type: str
    size: int


@dataclass(frozen=True, slots=True)
class Done:
    """What the appeal is now, and the messages that were added to it."""

    appeal: Appeal
    messages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Approved:
    """A right that staff gave, and who is to hear of it."""

    appeal: Appeal
    account_number: str
    link_id: str
    name: str  # of whoever got the right
    owners_chats: tuple[Chat, ...]


def answer(
    connection: Connection,
    rules: AppealRules,
    actor: Actor,
    number: int,
    text: str,
    now: datetime,
    *,
    asks: bool = False,
    files: Sequence[KeptFile] = (),
) -> Done:
    """Adds staff's words and files, one message each. ``asks``: the subscriber is to answer."""
    appeal = _locked(connection, number)
    if appeal.status is AppealStatus.closed:
        raise NotPossible("No. {number} is closed: start work on it again before you write.", number=number)
    words = _words(text, "The answer is empty.") if not files else _short(text.strip())
    added = _write(connection, appeal, actor, Author.staff, words, files, now)
    return Done(life.answered(connection, appeal, rules, actor, now, asks=asks), added)


def note(
    connection: Connection,
    rules: AppealRules,
    actor: Actor,
    number: int,
    text: str,
    now: datetime,
    files: Sequence[KeptFile] = (),
) -> Done:
    """Words among staff: the subscriber never sees them."""
    appeal = _locked(connection, number)
    words = _words(text, "The note is empty.") if not files else _short(text.strip())
    added = _write(connection, appeal, actor, Author.note, words, files, now)
    return Done(life.touch(connection, appeal, rules, now), added)


def start(connection: Connection, rules: AppealRules, actor: Actor, number: int, now: datetime) -> Done:
    """Work begins, or begins again. Whoever starts an appeal that nobody has, has it."""
    appeal = _locked(connection, number)
    if appeal.status is AppealStatus.in_progress:
        raise NotPossible("No. {number} is being worked on already.", number=number)
    if actor.staff_id and not appeal.assignee:
        appeal = life.touch(connection, appeal, rules, now, assignee=actor.staff_id)
    if appeal.status in (AppealStatus.pending, *SETTLED, AppealStatus.closed):
        due = rules.answer_by(appeal.kind, now)
        appeal = life.touch(
            connection,
            appeal,
            rules,
            now,
            due_at=due.due_at,
            warn_at=due.warn_at,
            closing_at=None,
            closing_warn_at=None,
        )
    return Done(life.started(connection, appeal, rules, actor, now))


def resolve(connection: Connection, rules: AppealRules, actor: Actor, number: int, reason: str, now: datetime) -> Done:
    """Done, and how: the person reads it."""
    words = _words(reason, "Say in words how it was solved: the person reads it.")
    return _settle(connection, rules, actor, number, AppealStatus.resolved, words, now)


def reject(connection: Connection, rules: AppealRules, actor: Actor, number: int, reason: str, now: datetime) -> Done:
    """Not done, and why: the person reads it."""
    words = _words(reason, "A refusal needs a reason: the person reads it.")
    return _settle(connection, rules, actor, number, AppealStatus.rejected, words, now)


def assign(
    connection: Connection, rules: AppealRules, actor: Actor, number: int, staff_id: str, name: str, now: datetime
) -> Done:
    """``staff_id`` empty: nobody has it any more."""
    appeal = _locked(connection, number)
    if appeal.assignee == staff_id:
        return Done(appeal)
    note_event(connection, appeal.id, now, actor.staff_id or "staff", actor.name, "assigned", name)
    return Done(life.touch(connection, appeal, rules, now, assignee=staff_id))


def change_kind(
    connection: Connection, rules: AppealRules, actor: Actor, number: int, kind: str, now: datetime
) -> Done:
    """Another kind, with its deadline. A request to link an account stays one."""
    appeal = _locked(connection, number)
    if LINK in (appeal.kind, kind):
        raise NotPossible("A request to link an account cannot become another kind, nor the other way round.")
    if rules.kinds.find(kind) is None:
        raise NotPossible("There is no kind {kind}.", kind=kind)
    if kind == appeal.kind:
        return Done(appeal)
    values: dict[str, Any] = {"kind": kind}
    if appeal.due_at is not None:
        sent = appeal.sent_at or appeal.created_at
        due = rules.solve_by(kind, sent) if appeal.answered_at else rules.answer_by(kind, sent)
        # A kind with a shorter term must not make it late at this very moment.
        due = due if due.due_at > now else rules.answer_by(kind, now)
        values |= {"due_at": due.due_at, "warn_at": due.warn_at}
    note_event(connection, appeal.id, now, actor.staff_id or "staff", actor.name, "kind", f"{appeal.kind} > {kind}")
    return Done(life.touch(connection, appeal, rules, now, **values))


def approve(
    connection: Connection,
    rules: AppealRules,
    actor: Actor,
    number: int,
    account: BillingAccount,
    role: Role,
    now: datetime,
) -> Approved:
    """Links the account that was asked for. Raises NotPossible when that was decided before, or nobody is there."""
    appeal = _undecided(connection, number)
    person = connection.execute(select(subscribers).where(subscribers.c.id == appeal.subscriber_id)).first()
    if person is None or person.erased_at is not None:
        raise NotPossible("Whoever asked in No. {number} is no longer registered.", number=number)
    link_id = new_id(now)
    values = {
        "id": link_id,
        "subscriber_id": person.id,
        "account_number": account.number,
        "role": role.value,
        "nickname": "",
        "proof": Proof.staff.value,
        "created_at": now,
    }
    add_link(connection, values)
    appeal = life.settled(connection, appeal, rules, actor, AppealStatus.resolved, "", now)
    deed = {
        "id": new_id(now),
        "subscriber_id": person.id,
        "chat_id": appeal.chat_id,
        "what": "linked",
        "detail": account.number,
        "at": now,
    }
    connection.execute(insert_for(connection, activity), deed)
    owners = chats_of_owners(connection, account.number, account.phone, person.id)
    return Approved(appeal, account.number, link_id, person.name or mask_phone(person.phone or ""), tuple(owners))


def role_named(said: str) -> Role:
    """As it was typed. A slip of the finger must not give another right than was meant: raises NotPossible."""
    if said.lower() not in list(Role):
        raise NotPossible("There is no role {role}: it is one of {roles}.", role=said[:40], roles=", ".join(Role))
    return Role(said.lower())


def refuse(connection: Connection, rules: AppealRules, actor: Actor, number: int, reason: str, now: datetime) -> Done:
    """Says no to a request for an account, with a reason that the person reads. Raises NotPossible."""
    appeal = _undecided(connection, number)
    words = _words(reason, "A refusal needs a reason: the person reads it.")
    added = _write(connection, appeal, actor, Author.staff, words, (), now)
    return Done(life.settled(connection, appeal, rules, actor, AppealStatus.rejected, words, now), added)


def chats_to_tell(connection: Connection, appeal: Appeal) -> list[Chat]:
    """All chats of the subscriber; of somebody who is not registered, the one in which they asked."""
    theirs = chats.c.subscriber_id == appeal.subscriber_id
    if appeal.subscriber_id is None:
        theirs = chats.c.chat_id == appeal.chat_id
    # Held until the news lies in the outbox: a chat that is being signed out is either told nothing, or what it was to
    # be told is taken back by whoever signs it out.
    query = select(chats).where(theirs).order_by(chats.c.chat_id).with_for_update(read=True)
    return [Chat(**row._mapping) for row in connection.execute(query)]


def _settle(
    connection: Connection,
    rules: AppealRules,
    actor: Actor,
    number: int,
    status: AppealStatus,
    reason: str,
    now: datetime,
) -> Done:
    appeal = _locked(connection, number)
    if appeal.status not in OPEN:
        raise NotPossible("No. {number} was decided before: it is {status}.", number=number, status=appeal.status.value)
    if appeal.kind == LINK and status is AppealStatus.resolved:
        raise NotPossible("No. {number} asks for an account: approve or refuse it.", number=number)
    added = _write(connection, appeal, actor, Author.staff, reason, (), now)
    return Done(life.settled(connection, appeal, rules, actor, status, reason, now), added)


def _write(
    connection: Connection,
    appeal: Appeal,
    actor: Actor,
    author: Author,
    text: str,
    files: Sequence[KeptFile],
    now: datetime,
) -> tuple[str, ...]:
    """A message for the words, and one for each file: a messenger takes them so."""
    parts: list[tuple[str, KeptFile | None]] = [(text, None)] if text else []
    parts.extend(("", file) for file in files)
    return tuple(
        add_message(
            connection,
            appeal.id,
            author,
            words,
            now,
            staff_id=actor.staff_id,
            file_name=file.name if file else "",
            blob=file.blob if file else "",
        )
        for words, file in parts
    )


def _words(text: str, missing: str) -> str:
    if not text.strip():
        raise NotPossible(missing)
    return _short(text.strip())


def _short(text: str) -> str:
    if len(text) > MAX_ANSWER:
        raise NotPossible("This is {n} characters long; {most} may be sent at once.", n=len(text), most=MAX_ANSWER)
    return text


def _undecided(connection: Connection, number: int) -> Appeal:
    appeal = _locked(connection, number)
    if appeal.kind != LINK:
        raise NotPossible("No. {number} does not ask for an account: answer it instead.", number=number)
    if appeal.status not in OPEN:
        raise NotPossible("No. {number} was decided before: it is {status}.", number=number, status=appeal.status.value)
    return appeal


def _locked(connection: Connection, number: int) -> Appeal:
    appeal_id = id_of(connection, number)
    # Two of the staff may decide at the same moment: the second one waits, and then sees what the first one did.
    appeal = life.locked(connection, appeal_id) if appeal_id is not None else None
    if appeal is None or appeal.status is AppealStatus.draft:
        raise NotPossible("There is no appeal No. {number}.", number=number)
    return appeal
