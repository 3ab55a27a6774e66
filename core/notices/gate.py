"""The last door before a messenger for notices: what was paused, switched off or overtaken meanwhile stays inside."""

from __future__ import annotations

from sqlalchemy import Connection, select

from core.clock import Clock
from core.database import Database
from core.notices.models import NoticeStatus
from core.notices.tables import notices, people
from core.regions import zone_of
from core.reminders import prefs
from core.reminders.assess import Rules
from core.reminders.hours import allowed
from core.reminders.models import Kind, Prefs, Reason
from core.subscribers import consents
from core.subscribers.tables import subscribers


class NoticeGate:
    """Says why a message must not go out now, by its id; None when it may, and for what is no notice."""

    def __init__(self, database: Database, clock: Clock, rules: Rules) -> None:
        self._database = database
        self._clock = clock
        self._rules = rules

    async def __call__(self, message_id: str) -> str | None:
        return await self._database.read(self._look, message_id)

    def _look(self, connection: Connection, message_id: str) -> str | None:
        query = (
            select(people.c.subscriber_id, notices.c.kind, notices.c.status, notices.c.until, subscribers.c.region)
            .join(notices, notices.c.id == people.c.notice_id)
            .join(subscribers, subscribers.c.id == people.c.subscriber_id)
            .where(people.c.message_id == message_id)
        )
        row = connection.execute(query).first()
        if row is None:
            return None
        now = self._clock.now()
        if row.status == NoticeStatus.paused:
            return Reason.operator_paused.value
        if row.until is not None and row.until <= now:
            return Reason.out_of_date.value
        if consents.refusing(connection, [row.subscriber_id]):
            return Reason.no_consent.value
        if not prefs.load(connection, [row.subscriber_id]).get(row.subscriber_id, Prefs()).wants(Kind(row.kind)):
            return Reason.debts_off.value
        zone = zone_of(row.region, self._rules.operator.zone.key)
        return None if allowed(self._rules.policy, zone, now) else Reason.outside_hours.value
