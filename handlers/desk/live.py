"""Tells open pages that something has changed, over one stream each. The pages then fetch what they show anew."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.responses import Response

from core.appeals import records
from core.appeals.models import AppealStatus
from core.staff import pulse, sessions
from handlers.desk.answers import Missing
from handlers.desk.desk import Desk
from handlers.desk.security import HEADERS
from handlers.desk.visit import Visit

STEP = 1.5  # seconds between two looks at the database
CHECK = 4  # looks between two checks that whoever listens is still signed in


async def live(desk: Desk, visit: Visit) -> Response:
    """Events: ``inbox`` and ``thread`` (of ``?appeal=``) when they have changed, ``bye`` when the session is over."""
    asked = visit.asked("appeal", 12)
    appeal_id = ""
    if asked:
        number = int(asked) if asked.isascii() and asked.isdigit() else 0
        thread = await desk.database.read(records.load_numbered, number)
        if thread is None or thread.appeal.status is AppealStatus.draft:
            raise Missing
        appeal_id = thread.appeal.id
    headers = {**HEADERS, "X-Accel-Buffering": "no"}
    return EventSourceResponse(_events(desk, visit.token, appeal_id), ping=20, headers=headers)


async def _events(desk: Desk, token: str, appeal_id: str) -> AsyncIterator[ServerSentEvent]:
    known: dict[str, str] = {}
    looks = 0
    yield ServerSentEvent(comment="hello", retry=3000)
    while not desk.closing.is_set():
        now = desk.clock.now()
        if looks % CHECK == 0 and await desk.database.read(sessions.find, token, now) is None:
            yield ServerSentEvent(event="bye", data="")
            return
        looks += 1
        found = {"inbox": await desk.database.read(pulse.of_inbox)}
        if appeal_id:
            found["thread"] = await desk.database.read(pulse.of_appeal, appeal_id, now)
        for name, value in found.items():
            if known.get(name) != value:  # the first time too: something may have come while the page was on its way
                yield ServerSentEvent(event=name, data="")
        known = found
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(STEP):
                await desk.closing.wait()
