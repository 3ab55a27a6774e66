"""Runs a sandbox on real sockets inside the current event loop: for the demo and for tests with real clients."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass

from bot.sandbox.app import sandbox_app
from bot.sandbox.world import Sandbox
from bot.server import listen, serving


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where a running sandbox is reached; the settings of the bot that talks to it."""

    base_url: str
    smtp_url: str

    @property
    def telegram_api_url(self) -> str:
        return f"{self.base_url}/telegram"

    @property
    def viber_api_url(self) -> str:
        return f"{self.base_url}/viber/pa"

    @property
    def bank_url(self) -> str:
        return f"{self.base_url}/bank"

    @property
    def sms_http_url(self) -> str:
        return f"{self.base_url}/sms"


@contextlib.asynccontextmanager
async def running(
    sandbox: Sandbox,
    host: str = "127.0.0.1",
    port: int = 0,
    *,
    listener: socket.socket | None = None,
    smtp_port: int = 0,
    deliver: bool = True,
) -> AsyncIterator[Addresses]:
    """Serves the sandbox until the block ends; port 0 takes a free one, `deliver=False` leaves
    `Sandbox.deliver_due` to the caller. A `listener` that is bound already is used instead of host and port.
    OSError when a port is taken."""
    listener = listener or listen(host, port)
    host, port = listener.getsockname()[:2]
    # What listens on every interface is reached from this machine by the loopback.
    here = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    sandbox.base_url = f"http://{_in_url(here)}:{port}"
    async with contextlib.AsyncExitStack() as stack:
        stack.callback(listener.close)
        mail_port = await sandbox.inbox.start_mail(here, smtp_port)
        stack.push_async_callback(sandbox.http.aclose)
        delivering = asyncio.create_task(sandbox.run()) if deliver else None
        if delivering:
            stack.push_async_callback(_end, delivering)
        stack.push_async_callback(sandbox.inbox.stop_mail)
        await stack.enter_async_context(serving(sandbox_app(sandbox), listener, farewell=1))
        stack.callback(sandbox.close)  # first of all: open streams and long polls would hold the web server
        yield Addresses(sandbox.base_url, f"smtp://{_in_url(here)}:{mail_port}")


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task  # a fault in the background is raised here, not lost
