"""The subscribers' services on both databases, without a conversation."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from sqlalchemy import Connection, insert

from core.clock import ManualClock
from core.database import Database, metadata
from core.delivery.writes import Write
from core.operator import Operator
from core.subscribers.codes import CodeService
from core.subscribers.service import SubscriberService
from core.subscribers.tables import chats
from tests.support.dialogue import SECRET

Commit = Callable[..., Awaitable[None]]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    import core.appeals.tables
    import core.billing.tables
    import core.delivery.tables  # noqa: F401 - registers the tables

    opened = Database(database_url)
    await opened.write(metadata.create_all)
    yield opened
    await opened.close()


@pytest.fixture
def codes(database: Database, clock: ManualClock) -> CodeService:
    return CodeService(database, clock, Operator(), SECRET)


@pytest.fixture
def service(database: Database, clock: ManualClock) -> SubscriberService:
    return SubscriberService(database, clock, Operator())


@pytest.fixture
def commit(database: Database) -> Commit:
    """Writes what was described, in one transaction."""

    async def write(*writes: Write) -> None:
        def apply(connection: Connection) -> None:
            for one in writes:
                one.apply(connection)

        await database.write(apply)

    return write


@pytest.fixture
def know(database: Database, clock: ManualClock) -> Callable[[str], Awaitable[None]]:
    """Makes a chat known."""

    async def make(chat_id: str) -> None:
        channel, _, address = chat_id.partition(":")
        values = {
            "chat_id": chat_id,
            "channel": channel,
            "address": address,
            "name": "Anna",
            "language": "en",
            "status": "active",
            "created_at": clock.now(),
        }
        await database.write(lambda connection: connection.execute(insert(chats).values(**values)))

    return make
