"""The process that is killed while it takes appeals: turns, sender, worker, files, staff's desk and the clockwork."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from bot.integrations.files import FileFetcher
from bot.wiring import build_services, zone_finder
from core.appeals.files import FileStore, forget_unused, keep
from core.appeals.models import Author
from core.appeals.records import load
from core.appeals.service import FETCH_FILE
from core.appeals.staff import KeptFile
from core.appeals.tables import appeal_messages, appeals
from core.billing.embedded import EmbeddedBilling
from core.clock import ManualClock, SystemClock
from core.delivery.writer import Writer
from core.subscribers.snapshots import SnapshotReader
from fsm.engine import Engine
from fsm.event import Command, Event, File, Input, Press, Text
from fsm.state import Registry
from handlers.desk.acts import StaffDesk
from handlers.desk.clockwork import AppealClockwork
from handlers.sender import Sender
from handlers.turn import Turns
from handlers.worker import Worker
from tests.appeals.conftest import ANNA, OPERATOR
from tests.appeals.kills.outside import photo
from tests.durability.messenger import Orders
from tests.durability.watched import MEANS, Link, LinkedChannel, WatchedDatabase, serve
from tests.support.dialogue import SECRET

_registry = Registry()  # every conversation, imported before anything is forked


class WatchedStore(FileStore):
    """Also when half of a file lies there, and when it has come to its place and nobody was told."""

    def __init__(self, root: Path, link: Link) -> None:
        super().__init__(root)
        real = os.replace

        def replace(half: str, whole: Path) -> None:
            link.at("half a file")
            real(half, whole)
            link.at("a file in its place")

        os.replace = replace  # type: ignore[assignment]  # of this process, which lives for one test


class Shortly(WatchedDatabase):
    """Only after each transaction: to die before it is the same as to die at the step before."""

    def before(self, name: str) -> None:
        return None


class Program:
    """Put together as the wiring does it, with a conversation of the test's own."""

    def __init__(self, orders: Orders) -> None:
        self.link = link = Link(orders.socket)
        self.clock = ManualClock()
        self.began = self.clock.now()
        self.be_at(orders.shift)
        self.database = database = Shortly(orders.url, link)
        self.store = WatchedStore(Path(orders.folder), link)
        services = build_services(
            database, self.clock, OPERATOR, EmbeddedBilling(database, self.clock), secret_key=SECRET
        )
        registry = _registry
        engine = Engine(registry, services, zone_finder(OPERATOR))
        channels = {"telegram": LinkedChannel(link, False)}
        self.writer = Writer(database)
        self.sender = Sender(database, self.clock, channels, engine.fallback)
        fetcher = FileFetcher(
            channels, database, self.store, self.clock, OPERATOR, registry, services.appeals.rules, self.sender.wake
        )
        self.worker = Worker(database, self.clock, {FETCH_FILE: fetcher})
        self.turns = Turns(engine, SnapshotReader(database), self.writer, self.clock, {"telegram": MEANS})
        self.desk = StaffDesk(database, services, registry)
        self.clockwork = AppealClockwork(database, services, registry)

    def be_at(self, shift: float) -> None:
        self.clock.move(self.began + timedelta(seconds=shift) - self.clock.now())

    async def run(self) -> None:
        """Until nobody wants anything and nothing is left to be done."""
        async with self.writer:
            # What a killed one has left. Nobody presses a button before they have it.
            await self.clockwork.tick()
            while await self.worker.drain() + await self.sender.drain():
                pass
            while True:
                move = self.link.ask("move")
                self.link.at("asked")
                if move is not None:
                    await self._make(move)
                    self.link.at("done, not heard")
                    self.be_at(self.link.ask("made", number=move["number"]))
                # Where nothing is due there is nothing to be killed at either: time is looked at when it has moved.
                worked = await self.clockwork.tick() if move is None or move["by"] == "time" else 0
                worked += await self.worker.drain()
                worked += await self.sender.drain()
                if not worked and move is None:
                    break
            await self.database.write(forget_unused, self.store, self.clock.now())
            # Halves have the disk's time, not the test's.
            await self.store.sweep(SystemClock().now() + timedelta(days=2))
        await self.database.close()

    async def _make(self, move: dict[str, Any]) -> None:
        match move["by"]:
            case "time":
                return
            case "staff":
                await self._act(move["how"], move["about"], move["words"])
            case chat:
                await self.turns.take(
                    Event(
                        channel="telegram",
                        update_id=str(move["number"]),
                        address=chat,
                        at=self.clock.now(),
                        input=_input(move["how"], move["words"]),
                        message_id=str(move["number"]),
                    )
                )

    async def _act(self, what: str, about: str, words: str) -> None:
        """A person looks before they do again what they were interrupted at."""
        number, written = await self.database.read(_written, about)
        if words in written:
            return
        match what:
            case "attach":
                data = photo(words)
                key = await keep(self.database, self.store, data, "image/jpeg", self.clock.now())
                await self.desk.reply(ANNA, number, words, [KeptFile(key, f"{words}.jpg", "image/jpeg", len(data))])
            case "ask" | "reply" | "resolve":
                await getattr(self.desk, what)(ANNA, number, words)
            case _:
                raise ValueError(what)


def _input(how: str, words: str) -> Input:
    match how:
        case "press":
            return Press(words)
        case "photo":
            return File(ref=words, kind="photo", name="photo.jpg", caption=words)
    return Command(words[1:]) if words.startswith("/") else Text(words)


def _written(connection: Connection, about: str) -> tuple[int, list[str]]:
    """The number of the appeal that begins with these words, and what staff have written there."""
    query = select(appeals.c.id).join(appeal_messages, appeal_messages.c.appeal_id == appeals.c.id)
    found = load(connection, connection.execute(query.where(appeal_messages.c.text == about)).scalar_one())
    assert found is not None
    return found.appeal.number, [one.text for one in found.messages if one.author is Author.staff]


async def run(orders: Orders) -> None:
    await Program(orders).run()


if __name__ == "__main__":
    serve(run)
