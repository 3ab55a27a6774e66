"""The ASGI application: the handlers' routes, health and metrics."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

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
