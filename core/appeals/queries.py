"""Statements that read requests and add to them, for conversations and for the staff's command line alike."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, and_, func, insert, or_, select, update

from core.appeals.models import OPEN, Appeal, AppealKind, AppealMessage, AppealStatus, Author, Thread
from core.appeals.tables import appeal_messages, appeals
from core.ids import new_id


def last_number(connection: Connection) -> int:
    """The largest number that was given out; 0 before the first."""
    return connection.execute(select(func.max(appeals.c.number))).scalar_one() or 0


def load(connection: Connection, appeal_id: str) -> Thread | None:
    row = connection.execute(select(appeals).where(appeals.c.id == appeal_id)).first()
    return _thread(connection, row)


def load_numbered(connection: Connection, number: int) -> Thread | None:
    row = connection.execute(select(appeals).where(appeals.c.number == number)).first()
    return _thread(connection, row)


def of_person(connection: Connection, subscriber_id: str | None, chat_id: str) -> list[Appeal]:
    """The person's requests, the newest first; drafts left out."""
    query = (
        select(appeals)
        .where(_theirs(subscriber_id, chat_id), appeals.c.status != AppealStatus.draft.value)
        .order_by(appeals.c.number.desc())
    )
    return [_appeal(row) for row in connection.execute(query)]


def draft_of(connection: Connection, subscriber_id: str | None, chat_id: str) -> Thread | None:
    """The newest message that was begun in this chat and not sent."""
    query = (
        select(appeals)
        .where(_theirs(subscriber_id, chat_id), appeals.c.chat_id == chat_id)
        .where(appeals.c.status == AppealStatus.draft.value)
        .order_by(appeals.c.number.desc())
        .limit(1)
    )
    return _thread(connection, connection.execute(query).first())


def open_link_request(connection: Connection, subscriber_id: str, number: str) -> Appeal | None:
    query = select(appeals).where(
        appeals.c.subscriber_id == subscriber_id,
        appeals.c.kind == AppealKind.link.value,
        appeals.c.account_number == number,
        appeals.c.status.in_(OPEN),
    )
    row = connection.execute(query.order_by(appeals.c.number).limit(1)).first()
    return _appeal(row) if row is not None else None


def list_open(connection: Connection) -> list[Appeal]:
    """What waits for staff, the oldest first."""
    query = select(appeals).where(appeals.c.status.in_(OPEN)).order_by(appeals.c.number)
    return [_appeal(row) for row in connection.execute(query)]


def files_since(connection: Connection, chat_id: str, moment: datetime) -> int:
    """How many files came from the chat after ``moment``."""
    query = (
        select(func.count())
        .select_from(appeal_messages)
        .join(appeals, appeals.c.id == appeal_messages.c.appeal_id)
        .where(appeals.c.chat_id == chat_id, appeal_messages.c.at > moment, appeal_messages.c.file_name.is_not(None))
    )
    return connection.execute(query).scalar_one()


def add_message(
    connection: Connection, appeal_id: str, author: Author, text: str, now: datetime, file_name: str = "", id: str = ""
) -> None:
    """``at`` grows within a thread whatever the clock does: what was said first stands first."""
    last = connection.execute(
        select(func.max(appeal_messages.c.at)).where(appeal_messages.c.appeal_id == appeal_id)
    ).scalar_one()
    values: dict[str, Any] = {
        "id": id or new_id(now),
        "appeal_id": appeal_id,
        "author": author.value,
        "text": text,
        "file_name": file_name or None,
        "at": now if last is None else max(now, last + timedelta(milliseconds=1)),
    }
    connection.execute(insert(appeal_messages), values)


def move(connection: Connection, appeal_id: str, status: AppealStatus, now: datetime) -> None:
    connection.execute(update(appeals).where(appeals.c.id == appeal_id).values(status=status.value, updated_at=now))


def _theirs(subscriber_id: str | None, chat_id: str) -> Any:
    unregistered = and_(appeals.c.subscriber_id.is_(None), appeals.c.chat_id == chat_id)
    return unregistered if subscriber_id is None else or_(appeals.c.subscriber_id == subscriber_id, unregistered)


def _thread(connection: Connection, row: Row[Any] | None) -> Thread | None:
    if row is None:
        return None
    query = (
        select(appeal_messages)
        .where(appeal_messages.c.appeal_id == row.id)
        .order_by(appeal_messages.c.at, appeal_messages.c.id)
    )
    messages = tuple(
        AppealMessage(m.id, Author(m.author), m.text, m.blob or "", m.file_name or "", m.at)
        for m in connection.execute(query)
    )
    return Thread(_appeal(row), messages)


def _appeal(row: Row[Any]) -> Appeal:
    return Appeal(
        id=row.id,
        number=row.number,
        subscriber_id=row.subscriber_id,
        chat_id=row.chat_id,
        kind=AppealKind(row.kind),
        account_number=row.account_number or "",
        contact=row.contact or "",
        status=AppealStatus(row.status),
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
