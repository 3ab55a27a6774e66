"""Brings the database's schema up to date, or says how far behind it is."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

import migrations
from core.database import Database


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def newest() -> str:
    """The revision that this version of the program works with."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    assert head is not None, "there is at least one migration"
    return head


def _current(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


async def current(database: Database) -> str | None:
    """The database's revision; None for an empty database."""
    return await database.read(_current)


async def is_current(database: Database) -> bool:
    return await current(database) == newest()


async def upgrade(database: Database, revision: str = "head") -> None:
    """In one transaction: a migration that fails leaves the schema as it was."""
    await database.write_once(lambda connection: command.upgrade(_config(connection), revision))


async def downgrade(database: Database, revision: str = "base") -> None:
    await database.write_once(lambda connection: command.downgrade(_config(connection), revision))


async def draft(database: Database, message: str) -> None:
    """Writes a new migration from what the models have and the database has not. For developers."""
    await database.write_once(
        lambda connection: command.revision(_config(connection), message=message, autogenerate=True)
    )


class NotReady(Exception):
    """The tables are not there, or older than this version of the program."""


@contextlib.asynccontextmanager
async def ready_database(url: str) -> AsyncIterator[Database]:
    """A database whose tables are up to date: SQLite is migrated, any other must have been."""
    database = Database(url)
    try:
        if not await is_current(database):
            if database.dialect != "sqlite":
                raise NotReady("The database's tables are not up to date: run `abonent migrate` first.")
            await upgrade(database)
        yield database
    finally:
        await database.close()
