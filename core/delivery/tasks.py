"""What must change the outside world: recorded with the turn that decided it, carried out by a worker afterwards."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import Connection, delete, or_, select, update

from core.delivery.tables import tasks
from core.delivery.writes import Write, insert_missing

LEASE = timedelta(seconds=90)


@dataclass(frozen=True, slots=True)
class Task:
    """A claimed task. ``id`` is its idempotency key: the outside system hears it with every try."""

    id: str
    kind: str
    payload: dict[str, Any]
    attempts: int
    created_at: datetime


def plan(task_id: str, kind: str, payload: Mapping[str, Any], now: datetime, due_at: datetime | None = None) -> Write:
    """The write that records a task; a task that is recorded already is not recorded again."""
    values = {
        "id": task_id,
        "kind": kind,
        "payload": msgspec.json.encode(dict(payload)).decode(),
        "status": "pending",
        "created_at": now,
        "due_at": due_at or now,
    }
    return insert_missing(f"plan {kind}", tasks, values)


def claim(
    connection: Connection,
    owner: str,
    now: datetime,
    limit: int,
    *,
    besides: Collection[str] = (),
    kinds: Collection[str] = (),
) -> list[Task]:
    """Takes due tasks that nobody works on; a killed worker's tasks come back when its lease is over.

    Left out are those ``besides``, by their ids, and all of these ``kinds``.
    """
    wanted = (
        select(tasks)
        .where(tasks.c.status == "pending", tasks.c.due_at <= now)
        .where(or_(tasks.c.owned_until.is_(None), tasks.c.owned_until <= now))
        .where(tasks.c.id.not_in(besides), tasks.c.kind.not_in(kinds))
        .order_by(tasks.c.due_at)
        .limit(limit)
        .with_for_update(skip_locked=True)  # left out by SQLite, which has one writer
    )
    rows = connection.execute(wanted).all()
    if rows:
        connection.execute(
            update(tasks)
            .where(tasks.c.id.in_([row.id for row in rows]))
            .values(owner=owner, owned_until=now + LEASE, attempts=tasks.c.attempts + 1)
        )
    return [Task(row.id, row.kind, msgspec.json.decode(row.payload), row.attempts + 1, row.created_at) for row in rows]


def finish(connection: Connection, task_id: str) -> None:
    connection.execute(
        update(tasks).where(tasks.c.id == task_id).values(status="done", owner=None, owned_until=None, payload="{}")
    )


def retry(connection: Connection, task_id: str, due_at: datetime, reason: str) -> None:
    connection.execute(
        update(tasks).where(tasks.c.id == task_id).values(due_at=due_at, reason=reason, owner=None, owned_until=None)
    )


def give_up(connection: Connection, task_id: str, reason: str) -> None:
    connection.execute(
        update(tasks).where(tasks.c.id == task_id).values(status="failed", reason=reason, owner=None, owned_until=None)
    )


def forget_before(connection: Connection, moment: datetime, *, failed: datetime | None = None) -> int:
    """Removes what was done before ``moment``; what failed stays for a person to look at, at most until ``failed``."""
    over = (tasks.c.status == "done") & (tasks.c.created_at < moment)
    if failed is not None:
        over |= (tasks.c.status == "failed") & (tasks.c.created_at < failed)
    return connection.execute(delete(tasks).where(over)).rowcount
