"""Two transactions that wait for each other: PostgreSQL undoes one of them, and it runs again by itself."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import Connection, insert, select, update

from core.clock import ManualClock
from core.database import Database, metadata
from core.delivery.tables import lanes

pytestmark = pytest.mark.postgres


async def test_both_go_through_and_each_counts_once(postgres_url: str) -> None:
    database = Database(postgres_url)
    await database.write(metadata.create_all)
    rows = [{"chat_id": chat, "owner": "", "until": ManualClock().now()} for chat in "ab"]
    await database.write(lambda c: c.execute(insert(lanes), rows))
    tries: list[str] = []

    def cross(connection: Connection, *chats: str) -> None:
        tries.append(chats[0])
        for chat in chats:
            longer = update(lanes).where(lanes.c.chat_id == chat).values(owner=lanes.c.owner + chats[0])
            connection.execute(longer)
            if len(tries) <= 2:  # the first time, each waits until the other one has its first row
                connection.exec_driver_sql("SELECT pg_sleep(0.3)").all()

    await asyncio.gather(database.write(cross, "a", "b"), database.write(cross, "b", "a"))
    assert len(tries) == 3, "one of them was undone"
    owners = await database.read(lambda c: list(c.execute(select(lanes.c.owner)).scalars()))
    assert sorted(map("".join, map(sorted, owners))) == ["ab", "ab"]
    tries.clear()

    def fail(_connection: Connection) -> None:
        tries.append("x")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await database.write(fail)
    assert tries == ["x"], "a fault is no race"
    await database.close()
