"""A process that sends notices over and over, for a test that kills it: its argument is the database's URL."""

from __future__ import annotations

import asyncio
import sys
from datetime import timedelta

from core.clock import ManualClock
from core.database import Database
from core.notices import sending
from core.operator import Operator
from core.reminders.assess import Rules
from core.reminders.policy import Policy
from tests.notices.conftest import LANGUAGES, NOON, Town
from tests.reminders.world import World


async def main(url: str) -> None:
    database = Database(url, connections=2)
    rules = Rules(Operator(languages=LANGUAGES), Policy(spread=timedelta(0)))
    sending.BATCH = 5
    sender = Town(World(database, ManualClock(NOON), rules)).sender()
    while True:
        await sender.run()
        await asyncio.sleep(0.01)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
