"""Removes what nobody needs any more, so that the database does not grow for ever."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, Select, delete, select

from core.appeals.models import AppealStatus
from core.appeals.tables import appeal_messages, appeals
from core.billing.tables import snapshots
from core.delivery import blobs, outbox, tasks
from core.delivery.tables import inbox, lanes
from core.payments.notices import forget_bodies
from core.reminders import settling
from core.subscribers.tables import account_links, attempts, challenges, consents, subscribers

# Telegram brings an update again for 24 hours, Viber for one.
INBOX = timedelta(days=3)
# Long enough to answer "what did you write to me", short enough for a figure not to lie around for ever.
OUTBOX = timedelta(days=90)
FILES_SENT = timedelta(days=90)
TASKS = timedelta(days=30)
CODES = timedelta(days=30)
NOTICES = timedelta(days=180)


DRAFTS = timedelta(days=90)


def tidy(connection: Connection, now: datetime, retention_years: int) -> dict[str, int]:
    """How many rows were removed, by kind.

    ``retention_years``: for how long the law makes the operator keep the consents and the requests of people who
    asked to be forgotten.
    """
    kept_until = now - timedelta(days=366 * retention_years)
    abandoned = (appeals.c.status == AppealStatus.draft.value) & (appeals.c.updated_at < now - DRAFTS)
    return {
        "inbox": connection.execute(delete(inbox).where(inbox.c.received_at < now - INBOX)).rowcount,
        "outbox": outbox.forget_before(connection, now - OUTBOX),
        "blobs": blobs.forget_before(connection, now - FILES_SENT, select(appeal_messages.c.blob)),
        "tasks": tasks.forget_before(connection, now - TASKS),
        "codes": connection.execute(delete(challenges).where(challenges.c.created_at < now - CODES)).rowcount,
        "attempts": connection.execute(delete(attempts).where(attempts.c.at < now - CODES)).rowcount,
        "notices": forget_bodies(connection, now - NOTICES),
        "figures": _figures_of_nobody(connection),
        "drafts": _requests(connection, abandoned),
        "requests of the forgotten": _requests(connection, appeals.c.subscriber_id.in_(_forgotten(kept_until))),
        "consents of the forgotten": connection.execute(
            delete(consents).where(consents.c.subscriber_id.in_(_forgotten(kept_until)))
        ).rowcount,
        "reminders": settling.forget_before(connection, now - settling.KEPT),
        "lanes": connection.execute(delete(lanes).where(lanes.c.until < now - TASKS)).rowcount,
    }


def _forgotten(before: datetime) -> Select[tuple[str]]:
    return select(subscribers.c.id).where(subscribers.c.erased_at < before)


def _requests(connection: Connection, which: ColumnElement[bool]) -> int:
    of_these = select(appeals.c.id).where(which)
    connection.execute(delete(appeal_messages).where(appeal_messages.c.appeal_id.in_(of_these)))
    return connection.execute(delete(appeals).where(which)).rowcount


def _figures_of_nobody(connection: Connection) -> int:
    """Last known figures of accounts that nobody is linked to any more."""
    linked = select(account_links.c.account_number).where(account_links.c.ended_at.is_(None))
    return connection.execute(delete(snapshots).where(snapshots.c.account.not_in(linked))).rowcount
