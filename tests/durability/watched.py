"""What a process is made of that a test kills: the way outside, and steps at which it may die there.

`serve` imports nothing more: whoever calls it has everything imported, and forks a process for each line of orders.
"""

from __future__ import annotations

import asyncio
import base64
import faulthandler
import json
import logging
import os
import random
import signal
import socket
import sys
import threading
import traceback
from collections.abc import Callable, Coroutine
from typing import Any, NoReturn

import structlog

from core.database import Database
from core.delivery.messages import OutgoingMessage
from fsm.capabilities import Capabilities
from handlers.channel import Delivered, Fetched, Undeliverable
from handlers.parts import Parts
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
    """Passes through a step before and after each transaction."""

    def __init__(self, url: str, link: Link) -> None:
        super().__init__(url, connections=4)
        self.link = link

    @staticmethod
    def called(fn: Callable[..., Any]) -> str:
        return getattr(fn, "__name__", "write")

    def before(self, name: str) -> None:
        self.link.at(f"before {name}")

    async def write_once(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        self.before(self.called(fn))
        result = await super().write_once(fn, *args, **kwargs)
        self.link.at(f"after {self.called(fn)}")
        return result


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
        buttons = {button.label: button.payload for row in message.rows for button in row}
        number = self._link.ask("send", chat=address, text=message.text, buttons=buttons)
        self._link.at("sent, not recorded")
        return Delivered(str(number))

    async def fetch(self, ref: str, max_bytes: int) -> Fetched:
        self._link.at("about to fetch")
        found = self._link.ask("fetch", ref=ref)
        if found is None:
            raise Undeliverable("there is no such file")
        return Fetched(base64.b64decode(found), "application/octet-stream")

    async def close(self) -> None:
        return None


def _hangs(_number: int, _frame: object) -> NoReturn:
    faulthandler.dump_traceback(all_threads=True)
    for task in asyncio.all_tasks():
        task.print_stack(file=sys.stderr)
    sys.stderr.flush()
    os._exit(1)


Run = Callable[[Orders], Coroutine[Any, Any, None]]


def _live(run: Run, orders: Orders) -> NoReturn:
    signal.signal(signal.SIGALRM, _hangs)
    signal.alarm(int(LIMIT))  # a process that hangs fails its test instead of holding it up
    code = 1
    try:
        asyncio.run(run(orders))
        code = 0
    except BaseException:  # the parent learns of it by the exit code, a reader by the traceback
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def serve(run: Run, level: int = logging.ERROR) -> None:
    """Until the standard input ends."""
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    for line in sys.stdin:
        match json.loads(line):
            case {"start": orders}:
                pid = os.fork()
                if pid == 0:
                    _live(run, Orders(**orders))
                answer = pid
            case {"wait": pid}:
                answer = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
            case other:
                raise ValueError(f"unknown question {other}")
        sys.stdout.write(f"{answer}\n")
        sys.stdout.flush()
