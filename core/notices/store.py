"""Keeps notices: written once, sent by the operator's word, held back and let go on, and forgotten in the end."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from msgspec import json
from sqlalchemy import ColumnElement, Connection, delete, func, insert, select, update

from core.notices.models import Audience, Draft, Notice, NoticeStatus, Wrong, audience_of, notice_of
from core.notices.tables import notices, people
from core.reminders.models import Status

KEPT = timedelta(days=400)

_COLUMNS = [column for column in notices.columns if column.name not in ("audience", "cursor")]


def add(connection: Connection, draft: Draft, languages: Sequence[str], now: datetime) -> int:
    """Writes a notice down; nobody gets it yet. Raises :class:`Wrong`. Returns its number."""
    draft.check(languages)
    values = {
        "kind": draft.kind.value,
        "status": NoticeStatus.draft.value,
        "texts": json.encode(draft.texts).decode(),
        "audience": json.encode(draft.audience).decode(),
        "paid": draft.paid,
        "until": draft.until,
        "created_at": now,
    }
    number: int = connection.execute(insert(notices).values(values).returning(notices.c.id)).scalar_one()
    return number


def load(connection: Connection, number: int) -> Notice:
    """Raises :class:`Wrong` when there is none of this number."""
    row = connection.execute(select(*_COLUMNS).where(notices.c.id == number)).first()
    if row is None:
        raise Wrong(f"there is no notice {number}")
    return notice_of(row)


def load_all(connection: Connection, *statuses: NoticeStatus) -> list[Notice]:
    """The newest first."""
    query = select(*_COLUMNS).order_by(notices.c.id.desc())
    if statuses:
        query = query.where(notices.c.status.in_([status.value for status in statuses]))
    return [notice_of(row) for row in connection.execute(query)]


def load_audience(connection: Connection, number: int) -> tuple[Audience, str]:
    """Whom it concerns, and the last person who was looked at."""
    row = connection.execute(select(notices.c.audience, notices.c.cursor).where(notices.c.id == number)).one()
    return audience_of(row.audience), row.cursor


def start(connection: Connection, number: int, now: datetime) -> None:
    """Raises :class:`Wrong` unless it is a draft: nothing is sent twice."""
    notice = load(connection, number)
    if notice.until is not None and notice.until <= now:
        raise Wrong(f"notice {number} is of no use any more since {notice.until:%Y-%m-%d %H:%M} UTC")
    if not _move(connection, number, (NoticeStatus.draft,), NoticeStatus.sending, started_at=now):
        raise Wrong(f"notice {number} is not a draft: it is {notice.status}")


def pause(connection: Connection, number: int) -> None:
    """What waits in the outbox waits too. Raises :class:`Wrong` when nothing is being sent."""
    status = load(connection, number).status
    if not _move(connection, number, (NoticeStatus.sending,), NoticeStatus.paused):
        raise Wrong(f"notice {number} is not being sent: it is {status}")


def resume(connection: Connection, number: int) -> None:
    """Goes on where it stopped. Raises :class:`Wrong` when it is not paused."""
    status = load(connection, number).status
    if not _move(connection, number, (NoticeStatus.paused,), NoticeStatus.sending):
        raise Wrong(f"notice {number} is not paused: it is {status}")


def _move(
    connection: Connection, number: int, before: Sequence[NoticeStatus], after: NoticeStatus, **values: Any
) -> bool:
    """False when it was not in one of these, however fast somebody else was."""
    known = notices.c.status.in_([status.value for status in before])
    changed = update(notices).where(notices.c.id == number, known).values(status=after.value, **values)
    return connection.execute(changed).rowcount == 1


def finish(connection: Connection, number: int, now: datetime) -> bool:
    """Says whether it is done: everybody is known and nobody waits."""
    if not _looked(connection, number):
        return False
    waiting = people.c.status.in_([Status.planned.value, Status.queued.value])
    query = select(people.c.subscriber_id).where(people.c.notice_id == number, waiting).limit(1)
    if connection.execute(query).first() is not None:
        return False
    return _move(connection, number, (NoticeStatus.sending,), NoticeStatus.done, finished_at=now)


def _looked(connection: Connection, number: int) -> bool:
    return bool(connection.execute(select(notices.c.looked).where(notices.c.id == number)).scalar_one())


def counts(connection: Connection, number: int) -> dict[str, int]:
    """People by status."""
    query = select(people.c.status, func.count()).where(people.c.notice_id == number).group_by(people.c.status)
    return {str(status): int(count) for status, count in connection.execute(query)}


def forget_before(connection: Connection, moment: datetime) -> int:
    """Removes what is long over; drafts and what is still being sent stay."""
    old: ColumnElement[bool] = notices.c.finished_at < moment
    ids = list(connection.execute(select(notices.c.id).where(old)).scalars())
    connection.execute(delete(people).where(people.c.notice_id.in_(ids)))
    return connection.execute(delete(notices).where(notices.c.id.in_(ids))).rowcount


def erase(connection: Connection, subscriber_id: str) -> None:
    """Forgets what a person was told."""
    connection.execute(delete(people).where(people.c.subscriber_id == subscriber_id))


def export(connection: Connection, subscriber_id: str) -> list[dict[str, Any]]:
    """What a person was told, as JSON types."""
    query = (
        select(notices.c.kind, people.c.channel, people.c.status, people.c.sent_at)
        .join(notices, notices.c.id == people.c.notice_id)
        .where(people.c.subscriber_id == subscriber_id, people.c.channel != "")
        .order_by(notices.c.id)
    )
    return [
        {
            "kind": row.kind,
            "channel": row.channel,
            "status": row.status,
            "at": row.sent_at.isoformat() if row.sent_at else None,
        }
        for row in connection.execute(query)
    ]
