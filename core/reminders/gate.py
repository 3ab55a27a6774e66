"""The last door before a messenger: what has changed while a reminder lay in the outbox keeps it inside."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Connection, select

from core.billing.models import AccountNumber
from core.clock import Clock
from core.database import Database
from core.operator import Operator
from core.regions import zone_of
from core.reminders import due, prefs
from core.reminders.hours import allowed, local_day
from core.reminders.models import Prefs, Reason, Status
from core.reminders.policy import SUSPENSION, Policy
from core.reminders.tables import messages, reminders
from core.subscribers import consents
from core.subscribers.tables import account_links, subscribers


class Gate:
    """Says why a bulk message must not go out now, by the id of the reminder that it carries; None when it may."""

    def __init__(self, database: Database, clock: Clock, operator: Operator, policy: Policy) -> None:
        self._database = database
        self._clock = clock
        self._operator = operator
        self._policy = policy

    async def __call__(self, message_id: str) -> str | None:
        return await self._database.read(self._look, message_id)

    def _look(self, connection: Connection, message_id: str) -> str | None:
        query = (
            select(subscribers.c.id, subscribers.c.region, messages.c.day)
            .join(messages, messages.c.subscriber_id == subscribers.c.id)
            .where(messages.c.id == message_id)
        )
        row = connection.execute(query).first()
        if row is None:
            return None  # something else that is sent in bulk
        spoken = select(reminders.c.account, reminders.c.stage, reminders.c.status).where(
            reminders.c.message_id == message_id
        )
        lines = connection.execute(spoken).all()
        if any(line.status == Status.cancelled.value for line in lines):
            return Reason.paid.value  # what is still owed for the other accounts is written anew
        if consents.refusing(connection, [row.id]):
            return Reason.no_consent.value
        if due.is_paused(connection):
            return Reason.operator_paused.value
        now, zone = self._clock.now(), zone_of(row.region, self._operator.zone.key)
        # A message counts against the caps of its own day: on another one it is weighed anew.
        if not allowed(self._policy, zone, now) or local_day(zone, now) != row.day:
            return Reason.outside_hours.value
        accounts = {line.account for line in lines}
        if accounts - _linked(connection, row.id):
            return Reason.unlinked.value
        wishes = prefs.load(connection, [row.id]).get(row.id, Prefs())
        free = [line.account for line in lines if line.stage != SUSPENSION]
        return Reason.changed.value if any(_unwanted(wishes, one, row.day) for one in free) else None


def _linked(connection: Connection, subscriber_id: str) -> set[AccountNumber]:
    living = account_links.c.subscriber_id == subscriber_id, account_links.c.ended_at.is_(None)
    return set(connection.execute(select(account_links.c.account_number).where(*living)).scalars())


def _unwanted(wishes: Prefs, account: AccountNumber, today: date) -> bool:
    off = not wishes.debts or account in wishes.muted
    silent = [day for day in (wishes.paused_until, wishes.asked_for) if day is not None and today < day]
    return off or bool(silent)
