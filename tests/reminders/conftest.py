"""A world of debtors on each database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from core.clock import ManualClock
from core.database import Database, metadata
from core.operator import Operator
from core.reminders.assess import Rules
from core.reminders.policy import Policy
from tests.reminders.world import World

# A Tuesday, 12:00 in Moscow: three days before the bills of most tests fall due.
NOON = datetime(2026, 3, 17, 9, 0, tzinfo=UTC)


@pytest.fixture
async def world(database_url: str) -> AsyncIterator[World]:
    database = Database(database_url)
    await database.write(metadata.create_all)
    rules = Rules(Operator(), Policy(spread=timedelta(0)))
    yield World(database, ManualClock(NOON), rules)
    await database.close()
