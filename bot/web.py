"""The ASGI application: the handlers' routes, health and metrics."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

Readiness = Callable[[], Awaitable[dict[str, str]]]
"""What is not ready, by name, in plain words; empty when everything is."""

BeforeMetrics = Callable[[], Awaitable[None]]


def build_web(routes: Sequence[BaseRoute], readiness: Readiness, before_metrics: BeforeMetrics) -> Starlette:
    """``/health/live``: the process runs. ``/health/ready``: it can serve. ``/metrics``: Prometheus' text format."""

    async def live(_request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def ready(_request: Request) -> Response:
        wrong = await readiness()
        return JSONResponse({"status": "not ready" if wrong else "ok", **wrong}, 503 if wrong else 200)

    async def metrics(_request: Request) -> Response:
        await before_metrics()
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return Starlette(
        routes=[
            Route("/health/live", live),
            Route("/health/ready", ready),
            Route("/metrics", metrics),
            *routes,
        ]
    )


class Door:
    """Lets updates in until it is closed: from then on a messenger hears 503 and brings them after the restart.

    Files are handed out for as long as the server runs: Viber fetches those of the last messages.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._open = True
        self._inside = 0
        self._empty = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "POST":
            await self._app(scope, receive, send)
        elif not self._open:
            await Response(status_code=503, headers={"Retry-After": "5"})(scope, receive, send)
        else:
            self._inside += 1
            try:
                await self._app(scope, receive, send)
            finally:
                self._inside -= 1
                if not self._inside:
                    self._empty.set()

    async def close(self, limit: float) -> None:
        """Waits at most ``limit`` seconds for those who are inside."""
        self._open = False
        if self._inside:
            self._empty.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(limit):
                    await self._empty.wait()
