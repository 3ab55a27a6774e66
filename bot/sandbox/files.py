"""Keeps what people and the bot upload, and serves it, for as long as the real services would."""

from __future__ import annotations

import mimetypes
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from core.clock import Clock


@dataclass(frozen=True, slots=True)
class StoredFile:
    key: str
    name: str
    data: bytes
    mime: str
    expires: datetime | None

    @property
    def path(self) -> str:
        return f"/files/{self.key}/{quote(self.name)}"


class FileStore:
    """Files by key; those with a lifetime answer 404 after it (Viber's incoming media live one hour)."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._files: dict[str, StoredFile] = {}

    def keep(self, name: str, data: bytes, mime: str | None = None, lifetime: timedelta | None = None) -> StoredFile:
        key = f"f{len(self._files) + 1:06d}"
        kind = mime or mimetypes.guess_type(name)[0] or "application/octet-stream"
        expires = self._clock.now() + lifetime if lifetime else None
        stored = StoredFile(key, name, data, kind, expires)
        self._files[key] = stored
        return stored

    def find(self, key: str) -> StoredFile | None:
        """The file, or None when it is unknown or its time is over."""
        stored = self._files.get(key)
        if stored and stored.expires and self._clock.now() >= stored.expires:
            return None
        return stored

    async def serve(self, request: Request) -> Response:
        """The file for the bot; with `?own` for the phone that holds it, which has a copy that never expires."""
        key = request.path_params["key"]
        stored = self._files.get(key) if "own" in request.query_params else self.find(key)
        if stored is None:
            return PlainTextResponse("Not Found", 404)
        return file_response(stored)


def file_response(stored: StoredFile) -> Response:
    # An uploaded HTML or SVG page must not run as a script on the sandbox's own page.
    headers = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox"}
    return Response(stored.data, media_type=stored.mime, headers=headers)
