"""Removes what nobody needs any more, so that the database does not grow for ever."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, select

from core.appeals.tables import appeal_messages
from core.delivery import blobs, outbox, tasks
from core.delivery.tables import inbox, lanes
from core.subscribers.tables import attempts, challenges

# Telegram brings an update again for 24 hours, Viber for one.
INBOX = timedelta(days=3)
# Long enough to answer "what did you write to me", short enough for a figure not to lie around for ever.
OUTBOX = timedelta(days=90)
FILES_SENT = timedelta(days=90)
TASKS = timedelta(days=30)
CODES = timedelta(days=30)


def tidy(connection: Connection, now: datetime) -> dict[str, int]:
    """How many rows were removed, by kind."""
    return {
        "inbox": connection.execute(delete(inbox).where(inbox.c.received_at < now - INBOX)).rowcount,
        "outbox": outbox.forget_before(connection, now - OUTBOX),
        "blobs": blobs.forget_before(connection, now - FILES_SENT, select(appeal_messages.c.blob)),
        "tasks": tasks.forget_before(connection, now - TASKS),
        "codes": connection.execute(delete(challenges).where(challenges.c.created_at < now - CODES)).rowcount,
        "attempts": connection.execute(delete(attempts).where(attempts.c.at < now - CODES)).rowcount,
        "lanes": connection.execute(delete(lanes).where(lanes.c.until < now - TASKS)).rowcount,
    }
