"""The one transaction in which a reminder is written: record, caps, budget and outbox agree, or nothing happens."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from sqlalchemy import Connection, func, insert, select, update

from core.delivery.commit import Post, outbox_row
from core.delivery.messages import OutgoingMessage, Priority
from core.delivery.tables import outbox
from core.delivery.tasks import plan
from core.delivery.writes import Write
from core.money import Money
from core.reminders import due
from core.reminders.assess import Rules
from core.reminders.decide import Decision
from core.reminders.models import Status
from core.reminders.people import Person, history, spent
from core.reminders.policy import MONTH, free_day
from core.reminders.tables import messages, reminders
from core.reminders.ways import Way
from core.subscribers.tables import subscribers

SEND_REMINDER = "send_reminder"
BUDGET_LOCK = 7_021_004  # PostgreSQL's advisory lock: any number that nothing else uses


@dataclass(frozen=True, slots=True)
class Composed:
    """The words: a message for a chat, or a plain text for SMS and e-mail."""

    message: OutgoingMessage | None = None
    writes: Sequence[Write] = ()
    subject: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Letter:
    """A decision to write, with the words."""

    decision: Decision
    person: Person
    way: Way
    composed: Composed
    message_id: str


def since(now: datetime) -> date:
    """From which day on messages count against a cap, whatever the zone."""
    return now.date() - timedelta(days=MONTH + 1)


def write_down(
    connection: Connection, rules: Rules, decisions: Sequence[Decision], letters: Sequence[Letter], now: datetime
) -> Counter[str]:
    """How many messages were written (``queued``), and what became of the rest, by reason."""
    counted: Counter[str] = Counter()
    ids = sorted(letter.person.id for letter in letters)
    # Whoever holds a person's row is the only one who reminds them now: the caps hold whatever runs beside us.
    living = select(subscribers.c.id).where(subscribers.c.id.in_(ids), subscribers.c.erased_at.is_(None))
    locked = set(connection.execute(living.order_by(subscribers.c.id).with_for_update()).scalars())
    for decision in decisions:
        due.put_aside(connection, decision.aside)
        due.postpone(connection, decision.later)
        counted.update(reason.value for _one, _status, reason in decision.aside)
        counted.update(reason.value for _one, _when, reason in decision.later)
    already = history(connection, ids, since(now))
    left = _left(connection, rules, letters, now)
    for letter in sorted(letters, key=lambda one: one.person.id):
        fits = letter.decision.today == free_day(rules.policy, already.get(letter.person.id, ()), letter.decision.today)
        if (
            letter.person.id in locked
            and fits
            and letter.way.cost <= left
            and _write_one(connection, rules, letter, now)
        ):
            left -= letter.way.cost
            counted[Status.queued.value] += 1
        else:
            due.release(connection, [item.line for item in letter.decision.items])
    return counted


def _left(connection: Connection, rules: Rules, letters: Sequence[Letter], now: datetime) -> Decimal:
    """What of the month's budget may still be spent; nobody else spends it until this transaction ends."""
    if not any(letter.way.cost for letter in letters):
        return Decimal(0)
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(BUDGET_LOCK)))
    return rules.prices.budget - spent(connection, rules.operator, now)


def _write_one(connection: Connection, rules: Rules, letter: Letter, now: datetime) -> bool:
    """False when something of it was taken back meanwhile: the words speak of it, so they are thrown away."""
    message_id = letter.message_id
    savepoint = connection.begin_nested()
    for item in letter.decision.items:
        taken = connection.execute(
            update(reminders)
            .where(due.is_key(item.line), reminders.c.status == Status.planned.value)
            .values(
                status=Status.queued.value,
                reason="",
                owned_until=None,
                message_id=message_id,
                amount=item.debt.debt.minor,
                currency=item.debt.debt.currency,
            )
        )
        if taken.rowcount != 1:
            savepoint.rollback()
            return False
    outbox_id = _hand_over(connection, letter, message_id, now)
    connection.execute(
        insert(messages),
        {
            "id": message_id,
            "subscriber_id": letter.person.id,
            "day": letter.decision.today,
            "channel": letter.way.channel,
            "target": letter.way.target,
            "cost": Money(letter.way.cost, rules.operator.currency).minor,
            "status": "queued",
            "outbox_id": outbox_id,
            "created_at": now,
        },
    )
    savepoint.commit()
    return True


def _hand_over(connection: Connection, letter: Letter, message_id: str, now: datetime) -> int | None:
    """To the outbox, below every reply; or, for SMS and e-mail, to a task."""
    composed, way = letter.composed, letter.way
    for write in composed.writes:
        write.apply(connection)
    if composed.message is None:
        payload = {"message": message_id, "way": way.channel, "subject": composed.subject, "text": composed.text}
        plan(task_id(message_id), SEND_REMINDER, payload, now).apply(connection)
        return None
    row = outbox_row(Post(way.target, composed.message, Priority.bulk), message_id, now)
    outbox_id: int = connection.execute(insert(outbox).values(row).returning(outbox.c.id)).scalar_one()
    return outbox_id


def task_id(message_id: str) -> str:
    """The task that sends a message outside of the messengers."""
    return f"reminder-{message_id}"
