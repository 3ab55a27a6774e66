"""Measures delivery of a notice to thousands of people by the very program, against the sandbox at its limits.

Run it with ``python -m tests.bench_delivery [MESSAGES]``: in real time, in both messengers by their rates.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, func, insert, select

from bot.sandbox import Limits, Sandbox, build_sandbox
from bot.sandbox import running as sandbox_running
from bot.sandbox.running import Addresses
from bot.serve import prepare, running
from bot.server import listen
from bot.wiring import Program, open_program
from bot.wiring_messengers import RATES
from core.clock import Clock, SystemClock
from core.delivery.tables import conversations, outbox
from core.notices import store
from core.notices.models import Audience, Draft
from core.notices.report import progress
from core.reminders.models import Kind
from core.subscribers.tables import chats, subscribers
from tests.e2e.world import settings_for, sqlite_in

SHOWN = 15.0  # seconds between two lines


def people(sandbox: Sandbox, clock: Clock, messages: int) -> list[tuple[str, str]]:
    """Channel and address of each; they have met the bot, and those in Viber wrote just now."""
    in_telegram = round(messages * RATES["telegram"] / sum(RATES.values()))
    found = []
    for number in range(messages):
        if number < in_telegram:
            person = sandbox.telegram.person(f"Person {number}", f"+7900{number:07}")
            person.met = True
            found.append(("telegram", str(person.id)))
        else:
            other = sandbox.viber.person(f"Person {number}", f"+7900{number:07}")
            other.subscribed, other.spoke_at = True, clock.now()
            found.append(("viber", other.id))
    return found


def register(connection: Connection, everybody: list[tuple[str, str]], clock: Clock) -> None:
    now = clock.now()
    # Mixed as people are: ids follow no messenger.
    who = [(f"s{number * 7919 % len(everybody):05}", *one) for number, one in enumerate(everybody)]
    rows: list[dict[str, Any]] = [{"id": id_, "name": id_, "region": "RU-MOW", "created_at": now} for id_, *_ in who]
    connection.execute(insert(subscribers), rows)
    known = {"language": "en", "status": "active", "created_at": now}
    connection.execute(
        insert(chats),
        [
            {"chat_id": f"{channel}:{address}", "channel": channel, "address": address, "subscriber_id": id_} | known
            for id_, channel, address in who
        ],
    )
    heard = {"state": "", "version": 1, "heard_at": now}
    connection.execute(
        insert(conversations), [{"chat_id": f"{channel}:{address}"} | heard for _id, channel, address in who]
    )


def refusals(sandbox: Sandbox) -> Counter[str]:
    """Counts what the messengers refuse because it comes too fast."""
    counted: Counter[str] = Counter()
    admit = sandbox.telegram.throttle.admit

    def watched(*args: Any) -> int:
        wait = admit(*args)
        counted["telegram"] += wait > 0
        return wait

    sandbox.telegram.throttle.admit = watched  # type: ignore[method-assign,assignment]  # this very object's
    return counted


def by_channel(connection: Connection) -> list[tuple[str, int, float]]:
    """Messages sent and the seconds between the first and the last, by channel."""
    found = []
    for channel in RATES:
        sent = outbox.c.status == "sent", outbox.c.chat_id.startswith(f"{channel}:")
        query = select(func.count(), func.min(outbox.c.sent_at), func.max(outbox.c.sent_at)).where(*sent)
        count, first, last = connection.execute(query).one()
        found.append((channel, count, (last - first).total_seconds() if count > 1 else 0.0))
    return found


async def serve_sandbox(messages: int) -> None:
    """The messengers, in a process of their own as they are in life. Says where it is and who is there; ends with its
    standard input, and says then what it has refused."""
    clock = SystemClock()
    sandbox = build_sandbox(clock, limits=Limits(), operator="Northline")
    async with sandbox_running(sandbox) as addresses:
        refused = refusals(sandbox)
        hello = {"base_url": addresses.base_url, "smtp_url": addresses.smtp_url}
        print(json.dumps(hello | {"people": people(sandbox, clock, messages)}), flush=True)
        await asyncio.to_thread(sys.stdin.read)
        print(json.dumps({"refused": sum(refused.values()), "faults": len(sandbox.viber.faults)}), flush=True)


@contextlib.asynccontextmanager
async def sandbox_process(messages: int) -> AsyncIterator[asyncio.subprocess.Process]:
    pipe = asyncio.subprocess.PIPE
    command = [sys.executable, "-m", "tests.bench_delivery", str(messages), "--sandbox"]
    process = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, limit=64_000_000)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def told(process: asyncio.subprocess.Process) -> dict[str, Any]:
    assert process.stdout is not None
    line: dict[str, Any] = json.loads(await process.stdout.readline())
    return line


async def measure(messages: int) -> None:
    clock = SystemClock()
    async with contextlib.AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        process = await stack.enter_async_context(sandbox_process(messages))
        hello = await told(process)
        listener = listen("127.0.0.1", 0)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        hours = {
            "reminder_from": 0,
            "reminder_from_on_days_off": 0,
            "reminder_until": 24,
            "files_dir": folder / "files",
        }
        addresses = Addresses(hello["base_url"], hello["smtp_url"])
        program = await stack.enter_async_context(
            open_program(settings_for(addresses, sqlite_in(folder), url, **hours), clock=clock)
        )
        await prepare(program, may_migrate=True)
        await program.database.write(register, [tuple(one) for one in hello["people"]], clock)
        worked = time.process_time()
        await stack.enter_async_context(running(program, listener))
        draft = Draft(Kind.works, {"en": "The internet may be interrupted at night."}, Audience(everyone=True))
        number = await program.database.write(store.add, draft, ("ru", "en"), clock.now())
        await program.database.write(store.start, number, clock.now())
        await _until_sent(program, number)
        print(f"{'delivery':<12}{'messages':>10}{'s':>8}{'a second':>10}{'limit':>7}{'of it':>7}{'load':>6}")
        for channel, count, seconds in await program.database.read(by_channel):
            rate = count / max(seconds, 1e-9)
            print(
                f"{channel:<12}{count:>10,}{seconds:>8.1f}{rate:>10.1f}{RATES[channel]:>7.0f}"
                f"{rate / RATES[channel]:>7.0%}{os.getloadavg()[0]:>6.1f}"
            )
        print(f"{1000 * (time.process_time() - worked) / messages:.1f} ms of processor a message, the sandbox apart")
        # The last "delivered" has come before the sandbox goes.
        await asyncio.sleep(2)
        assert process.stdin is not None
        process.stdin.close()
        seen = await told(process)
        print(f"refused as too fast: {seen['refused']}; Viber's faults: {seen['faults']}")


async def _until_sent(program: Program, number: int) -> None:
    began = shown = time.monotonic()
    while True:
        far = await program.database.read(progress, number)
        if far.notice.looked and far.notice.finished_at is not None:
            return
        if time.monotonic() - shown > SHOWN:
            shown = time.monotonic()
            print(f"{shown - began:6.0f} s: {far.over:>6,} of {far.total:,}", file=sys.stderr, flush=True)
        await asyncio.sleep(1)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("messages", nargs="?", type=int, default=10_000)
    parser.add_argument("--sandbox", action="store_true", help="be the messengers")
    given = parser.parse_args(sys.argv[1:])
    asyncio.run(serve_sandbox(given.messages) if given.sandbox else measure(given.messages))
