"""Questions about appeals, for conversations and for the staff alike."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, func, or_, select

from core.appeals.kinds import LINK
from core.appeals.models import OPEN, Appeal, AppealStatus, Author, Thread
from core.appeals.records import load, load_numbered, read_appeal
from core.appeals.tables import appeal_messages, appeal_posts, appeals
from core.delivery.tables import outbox

__all__ = [
    "draft_of",
    "drafts_of",
    "files_since",
    "last_number",
    "list_open",
    "load",
    "load_numbered",
    "of_person",
    "open_link_request",
    "replied_to",
    "sent_since",
    "with_staff",
]


def last_number(connection: Connection) -> int:
    """The largest number that was given out; 0 before the first."""
    return connection.execute(select(func.max(appeals.c.number))).scalar_one() or 0


def of_person(connection: Connection, subscriber_id: str | None, chat_id: str) -> list[Appeal]:
    """The person's appeals, the newest first; drafts left out."""
    query = (
        select(appeals)
        .where(_theirs(subscriber_id, chat_id), appeals.c.status != AppealStatus.draft.value)
        .order_by(appeals.c.number.desc())
    )
    return [read_appeal(row) for row in connection.execute(query)]


def draft_of(connection: Connection, subscriber_id: str | None, chat_id: str) -> Thread | None:
    """The newest appeal that was begun in this chat and not sent."""
    found = drafts_of(connection, subscriber_id, chat_id, limit=1)
    return found[0] if found else None


def drafts_of(
    connection: Connection, subscriber_id: str | None, chat_id: str, limit: int | None = None
) -> list[Thread]:
    """All of them, the newest first."""
    query = (
        select(appeals.c.id)
        .where(_theirs(subscriber_id, chat_id), appeals.c.chat_id == chat_id)
        .where(appeals.c.status == AppealStatus.draft.value)
        .order_by(appeals.c.number.desc())
        .limit(limit)
    )
    found = [load(connection, one) for one in connection.execute(query).scalars().all()]
    return [thread for thread in found if thread is not None]


def open_link_request(connection: Connection, subscriber_id: str, number: str) -> Appeal | None:
    query = select(appeals).where(
        appeals.c.subscriber_id == subscriber_id,
        appeals.c.kind == LINK,
        appeals.c.account_number == number,
        appeals.c.status.in_(OPEN),
    )
    row = connection.execute(query.order_by(appeals.c.number).limit(1)).first()
    return read_appeal(row) if row is not None else None


def list_open(connection: Connection) -> list[Appeal]:
    """What is not decided, the oldest first."""
    query = select(appeals).where(appeals.c.status.in_(OPEN)).order_by(appeals.c.number)
    return [read_appeal(row) for row in connection.execute(query)]


def with_staff(connection: Connection) -> dict[str, int]:
    """How many are not decided, by status, and ``late``: those that have missed a deadline. For the metrics."""
    open_ = appeals.c.status.in_(OPEN)
    query = select(appeals.c.status, func.count()).where(open_).group_by(appeals.c.status)
    counted = {status.value: 0 for status in OPEN} | {row.status: row[1] for row in connection.execute(query)}
    late = select(func.count()).where(open_, appeals.c.missed > 0)
    return counted | {"late": connection.execute(late).scalar_one()}


def files_since(connection: Connection, chat_id: str, moment: datetime) -> int:
    """How many files came from the chat after ``moment``."""
    query = (
        select(func.count())
        .select_from(appeal_messages)
        .join(appeals, appeals.c.id == appeal_messages.c.appeal_id)
        .where(appeals.c.chat_id == chat_id, appeal_messages.c.at > moment, appeal_messages.c.file_name.is_not(None))
        .where(appeal_messages.c.author == Author.subscriber.value)
    )
    return connection.execute(query).scalar_one()


def sent_since(connection: Connection, chat_id: str, moment: datetime) -> int:
    """How many appeals were sent from the chat after ``moment``."""
    query = select(func.count()).where(appeals.c.chat_id == chat_id, appeals.c.sent_at > moment)
    return connection.execute(query).scalar_one()


def replied_to(connection: Connection, chat_id: str, message_id: str) -> str | None:
    """The appeal that a message in the chat speaks of, by the messenger's id of that message.

    A message may have been edited since: what it says now counts.
    """
    query = (
        select(appeal_posts.c.appeal_id)
        .select_from(outbox.outerjoin(appeal_posts, outbox.c.id == appeal_posts.c.outbox_id))
        .where(outbox.c.chat_id == chat_id, outbox.c.message_id == message_id)
        .order_by(outbox.c.id.desc())
        .limit(1)
    )
    return connection.execute(query).scalar()


def _theirs(subscriber_id: str | None, chat_id: str) -> Any:
    unregistered = and_(appeals.c.subscriber_id.is_(None), appeals.c.chat_id == chat_id)
    return unregistered if subscriber_id is None else or_(appeals.c.subscriber_id == subscriber_id, unregistered)
