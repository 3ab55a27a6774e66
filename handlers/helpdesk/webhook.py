"""Takes helpdesks' calls: verified over the raw bytes, noted once, answered at once; what follows is a task's."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Awaitable, Callable

import msgspec
import structlog
from prometheus_client import Counter
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from core.appeals.helpdesk_calls import Call

log = structlog.get_logger("helpdesk")

LARGEST = 4_000_000  # bytes: Zammad puts an article of up to 1.5 million characters into its call

calls_total = Counter("abonent_helpdesk_calls_total", "Calls of other helpdesks' webhooks", ["desk", "result"])

Keep = Callable[[Call, bytes], Awaitable[bool]]
"""Notes the call and plans its task; False when it came before."""


class _Ticket(msgspec.Struct):
    id: int


class _Body(msgspec.Struct):
    ticket: _Ticket


def zammad_route(secret: str, keep: Keep) -> Route:
    """``POST /helpdesk/zammad``.

    200: noted. 400: authentic, but no ticket is named. 403: not signed with our secret. 413: too large.
    503: the database is away, Zammad is to call again.
    """

    async def endpoint(request: Request) -> Response:
        try:
            body = await _body(request)
        except ClientDisconnect:
            return Response(status_code=400)
        if body is None:
            return _refused("too large", 413)
        # Before anything else looks at the bytes: until then they are a stranger's.
        if not signed(secret, request.headers.get("x-hub-signature", ""), body):
            return _refused("wrong signature", 403)
        ticket_id = ticket_of(body)
        if ticket_id is None:
            return _refused("names no ticket: the webhook's payload must not be customised", 400)
        call = Call(str(ticket_id), request.headers.get("x-zammad-delivery", "").strip())
        try:
            fresh = await keep(call, body)
        except Exception:  # not noted: Zammad calls again
            log.exception("call could not be noted", desk="zammad")
            calls_total.labels("zammad", "failed").inc()
            return Response(status_code=503)
        calls_total.labels("zammad", "taken" if fresh else "repeated").inc()
        log.info("helpdesk call", desk="zammad", ticket=ticket_id, fresh=fresh)
        return Response(status_code=200)

    return Route("/helpdesk/zammad", endpoint, methods=["POST"])


def signed(secret: str, header: str, body: bytes) -> bool:
    """``X-Hub-Signature: sha1=<hex>``, over the bytes as they came."""
    kind, _equals, given = header.partition("=")
    expected = hmac.new(secret.encode(), body, hashlib.sha1).hexdigest()
    right = hmac.compare_digest(expected.encode(), given.strip().lower().encode("utf-8", "replace"))
    return bool(secret) and right and kind.strip().lower() == "sha1"


def ticket_of(body: bytes) -> int | None:
    """The ticket's id; None for what is no call of Zammad's."""
    try:
        number = msgspec.json.decode(body, type=_Body).ticket.id
    except (msgspec.DecodeError, RecursionError):
        return None
    return number if 0 < number < 2**53 else None


def _refused(reason: str, status: int) -> Response:
    calls_total.labels("zammad", "refused").inc()
    log.warning("helpdesk call refused", desk="zammad", reason=reason)
    return Response(status_code=status)


async def _body(request: Request) -> bytes | None:
    """None when there is too much of it."""
    declared = request.headers.get("content-length", "")
    if declared.isascii() and declared.isdigit() and (len(declared) > 9 or int(declared) > LARGEST):
        return None
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST:
            return None
    return bytes(body)
