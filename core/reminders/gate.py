"""The last door before a messenger: a reminder that waited too long in the outbox does not wake anybody at night."""

from __future__ import annotations

from sqlalchemy import Connection, select

from core.clock import Clock
from core.database import Database
from core.operator import Operator
from core.regions import zone_of
from core.reminders import due
from core.reminders.hours import allowed
from core.reminders.models import Reason, Status
from core.reminders.policy import Policy
from core.reminders.tables import messages, reminders
from core.subscribers import consents
from core.subscribers.tables import subscribers


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
            select(subscribers.c.id, subscribers.c.region)
            .join(messages, messages.c.subscriber_id == subscribers.c.id)
            .where(messages.c.id == message_id)
        )
        row = connection.execute(query).first()
        if row is None:
            return None  # something else that is sent in bulk
        paid = select(reminders.c.account).where(
            reminders.c.message_id == message_id, reminders.c.status == Status.cancelled.value
        )
        if connection.execute(paid.limit(1)).first() is not None:
            return Reason.paid.value  # what is still owed for the other accounts is written anew
        if consents.refusing(connection, [row.id]):
            return Reason.no_consent.value
        if due.is_paused(connection):
            return Reason.operator_paused.value
        zone = zone_of(row.region, self._operator.zone.key)
        return None if allowed(self._policy, zone, self._clock.now()) else Reason.outside_hours.value
