"""Known failures: staff write them down, subscribers of the region hear of them before they write."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, insert, select, update

from core.clock import Clock
from core.database import Database
from core.ids import new_id
from core.outages.tables import outages


@dataclass(frozen=True, slots=True)
class Outage:
    """``regions`` are codes of :mod:`core.regions`; none means everywhere. ``until`` is what is expected."""

    id: str
    regions: tuple[str, ...]
    texts: Mapping[str, str]
    since: datetime
    until: datetime | None = None
    ended_at: datetime | None = None
    staff: str = ""

    def concerns(self, region: str) -> bool:
        return not self.regions or region in self.regions

    def text(self, language: str) -> str:
        """In the language, else in the first one that it was written in."""
        return self.texts.get(language) or next(iter(self.texts.values()), "")


class OutageService:
    """Reads what is known to be broken."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def at(self, region: str) -> list[Outage]:
        """What is broken in the region now, the newest first."""
        now = self._clock.now()
        return [one for one in await self._database.read(going_on) if one.since <= now and one.concerns(region)]


def going_on(connection: Connection) -> list[Outage]:
    """What has not ended, the newest first."""
    query = select(outages).where(outages.c.ended_at.is_(None)).order_by(outages.c.since.desc(), outages.c.id)
    return [_outage(row) for row in connection.execute(query)]


def recent(connection: Connection, limit: int = 50) -> list[Outage]:
    """The newest first, those that have ended among them."""
    query = select(outages).order_by(outages.c.since.desc(), outages.c.id).limit(limit)
    return [_outage(row) for row in connection.execute(query)]


def begin(
    connection: Connection,
    regions: Sequence[str],
    texts: Mapping[str, str],
    now: datetime,
    *,
    until: datetime | None = None,
    staff: str = "",
) -> Outage:
    """Raises ValueError without words."""
    said = {language: text.strip() for language, text in texts.items() if text.strip()}
    if not said:
        raise ValueError("say what is wrong")
    outage = Outage(new_id(now), tuple(dict.fromkeys(regions)), said, now, until, None, staff)
    values = {
        "id": outage.id,
        "regions": msgspec.json.encode(outage.regions).decode(),
        "texts": msgspec.json.encode(said).decode(),
        "since": now,
        "until": until,
        "staff": staff[:120],
    }
    connection.execute(insert(outages), values)
    return outage


def end(connection: Connection, outage_id: str, now: datetime) -> bool:
    """Mended. False when it was so before, or there is none."""
    going = outages.c.ended_at.is_(None)
    ended = connection.execute(update(outages).where(outages.c.id == outage_id, going).values(ended_at=now))
    return ended.rowcount == 1


def _outage(row: Row[Any]) -> Outage:
    return Outage(
        row.id,
        msgspec.json.decode(row.regions, type=tuple[str, ...]),
        msgspec.json.decode(row.texts, type=dict[str, str]),
        row.since,
        row.until,
        row.ended_at,
        row.staff,
    )
