"""A Viber small enough to read at a glance, and what its tests say again and again."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from aiohttp import web

from core.delivery.messages import OutgoingMessage
from fsm.event import Event
from handlers.intake import NotCommitted, TurnDone

TOKEN = "4c5d6e7f-secret-viber-token"
USER = "01234567890A=+/"
BIG_TOKEN = 5741311803571721087  # a 64-bit number that a float cannot hold
STAMP = 1767225600123  # ms; 2026-01-01 00:00:00.123 UTC


def sign(body: bytes, token: str = TOKEN) -> str:
    return hmac.new(token.encode(), body, hashlib.sha256).hexdigest()


def body(event: str, **fields: Any) -> bytes:
    return json.dumps({"event": event, "timestamp": STAMP, "message_token": BIG_TOKEN, **fields}).encode()


def said(message: dict[str, Any], **fields: Any) -> bytes:
    sender = {"id": USER, "name": "Анна", "language": "ru", "country": "RU", "api_version": 10}
    return body("message", sender=sender, message=message, **fields)


def say(*texts: str, **fields: Any) -> OutgoingMessage:
    return OutgoingMessage(tuple((text, "plain") for text in texts), **fields)


@dataclass
class FakeIntake:
    """Remembers what it was given; ``away`` is the database being away."""

    events: list[Event] = field(default_factory=list)
    done: TurnDone = field(default_factory=TurnDone)
    away: bool = False

    async def take(self, event: Event) -> TurnDone:
        if self.away:
            raise NotCommitted
        self.events.append(event)
        return self.done


@dataclass
class FakeReceipts:
    told: list[tuple[str, ...]] = field(default_factory=list)

    async def delivered(self, token: str, user_id: str, at: datetime) -> None:
        self.told.append(("delivered", token, user_id, at.isoformat()))

    async def seen(self, token: str, user_id: str, at: datetime) -> None:
        self.told.append(("seen", token, user_id, at.isoformat()))

    async def failed(self, token: str, user_id: str, desc: str) -> None:
        self.told.append(("failed", token, user_id, desc))


Answer = dict[str, Any] | web.StreamResponse
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class TinyViber:
    """Answers what it is told to, in order, and then again the last; keeps every request."""

    answers: list[Answer] = field(default_factory=lambda: [{"status": 0, "message_token": BIG_TOKEN}])
    requests: list[tuple[str, dict[str, Any], str]] = field(default_factory=list)  # method, payload, token header
    files: dict[str, Handler] = field(default_factory=dict)
    hangs: bool = False
    released: asyncio.Event = field(default_factory=asyncio.Event)
    url: str = ""

    async def _call(self, request: web.Request) -> web.StreamResponse:
        payload = json.loads(await request.read())
        header = request.headers.get("X-Viber-Auth-Token", "")
        self.requests.append((request.match_info["method"], payload, header))
        if self.hangs:
            await self.released.wait()
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return web.json_response(answer) if isinstance(answer, dict) else answer

    async def _file(self, request: web.Request) -> web.StreamResponse:
        return await self.files[request.match_info["name"]](request)

    @property
    def sent(self) -> list[dict[str, Any]]:
        return [payload for method, payload, _ in self.requests if method == "send_message"]

    @asynccontextmanager
    async def running(self) -> AsyncIterator[TinyViber]:
        app = web.Application()
        app.router.add_post("/pa/{method}", self._call)
        app.router.add_get("/files/{name}", self._file)
        runner = web.AppRunner(app, shutdown_timeout=1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        self.url = f"http://{host}:{port}"
        try:
            yield self
        finally:
            self.released.set()
            await runner.cleanup()


def schema_faults(board: dict[str, Any]) -> list[str]:
    """What the documentation of keyboards (developers.viber.com/docs/tools/keyboards) would object to."""
    faults = [] if board["Type"] == "keyboard" else ["Type"]
    column = rows = 0
    for button in board["Buttons"]:
        if not 1 <= button["Columns"] <= 6 or not 1 <= button["Rows"] <= 2:
            faults.append("size")
        if button["ActionType"] not in ("reply", "open-url", "location-picker", "share-phone", "none"):
            faults.append("ActionType")
        if not button["ActionBody"] or not 0 < len(button["Text"]) <= 250:
            faults.append("text")
        if button["TextSize"] not in ("small", "regular", "large"):
            faults.append("TextSize")
        if column + button["Columns"] > 6:
            faults.append("the button does not fit into its line")
            column = 0
        rows += button["Rows"] if column == 0 else 0
        column = (column + button["Columns"]) % 6
    if column:
        faults.append("the last line has a gap")
    return faults + (["height"] if rows > 24 else [])
