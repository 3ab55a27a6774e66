"""Lets what was begun come to its end when the program is told to stop."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

LAST_MINUTE = 20.0  # seconds that a stopping program waits for what is under way


async def finished(work: Coroutine[Any, Any, T]) -> T:
    """Awaits ``work``. A cancellation waits until it is through, but not longer than LAST_MINUTE.

    Something claimed in the database and dropped in the middle would lie there until its lease is over.
    """
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task], timeout=LAST_MINUTE)
        if not task.done():
            task.cancel()
        elif not task.cancelled():
            task.exception()  # seen: there is nobody left to tell
        raise
