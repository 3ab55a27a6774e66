"""One database, the world around it, and what must be true of both whenever everything has come to rest."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import Connection, select

from core.database import Database, metadata
from core.delivery.tables import inbox, outbox, tasks
from tests.durability.flow import tables, tally
from tests.durability.messenger import Nursery, Orders, Outside

PAST_LEASES = 100.0  # seconds; leases last 90


@dataclass
class World:
    outside: Outside
    nursery: Nursery
    url: str
    socket: str
    shift: float = 0.0
    kills: int = 0

    def orders(self, *, loops: bool = False, crossed: int = 0) -> Orders:
        return Orders(self.url, self.socket, self.shift, loops, crossed)

    def run(self, *, loops: bool = False) -> bool:
        """One process until it rests (True) or is killed (False); the next finds the leases of a killed one over."""
        status = self.nursery.run(self.orders(loops=loops))
        assert status in (0, -9), f"the process ended with {status}"
        if status == 0:
            return True
        self.kills += 1
        self.shift += PAST_LEASES
        return False

    def check(self, *, crossed: bool = False) -> int:
        """No input lost, no change made twice, messages in order. How many messages of one chat came twice, at most.

        ``crossed``: the messenger brought a chat's inputs side by side, so that their order is anybody's.
        """
        said = self.outside.sent
        assert {update.id for update in said} == self.outside.acknowledged
        rows = asyncio.run(_read(self.url))
        assert rows.inbox == {f"telegram:{update.id}" for update in said}
        heavy = [update.text for update in said if update.text.startswith("heavy")]
        assert rows.tally == dict.fromkeys(heavy, 1)
        assert rows.waiting == []
        assert set(self.outside.effects) == {f"task {text}" for text in heavy}
        twice = 0
        for chat in {update.chat for update in said}:
            heard = self.outside.received[chat]
            once = [text for text, _same in groupby(heard)]
            twice = max(twice, len(heard) - len(once))
            _first, *inputs = [update.text for update in said if update.chat == chat]
            answered = [text.partition(" ")[2] for text in once[2::2]]
            if crossed:
                inputs.sort()
                answered.sort()
            # The first input opens the conversation; each further one is counted by the state and answered twice.
            assert answered == inputs, f"chat {chat}: {heard}"
            numbers = [f"{number}{half}" for number in range(1, len(inputs) + 1) for half in "ab"]
            assert [text.partition(" ")[0] for text in once] == ["0b", *numbers]
        return twice


@dataclass
class _Rows:
    inbox: set[str]
    tally: dict[str, int]
    waiting: list[object]


async def _read(url: str) -> _Rows:
    def read(connection: Connection) -> _Rows:
        waiting: list[object] = [
            *connection.execute(select(outbox).where(outbox.c.status != "sent")),
            *connection.execute(select(tasks).where(tasks.c.status != "done")),
        ]
        return _Rows(
            set(connection.execute(select(inbox.c.update_key)).scalars()),
            {row.input: row.times for row in connection.execute(select(tally))},
            waiting,
        )

    database = Database(url)
    try:
        return await database.read(read)
    finally:
        await database.close()


async def _create(url: str) -> None:
    database = Database(url)
    await database.write(metadata.create_all)
    await database.write(tables.create_all)
    await database.close()


@contextlib.contextmanager
def open_world(url: str, nursery: Nursery) -> Iterator[World]:
    asyncio.run(_create(url))
    outside = Outside()
    # A Unix socket's path must be short: pytest's own folders are too deep on some machines.
    with TemporaryDirectory() as folder, outside.listening(Path(folder) / "s") as socket:
        yield World(outside, nursery, url, socket)
