"""What the doubles of payment providers have in common: a server on a real socket, and a bad day on demand."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Faults:
    """``slow``: so many calls are answered only when the caller has gone. ``answers``: what comes instead of the truth.

    ``fails_after_creating``: so many openings, or charges, answer 500 though the payment exists. ``lies``: replaces
    what a payment is said to be: "amount" (minor units), "currency", "order_id", "accounts". ``repeat``: how often each
    notice is sent; ``reorder``: the newest notice comes first.
    """

    slow: int = 0
    answers: web.Response | None = None
    fails_after_creating: int = 0
    lies: dict[str, Any] = field(default_factory=dict)
    repeat: int = 1
    reorder: bool = False
    cards: dict[str, str] = field(default_factory=dict)
    """What becomes of charges of a kept card, by its reference: "ok", "funds", "holder", "gone", "slow"."""


@dataclass(frozen=True)
class Letter:
    """A notice as it reaches our web server."""

    headers: dict[str, str]
    body: bytes
    source_ip: str


@dataclass(frozen=True)
class Exchange:
    """A call as it was, for those who hold it against a specification."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    status: int
    answer: bytes


@dataclass
class Server:
    """Answers for a provider. Its state outlives every fault: that is the point."""

    faults: Faults = field(default_factory=Faults)
    url: str = ""
    exchanges: list[Exchange] = field(default_factory=list)
    letters: list[Letter] = field(default_factory=list)
    _gone: asyncio.Event = field(default_factory=asyncio.Event)

    def take_letters(self) -> list[Letter]:
        """The notices on their way, as the faults have it; they are gone after that."""
        sent = [letter for letter in self.letters for _ in range(self.faults.repeat)]
        self.letters.clear()
        return sent[::-1] if self.faults.reorder else sent

    async def _answer(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        body = await request.read()
        response = self.faults.answers or await handler(request)
        if self.faults.slow > 0:
            self.faults.slow -= 1
            await self._gone.wait()
        assert isinstance(response, web.Response)
        content = response.body if isinstance(response.body, bytes) else b""
        self.exchanges.append(
            Exchange(
                request.method, request.path, dict(request.query), dict(request.headers), body, response.status, content
            )
        )
        # A response object is sent once; the same fault may be met again.
        return web.Response(body=content, status=response.status, content_type=response.content_type)

    @contextlib.asynccontextmanager
    async def running(self, routes: list[web.RouteDef]) -> AsyncIterator[None]:
        @web.middleware
        async def answer(request: web.Request, handler: Handler) -> web.StreamResponse:
            return await self._answer(request, handler)

        app = web.Application(middlewares=[answer])
        app.add_routes(routes)
        runner = web.AppRunner(app, shutdown_timeout=1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        self.url = f"http://{host}:{port}"
        try:
            yield
        finally:
            self._gone.set()
            await runner.cleanup()


def json_answer(content: Any, status: int = 200) -> web.Response:
    return web.json_response(content, status=status)
