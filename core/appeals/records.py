"""Rows of appeals as values and back: what every other module of appeals reads and writes with."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, Table, func, insert, select

from core.appeals.models import Appeal, AppealEvent, AppealMessage, AppealStatus, Author, Thread
from core.appeals.tables import appeal_events, appeal_messages, appeals, files
from core.ids import new_id

_messages = (
    select(appeal_messages, files.c.media_type)
    .outerjoin(files, files.c.sha256 == appeal_messages.c.blob)
    .order_by(appeal_messages.c.at, appeal_messages.c.id)
)


def read_appeal(row: Row[Any]) -> Appeal:
    return Appeal(
        id=row.id,
        number=row.number,
        subscriber_id=row.subscriber_id,
        chat_id=row.chat_id,
        kind=row.kind,
        account_number=row.account_number or "",
        contact=row.contact or "",
        status=AppealStatus(row.status),
        created_at=row.created_at,
        updated_at=row.updated_at,
        region=row.region,
        fields=msgspec.json.decode(row.fields, type=dict[str, str]),
        reason=row.reason,
        assignee=row.assignee,
        sent_at=row.sent_at,
        due_at=row.due_at,
        missed=row.missed,
        answered_at=row.answered_at,
        settled_at=row.settled_at,
        closing_at=row.closing_at,
        reopened=row.reopened,
        rating=row.rating,
        rating_words=row.rating_words,
        version=row.version,
    )


def load(connection: Connection, appeal_id: str) -> Thread | None:
    return _thread(connection, connection.execute(select(appeals).where(appeals.c.id == appeal_id)).first())


def id_of(connection: Connection, number: int) -> str | None:
    if not 0 < number < 2**31:  # typed by a person, or forged: more than the column can hold
        return None
    return connection.execute(select(appeals.c.id).where(appeals.c.number == number)).scalar()


def load_numbered(connection: Connection, number: int) -> Thread | None:
    if not 0 < number < 2**31:  # as above
        return None
    return _thread(connection, connection.execute(select(appeals).where(appeals.c.number == number)).first())


def _thread(connection: Connection, row: Row[Any] | None) -> Thread | None:
    if row is None:
        return None
    found = connection.execute(_messages.where(appeal_messages.c.appeal_id == row.id))
    return Thread(read_appeal(row), tuple(_message(one) for one in found))


def _message(row: Row[Any]) -> AppealMessage:
    return AppealMessage(
        id=row.id,
        author=Author(row.author),
        text=row.text,
        blob=row.blob or "",
        file_name=row.file_name or "",
        at=row.at,
        staff_id=row.staff_id,
        media_type=row.media_type or "",
    )


def add_message(
    connection: Connection,
    appeal_id: str,
    author: Author,
    text: str,
    now: datetime,
    *,
    file_name: str = "",
    blob: str = "",
    staff_id: str = "",
    id: str = "",
) -> str:
    """The message's id. ``at`` grows within a thread whatever the clock does: what was said first stands first."""
    values: dict[str, Any] = {
        "id": id or new_id(now),
        "appeal_id": appeal_id,
        "author": author.value,
        "text": text,
        "file_name": file_name[:256] or None,  # as long as the column: a stranger chose it
        "blob": blob or None,
        "staff_id": staff_id,
        "at": _after_all(connection, appeal_messages, appeal_id, now),
    }
    connection.execute(insert(appeal_messages), values)
    return str(values["id"])


def note_event(
    connection: Connection, appeal_id: str, now: datetime, actor: str, name: str, what: str, detail: str = ""
) -> None:
    """A line of the appeal's history."""
    values = {
        "id": new_id(now),
        "appeal_id": appeal_id,
        "at": _after_all(connection, appeal_events, appeal_id, now),
        "actor": actor,
        "name": name[:120],
        "what": what,
        "detail": detail,
    }
    connection.execute(insert(appeal_events), values)


def _after_all(connection: Connection, table: Table, appeal_id: str, now: datetime) -> datetime:
    """``now``, or just after the last line of the appeal there, whatever the clock does."""
    query = select(func.max(table.c.at)).where(table.c.appeal_id == appeal_id)
    last: datetime | None = connection.execute(query).scalar_one()
    return now if last is None else max(now, last + timedelta(milliseconds=1))


def history(connection: Connection, appeal_id: str) -> list[AppealEvent]:
    """What was done to it, the oldest first."""
    query = (
        select(appeal_events)
        .where(appeal_events.c.appeal_id == appeal_id)
        .order_by(appeal_events.c.at, appeal_events.c.id)
    )
    return [AppealEvent(row.at, row.actor, row.name, row.what, row.detail) for row in connection.execute(query)]
