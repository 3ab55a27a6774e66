"""Hands out our own pictures and documents by signed, expiring addresses: Viber fetches what it is to show."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Awaitable, Callable
from datetime import timedelta
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from core.clock import Clock

LIFETIME = timedelta(hours=6)  # Viber fetches at once; a phone that was off may come later
_SAFE_TYPES = {"image/png", "image/jpeg", "image/gif", "application/pdf", "application/json"}

Loader = Callable[[str], Awaitable[tuple[bytes, str]]]
"""The bytes and media type by SHA-256; raises KeyError."""


class SignedFiles:
    """Addresses look like ``<public>/files/<sha256>.<expiry>.<signature>/<name>``."""

    def __init__(self, secret_key: str, public_url: str, clock: Clock, load: Loader) -> None:
        self._key = hashlib.sha256(b"files|" + secret_key.encode()).digest()
        self._public_url = public_url
        self._clock = clock
        self._load = load

    def url(self, sha256: str, name: str) -> str:
        expires = int((self._clock.now() + LIFETIME).timestamp())
        return f"{self._public_url}/files/{sha256}.{expires}.{self._sign(sha256, expires)}/{quote(name)}"

    def _sign(self, sha256: str, expires: int) -> str:
        digest = hmac.new(self._key, f"{sha256}.{expires}".encode(), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(digest[:18]).decode()

    def route(self) -> Route:
        return Route("/files/{token}/{name:path}", self._serve, methods=["GET"])

    async def _serve(self, request: Request) -> Response:
        """404 for everything that is not exactly as we wrote it: a stranger learns nothing."""
        gone = PlainTextResponse("This link has expired.", 404)
        parts = request.path_params["token"].split(".")
        if len(parts) != 3 or not parts[1].isascii() or not parts[1].isdigit() or len(parts[1]) > 12:
            return gone
        sha256, expires, signature = parts[0], int(parts[1]), parts[2]
        expected = self._sign(sha256, expires).encode()
        if not hmac.compare_digest(expected, signature.encode()) or self._clock.now().timestamp() > expires:
            return gone
        try:
            data, media_type = await self._load(sha256)
        except KeyError:
            return gone
        safe = media_type if media_type in _SAFE_TYPES else "application/octet-stream"
        headers = {"X-Content-Type-Options": "nosniff", "Cache-Control": "private, max-age=3600"}
        if not safe.startswith("image/"):
            headers["Content-Disposition"] = "attachment"
        return Response(data, media_type=safe, headers=headers)
