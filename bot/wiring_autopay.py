"""Puts the job of auto-payment together, which plans, announces and charges."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bot.integrations.payments.autopay_voice import AutopayVoice
from bot.scheduler import add_job
from core.database import Database
from core.payments.autopay.charging import AutopayCharger
from core.payments.autopay.planning import AutopayPlanner
from core.services import Services
from fsm.state import Registry

log = structlog.get_logger("autopay")

EVERY = timedelta(seconds=5)


@dataclass
class AutopayJob:
    """What runs every few seconds, in any number of processes."""

    planner: AutopayPlanner
    charger: AutopayCharger
    on: bool
    wake: Callable[[], None] = lambda: None
    _one_at_a_time: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def tick(self) -> Counter[str]:
        """Nothing where it is switched off: what was announced is left out when it is on again too late."""
        if not self.on:
            return Counter()
        async with self._one_at_a_time:
            counted = await self.planner.run()
            counted.update(await self.charger.run())
        if counted:
            log.info("autopay", **{str(what): count for what, count in counted.items()})
            self.wake()
        return counted


def build_job(
    database: Database, services: Services, registry: Registry, wake: Callable[[], None] = lambda: None
) -> AutopayJob:
    clock, operator, policy = services.clock, services.operator, services.reminders.policy
    terms = services.payments.terms
    bounds = (terms.minimum, terms.maximum)
    voice = AutopayVoice(clock, operator, policy, services.autopay.terms, registry)
    return AutopayJob(
        AutopayPlanner(database, clock, services.billing, operator, policy, bounds, voice),
        AutopayCharger(database, clock, services.billing, operator, policy, bounds, services.autopay.keepers, voice),
        services.autopay.on,
        wake,
    )


def add_autopay_job(
    scheduler: AsyncIOScheduler,
    database: Database,
    services: Services,
    registry: Registry,
    *wakes: Callable[[], None],
) -> None:
    """``wakes``: the sender, for announcements, and the worker, for charges."""

    def wake() -> None:
        for one in wakes:
            one()

    add_job(scheduler, "autopay", EVERY, build_job(database, services, registry, wake).tick)
