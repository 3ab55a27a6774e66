"""What waits to be sent, taken person by person: a sender that was killed leaves its people to the next one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select, update

from core.billing.models import AccountNumber
from core.delivery.messages import Priority
from core.delivery.tables import outbox
from core.delivery.writes import insert_for
from core.reminders.models import HELD_BACK, Reason, Status
from core.reminders.people import FAILED
from core.reminders.tables import messages, reminders, switch
from core.subscribers.tables import subscribers

LEASE = timedelta(minutes=2)
TOGETHER = timedelta(minutes=15)
"""What is due this much later goes into the same message."""

TRIED_FOR = timedelta(days=2)
"""For how long a way that has failed is not tried again."""

SWITCH = "reminders"


@dataclass(frozen=True, slots=True)
class Waiting:
    """One planned line of the record."""

    subscriber_id: str
    account: AccountNumber
    bill: date
    stage: str


def claim(connection: Connection, now: datetime, people: int) -> list[Waiting]:
    """Everything that waits for some people whose time has come; nobody else gets them while the lease lasts."""
    free = or_(reminders.c.owned_until.is_(None), reminders.c.owned_until <= now)
    planned = reminders.c.status == Status.planned.value
    first = (
        select(reminders.c.subscriber_id, func.min(reminders.c.due_at))
        .where(planned, reminders.c.due_at <= now, free)
        .group_by(reminders.c.subscriber_id)
        .order_by(func.min(reminders.c.due_at))
        .limit(people * 4)
    )
    wanted = [row.subscriber_id for row in connection.execute(first)]
    # The person's row is locked, and not their reminders: two senders never hold one person's lines between them.
    lockable = select(subscribers.c.id).where(subscribers.c.id.in_(wanted)).order_by(subscribers.c.id).limit(people)
    ids = list(connection.execute(lockable.with_for_update(skip_locked=True)).scalars())
    if not ids:
        return []
    mine = and_(planned, free, reminders.c.subscriber_id.in_(ids), reminders.c.due_at <= now + TOGETHER)
    taken = (
        update(reminders)
        .where(mine)
        .values(owned_until=now + LEASE)
        .returning(reminders.c.subscriber_id, reminders.c.account, reminders.c.bill, reminders.c.stage)
    )
    return sorted(
        (Waiting(*row) for row in connection.execute(taken)),
        key=lambda one: (one.subscriber_id, one.account, one.bill, one.stage),
    )


def is_key(one: Waiting) -> ColumnElement[bool]:
    return and_(
        reminders.c.subscriber_id == one.subscriber_id,
        reminders.c.account == one.account,
        reminders.c.bill == one.bill,
        reminders.c.stage == one.stage,
    )


def put_aside(connection: Connection, lines: Iterable[tuple[Waiting, Status, Reason]]) -> None:
    """These are not sent, and this is why. One that is not planned any more keeps what was said of it."""
    for one, status, reason in lines:
        connection.execute(
            update(reminders)
            .where(is_key(one), reminders.c.status == Status.planned.value)
            .values(status=status.value, reason=reason.value, owned_until=None)
        )


def postpone(connection: Connection, lines: Iterable[tuple[Waiting, datetime, Reason]]) -> None:
    for one, due_at, reason in lines:
        connection.execute(
            update(reminders)
            .where(is_key(one), reminders.c.status == Status.planned.value)
            .values(due_at=due_at, reason=reason.value, owned_until=None)
        )


def call_off(connection: Connection, accounts: Sequence[AccountNumber]) -> int:
    """Nothing is owed for these accounts any more: for use in the commit in which that becomes known.

    A message that is written and not sent is stopped at the last door (:mod:`core.reminders.gate`); what it says of
    other accounts is planned anew. Says how many reminders were cancelled.
    """
    waiting = reminders.c.status.in_([Status.planned.value, Status.queued.value])
    cancelled = {"status": Status.cancelled.value, "reason": Reason.paid.value, "owned_until": None}
    return connection.execute(
        update(reminders).where(reminders.c.account.in_(accounts), waiting).values(**cancelled)
    ).rowcount


def tried(connection: Connection, ids: Sequence[str], now: datetime) -> dict[str, set[str]]:
    """Where a message to each person has failed of late."""
    found: dict[str, set[str]] = {}
    query = select(messages.c.subscriber_id, messages.c.target).where(
        messages.c.subscriber_id.in_(ids),
        messages.c.status == FAILED,
        messages.c.created_at > now - TRIED_FOR,
        messages.c.reason.not_in([reason.value for reason in HELD_BACK]),
    )
    for subscriber_id, target in connection.execute(query):
        found.setdefault(subscriber_id, set()).add(target)
    return found


def release(connection: Connection, lines: Iterable[Waiting]) -> None:
    """Somebody was faster, or the world has changed: looked at anew at once."""
    for one in lines:
        connection.execute(update(reminders).where(is_key(one)).values(owned_until=None))


def backlog(connection: Connection) -> int:
    """How many bulk messages wait in the outbox."""
    waiting = outbox.c.status == "pending", outbox.c.priority >= int(Priority.bulk)
    return connection.execute(select(func.count()).where(*waiting)).scalar_one()


def is_paused(connection: Connection) -> bool:
    """Whether the operator has stopped all reminders for now."""
    return bool(connection.execute(select(switch.c.paused).where(switch.c.name == SWITCH)).scalar_one_or_none())


def set_paused(connection: Connection, paused: bool, reason: str, now: datetime) -> None:
    """The operator's switch, with a word for colleagues."""
    values = {"paused": paused, "reason": reason, "changed_at": now}
    statement = insert_for(connection, switch).values(name=SWITCH, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=[switch.c.name], set_=values))
