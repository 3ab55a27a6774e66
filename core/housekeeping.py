"""Removes what nobody needs any more, so that the database does not grow for ever."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, Select, delete, select, update

from core.appeals import helpdesk_calls
from core.appeals.mirror_tables import appeal_mirrors, mirrored_messages
from core.appeals.models import AppealStatus
from core.appeals.tables import appeal_events, appeal_messages, appeal_posts, appeals
from core.billing.tables import snapshots
from core.delivery import blobs, outbox, tasks
from core.delivery.tables import conversations, inbox, lanes
from core.delivery.tables import outbox as outbox_rows
from core.notices import store
from core.payments import privacy as payments
from core.payments.notices import forget_bodies
from core.reminders import settling
from core.staff import audit, presence, sessions
from core.subscribers.tables import account_links, attempts, challenges, chats, consents, subscribers

# Telegram brings an update again for 24 hours, Viber for one.
INBOX = timedelta(days=3)
# Long enough to answer "what did you write to me", short enough for a figure not to lie around for ever.
OUTBOX = timedelta(days=90)
FILES_SENT = timedelta(days=90)
TASKS = timedelta(days=30)
TASKS_FAILED = timedelta(days=180)  # long enough for a person to look at them
CODES = timedelta(days=30)
LIMITS = timedelta(days=2)  # no limit looks back further than a day
STRANGERS = timedelta(days=90)  # what somebody said who never finished signing up: their phone and name are in it
NOTICES = timedelta(days=180)
UNPAID = timedelta(days=400)  # orders that came to nothing: a year's disputes, and a month more
DRAFTS = timedelta(days=90)


def tidy(connection: Connection, now: datetime, retention_years: int) -> dict[str, int]:
    """How many rows were removed, by kind.

    ``retention_years``: for how long the law makes the operator keep the consents, the requests and the payments
    of people who asked to be forgotten; and what was asked by somebody who never registered.
    """
    kept_until = now - timedelta(days=366 * retention_years)
    abandoned = (appeals.c.status == AppealStatus.draft.value) & (appeals.c.updated_at < now - DRAFTS)
    return {
        "inbox": connection.execute(delete(inbox).where(inbox.c.received_at < now - INBOX)).rowcount,
        "outbox": outbox.forget_before(connection, now - OUTBOX),
        "marks of appeals": connection.execute(
            delete(appeal_posts).where(appeal_posts.c.outbox_id.not_in(select(outbox_rows.c.id)))
        ).rowcount,
        "blobs": blobs.forget_before(connection, now - FILES_SENT, select(appeal_messages.c.blob)),
        "tasks": tasks.forget_before(connection, now - TASKS, failed=now - TASKS_FAILED),
        "codes": connection.execute(delete(challenges).where(challenges.c.created_at < now - CODES)).rowcount,
        "codes of nobody": _codes_of_nobody(connection, now - LIMITS),
        "attempts": connection.execute(delete(attempts).where(attempts.c.at < now - LIMITS)).rowcount,
        "strangers": _strangers(connection, now - STRANGERS),
        "notices": forget_bodies(connection, now - NOTICES),
        "payments": payments.forget(connection, now - UNPAID, _forgotten(kept_until)),
        "figures": _figures_of_nobody(connection),
        "drafts": _requests(connection, abandoned),
        "requests of strangers": _requests(
            connection,
            appeals.c.subscriber_id.is_(None)
            & (appeals.c.status == AppealStatus.closed.value)
            & (appeals.c.updated_at < kept_until),
        ),
        "requests of the forgotten": _requests(connection, appeals.c.subscriber_id.in_(_forgotten(kept_until))),
        "consents of the forgotten": connection.execute(
            delete(consents).where(consents.c.subscriber_id.in_(_forgotten(kept_until)))
        ).rowcount,
        "operator's notices": store.forget_before(connection, now - store.KEPT),
        "reminders": settling.forget_before(connection, now - settling.KEPT),
        "desk sessions": sessions.forget_before(connection, now),
        "desk presence": presence.forget_before(connection, now - LIMITS),
        "audit log": audit.forget_before(connection, now - audit.KEPT),
        "calls of helpdesks": helpdesk_calls.forget_before(connection, now - helpdesk_calls.KEPT),
        "lanes": connection.execute(delete(lanes).where(lanes.c.until < now - TASKS)).rowcount,
    }


def _forgotten(before: datetime) -> Select[tuple[str]]:
    return select(subscribers.c.id).where(subscribers.c.erased_at < before)


def _requests(connection: Connection, which: ColumnElement[bool]) -> int:
    of_these = select(appeals.c.id).where(which)
    for table in (appeal_messages, appeal_events, appeal_posts, mirrored_messages, appeal_mirrors):
        connection.execute(delete(table).where(table.c.appeal_id.in_(of_these)))
    return connection.execute(delete(appeals).where(which)).rowcount


def _codes_of_nobody(connection: Connection, before: datetime) -> int:
    """Numbers that codes were sent to, from chats in which nobody is signed in: the limits need them for a day."""
    somebodys = select(chats.c.chat_id).where(chats.c.subscriber_id.is_not(None))
    old = (challenges.c.created_at < before) & challenges.c.chat_id.not_in(somebodys)
    return connection.execute(delete(challenges).where(old)).rowcount


def _strangers(connection: Connection, before: datetime) -> int:
    """Forgets where conversations stopped that led to no registration, and what those people are called.

    The version grows, so that a turn that is being worked out there meanwhile runs again.
    """
    nobodys = select(chats.c.chat_id).where(chats.c.subscriber_id.is_(None))
    old = (conversations.c.heard_at < before) & conversations.c.chat_id.in_(nobodys) & (conversations.c.state != "")
    wiped = connection.execute(
        update(conversations)
        .where(old)
        .values(state="", version=conversations.c.version + 1)
        .returning(conversations.c.chat_id)
    ).scalars()
    found = list(wiped)
    for start in range(0, len(found), 500):
        some = found[start : start + 500]
        connection.execute(update(chats).where(chats.c.chat_id.in_(some)).values(name=""))
    return len(found)


def _figures_of_nobody(connection: Connection) -> int:
    """Last known figures of accounts that nobody is linked to any more."""
    linked = select(account_links.c.account_number).where(account_links.c.ended_at.is_(None))
    return connection.execute(delete(snapshots).where(snapshots.c.account.not_in(linked))).rowcount
