"""A process that plans or sends reminders over and over, for a test that kills it: its URL, then planner or sender."""

from __future__ import annotations

import asyncio
import sys
from datetime import timedelta

from core.clock import ManualClock
from core.database import Database
from core.operator import Operator
from core.reminders.assess import Rules
from core.reminders.policy import Policy
from core.reminders.sending import Dispatcher
from tests.reminders.conftest import NOON
from tests.reminders.world import World, compose


async def main(url: str, what: str) -> None:
    database = Database(url, connections=2)
    world = World(database, ManualClock(NOON), Rules(Operator(), Policy(spread=timedelta(0))))
    planner = world.planner(page=50)
    dispatcher = Dispatcher(database, world.clock, world.billing, world.rules, compose, people=5, backlog=10**9)
    while True:
        await (planner.run() if what == "planner" else dispatcher.run())
        await asyncio.sleep(0.01)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2]))
