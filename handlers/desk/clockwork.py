"""Tells people what time has done to their appeals: a delay, a coming end, an end."""

from __future__ import annotations

from collections.abc import Callable

import structlog
from prometheus_client import Counter
from sqlalchemy import Connection

from core.appeals import clockwork
from core.appeals.models import Appeal
from core.database import Database
from core.services import Services
from fsm import told_appeals
from fsm.screen import Screen
from fsm.state import Registry
from fsm.texts import Translator
from handlers.desk.news import tell_appeal

log = structlog.get_logger("appeals")

in_time = Counter("abonent_appeals_in_time_total", "What time has done to appeals", ["what"])

Say = Callable[[Translator, Appeal], Screen]


class AppealClockwork:
    """Run :meth:`tick` now and then, in any number of processes."""

    def __init__(
        self,
        database: Database,
        services: Services,
        registry: Registry,
        wake_sender: Callable[[], None] = lambda: None,
        wake_worker: Callable[[], None] = lambda: None,
    ) -> None:
        self._database = database
        self._services = services
        self._registry = registry
        self._wake_sender = wake_sender
        self._wake_worker = wake_worker

    async def tick(self) -> int:
        """Does what is due by now, and says how many appeals that were."""
        counted = {
            "near": await self._database.write(self._near),
            "missed": await self._database.write(self._told, clockwork.missed, told_appeals.delayed),
            "unwarned": await self._database.write(self._told, clockwork.postpone_unwarned, told_appeals.closing),
            "quiet": await self._database.write(self._told, clockwork.quiet, told_appeals.closing),
            "silent": await self._database.write(self._told, clockwork.silent, told_appeals.closed),
        }
        total = sum(counted.values())
        if total:
            log.info("appeals in time", **counted)
            for what, count in counted.items():
                in_time.labels(what).inc(count)
            self._wake_sender()
            self._wake_worker()
        return total

    def _near(self, connection: Connection) -> int:
        return len(clockwork.near(connection, self._services.appeals.rules, self._services.clock.now()))

    def _told(self, connection: Connection, step: Callable[..., list[Appeal]], say: Say) -> int:
        now = self._services.clock.now()
        found = step(connection, self._services.appeals.rules, now)
        for appeal in found:
            tell_appeal(
                connection,
                appeal,
                [(lambda t, appeal=appeal: say(t, appeal), None)],  # type: ignore[misc]  # a default binds the loop's value
                registry=self._registry,
                operator=self._services.operator,
                now=now,
            )
        return len(found)
