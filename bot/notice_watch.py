"""A progress bar for a notice that is being sent by the running bot: it looks, and changes nothing."""

from __future__ import annotations

import asyncio

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from core.database import Database
from core.notices.models import NoticeStatus
from core.notices.report import progress

EVERY = 1.0  # seconds


async def watch(database: Database, number: int, *, every: float = EVERY, console: Console | None = None) -> None:
    """Until the notice is done or paused. Raises :class:`core.notices.models.Wrong` when there is no such notice."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as bar:
        task = bar.add_task("", total=None)
        while True:
            far = await database.read(progress, number)
            # Until everybody is known, a share of them would only mislead.
            total = far.total if far.notice.looked else None
            words = f"Notice {number}, {far.notice.status}: {far.sent} sent"
            bar.update(task, completed=far.over, total=total, description=words)
            if far.notice.status is not NoticeStatus.sending:
                return
            await asyncio.sleep(every)
