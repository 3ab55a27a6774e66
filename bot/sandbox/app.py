"""Puts the sandbox together: one ASGI application with both messengers, the SMS gateway and the page."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from bot.sandbox.api import PageApi
from bot.sandbox.bank.server import BankServer
from bot.sandbox.shapes import Controls, PersonSpec
from bot.sandbox.telegram.limits import Limits
from bot.sandbox.world import TELEGRAM_TOKEN, VIBER_TOKEN, Sandbox
from core.clock import Clock, SystemClock

_PAGE = Path(__file__).parent / "page"


def build_sandbox(
    clock: Clock | None = None,
    *,
    people: Sequence[PersonSpec] = (),
    operator: str = "Абонент",
    telegram_token: str = TELEGRAM_TOKEN,
    viber_token: str = VIBER_TOKEN,
    limits: Limits | None = None,
    controls: Controls | None = None,
    http: httpx.AsyncClient | None = None,
    base_url: str = "http://127.0.0.1:8081",
) -> Sandbox:
    """A new sandbox with its people; `sandbox_app` makes it reachable.

    `limits` are Telegram's (`Limits.off()` for a clock that stands still); `http` posts the webhooks (an ASGI
    transport in a test); `base_url` is where the sandbox itself is reached, for links to what people send.
    """
    sandbox = Sandbox(clock or SystemClock(), telegram_token, viber_token, operator, limits, controls, http, base_url)
    sandbox.add_all(people)
    return sandbox


def sandbox_app(sandbox: Sandbox) -> Starlette:
    """The ASGI application of a sandbox."""
    routes: list[BaseRoute] = [
        *sandbox.telegram_server.routes(),
        *sandbox.viber_server.routes(),
        *PageApi(sandbox).routes(),
        *BankServer(sandbox.bank).routes(),
        Route("/sms", sandbox.inbox.receive_sms, methods=["POST"]),
        Route("/files/{key}/{name}", sandbox.files.serve),
        Route("/", _index),
        Route("/desk", sandbox.desk),
        Route("/desk/{path:path}", sandbox.desk),
        Mount("/page", StaticFiles(directory=_PAGE, check_dir=False)),
    ]
    return Starlette(routes=routes)


async def _index(request: Request) -> Response:
    index = _PAGE / "index.html"
    return FileResponse(index) if index.exists() else PlainTextResponse("The page is not installed", 404)
