"""The process that is killed: the real turn, writer, sender and worker between a messenger and a database.

`python -m tests.durability.child` imports everything once, then forks a process for each line of orders on its
standard input. The steps are watched from outside, by wrapping what the kernel is given: it knows nothing of them.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

from sqlalchemy import event

from core.clock import Clock, ShiftedClock
from core.delivery.commit import Outcome, TurnCommit
from core.delivery.tasks import Task
from core.delivery.writer import Writer
from core.operator import Operator
from core.services import Services
from core.subscribers.models import Snapshot
from core.subscribers.snapshots import SnapshotReader
from fsm.capabilities import Capabilities
from fsm.engine import Engine, Step
from fsm.event import Event, Text
from fsm.state import Registry
from handlers.sender import Sender
from handlers.turn import Turns
from handlers.worker import Worker
from tests.durability.flow import EFFECT
from tests.durability.messenger import Orders
from tests.durability.watched import MEANS, Link, LinkedChannel, WatchedDatabase, serve


class DeeplyWatchedDatabase(WatchedDatabase):
    """Also after each statement that changes something."""

    def __init__(self, url: str, link: Link) -> None:
        super().__init__(url, link)
        for engine in filter(None, (self._engine.sync_engine, self._writer)):
            event.listen(engine, "after_cursor_execute", self._executed)
            event.listen(engine, "commit", lambda _connection: link.at("about to commit"))

    @staticmethod
    def called(fn: Callable[..., Any]) -> str:
        module = getattr(fn, "__module__", "").rpartition(".")[2]
        return f"{module}.{WatchedDatabase.called(fn)}"

    def _executed(self, _c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        verb = re.match(r"\s*(INSERT INTO|UPDATE|DELETE FROM|SAVEPOINT|RELEASE SAVEPOINT)\s+(\w+)", statement)
        if verb is not None:
            name = "" if "SAVEPOINT" in verb[1] else f" {verb[2]}"
            self.link.at(f"{verb[1].lower()}{name}")


class WatchedSnapshots(SnapshotReader):
    link: Link

    async def load(self, chat_id: str) -> Snapshot:
        found = await super().load(chat_id)
        self.link.at("snapshot loaded")
        return found


class WatchedEngine(Engine):
    link: Link

    async def step(self, snapshot: Snapshot, event: Event, means: Capabilities, turn_id: str) -> Step:
        step = await super().step(snapshot, event, means, turn_id)
        self.link.at("decided")
        return step


class WatchedWriter(Writer):
    link: Link

    async def commit(self, turn: TurnCommit) -> Outcome:
        outcome = await super().commit(turn)
        if outcome is Outcome.clash:
            self.link.ask("clash")
        return outcome


class Effect:
    """The one kind of task: changes something outside."""

    def __init__(self, link: Link) -> None:
        self._link = link

    async def __call__(self, task: Task) -> None:
        self._link.at("about to carry out")
        self._link.ask("effect", id=task.id)
        self._link.at("carried out, not recorded")

    async def gave_up(self, task: Task) -> None:
        raise AssertionError(f"{task.id} was given up")


class Process:
    """The program without a messenger's package, put together as the wiring does it."""

    def __init__(self, orders: Orders) -> None:
        self.orders = orders
        self.link = link = Link(orders.socket)
        self.clock: Clock = ShiftedClock(timedelta(seconds=orders.shift))
        self.database = DeeplyWatchedDatabase(orders.url, link)
        services = cast(Services, _Bare(self.clock))
        zone = ZoneInfo("UTC")
        engine = WatchedEngine(Registry("tests.durability.flow"), services, lambda _subscriber: zone)
        engine.link = link
        snapshots = WatchedSnapshots(self.database)
        snapshots.link = link
        self.writer = WatchedWriter(self.database)
        self.writer.link = link
        channel = LinkedChannel(link, orders.loops)
        self.sender = Sender(self.database, self.clock, {"telegram": channel}, engine.fallback)
        self.worker = Worker(self.database, self.clock, {EFFECT: Effect(link)})
        self.turns = Turns(
            engine,
            snapshots,
            self.writer,
            self.clock,
            {"telegram": MEANS},
            wake_sender=self.sender.wake,
            wake_worker=self.worker.wake,
        )

    async def run(self) -> None:
        """Until nothing is left to be done."""
        async with self.writer:
            loops = []
            if self.orders.loops:
                loops = [asyncio.create_task(self.sender.run()), asyncio.create_task(self.worker.run())]
            while await self._receive() + await self._deliver():
                pass
            for loop in loops:
                loop.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await loop
        await self.database.close()

    async def _receive(self) -> int:
        updates = self.link.ask("updates")
        self.link.at("received")
        if self.orders.crossed:
            await asyncio.gather(*(self._take(update) for update in updates[:: self.orders.crossed]))
        else:
            chats: dict[str, list[dict[str, Any]]] = {}
            for update in updates:
                chats.setdefault(update["chat"], []).append(update)
            await asyncio.gather(*(self._take_all(line) for line in chats.values()))
        return len(updates)

    async def _take_all(self, updates: list[dict[str, Any]]) -> None:
        for update in updates:
            await self._take(update)

    async def _take(self, update: dict[str, Any]) -> None:
        await self.turns.take(
            Event(
                channel="telegram",
                update_id=str(update["id"]),
                address=update["chat"],
                at=self.clock.now(),
                input=Text(update["text"]),
                message_id=str(update["id"]),
            )
        )
        self.link.at("committed, not acknowledged")
        self.link.ask("ack", id=update["id"])
        self.link.at("acknowledged")

    async def _deliver(self) -> int:
        if not self.orders.loops:
            return await self.sender.drain() + await self.worker.drain()
        # What another process has in hand is not ours to wait for.
        await asyncio.sleep(0.002)
        return 0


class _Bare:
    """The counting flow asks the domain for nothing but the clock and the operator."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.operator = Operator(languages=("en",))


async def run(orders: Orders) -> None:
    await Process(orders).run()


if __name__ == "__main__":
    serve(run)
