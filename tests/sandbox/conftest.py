"""A sandbox on a real socket with a still clock, a real aiogram Bot, and a bot's webhook that we play ourselves."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from starlette.requests import Request
from starlette.responses import Response

from bot.sandbox import Addresses, Limits, Sandbox, build_sandbox, running, sandbox_app
from core.clock import ManualClock

HOOK = "http://127.0.0.1/hook"
Answer = Callable[[Request], Response]


class Listener:
    """The bot's end of a webhook: keeps what came, answers what the test says."""

    def __init__(self) -> None:
        self.bodies: list[dict[str, Any]] = []
        self.raw: list[bytes] = []
        self.headers: list[dict[str, str]] = []
        self.answers: list[Response] = []
        self.files: dict[str, tuple[bytes, str]] = {}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        request = Request(scope, receive)
        if request.method == "GET":
            data, mime = self.files.get(request.url.path, (b"", ""))
            await Response(data, 200 if mime else 404, media_type=mime or None)(scope, receive, send)
            return
        raw = await request.body()
        self.raw.append(raw)
        self.bodies.append(json.loads(raw))
        self.headers.append(dict(request.headers))
        answer = self.answers.pop(0) if self.answers else Response()
        await answer(scope, receive, send)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def listener() -> Listener:
    return Listener()


@pytest.fixture
def sandbox(clock: ManualClock, listener: Listener) -> Sandbox:
    http = httpx.AsyncClient(transport=httpx.ASGITransport(listener))
    return build_sandbox(clock, http=http, limits=Limits.off(), operator="Тест-Телеком")


@pytest.fixture
async def addresses(sandbox: Sandbox) -> AsyncIterator[Addresses]:
    async with running(sandbox, deliver=False) as found:
        yield found


@pytest.fixture
async def bot(sandbox: Sandbox, addresses: Addresses) -> AsyncIterator[Bot]:
    api = TelegramAPIServer.from_base(addresses.telegram_api_url)
    made = Bot(sandbox.telegram.token, session=AiohttpSession(api=api))
    yield made
    # The session's own close() sleeps a quarter of a second for TLS, which is not used here.
    await session_of(made).close()


def session_of(bot: Bot) -> Any:
    return getattr(bot.session, "_session", None) or bot.session


@pytest.fixture
async def client(sandbox: Sandbox) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(sandbox_app(sandbox))
    async with httpx.AsyncClient(transport=transport, base_url=sandbox.base_url) as made:
        yield made


def png(width: int = 8, height: int = 8) -> bytes:
    """A real PNG of one colour."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = b"".join(b"\0" + b"\x80" * width for _ in range(height))
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body
