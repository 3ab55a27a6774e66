"""What is remembered of the staff's group: where it has moved to, and what its General topic was told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, or_, select, update

from core.appeals.models import Appeal, AppealStatus
from core.appeals.records import read_appeal
from core.appeals.tables import appeal_events, appeals
from core.delivery.writes import insert_for
from core.staff.binding_tables import staff_groups

TOLD = ("sent", "near", "missed", "reopened")
"""What the General topic hears of."""


def moved_to(connection: Connection, chat: str) -> str:
    """The id that the group has now; its own where it has not moved."""
    found = connection.execute(select(staff_groups.c.moved_to).where(staff_groups.c.chat == chat)).scalar()
    return found or chat


def move(connection: Connection, chat: str, to: str) -> None:
    _remember(connection, chat, moved_to=to)


@dataclass(frozen=True, slots=True)
class Line:
    """Something that happened to an appeal, which is here as it is now."""

    what: str
    at: datetime
    id: str
    appeal: Appeal


def news(connection: Connection, chat: str, before: datetime, limit: int) -> list[Line] | None:
    """What happened since it was told last, the oldest first. None when nothing was ever told there.

    A line that is younger than ``before`` may still have an older one committed behind it, and waits.
    """
    row = connection.execute(select(staff_groups).where(staff_groups.c.chat == chat)).first()
    if row is None or row.told_at is None:
        return None
    events = appeal_events.c
    query = (
        select(events.what, events.at.label("event_at"), events.id.label("event_id"), appeals)
        .join(appeals, appeals.c.id == events.appeal_id)
        .where(events.what.in_(TOLD), events.at <= before, appeals.c.status != AppealStatus.draft.value)
        .where(or_(events.at > row.told_at, and_(events.at == row.told_at, events.id > row.told_id)))
        .order_by(events.at, events.id)
        .limit(limit)
    )
    return [Line(one.what, one.event_at, one.event_id, read_appeal(one)) for one in connection.execute(query)]


def told(connection: Connection, chat: str, at: datetime, event_id: str = "") -> None:
    """Everything until here was told."""
    _remember(connection, chat, told_at=at, told_id=event_id)


def _remember(connection: Connection, chat: str, **values: Any) -> None:
    connection.execute(insert_for(connection, staff_groups).on_conflict_do_nothing(), {"chat": chat})
    connection.execute(update(staff_groups).where(staff_groups.c.chat == chat).values(**values))
