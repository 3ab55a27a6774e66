"""Runs a sandbox on real sockets inside the current event loop: for the demo and for tests with real clients."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass

import uvicorn

from bot.sandbox.app import sandbox_app
from bot.sandbox.world import Sandbox


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
    def sms_http_url(self) -> str:
        return f"{self.base_url}/sms"


@contextlib.asynccontextmanager
async def running(
    sandbox: Sandbox, host: str = "127.0.0.1", port: int = 0, *, smtp_port: int = 0, deliver: bool = True
) -> AsyncIterator[Addresses]:
    """Serves the sandbox until the block ends; port 0 takes a free one, `deliver=False` leaves
    `Sandbox.deliver_due` to the caller. OSError when a port is taken."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        sandbox.base_url = f"http://{host}:{listener.getsockname()[1]}"
        config = uvicorn.Config(sandbox_app(sandbox), log_level="warning", lifespan="off", timeout_graceful_shutdown=2)
        server = _Server(config)
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        ready = asyncio.create_task(server.ready.wait())
        await asyncio.wait({serving, ready}, return_when=asyncio.FIRST_COMPLETED)
        mail_port = await sandbox.inbox.start_mail(host, smtp_port)
        delivering = asyncio.create_task(sandbox.run()) if deliver else None
        try:
            yield Addresses(sandbox.base_url, f"smtp://{host}:{mail_port}")
        finally:
            ready.cancel()
            sandbox.close()
            server.should_exit = True
            await serving
            await sandbox.inbox.stop_mail()
            if delivering:
                delivering.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await delivering  # a fault in the background is raised here, not lost
            await sandbox.http.aclose()


class _Server(uvicorn.Server):
    """A server that says when it is ready and leaves the signals to the program around it."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()

    @contextlib.contextmanager
    def capture_signals(self):  # type: ignore[no-untyped-def]  # uvicorn's own signature is untyped
        yield
