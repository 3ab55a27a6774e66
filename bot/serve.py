"""Runs the program in one process: web server, polling or webhooks, scheduler, sender and worker."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from collections.abc import AsyncIterator, Coroutine
from typing import Any

import structlog
from prometheus_client import Gauge

from bot import migrate
from bot.server import serving
from bot.web import Door, build_web
from bot.wiring import Program
from core.appeals.queries import with_staff
from core.delivery import outbox
from handlers.channel import DeliveryError, TryLater
from handlers.edge import Edge

log = structlog.get_logger("serve")

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0  # seconds between two tries to reach a messenger

FAREWELL = 10.0  # seconds that updates brought by webhook get to be committed when the program stops

waiting = Gauge("abonent_outbox_waiting", "Messages that are to be sent")
appeals = Gauge("abonent_appeals", "Appeals that are not decided", ["status"])


class Behind(Exception):
    """The database's schema is older than this version of the program."""


async def prepare(program: Program, *, may_migrate: bool) -> None:
    """Sees to the schema. SQLite belongs to this process alone, so it is migrated without asking."""
    if await migrate.is_current(program.database):
        return
    if program.database.dialect != "sqlite" and not may_migrate:
        raise Behind(
            "The database's tables are behind this version of Abonent. Make a backup, then run `abonent migrate`, "
            "or start with `abonent serve --migrate`."
        )
    await migrate.upgrade(program.database)
    log.info("database migrated", revision=migrate.newest())


@contextlib.asynccontextmanager
async def running(program: Program, listener: socket.socket) -> AsyncIterator[None]:
    """Everything runs while the block does; afterwards what was begun is finished."""
    connected: dict[str, str] = {edge.name: "not connected yet" for edge in program.edges}

    async def readiness() -> dict[str, str]:
        try:
            current = await migrate.is_current(program.database)
        except Exception:  # whatever it is, the database cannot be used
            log.exception("database is not reachable")
            return {"database": "not reachable"}
        return {} if current else {"database": "migrations are behind: run abonent migrate"}

    async def count_waiting() -> None:
        waiting.set(await program.database.read(outbox.depth))
        for status, count in (await program.database.read(with_staff)).items():
            appeals.labels(status).set(count)

    async with contextlib.AsyncExitStack() as stack:
        # In this order on the way out: no new updates, then what they have left behind is sent.
        sending = await _background(stack, program.sender.run(), "sender")
        working = await _background(stack, program.worker.run(), "worker")
        door = Door(build_web(program.routes, readiness, count_waiting))
        await stack.enter_async_context(serving(door, listener))
        program.scheduler.start()
        stack.callback(program.scheduler.shutdown, wait=False)
        polls = []
        for edge in program.edges:
            polls.append(asyncio.create_task(_run_edge(edge, connected), name=edge.name))
        try:
            yield
        finally:
            program.pages.closing.set()
            for edge in program.edges:
                await edge.stop()
            for poll in polls:
                poll.cancel()
            await asyncio.gather(*polls, return_exceptions=True)
            await door.close(FAREWELL)
            await _last_words(program, sending, working)


async def _run_edge(edge: Edge, connected: dict[str, str]) -> None:
    pause = FIRST_PAUSE
    while True:
        try:
            await edge.connect()
            break
        except DeliveryError as error:
            connected[edge.name] = str(error)
            log.error("messenger is not connected", messenger=edge.name, reason=str(error), next_try=pause)
            wait = error.after if isinstance(error, TryLater) and error.after else pause
            await asyncio.sleep(wait)
            pause = min(pause * 2, LONGEST_PAUSE)
    connected.pop(edge.name, None)
    log.info("messenger connected", messenger=edge.name)
    await edge.run()


async def _last_words(program: Program, *loops: asyncio.Task[None]) -> None:
    """What the last turns said goes out now rather than after the restart."""
    for loop in loops:
        loop.cancel()
    await asyncio.gather(*loops, return_exceptions=True)
    with contextlib.suppress(TimeoutError, Exception):  # what is left waits in the outbox for the next start
        async with asyncio.timeout(5):
            await program.sender.drain()


async def _background(
    stack: contextlib.AsyncExitStack, work: Coroutine[Any, Any, None], name: str
) -> asyncio.Task[None]:
    task = asyncio.create_task(work, name=name)

    async def end() -> None:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    stack.push_async_callback(end)
    return task


def stop_on_signals() -> asyncio.Event:
    """Set by SIGTERM and SIGINT."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    return stop
