"""Three senders of one notice at once, killed again and again: everybody gets it, nobody gets it twice."""

from __future__ import annotations

import asyncio
import random
import sys
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import func, select

from core.notices import store
from core.notices.models import NoticeStatus
from core.notices.tables import people
from tests.notices.conftest import Town
from tests.reminders.world import Debtor

ROOT = Path(__file__).resolve().parents[2]
PEOPLE, KILLS, SENDERS = 1200, 6, 3


@pytest.mark.slow
async def test_senders_that_are_killed(town: Town) -> None:
    await town.people(*(Debtor(f"{n:05}", f"p{n:05}") for n in range(PEOPLE)))
    number = await town.send()
    url = town.database.url.render_as_string(hide_password=False)
    children = [await _start(url) for _ in range(SENDERS)]
    chance = random.Random(11)
    try:
        for _ in range(KILLS):
            await _until_more(town)
            assert all(child.returncode is None for child in children), "somebody died by itself"
            victim = chance.randrange(SENDERS)
            children[victim].kill()
            await children[victim].wait()
            children[victim] = await _start(url)
    finally:
        for child in children:
            child.kill()
            await child.wait()
    await town.run()
    told = Counter(chat for chat, _text in await town.texts())
    assert set(told.values()) == {1}
    assert len(told) == PEOPLE
    assert set((await town.record()).values()) == {("sent", "")}
    assert (await town.database.read(store.load, number)).status is NoticeStatus.done


async def _start(url: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.notices.child", url, cwd=ROOT, stdout=asyncio.subprocess.DEVNULL
    )


async def _until_more(town: Town) -> None:
    """Until somebody has been written to since, or everybody has: a kill hits work, however slow the machine is."""
    query = select(func.count()).where(people.c.message_id.is_not(None))
    before = await town.database.read(lambda c: c.execute(query).scalar_one())
    for _ in range(500):
        now = await town.database.read(lambda c: c.execute(query).scalar_one())
        if now != before or now == PEOPLE:
            return
        await asyncio.sleep(0.01)
