"""When each job runs. What a job does lives in core."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from core.billing.service import BillingService
from core.clock import Clock
from core.database import Database
from core.delivery.housekeeping import tidy

log = structlog.get_logger("scheduler")


def build_scheduler(database: Database, clock: Clock, billing: BillingService) -> AsyncIOScheduler:
    """Every job may run in any number of processes at once, and any number of times."""
    scheduler = AsyncIOScheduler(timezone="UTC")

    async def housekeeping() -> None:
        removed = await database.write(tidy, clock.now())
        log.info("tidied", **removed)

    _add(scheduler, "billing snapshots", timedelta(seconds=10), billing.flush)
    _add(scheduler, "housekeeping", timedelta(hours=1), housekeeping)
    return scheduler


def _add(scheduler: AsyncIOScheduler, name: str, every: timedelta, job: Callable[[], Awaitable[object]]) -> None:
    async def guarded() -> None:
        try:
            await job()
        except Exception:  # the next run may go well, and the other jobs have nothing to do with it
            log.exception("job failed", job=name)

    trigger = IntervalTrigger(seconds=int(every.total_seconds()))
    scheduler.add_job(guarded, trigger, id=name, max_instances=1, coalesce=True)
