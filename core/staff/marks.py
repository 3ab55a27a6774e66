"""What became of each message of staff's, chat by chat: waits, sent, delivered, seen, failed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from core.appeals.tables import appeal_posts
from core.delivery.tables import outbox


@dataclass(frozen=True, slots=True)
class Mark:
    """``state`` is waits, sent, delivered, seen or failed; ``at`` is when, ``reason`` why not."""

    channel: str
    state: str
    at: datetime
    reason: str = ""


def of_appeal(connection: Connection, appeal_id: str) -> Mapping[str, Sequence[Mark]]:
    """By message. Whatever is older than the outbox remembers has none."""
    query = (
        select(
            appeal_posts.c.message_id,
            appeal_posts.c.chat_id,
            outbox.c.status,
            outbox.c.created_at,
            outbox.c.sent_at,
            outbox.c.delivered_at,
            outbox.c.seen_at,
            outbox.c.reason,
        )
        .join(outbox, outbox.c.id == appeal_posts.c.outbox_id)
        .where(appeal_posts.c.appeal_id == appeal_id, appeal_posts.c.message_id.is_not(None))
        .order_by(outbox.c.id)
    )
    found: defaultdict[str, list[Mark]] = defaultdict(list)
    for row in connection.execute(query):
        channel = row.chat_id.partition(":")[0]
        if row.status in ("failed", "dropped"):
            mark = Mark(channel, "failed", row.sent_at or row.created_at, row.reason or "")
        elif row.seen_at is not None:
            mark = Mark(channel, "seen", row.seen_at)
        elif row.delivered_at is not None:
            mark = Mark(channel, "delivered", row.delivered_at)
        elif row.sent_at is not None:
            mark = Mark(channel, "sent", row.sent_at)
        else:
            mark = Mark(channel, "waits", row.created_at)
        found[row.message_id].append(mark)
    return found


def reached(marks: Sequence[Mark]) -> bool:
    """Whether at least one chat has it, or will."""
    return any(mark.state != "failed" for mark in marks)


def fingerprint(connection: Connection, appeal_id: str) -> str:
    """Changes when any mark of the appeal does."""
    query = (
        select(
            func.count(),
            func.count(outbox.c.sent_at),
            func.count(outbox.c.delivered_at),
            func.count(outbox.c.seen_at),
            func.count(outbox.c.reason),
        )
        .select_from(appeal_posts.join(outbox, outbox.c.id == appeal_posts.c.outbox_id))
        .where(appeal_posts.c.appeal_id == appeal_id)
    )
    return ".".join(str(value) for value in connection.execute(query).one())
