"""Opens the database and runs functions on it: many reads side by side, writes one transaction at a time.

Everything that touches the database is an ordinary function that takes a synchronous SQLAlchemy ``Connection``.
On PostgreSQL it runs on an asyncpg connection; on SQLite reads run on aiosqlite connections and writes in one thread of
their own (SQLite has one writer anyway, and a statement there costs no hop between threads).
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection, DateTime, Dialect, MetaData, create_engine, event
from sqlalchemy.engine import Engine, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import QueuePool
from sqlalchemy.types import TypeDecorator

P = ParamSpec("P")
T = TypeVar("T")

READERS = 4  # connections kept open, on SQLite; as many again when many read at once
CONNECT_LIMIT = 10.0  # seconds
STATEMENT_LIMIT = 60.0  # seconds: a server that has gone silent must not hold a chat, or the writer, for ever

RACES = 5  # how often a transaction is begun anew that PostgreSQL undid in favour of another one

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware moment in UTC. SQLite keeps no zone, so it is taken off on the way in and put back on the way out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without a zone was handed to the database")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Database:
    """One database and its connections. Close it with :meth:`close`."""

    def __init__(self, url: str, *, connections: int = 8, statement_limit: float | None = STATEMENT_LIMIT) -> None:
        """``statement_limit`` is in seconds, for one statement on PostgreSQL; None for none (migrations)."""
        self.url = make_url(url)
        self.dialect = self.url.get_backend_name()
        if self.dialect not in ("sqlite", "postgresql"):
            raise ValueError(f"databases of the kind {self.dialect!r} are not supported: use SQLite or PostgreSQL")
        self._writer: Engine | None = None
        self._thread: ThreadPoolExecutor | None = None
        if self.dialect == "sqlite":
            self.connections = 1
            self._engine = _sqlite_readers(url)
            self._writer = _sqlite_writer(url)
            self._thread = ThreadPoolExecutor(1, thread_name_prefix="database-writer")
        else:
            self.connections = connections
            self._engine = create_async_engine(
                url,
                pool_size=connections,
                max_overflow=connections,
                pool_pre_ping=True,
                hide_parameters=True,
                # On the client's side, so that a connection pooler in between has nothing to refuse.
                connect_args={"timeout": CONNECT_LIMIT, "command_timeout": statement_limit},
            )
        # A read is one or two selects that need no snapshot in common: without BEGIN and ROLLBACK it is two
        # round trips shorter.
        self._readers = self._engine.execution_options(isolation_level="AUTOCOMMIT")

    @property
    def engine(self) -> AsyncEngine:
        """For migrations and for holding an advisory lock; everything else uses read and write."""
        return self._engine

    async def read(self, fn: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Runs ``fn(connection, ...)`` for reading. It must not write."""
        async with self._readers.connect() as connection:
            return await connection.run_sync(fn, *args, **kwargs)

    async def write(self, fn: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Runs ``fn(connection, ...)`` in one transaction: committed when it returns, undone when it raises.

        ``fn`` must not call an outside system nor wait for anything but the database. It runs again when PostgreSQL
        undid it to end a deadlock, so what it says or keeps outside of the database must not add up.
        """
        for lost in range(RACES):
            try:
                return await self.write_once(fn, *args, **kwargs)
            except DBAPIError as error:
                if not lost_a_race(error):
                    raise
            # Two that have just met would meet again at once.
            await asyncio.sleep(random.uniform(0, 0.02) * 2**lost)
        return await self.write_once(fn, *args, **kwargs)

    async def write_once(self, fn: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The same for whatever cannot run a second time, or knows better what to do then."""
        if self._writer is not None and self._thread is not None:
            return await asyncio.get_running_loop().run_in_executor(
                self._thread, lambda: self._write_sync(fn, *args, **kwargs)
            )
        async with self._engine.begin() as connection:
            return await connection.run_sync(fn, *args, **kwargs)

    def _write_sync(self, fn: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        assert self._writer is not None
        with self._writer.begin() as connection:
            return fn(connection, *args, **kwargs)

    async def close(self) -> None:
        await self._engine.dispose()
        if self._writer is not None and self._thread is not None:
            writer, thread = self._writer, self._thread
            with contextlib.suppress(RuntimeError):  # the thread was stopped before: closing twice is no error
                await asyncio.get_running_loop().run_in_executor(thread, writer.dispose)
            thread.shutdown(wait=True)


_LOST = ("40001", "40P01")  # SQLSTATE: serialization_failure, deadlock_detected


def lost_a_race(error: Exception) -> bool:
    """PostgreSQL chose this transaction to end a deadlock: on fresh reads it goes through."""
    return isinstance(error, DBAPIError) and getattr(error.orig, "sqlstate", None) in _LOST


def _pragmas(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    # WAL lets readers go on during a write. FULL survives a power cut; under group commit it costs 1-7%.
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=10000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _sqlite_writer(url: str) -> Engine:
    # An error's text must not carry names, words and phones into the log: hide_parameters, here and below.
    engine = create_engine(
        make_url(url).set(drivername="sqlite+pysqlite"), poolclass=QueuePool, pool_size=1, hide_parameters=True
    )

    @event.listens_for(engine, "connect")
    def connected(connection: Any, record: Any) -> None:
        connection.isolation_level = None  # the driver's own BEGIN comes too late for savepoints
        _pragmas(connection, record)

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # IMMEDIATE: another process (the command line) waits here, instead of failing halfway.
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def _sqlite_readers(url: str) -> AsyncEngine:
    engine = create_async_engine(url, pool_size=READERS, max_overflow=READERS, hide_parameters=True)
    event.listen(engine.sync_engine, "connect", _pragmas)
    return engine
