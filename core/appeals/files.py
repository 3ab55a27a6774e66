"""Files of appeals, kept by the SHA-256 of their content in a folder outside the database."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import tempfile
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, delete, exists, select

from core.appeals.tables import appeal_messages, files
from core.database import Database
from core.delivery.blobs import fingerprint
from core.delivery.writes import Write, insert_for

LIMIT = 5_000_000  # bytes of one file

_HALF = ".new-"  # how the name of a file begins that is being written

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

    def remove(self, key: str) -> None:
        """A file that is gone already is no error."""
        self._path(key).unlink(missing_ok=True)

    async def sweep(self, now: datetime) -> int:
        """Removes what writing left behind when the program was killed at it, and says how many files that were."""
        return await asyncio.to_thread(self._sweep, now - NEW)

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
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=_HALF)
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

    def _sweep(self, old: datetime) -> int:
        swept = 0
        for half in self.root.glob(f"*/{_HALF}*"):
            with contextlib.suppress(FileNotFoundError):  # another process sweeps, too
                if half.stat().st_mtime < old.timestamp():
                    half.unlink()
                    swept += 1
        return swept


async def keep(database: Database, store: FileStore, data: bytes, media_type: str, now: datetime) -> str:
    """Keeps a file and makes it known; says its key. Raises OSError.

    It is made known first: whatever kills us, no file lies there that nobody would ever remove.
    """
    key = fingerprint(data)
    await database.write(register(key, media_type, len(data), now).apply)
    return await store.put(data)


def register(key: str, media_type: str, size: int, now: datetime) -> Write:
    """The write that makes a file known. One that is known already counts as new: its message is on its way."""
    values = {"sha256": key, "media_type": media_type, "size": size, "created_at": now}

    def apply(connection: Connection) -> None:
        again = {"created_at": now}
        connection.execute(
            insert_for(connection, files).on_conflict_do_update(index_elements=["sha256"], set_=again), values
        )

    return Write("register file", apply)


def describe(connection: Connection, key: str) -> Stored | None:
    row = connection.execute(select(files).where(files.c.sha256 == key)).first()
    return Stored(row.sha256, row.media_type, row.size) if row is not None else None


def forget_unused(connection: Connection, store: FileStore, now: datetime, limit: int = 100) -> list[str]:
    """Removes files that no message names, and says which.

    The content goes before the commit, for the row is held until then: whoever brings the same file again waits for
    it in :func:`register`, and then puts the content there anew. Killed in between, the next call finds the row.
    """
    old = files.c.created_at < now - NEW
    named = exists().where(appeal_messages.c.blob == files.c.sha256)
    found = list(connection.execute(select(files.c.sha256).where(old, ~named).limit(limit)).scalars())
    if not found:
        return []
    # Asked again of each row that somebody held meanwhile: it may be new by now.
    gone = delete(files).where(files.c.sha256.in_(sorted(found)), old, ~named).returning(files.c.sha256)
    keys = list(connection.execute(gone).scalars())
    for key in keys:
        store.remove(key)
    return keys
