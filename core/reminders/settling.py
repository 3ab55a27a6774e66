"""Learns how each message went: sent, or not, and then the next way is tried; later, whether it has helped."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, and_, delete, or_, select, update

from core.billing.models import AccountOverview
from core.billing.service import BillingService
from core.clock import Clock
from core.database import Database
from core.delivery.tables import outbox, tasks
from core.errors import OutsideUnavailable
from core.reminders.models import HELD_BACK, Reason, Status
from core.reminders.people import FAILED
from core.reminders.tables import messages, reminders
from core.reminders.writing import task_id

QUEUED, SENT = "queued", "sent"
BATCH = 1000
WRITTEN = 3000  # more than the outbox may hold of ours: what waits there hides nothing that was sent
LATE_REFUSAL = timedelta(days=1)
"""Viber may take a message and say later that it could not be shown."""

HELPED_WITHIN = timedelta(days=3)
KEPT = timedelta(days=400)
LOST = "lost"


def settle(connection: Connection, now: datetime) -> int:
    """Takes over from the outbox and the tasks how messages went; says how many have changed."""
    refused = and_(messages.c.status == SENT, messages.c.created_at > now - LATE_REFUSAL, outbox.c.status == FAILED)
    query = (
        select(messages.c.id, messages.c.status.label("known"), outbox.c.status, outbox.c.reason, outbox.c.sent_at)
        .outerjoin(outbox, outbox.c.id == messages.c.outbox_id)
        .where(messages.c.outbox_id.is_not(None), or_(messages.c.status == QUEUED, refused))
        .order_by(messages.c.created_at)
        .limit(WRITTEN)
    )
    changed = 0
    for row in connection.execute(query).all():
        changed += _take_over(connection, row.id, row, now)
    by_task = select(messages.c.id).where(messages.c.outbox_id.is_(None), messages.c.status == QUEUED).limit(WRITTEN)
    for message_id in connection.execute(by_task).scalars().all():
        state = select(tasks.c.status, tasks.c.reason, tasks.c.due_at.label("sent_at"))
        found = connection.execute(state.where(tasks.c.id == task_id(message_id))).first()
        changed += _take_over(connection, message_id, found, now)
    return changed


def _take_over(connection: Connection, message_id: str, row: Row[*tuple[Any, ...]] | None, now: datetime) -> int:
    status = None if row is None else row.status
    if status == "pending":
        return 0
    if row is not None and status in ("sent", "done"):
        when = row.sent_at if status == "sent" else now
        _finish(connection, message_id, SENT, "", when)
        _lines(connection, message_id, status=Status.sent.value)
        return 1
    give_back(connection, message_id, LOST if row is None or status is None else row.reason or status, now)
    return 1


def give_back(connection: Connection, message_id: str, reason: str, now: datetime) -> None:
    """Not sent: its reminders are looked at again, for another way, or for the same one in better hours."""
    _finish(connection, message_id, FAILED, reason, None)
    shown = reason if reason in HELD_BACK else Reason.failed.value
    planned = {"status": Status.planned.value, "reason": shown, "due_at": now, "message_id": None}
    waits = (reminders.c.message_id == message_id) & (reminders.c.status != Status.cancelled.value)
    connection.execute(update(reminders).where(waits).values(**planned))


def _finish(connection: Connection, message_id: str, status: str, reason: str, sent_at: datetime | None) -> None:
    values = {"status": status, "reason": reason[:500], "sent_at": sent_at}
    connection.execute(update(messages).where(messages.c.id == message_id).values(**values))


def _lines(connection: Connection, of: str, **values: object) -> None:
    connection.execute(update(reminders).where(reminders.c.message_id == of).values(**values))


class Outcomes:
    """Three days after each reminder: has the debt become smaller?"""

    def __init__(self, database: Database, clock: Clock, billing: BillingService) -> None:
        self._database = database
        self._clock = clock
        self._billing = billing

    async def run(self) -> int:
        """How many reminders were looked at. A silent billing is asked again the next time."""
        looked = 0
        while rows := await self._database.read(_unmeasured, self._clock.now()):
            try:
                known = await self._billing.overviews(sorted({row.account for row in rows}))
            except OutsideUnavailable:
                break
            if not known.fresh:
                break
            await self._database.write(_measure, rows, {one.number: one for one in known.value})
            looked += len(rows)
        return looked


def _unmeasured(connection: Connection, now: datetime) -> Sequence[Row[*tuple[Any, ...]]]:
    query = (
        select(reminders)
        .join(messages, messages.c.id == reminders.c.message_id)
        .where(reminders.c.status == Status.sent.value, reminders.c.paid.is_(None))
        .where(messages.c.sent_at <= now - HELPED_WITHIN)
        .limit(BATCH)
    )
    return connection.execute(query).all()


def _measure(connection: Connection, rows: Sequence[Row[*tuple[Any, ...]]], debts: dict[str, AccountOverview]) -> None:
    for row in rows:
        debt = debts.get(row.account)
        connection.execute(
            update(reminders)
            .where(
                reminders.c.subscriber_id == row.subscriber_id,
                reminders.c.account == row.account,
                reminders.c.bill == row.bill,
                reminders.c.stage == row.stage,
            )
            .values(paid=debt is not None and debt.debt.minor < (row.amount or 0))
        )


def forget_before(connection: Connection, moment: datetime) -> int:
    """Removes the record of what is long over."""
    connection.execute(delete(messages).where(messages.c.created_at < moment))
    return connection.execute(delete(reminders).where(reminders.c.planned_at < moment)).rowcount
