"""Two planners and four senders at once, some of them killed: one message for each key, and nobody left out."""

from __future__ import annotations

import asyncio
import random
import sys
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from core.clock import ManualClock
from core.database import Database, metadata
from core.delivery.tables import outbox
from core.operator import Operator
from core.reminders.assess import Rules
from core.reminders.due import LEASE
from core.reminders.policy import Policy
from core.reminders.tables import messages, reminders
from tests.reminders.conftest import NOON
from tests.reminders.world import Debtor, World, fill

ROOT = Path(__file__).resolve().parents[2]
PEOPLE, ACCOUNTS = 300, 500
KILLS = 8


@pytest.mark.postgres
@pytest.mark.slow
async def test_planners_and_senders_that_are_killed(postgres_url: str) -> None:
    database = Database(postgres_url)
    await database.write(metadata.create_all)
    debtors = [Debtor(f"{n:05}", f"p{n % PEOPLE}") for n in range(ACCOUNTS)]
    await database.write(fill, debtors, NOON)
    roles = ["planner", "planner", "sender", "sender", "sender", "sender"]
    children = [await _start(postgres_url, role) for role in roles]
    chance = random.Random(7)
    try:
        for _ in range(KILLS):
            await _until_more(database)
            assert all(child.returncode is None for child in children), "somebody died by itself"
            victim = chance.randrange(len(roles))
            children[victim].kill()
            await children[victim].wait()
            children[victim] = await _start(postgres_url, roles[victim])
    finally:
        for child in children:
            child.kill()
            await child.wait()

    # Whoever was claimed by the killed is free when the lease is over.
    world = World(database, ManualClock(NOON + LEASE + timedelta(seconds=1)))
    world.rules = Rules(Operator(), Policy(spread=timedelta(0)))
    await world.tick()
    await world.send()

    per_person = Counter(chat for chat, _text in await world.texts())
    # Accounts that were planned after a person's message was written wait for another day: never two on one.
    assert set(per_person.values()) == {1}
    assert len(per_person) == PEOPLE
    spoken = Counter(part.split()[0] for _chat, text in await world.texts() for part in text.split(", "))
    assert set(spoken.values()) == {1}
    record = await world.record()
    assert len(record) == ACCOUNTS
    assert {account for (_who, account, _stage), value in record.items() if value == ("sent", "")} == set(spoken)
    assert set(record.values()) <= {("sent", ""), ("planned", "cap_reached")}
    in_step = await database.read(
        lambda c: (
            c.execute(select(func.count()).select_from(messages)).scalar_one(),
            c.execute(select(func.count()).select_from(outbox)).scalar_one(),
            c.execute(select(func.count(func.distinct(reminders.c.message_id)))).scalar_one(),
        )
    )
    assert in_step == (PEOPLE, PEOPLE, PEOPLE)
    await database.close()


async def _start(url: str, role: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.reminders.child", url, role, cwd=ROOT, stdout=asyncio.subprocess.DEVNULL
    )


async def _until_more(database: Database) -> None:
    """Until something has been done since, or everything is done: a kill hits work, however slow the machine is."""

    def progress() -> object:
        return select(func.count(), func.count(reminders.c.message_id), func.max(reminders.c.owned_until))

    before = await database.read(lambda c: c.execute(progress()).one())  # type: ignore[call-overload]  # a select
    for _ in range(200):
        now = await database.read(lambda c: c.execute(progress()).one())  # type: ignore[call-overload]  # a select
        if now != before or now[1] == ACCOUNTS:
            return
        await asyncio.sleep(0.02)
