"""The process that is killed: the real turn, writer, sender and worker between a messenger and a database.

`python -m tests.durability.child` imports everything once, then forks a process for each line of orders on its
standard input. The steps are watched from outside, by wrapping what the kernel is given: it knows nothing of them.
"""

from __future__ import annotations

import asyncio
import contextlib
import faulthandler
import json
import logging
import os
import random
import re
import signal
import socket
import sys
import threading
import traceback
from collections.abc import Callable
from datetime import timedelta
from typing import Any, NoReturn, cast
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import event

from core.clock import Clock, ShiftedClock
from core.database import Database
from core.delivery.commit import Outcome, TurnCommit
from core.delivery.messages import OutgoingMessage
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
from handlers.channel import Delivered, Fetched, Undeliverable
from handlers.parts import Parts
from handlers.sender import Sender
from handlers.turn import Turns
from handlers.worker import Worker
from tests.durability.flow import EFFECT
from tests.durability.messenger import LIMIT, Orders

MEANS = Capabilities(edits=False, vouches_for_contact=True, toasts=True, files_by_url=False)


class Link:
    """The way to everything outside this process. Each call waits for its answer, or dies waiting."""

    def __init__(self, path: str) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(path)
        self._file = self._socket.makefile("rwb")
        self._lock = threading.Lock()

    def ask(self, op: str, **values: Any) -> Any:
        with self._lock:
            self._file.write(json.dumps({"op": op, **values}).encode() + b"\n")
            self._file.flush()
            return json.loads(self._file.readline())

    def at(self, step: str) -> None:
        """Here the process may be killed."""
        self.ask("at", step=step, pid=os.getpid())


class WatchedDatabase(Database):
    """Passes through a step before and after each transaction and after each statement that changes something."""

    def __init__(self, url: str, link: Link) -> None:
        super().__init__(url, connections=4)
        self._link = link
        for engine in filter(None, (self._engine.sync_engine, self._writer)):
            event.listen(engine, "after_cursor_execute", self._executed)
            event.listen(engine, "commit", lambda _connection: link.at("about to commit"))

    def _executed(self, _c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        verb = re.match(r"\s*(INSERT INTO|UPDATE|DELETE FROM|SAVEPOINT|RELEASE SAVEPOINT)\s+(\w+)", statement)
        if verb is not None:
            name = "" if "SAVEPOINT" in verb[1] else f" {verb[2]}"
            self._link.at(f"{verb[1].lower()}{name}")

    async def write_once(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        name = getattr(fn, "__name__", "write")
        module = getattr(fn, "__module__", "").rpartition(".")[2]
        self._link.at(f"before {module}.{name}")
        result = await super().write_once(fn, *args, **kwargs)
        self._link.at(f"after {module}.{name}")
        return result


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


class LinkedChannel:
    """The messenger's way out: the message is there as soon as the answer to ``send`` is written."""

    name = "telegram"
    capabilities = MEANS

    def __init__(self, link: Link, lingers: bool) -> None:
        self._link = link
        self._chance = random.Random(os.getpid())
        self._lingers = lingers

    async def deliver(self, address: str, message: OutgoingMessage, parts: Parts | None = None) -> Delivered:
        if self._lingers:
            await asyncio.sleep(self._chance.random() * 0.003)
        self._link.at("about to send")
        number = self._link.ask("send", chat=address, text=message.text)
        self._link.at("sent, not recorded")
        return Delivered(str(number))

    async def fetch(self, ref: str, max_bytes: int) -> Fetched:
        raise Undeliverable("there are no files here")

    async def close(self) -> None:
        return None


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
        self.database = WatchedDatabase(orders.url, link)
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


def _hangs(_number: int, _frame: object) -> NoReturn:
    faulthandler.dump_traceback(all_threads=True)
    for task in asyncio.all_tasks():
        task.print_stack(file=sys.stderr)
    sys.stderr.flush()
    os._exit(1)


def _live(orders: Orders) -> NoReturn:
    signal.signal(signal.SIGALRM, _hangs)
    signal.alarm(int(LIMIT))  # a process that hangs fails its test instead of holding it up
    code = 1
    try:
        asyncio.run(Process(orders).run())
        code = 0
    except BaseException:  # the parent learns of it by the exit code, a reader by the traceback
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def main() -> None:
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    for line in sys.stdin:
        match json.loads(line):
            case {"start": orders}:
                pid = os.fork()
                if pid == 0:
                    _live(Orders(**orders))
                answer = pid
            case {"wait": pid}:
                answer = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
            case other:
                raise ValueError(f"unknown question {other}")
        sys.stdout.write(f"{answer}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
