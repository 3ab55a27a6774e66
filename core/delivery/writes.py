"""A described change: a conversation says what is to be written, the one writer of the process writes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Executable, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import Insert as PostgresInsert
from sqlalchemy.dialects.sqlite import Insert as SqliteInsert

from core.errors import Stale


@dataclass(frozen=True, slots=True)
class Write:
    """``apply`` runs inside the turn's transaction, under the turn's savepoint.

    It raises :class:`core.errors.Stale` when it does not find what the turn had read: the turn then runs again on
    fresh reads. ``name`` says in the log what it was.
    """

    name: str
    apply: Callable[[Connection], None]


def change(name: str, statement: Executable, values: Mapping[str, Any] | None = None, *, rows: int | None = 1) -> Write:
    """An UPDATE, DELETE or INSERT that must touch exactly ``rows`` rows (None: any number)."""

    def apply(connection: Connection) -> None:
        result = connection.execute(statement, dict(values) if values else {})
        if rows is not None and result.rowcount != rows:
            raise Stale(f"{name}: {result.rowcount} rows instead of {rows}")

    return Write(name, apply)


def insert_for(connection: Connection, table: Table) -> PostgresInsert | SqliteInsert:
    """The dialect's own INSERT, which knows ON CONFLICT."""
    return insert_by(connection.dialect.name, table)


def insert_by(dialect: str, table: Table) -> PostgresInsert | SqliteInsert:
    """The same for a statement that is put together before there is a connection."""
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)


def insert_new(name: str, table: Table, values: Mapping[str, Any]) -> Write:
    """An INSERT whose key must be new; otherwise the turn runs again and sees who was faster."""

    def apply(connection: Connection) -> None:
        statement = insert_for(connection, table).on_conflict_do_nothing()
        key = next(iter(table.primary_key.columns))
        # rowcount after DO NOTHING is -1 on some drivers: what came back is certain.
        if connection.execute(statement.returning(key), dict(values)).first() is None:
            raise Stale(f"{name}: the key is taken")

    return Write(name, apply)


def insert_missing(name: str, table: Table, values: Mapping[str, Any]) -> Write:
    """An INSERT that does nothing when the key exists already."""

    def apply(connection: Connection) -> None:
        connection.execute(insert_for(connection, table).on_conflict_do_nothing(), dict(values))

    return Write(name, apply)
