"""Files by the SHA-256 of their content: a chart on its way out, a photo that came in."""

from __future__ import annotations

import hashlib
from datetime import datetime

from sqlalchemy import Connection, Select, delete, select

from core.delivery.tables import blobs
from core.delivery.writes import Write, insert_missing


def fingerprint(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def keep(data: bytes, media_type: str, now: datetime) -> tuple[str, Write]:
    """The blob's key and the write that keeps it; keeping it twice changes nothing."""
    key = fingerprint(data)
    values = {"sha256": key, "media_type": media_type, "data": data, "created_at": now}
    return key, insert_missing("keep blob", blobs, values)


def load(connection: Connection, key: str) -> tuple[bytes, str]:
    """The bytes and the media type. Raises KeyError when there is none."""
    row = connection.execute(select(blobs.c.data, blobs.c.media_type).where(blobs.c.sha256 == key)).first()
    if row is None:
        raise KeyError(key)
    return bytes(row.data), row.media_type


def forget_before(connection: Connection, moment: datetime, keep: Select[tuple[str | None]]) -> int:
    """Removes what is older than ``moment``, apart from what ``keep`` selects."""
    kept = keep.where(keep.selected_columns[0].is_not(None))
    return connection.execute(delete(blobs).where(blobs.c.created_at < moment, blobs.c.sha256.not_in(kept))).rowcount
