"""Files of appeals, kept by the SHA-256 of their content in a folder outside the database."""

from __future__ import annotations

import asyncio
import os
import re
import tempfile
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, delete, select

from core.appeals.tables import appeal_messages, files
from core.delivery.blobs import fingerprint
from core.delivery.writes import Write, insert_missing

LIMIT = 5_000_000  # bytes of one file

_SHA256 = re.compile(r"[0-9a-f]{64}")

NEW = timedelta(days=1)
"""A file that no message names is left alone for so long: its message may be on its way."""


@dataclass(frozen=True, slots=True)
class Stored:
    """What is known of a file without reading it."""

    sha256: str
    media_type: str
    size: int  # bytes


class FileStore:
    """Several processes share one folder; a file is written once and never changed."""

    def __init__(self, root: Path) -> None:
        self.root = root

    async def put(self, data: bytes) -> str:
        """Keeps the content, durably, and says its key. Raises OSError."""
        return await asyncio.to_thread(self._put, data)

    async def get(self, key: str) -> bytes:
        """Raises KeyError when there is none."""
        return await asyncio.to_thread(self._get, key)

    async def remove(self, keys: list[str]) -> None:
        """Files that are gone already are no error."""
        await asyncio.to_thread(self._remove, keys)

    def _path(self, key: str) -> Path:
        if not _SHA256.fullmatch(key):  # a key may come from an address that somebody typed
            raise KeyError(key)
        return self.root / key[:2] / key

    def _put(self, data: bytes) -> str:
        key = fingerprint(data)
        path = self._path(key)
        if path.exists():
            return key
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # Beside its place, then moved there: nobody ever sees half a file, whenever the program is killed.
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".new-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.replace(name, path)
        except BaseException:  # whatever ends it, half a file is left to nobody
            Path(name).unlink(missing_ok=True)
            raise
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        return key

    def _get(self, key: str) -> bytes:
        try:
            return self._path(key).read_bytes()
        except FileNotFoundError:
            raise KeyError(key) from None

    def _remove(self, keys: list[str]) -> None:
        for key in keys:
            self._path(key).unlink(missing_ok=True)


def register(key: str, media_type: str, size: int, now: datetime) -> Write:
    """The write that makes a stored file known; doing it twice changes nothing."""
    values = {"sha256": key, "media_type": media_type, "size": size, "created_at": now}
    return insert_missing("register file", files, values)


def describe(connection: Connection, key: str) -> Stored | None:
    row = connection.execute(select(files).where(files.c.sha256 == key)).first()
    return Stored(row.sha256, row.media_type, row.size) if row is not None else None


def forget_unused(connection: Connection, now: datetime, limit: int = 500) -> list[str]:
    """Takes files off the list that no message names, and says which: their content may be removed after the commit."""
    used = select(appeal_messages.c.blob).where(appeal_messages.c.blob.is_not(None))
    query = select(files.c.sha256).where(files.c.created_at < now - NEW, files.c.sha256.not_in(used)).limit(limit)
    keys = list(connection.execute(query).scalars())
    if keys:
        connection.execute(delete(files).where(files.c.sha256.in_(keys)))
    return keys
