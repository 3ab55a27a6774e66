"""What staff do with requests, as functions on a connection: one transaction with the messages that tell of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from core.appeals import queries
from core.appeals.models import OPEN, Appeal, AppealKind, AppealStatus, Author
from core.appeals.tables import appeals
from core.billing.models import BillingAccount
from core.delivery.writes import insert_for
from core.ids import new_id
from core.subscribers.links import add_link, chats_of, chats_of_owners
from core.subscribers.models import Chat, Proof, Role
from core.subscribers.phones import mask_phone
from core.subscribers.tables import activity, chats, subscribers


class NotPossible(Exception):
    """A sentence for staff: why it cannot be done."""


@dataclass(frozen=True, slots=True)
class Approved:
    """A right that staff gave, and who is to hear of it."""

    appeal: Appeal
    account_number: str
    link_id: str
    name: str  # of whoever got the right
    owners_chats: tuple[Chat, ...]


def answer(connection: Connection, number: int, text: str, now: datetime, *, done: bool = False) -> Appeal:
    """Adds staff's words. ``done``: nothing more is expected of anybody. Raises NotPossible."""
    appeal = _locked(connection, number)
    if not text.strip():
        raise NotPossible("The answer is empty.")
    queries.add_message(connection, appeal.id, Author.staff, text.strip(), now)
    queries.move(connection, appeal.id, AppealStatus.resolved if done else AppealStatus.pending, now)
    return appeal


def approve(connection: Connection, number: int, account: BillingAccount, role: Role, now: datetime) -> Approved:
    """Links the account that was asked for. Raises NotPossible when that was decided before, or nobody is there."""
    appeal = _undecided(connection, number)
    person = connection.execute(select(subscribers).where(subscribers.c.id == appeal.subscriber_id)).first()
    if person is None or person.erased_at is not None:
        raise NotPossible(f"Whoever asked in No. {number} is no longer registered.")
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
    queries.move(connection, appeal.id, AppealStatus.resolved, now)
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


def refuse(connection: Connection, number: int, reason: str, now: datetime) -> Appeal:
    """Says no to a request for an account, with a reason that the person reads. Raises NotPossible."""
    appeal = _undecided(connection, number)
    if not reason.strip():
        raise NotPossible("A refusal needs a reason: the person reads it.")
    queries.add_message(connection, appeal.id, Author.staff, reason.strip(), now)
    queries.move(connection, appeal.id, AppealStatus.rejected, now)
    return appeal


def chats_to_tell(connection: Connection, appeal: Appeal) -> list[Chat]:
    """All chats of the subscriber; of somebody who is not registered, the one in which they asked."""
    if appeal.subscriber_id is not None:
        return chats_of(connection, [appeal.subscriber_id])
    row = connection.execute(select(chats).where(chats.c.chat_id == appeal.chat_id)).first()
    return [Chat(**row._mapping)] if row is not None else []


def _undecided(connection: Connection, number: int) -> Appeal:
    appeal = _locked(connection, number)
    if appeal.kind is not AppealKind.link:
        raise NotPossible(f"No. {number} does not ask for an account: answer it instead.")
    if appeal.status not in OPEN:
        raise NotPossible(f"No. {number} was decided before: it is {appeal.status}.")
    return appeal


def _locked(connection: Connection, number: int) -> Appeal:
    # Two of the staff may decide at the same moment: the second one waits, and then sees what the first one did.
    connection.execute(select(appeals.c.id).where(appeals.c.number == number).with_for_update())
    thread = queries.load_numbered(connection, number)
    if thread is None or thread.appeal.status is AppealStatus.draft:
        raise NotPossible(f"There is no request No. {number}.")
    return thread.appeal
