"""Every migration goes up, down and up again on both databases, and ends at what the models say."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, insert, inspect, select

import migrations
from bot import migrate
from core.clock import ManualClock
from core.database import Database
from core.delivery.tables import inbox
from migrations.models import metadata


def revisions() -> list[str]:
    script = ScriptDirectory(str(Path(migrations.__file__).parent))
    return [one.revision for one in script.walk_revisions()][::-1]


def tables(connection: Connection) -> set[str]:
    return set(inspect(connection).get_table_names()) - {"alembic_version"}


def drift(connection: Connection) -> list[object]:
    context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": False})
    return list(compare_metadata(context, metadata))


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    opened = Database(database_url)
    yield opened
    await opened.close()


async def test_up_down_up(database: Database) -> None:
    for revision in revisions():
        await migrate.upgrade(database, revision)
        assert await migrate.current(database) == revision
    assert await database.read(tables) == set(metadata.tables)
    await migrate.downgrade(database, "base")
    assert await database.read(tables) == set()
    assert await migrate.current(database) is None
    await migrate.upgrade(database)
    assert await migrate.is_current(database)


async def test_each_step_down_and_up(database: Database) -> None:
    await migrate.upgrade(database)
    steps = revisions()
    for lower in [*steps[-2::-1], "base"]:
        await migrate.downgrade(database, lower)
        await migrate.upgrade(database)
    assert await migrate.is_current(database)


async def test_models_and_migrations_agree(database: Database) -> None:
    await migrate.upgrade(database)
    assert await database.read(drift) == []


async def test_drift_is_seen(database: Database) -> None:
    """The check above can fail."""
    await migrate.upgrade(database)
    await database.write(lambda connection: inbox.drop(connection))
    assert await database.read(drift) != []


async def test_upgrade_keeps_what_is_there(database: Database) -> None:
    await migrate.upgrade(database)
    now = ManualClock().now() + timedelta(microseconds=123456)
    await database.write(lambda c: c.execute(insert(inbox), [{"update_key": "telegram:1", "received_at": now}]))
    await migrate.upgrade(database)
    rows = await database.read(lambda c: c.execute(select(inbox)).all())
    assert [tuple(row) for row in rows] == [("telegram:1", now)]


async def test_a_failed_upgrade_changes_nothing(database: Database) -> None:
    await database.write(lambda connection: metadata.tables["tasks"].create(connection))
    with pytest.raises(Exception, match="already exists"):
        await migrate.upgrade(database)
    assert await database.read(tables) == {"tasks"}
