"""Takes updates by webhook: nobody without the secret, and an answer of 200 only after the commit."""

from __future__ import annotations

import hmac
import json
from typing import Any

import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from handlers.intake import NotCommitted
from handlers.telegram.receiver import Receiver

log = structlog.get_logger("telegram.webhook")

PATH = "/telegram/webhook"
MAX_BODY = 1024 * 1024  # bytes; an update of Telegram's is a few KB
_HEADER = "x-telegram-bot-api-secret-token"


def webhook_route(receiver: Receiver, secret: str, path: str = PATH) -> Route:
    """The route to mount. ``secret`` is what setWebhook was told; without one anybody could speak for anybody.

    200: committed, or put aside for good. 401: no secret or a wrong one. 400: not JSON. 413: larger than MAX_BODY.
    503: not committed, Telegram brings it again.
    """
    if not secret:
        raise ValueError("a Telegram webhook needs a secret")
    expected = secret.encode()

    async def endpoint(request: Request) -> Response:
        given = request.headers.get(_HEADER, "").encode("latin-1")
        if not hmac.compare_digest(given, expected):
            log.warning("webhook called without the right secret")
            return Response(status_code=401)
        try:
            body = await _body(request)
        except ClientDisconnect:
            return Response(status_code=400)
        if body is None:
            return Response(status_code=413)
        update = _decoded(body)
        if update is None:
            log.warning("webhook called with something that is no update")
            return Response(status_code=400)
        try:
            await receiver.receive(update)
        except NotCommitted:
            return Response(status_code=503)
        return Response(status_code=200)

    return Route(path, endpoint, methods=["POST"])


async def _body(request: Request) -> bytes | None:
    """None when there is too much of it."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY:
            return None
    return bytes(body)


def _decoded(body: bytes) -> dict[str, Any] | None:
    try:
        update = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return update if isinstance(update, dict) else None
