"""A database with the billing's tables, empty or filled with the demo's operator."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime

import pytest
import pytest_asyncio

import core.billing.tables
from core.billing.demo import fill_demo
from core.billing.embedded import EmbeddedBilling
from core.clock import ManualClock
from core.database import Database, metadata

TODAY = date(2026, 3, 10)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2026, 3, 10, 9, 0, tzinfo=UTC))


@pytest_asyncio.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    own = [table for name, table in metadata.tables.items() if name.startswith("billing_")]
    assert core.billing.tables.accounts in own
    database = Database(database_url, connections=2)
    await database.write(lambda connection: metadata.create_all(connection, tables=own))
    yield database
    await database.close()


@pytest_asyncio.fixture
async def demo(database: Database) -> Database:
    await database.write(fill_demo, TODAY, "RUB")
    return database


@pytest.fixture
def billing(demo: Database, clock: ManualClock) -> EmbeddedBilling:
    return EmbeddedBilling(demo, clock)
