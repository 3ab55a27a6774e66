"""The address that Viber calls: checks the signature, hands over to the turn, answers 200 only after the commit."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from fsm.event import Event
from handlers.channel import Undeliverable
from handlers.intake import Intake, NotCommitted, TurnDone
from handlers.viber.client import encode
from handlers.viber.drawing import Artist
from handlers.viber.inbound import Ignored, Malformed, Receipt, parse, signature_matches

PATH = "/viber/webhook"
SIGNATURE = "X-Viber-Content-Signature"
MAX_BODY = 1024 * 1024  # bytes; Viber's own are a few KB, its texts at most 7,000 characters

log = structlog.get_logger(__name__)


class Receipts(Protocol):
    """Who wants to know what became of the messages. ``token`` is the message_token that the send answered with.

    Viber repeats what was not answered 200, so each of these may be told more than once.
    Raises NotCommitted, and nothing else, when it must be told again.
    """

    async def delivered(self, token: str, user_id: str, at: datetime) -> None: ...

    async def seen(self, token: str, user_id: str, at: datetime) -> None: ...

    async def failed(self, token: str, user_id: str, desc: str) -> None: ...


class _TooLarge(Exception):
    """The body is over the limit."""


class ViberWebhook:
    """``token`` is the bot's, and with it the signature's key."""

    def __init__(self, token: str, intake: Intake, artist: Artist, receipts: Receipts | None = None) -> None:
        self._token = token
        self._intake = intake
        self._artist = artist
        self._receipts = receipts

    def route(self) -> Route:
        return Route(PATH, self.receive, methods=["POST"])

    async def receive(self, request: Request) -> Response:
        """403 for a bad signature, 413 for too much, 503 when the update must come again, else 200."""
        try:
            body = await _body(request)
        except _TooLarge:
            return Response(status_code=413)
        except ClientDisconnect:
            return Response(status_code=400)
        if not signature_matches(self._token, body, request.headers.get(SIGNATURE)):
            log.warning("viber webhook with a wrong signature", signed=SIGNATURE in request.headers)
            return Response(status_code=403)
        try:
            arrived = parse(body)
        except Malformed as error:
            log.warning("viber webhook cannot be read", reason=str(error))
            return Response(status_code=200)  # it would be as unreadable the next time
        try:
            return await self._handle(arrived)
        except NotCommitted:
            return Response(status_code=503)

    async def _handle(self, arrived: Event | Receipt | Ignored) -> Response:
        if isinstance(arrived, Ignored):
            (log.debug if arrived.known else log.warning)("viber event ignored", event_name=arrived.name)
            return Response(status_code=200)
        if isinstance(arrived, Receipt):
            await self._note(arrived)
            return Response(status_code=200)
        return self._answer(await self._intake.take(arrived))

    async def _note(self, receipt: Receipt) -> None:
        if receipt.kind == "failed":
            log.warning("viber could not deliver", message_token=receipt.token, reason=receipt.desc)
        if self._receipts is None:
            return
        if receipt.kind == "delivered":
            await self._receipts.delivered(receipt.token, receipt.user_id, receipt.at)
        elif receipt.kind == "seen":
            await self._receipts.seen(receipt.token, receipt.user_id, receipt.at)
        else:
            await self._receipts.failed(receipt.token, receipt.user_id, receipt.desc)

    def _answer(self, done: TurnDone) -> Response:
        if done.welcome is None:
            return Response(status_code=200)
        try:
            welcome = encode(self._artist.welcome(done.welcome))
        except Undeliverable as error:
            log.error("the welcome message cannot be drawn for viber", reason=str(error))
            return Response(status_code=200)
        return Response(welcome, media_type="application/json")


async def _body(request: Request) -> bytes:
    """The raw body, given up as soon as it is over the limit, whatever Content-Length says."""
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > MAX_BODY:
            raise _TooLarge
        chunks.append(chunk)
    return b"".join(chunks)
