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
from core.housekeeping import tidy
from core.payments.service import sweep

log = structlog.get_logger("scheduler")


def build_scheduler(
    database: Database,
    clock: Clock,
    billing: BillingService,
    wake_worker: Callable[[], None],
    *,
    retention_years: int,
) -> AsyncIOScheduler:
    """Every job may run in any number of processes at once, and any number of times."""
    scheduler = AsyncIOScheduler(timezone="UTC")

    async def housekeeping() -> None:
        removed = await database.write(tidy, clock.now(), retention_years)
        log.info("tidied", **removed)

    async def payments() -> None:
        if await database.write(sweep, clock.now()):
            wake_worker()

    add_job(scheduler, "payments", timedelta(seconds=5), payments)
    add_job(scheduler, "billing snapshots", timedelta(seconds=10), billing.flush)
    add_job(scheduler, "housekeeping", timedelta(hours=1), housekeeping)
    return scheduler


def add_job(scheduler: AsyncIOScheduler, name: str, every: timedelta, job: Callable[[], Awaitable[object]]) -> None:
    """A job that fails runs again the next time."""

    async def guarded() -> None:
        try:
            await job()
        except Exception:  # the next run may go well, and the other jobs have nothing to do with it
            log.exception("job failed", job=name)

    trigger = IntervalTrigger(seconds=int(every.total_seconds()))
    scheduler.add_job(guarded, trigger, id=name, max_instances=1, coalesce=True)
