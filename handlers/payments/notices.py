"""Takes providers' notices: verified, written down once, answered at once; what follows is a task's."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

import structlog
from prometheus_client import Counter
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from core.payments.protocol import LARGEST_NOTICE, Notice, PaymentProvider, Refused

log = structlog.get_logger("payments")

notices_total = Counter("abonent_payment_notices_total", "Providers' notices", ["provider", "result"])

Keep = Callable[[str, Notice, bytes], Awaitable[bool]]
"""Writes the notice down and plans its task; False when it came before."""


def notice_route(providers: Mapping[str, PaymentProvider], keep: Keep) -> Route:
    """``POST /payments/{provider}/notice``.

    200: written down (or of no interest). 400, 403: not the provider's. 404: no such provider. 413: too large.
    503: the database is away, the provider is to send it again.
    """

    async def endpoint(request: Request) -> Response:
        provider = providers.get(request.path_params["provider"])
        if provider is None:
            return Response(status_code=404)
        try:
            body = await _body(request)
        except ClientDisconnect:
            return Response(status_code=400)
        if body is None:
            return _refused(provider, Refused("too large", 413))
        source = request.client.host if request.client is not None else ""
        try:
            notice = provider.read_notice(dict(request.headers), body, source)
        except Exception as error:  # a stranger's bytes must not bring a stack trace out, whoever reads them
            log.error("notice could not be read", provider=provider.name, error=type(error).__name__)
            return _refused(provider, Refused("unreadable", 400))
        if isinstance(notice, Refused):
            return _refused(provider, notice)
        try:
            fresh = await keep(provider.name, notice, body)
        except Exception:  # not written down: the provider brings it again
            log.exception("notice could not be kept", provider=provider.name)
            notices_total.labels(provider.name, "failed").inc()
            return Response(status_code=503)
        notices_total.labels(provider.name, "taken" if fresh else "repeated").inc()
        log.info("notice", provider=provider.name, notice_event=notice.event, fresh=fresh)
        return Response(status_code=200)

    return Route("/payments/{provider}/notice", endpoint, methods=["POST"])


def _refused(provider: PaymentProvider, refused: Refused) -> Response:
    notices_total.labels(provider.name, "refused").inc()
    log.warning("notice refused", provider=provider.name, reason=refused.reason)
    return Response(status_code=refused.http_status)


async def _body(request: Request) -> bytes | None:
    """None when there is too much of it."""
    declared = request.headers.get("content-length", "")
    if declared.isascii() and declared.isdigit() and (len(declared) > 9 or int(declared) > LARGEST_NOTICE):
        return None
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_NOTICE:
            return None
    return bytes(body)
