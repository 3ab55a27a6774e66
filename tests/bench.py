"""Measures the durable turn beside a bare aiogram echo, in the same run: `make bench`, or `python -m tests.bench`.

Rounds of all the contestants follow one another, and medians are compared: a machine's mood harms all alike.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import logging
import os
import secrets
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo

import asyncpg
from aiogram import Bot, Dispatcher
from aiogram.types import Message
from sqlalchemy.engine import URL, make_url

from bot.logs import configure
from core.clock import ManualClock, SystemClock
from core.database import Database, metadata
from core.delivery.messages import OutgoingMessage
from core.delivery.writer import Writer
from core.subscribers.snapshots import SnapshotReader
from fsm.capabilities import Capabilities
from fsm.engine import Engine
from fsm.state import Registry
from handlers.channel import Delivered, Fetched, Undeliverable
from handlers.parts import Parts
from handlers.sender import Sender
from handlers.telegram.outbound import TelegramChannel
from handlers.telegram.receiver import Receiver
from handlers.turn import Turns
from tests.kernel.conftest import toy_services
from tests.support.postgres import DEFAULT_ADMIN_URL

TOKEN = "42:TEST-token-that-nobody-ever-gave-out-1234"
MEANS = Capabilities(edits=True, vouches_for_contact=True, toasts=True, files_by_url=False)
FLIGHTS = (1, 32, 128)
ECHO = "aiogram echo, no storage"


@dataclass
class Numbers:
    """Rates (a second) by what was measured, and latencies (seconds) of idle turns by database."""

    rates: dict[str, list[float]] = field(default_factory=dict)
    latencies: dict[str, list[float]] = field(default_factory=dict)

    def rate(self, what: str, count: int, seconds: float) -> None:
        self.rates.setdefault(what, []).append(count / seconds)


class Updates:
    """Raw updates as Telegram's webhook brings them: bytes of JSON."""

    def __init__(self) -> None:
        self.number = 1000

    def text(self, chat: int) -> bytes:
        self.number += 1
        person = {"id": chat, "is_bot": False, "first_name": "Anna", "last_name": "Petrova", "language_code": "ru"}
        message = {
            "message_id": self.number,
            "from": person,
            "chat": {"id": chat, "first_name": "Anna", "last_name": "Petrova", "type": "private"},
            "date": 1772000000,
            "text": "?",
        }
        return json.dumps({"update_id": self.number, "message": message}).encode()


class Silence:
    """A messenger that takes everything at once."""

    name = "telegram"
    capabilities = MEANS

    async def deliver(self, address: str, message: OutgoingMessage, parts: Parts | None = None) -> Delivered:
        return Delivered("1")

    async def fetch(self, ref: str, max_bytes: int) -> Fetched:
        raise Undeliverable("there are no files here")

    async def close(self) -> None:
        return None


async def _flight(take: Callable[[bytes], Awaitable[object]], updates: Updates, chats: int, count: int) -> float:
    """Seconds for ``count`` updates with ``chats`` in flight, each chat's one after the other."""
    lines = [[updates.text(10_000 + chat) for _ in range(count // chats)] for chat in range(chats)]

    async def talk(line: list[bytes]) -> None:
        for raw in line:
            await take(raw)

    began = time.perf_counter()
    await asyncio.gather(*(talk(line) for line in lines))
    return time.perf_counter() - began


class Echo:
    """aiogram as it comes: a dispatcher with one filterless handler, which answers nothing and keeps nothing."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot
        self._dispatcher = Dispatcher()
        self._dispatcher.message.register(self._handle)

    async def _handle(self, message: Message) -> None:
        return None

    async def take(self, raw: bytes) -> None:
        await self._dispatcher.feed_raw_update(self._bot, json.loads(raw))


class Durable:
    """Our own way of an update, from its bytes to the commit."""

    def __init__(self, bot: Bot, database: Database, name: str) -> None:
        self.name = name
        self.database = database
        clock = SystemClock()
        services = toy_services(database, cast(ManualClock, clock))
        zone = ZoneInfo("Europe/Moscow")
        engine = Engine(Registry("tests.kernel.toy"), services, lambda _subscriber: zone)
        self.writer = Writer(database)
        self.sender = Sender(database, clock, {"telegram": Silence()}, engine.fallback)
        turns = Turns(engine, SnapshotReader(database), self.writer, clock, {"telegram": MEANS})

        async def no_file(_key: str) -> bytes:
            raise KeyError

        channel = TelegramChannel(bot, no_file)
        self._receiver = Receiver(bot, channel, turns, clock, group_line=lambda _language: "")

    async def take(self, raw: bytes) -> None:
        await self._receiver.receive(json.loads(raw))

    async def timed(self, raw: bytes) -> float:
        began = time.perf_counter()
        await self.take(raw)
        return time.perf_counter() - began


@contextlib.asynccontextmanager
async def own_postgres() -> AsyncIterator[str]:
    """A database of our own for the time of the run; empty when there is no server."""
    first = make_url(os.environ.get("ABONENT_TEST_POSTGRES", DEFAULT_ADMIN_URL))
    name = f"abonent_bench_{secrets.token_hex(4)}"
    admin: URL | None = None
    connection: Any = None
    for url in [first] if first.username else [first, first.set(username="postgres")]:
        with contextlib.suppress(OSError, TimeoutError, asyncpg.PostgresError):
            connection = await asyncpg.connect(
                url.set(drivername="postgresql").render_as_string(hide_password=False), timeout=5
            )
            admin = url
            break
    if admin is None:
        yield ""
        return
    await connection.execute(f'CREATE DATABASE "{name}"')
    try:
        yield admin.set(drivername="postgresql+asyncpg", database=name).render_as_string(hide_password=False)
    finally:
        await connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        await connection.close()


async def _round(numbers: Numbers, echo: Echo, houses: list[Durable], updates: Updates, scale: float) -> None:
    count = int(4000 * scale)
    numbers.rate(ECHO, count, await _flight(echo.take, updates, 1, count))
    for house in houses:
        for chats in FLIGHTS:
            count = int((400 if chats == 1 else 4000) * scale) // chats * chats
            seconds = await _flight(house.take, updates, chats, count)
            numbers.rate(f"durable turn, {house.name}, {chats} in flight", count, seconds)
        latencies = [await house.timed(updates.text(10_000)) for _ in range(int(200 * scale))]
        numbers.latencies.setdefault(house.name, []).extend(latencies)
        began = time.perf_counter()
        sent = await house.sender.drain()
        numbers.rate(f"messages sent, {house.name}", sent, time.perf_counter() - began)


async def measure(rounds: int, scale: float = 1.0, *, postgres: bool = True) -> Numbers:
    numbers, updates = Numbers(), Updates()
    bot = Bot(TOKEN)
    async with contextlib.AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        urls = {"SQLite": f"sqlite+aiosqlite:///{folder / 'bench.db'}"}
        if postgres and (url := await stack.enter_async_context(own_postgres())):
            urls["PostgreSQL"] = url
        houses = []
        for name, url in urls.items():
            database = Database(url)
            stack.push_async_callback(database.close)
            await database.write(metadata.create_all)
            house = Durable(bot, database, name)
            await stack.enter_async_context(house.writer)
            await _flight(house.take, updates, max(FLIGHTS), max(FLIGHTS))  # everybody says hello
            await house.sender.drain()
            houses.append(house)
        echo = Echo(bot)
        for _ in range(rounds):
            await _round(numbers, echo, houses, updates, scale)
    return numbers


def _report(numbers: Numbers) -> str:
    medians = {what: statistics.median(rates) for what, rates in numbers.rates.items()}
    base = medians[ECHO]
    lines = [f"{'':<42}{'a second':>10}{'of the echo':>13}"]
    for what, rate in medians.items():
        share = "" if what.startswith("messages") else f"{rate / base:>12.2f}x"
        lines.append(f"{what:<42}{rate:>10,.0f}{share}")
    lines.append("")
    for name, latencies in numbers.latencies.items():
        median, worst = statistics.median(latencies), sorted(latencies)[int(len(latencies) * 0.99)]
        lines.append(f"one turn while idle, {name:<12} median {median * 1000:.2f} ms, p99 {worst * 1000:.2f} ms")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--scale", type=float, default=1.0, help="how many updates, against the usual number")
    given = parser.parse_args()
    # Each turn writes its line as in production; only where the lines go is different.
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stderr(nowhere):
        configure("json", level=logging.INFO)
        numbers = asyncio.run(measure(given.rounds, given.scale))
    print(f"Python {sys.version.split()[0]}, {os.cpu_count()} cores, {given.rounds} rounds, medians\n")
    print(_report(numbers))


if __name__ == "__main__":
    main()
