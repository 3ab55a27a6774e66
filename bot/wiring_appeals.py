"""Puts appeals together: their rules, their files, and what time does to them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bot.scheduler import add_job
from bot.settings import Settings
from core.appeals.files import FileStore, describe, forget_unused
from core.appeals.hours import WorkingHours, parse_week
from core.appeals.kinds import load_kinds
from core.appeals.rules import AppealRules
from core.database import Database
from core.delivery import blobs
from core.operator import Operator
from core.services import Services
from handlers.desk.clockwork import AppealClockwork

log = structlog.get_logger("appeals")


def appeal_rules(settings: Settings, operator: Operator) -> AppealRules:
    return AppealRules(
        kinds=load_kinds(Path(settings.appeal_kinds) if settings.appeal_kinds else None),
        hours=WorkingHours(operator.zone, parse_week(settings.appeal_hours), operator.country),
        return_days=settings.appeal_return_days,
        close_days=settings.appeal_close_days,
        warn_days=settings.appeal_warn_days,
        mirrored=bool(settings.zammad_url or settings.telegram_staff_group),
    )


def blob_loader(database: Database, store: FileStore) -> Callable[[str], Awaitable[tuple[bytes, str]]]:
    """A file by its SHA-256: what the program made itself lies in the database, what came with appeals beside it."""

    async def load(key: str) -> tuple[bytes, str]:
        try:
            return await database.read(blobs.load, key)
        except KeyError:
            known = await database.read(describe, key)
            if known is None:
                raise
            return await store.get(key), known.media_type

    return load


def add_appeal_jobs(
    scheduler: AsyncIOScheduler, clockwork: AppealClockwork, database: Database, services: Services, store: FileStore
) -> None:
    async def tidy_files() -> None:
        now = services.clock.now()
        removed = len(await database.write(forget_unused, store, now)) + await store.sweep(now)
        if removed:
            log.info("files removed", count=removed)

    add_job(scheduler, "appeals", timedelta(seconds=30), clockwork.tick)
    add_job(scheduler, "files of appeals", timedelta(hours=1), tidy_files)
