"""How far a message has come that goes out as several: a retry goes on with the part that is missing."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, update

from core.delivery.tables import outbox


class Progress(Struct, frozen=True, omit_defaults=True):
    """The messenger's ids of the parts that it has taken, in their order; ``billing_status``: the dearest of them."""

    ids: tuple[str, ...] = ()
    billing_status: int | None = None

    def took(self, message_id: str, billing_status: int | None) -> Progress:
        known = [one for one in (self.billing_status, billing_status) if one is not None]
        return Progress((*self.ids, message_id), max(known, default=None))


@dataclass(frozen=True, slots=True)
class Partly:
    """A part of the message was taken; more of it follows."""

    id: int
    progress: Progress


def keep(connection: Connection, report: Partly) -> None:
    kept = msgspec.json.encode(report.progress).decode()
    connection.execute(update(outbox).where(outbox.c.id == report.id).values(progress=kept))


def read(stored: str | None) -> Progress:
    """What an earlier version wrote and this one cannot read counts for nothing: at least once."""
    try:
        return msgspec.json.decode(stored or "{}", type=Progress)
    except msgspec.MsgspecError:
        return Progress()
