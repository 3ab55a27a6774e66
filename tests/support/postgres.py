"""A PostgreSQL database of a test run's own: made when first asked for, emptied for each test, dropped after."""

import asyncio
import os
import secrets
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from sqlalchemy.engine import URL, make_url

DEFAULT_ADMIN_URL = "postgresql://127.0.0.1:5432/postgres"

# What a connection attempt raises when there is no server, or none that lets us in.
_REFUSALS = (OSError, TimeoutError, asyncpg.PostgresError)


def _run(work: Coroutine[Any, Any, None]) -> None:
    """Run `work` in an event loop of its own thread: pytest-asyncio owns this one's."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, work).result()


async def _execute(url: URL, *statements: str) -> None:
    dsn = url.set(drivername="postgresql").render_as_string(hide_password=False)
    connection = await asyncpg.connect(dsn, timeout=5)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


def _admin_url() -> URL:
    """Where databases may be made; the test is skipped when no server lets us in."""
    given = os.environ.get("ABONENT_TEST_POSTGRES")
    first = make_url(given or DEFAULT_ADMIN_URL)
    refusal: BaseException | None = None
    # Without a user in the URL the driver takes the system's; a fresh server knows only "postgres".
    for url in [first] if first.username else [first, first.set(username="postgres")]:
        try:
            _run(_execute(url, "SELECT 1"))
        except _REFUSALS as error:
            refusal = error
        else:
            return url
    pytest.skip(f"no PostgreSQL server at {first.host}:{first.port or 5432} ({type(refusal).__name__})")


@pytest.fixture(scope="session")
def postgres_database(worker_id: str) -> Iterator[URL]:
    """This worker's own database, as a `postgresql+asyncpg` URL; dropped when the run ends."""
    admin = _admin_url()
    name = f"abonent_test_{worker_id}_{secrets.token_hex(4)}"
    # The tests kill our processes, never the server: what it has not yet written to its disk is lost to nobody.
    relaxed = f'ALTER DATABASE "{name}" SET synchronous_commit = off'
    _run(_execute(admin, f'CREATE DATABASE "{name}"', relaxed))
    try:
        yield admin.set(drivername="postgresql+asyncpg", database=name)
    finally:
        _run(_execute(admin, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))


@pytest.fixture
def postgres_url(postgres_database: URL) -> str:
    """The URL of an empty PostgreSQL database, for `ABONENT_DATABASE_URL` or an engine.

    Connections that an earlier test (or a process it killed) left behind are cut first, for they
    could hold the locks on which emptying waits.
    """
    _run(
        _execute(
            postgres_database,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()",
            "DROP SCHEMA public CASCADE",
            "CREATE SCHEMA public",
        )
    )
    return postgres_database.render_as_string(hide_password=False)


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """The URL of an SQLite database in a file that does not exist yet."""
    return f"sqlite+aiosqlite:///{tmp_path / 'abonent.db'}"


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest) -> str:
    """The URL of an empty database: the test runs once on SQLite and once on PostgreSQL."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url
