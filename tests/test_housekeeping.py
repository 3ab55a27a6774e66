"""Housekeeping removes what nobody needs, and nothing else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, Table, insert, select

from core.appeals.tables import appeal_messages, appeals
from core.billing.tables import snapshots
from core.database import Database, metadata
from core.delivery.tables import blobs, conversations, inbox, outbox, tasks
from core.housekeeping import tidy
from core.subscribers.tables import account_links, challenges, chats, consents, subscribers

NOW = datetime(2026, 3, 10, 9, tzinfo=UTC)
YEARS = 3


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    opened = Database(database_url)
    await opened.write(metadata.create_all)
    yield opened
    await opened.close()


def ago(days: int) -> datetime:
    return NOW - timedelta(days=days)


def put(connection: Connection, table: Table, *rows: dict[str, Any]) -> None:
    connection.execute(insert(table), list(rows))


async def keys(database: Database, table: Table) -> set[Any]:
    column = next(iter(table.primary_key.columns))
    return set(await database.read(lambda connection: connection.execute(select(column)).scalars().all()))


async def test_old_updates_are_forgotten(database: Database) -> None:
    await database.write(
        put,
        inbox,
        {"update_key": "telegram:1", "received_at": ago(4)},
        {"update_key": "telegram:2", "received_at": ago(1)},
    )
    removed = await database.write(tidy, NOW, YEARS)
    assert removed["inbox"] == 1
    assert await keys(database, inbox) == {"telegram:2"}


async def test_what_still_waits_is_never_removed(database: Database) -> None:
    message = {"chat_id": "telegram:1", "priority": 0, "message": "{}", "turn_id": "t", "due_at": ago(400)}
    await database.write(
        put,
        outbox,
        {"id": 1, "status": "pending", "created_at": ago(400), **message},
        {"id": 2, "status": "sent", "created_at": ago(400), **message},
        {"id": 3, "status": "sent", "created_at": ago(10), **message},
    )
    task = {"kind": "send_code", "payload": "{}", "due_at": ago(100), "created_at": ago(100)}
    await database.write(
        put,
        tasks,
        {"id": "waits", "status": "pending", **task},
        {"id": "failed", "status": "failed", **task},
        {"id": "done", "status": "done", **task},
    )
    await database.write(
        put, conversations, {"chat_id": "telegram:1", "state": "{}", "version": 1, "heard_at": ago(4000)}
    )
    await database.write(tidy, NOW, YEARS)
    assert await keys(database, outbox) == {1, 3}
    assert await keys(database, tasks) == {"waits", "failed"}
    assert await keys(database, conversations) == {"telegram:1"}


def appeal(key: str, number: int, **more: Any) -> dict[str, Any]:
    return {
        "id": key,
        "number": number,
        "chat_id": "telegram:1",
        "kind": "person",
        "status": "resolved",
        "created_at": ago(200),
        "updated_at": ago(200),
        "subscriber_id": None,
        **more,
    }


async def test_files_of_requests_outlive_pictures(database: Database) -> None:
    blob = {"media_type": "image/png", "data": b"x", "created_at": ago(200)}
    await database.write(put, blobs, {"sha256": "chart", **blob}, {"sha256": "photo", **blob})
    await database.write(put, appeals, appeal("a", 1))
    message = {"appeal_id": "a", "author": "subscriber", "text": "", "at": ago(200)}
    await database.write(
        put, appeal_messages, {"id": "m", "blob": "photo", **message}, {"id": "n", "blob": None, **message}
    )
    await database.write(tidy, NOW, YEARS)
    assert await keys(database, blobs) == {"photo"}


async def test_drafts_and_the_forgotten(database: Database) -> None:
    await database.write(
        put,
        subscribers,
        {"id": "long-ago", "created_at": ago(3000), "erased_at": ago(366 * YEARS + 1)},
        {"id": "lately", "created_at": ago(3000), "erased_at": ago(30)},
        {"id": "here", "created_at": ago(3000), "erased_at": None},
    )
    await database.write(
        put,
        appeals,
        appeal("draft", 1, status="draft"),
        appeal("new draft", 2, status="draft", updated_at=ago(1)),
        appeal("of long ago", 3, subscriber_id="long-ago"),
        appeal("of lately", 4, subscriber_id="lately"),
        appeal("of here", 5, subscriber_id="here", created_at=ago(3000), updated_at=ago(3000)),
        appeal("stranger", 6, status="closed", updated_at=ago(366 * YEARS + 1)),
        appeal("stranger lately", 7, status="closed", updated_at=ago(366 * YEARS - 1)),
        appeal("stranger open", 8, status="acknowledged", updated_at=ago(3000)),
    )
    consent = {"chat_id": "telegram:1", "document": "personal-data", "version": "1", "decision": "given"}
    await database.write(
        put,
        consents,
        *(
            {"id": one, "subscriber_id": one, "decided_at": ago(3000), **consent}
            for one in ("long-ago", "lately", "here")
        ),
    )
    await database.write(tidy, NOW, YEARS)
    assert await keys(database, appeals) == {
        "new draft",
        "of lately",
        "of here",
        "stranger lately",
        "stranger open",
    }
    assert await keys(database, consents) == {"lately", "here"}


async def test_figures_of_accounts_that_nobody_is_linked_to(database: Database) -> None:
    await database.write(put, subscribers, {"id": "s", "created_at": ago(10)})
    link = {"subscriber_id": "s", "role": "owner", "proof": "phone", "created_at": ago(10)}
    await database.write(
        put,
        account_links,
        {"id": "1", "account_number": "linked", "ended_at": None, **link},
        {"id": "2", "account_number": "unlinked", "ended_at": ago(1), **link},
    )
    figures = {"what": "overview", "json": "{}", "taken_at": ago(2)}
    await database.write(put, snapshots, {"account": "linked", **figures}, {"account": "unlinked", **figures})
    await database.write(tidy, NOW, YEARS)
    assert await keys(database, snapshots) == {"linked"}


async def test_a_failed_task_is_not_kept_for_ever(database: Database) -> None:
    task = {"kind": "send_code", "payload": "{}", "status": "failed", "due_at": ago(200)}
    await database.write(
        put, tasks, {"id": "old", "created_at": ago(181), **task}, {"id": "new", "created_at": ago(179), **task}
    )
    await database.write(tidy, NOW, YEARS)
    assert await keys(database, tasks) == {"new"}


async def test_strangers_who_never_signed_up(database: Database) -> None:
    """What they had typed holds a phone number; it is not kept for ever on the chance that they come back."""
    await database.write(put, subscribers, {"id": "s", "created_at": ago(300)})
    chat = {"channel": "telegram", "address": "1", "language": "en", "status": "active", "created_at": ago(300)}
    said = {"version": 3, "state": "+79000000001"}
    code = {"purpose": "phone", "way": "sms", "target": "+79000000001", "code_hash": "", "tries_left": 5}
    for key, subscriber, heard in (("gone", None, 91), ("fresh", None, 89), ("ours", "s", 300)):
        await database.write(put, chats, {"chat_id": key, "subscriber_id": subscriber, "name": "Ann", **chat})
        await database.write(put, conversations, {"chat_id": key, "heard_at": ago(heard), **said})
        times = {"created_at": ago(3), "expires_at": ago(3), "status": "spent"}
        await database.write(put, challenges, {"id": key, "chat_id": key, **code, **times})
    removed = await database.write(tidy, NOW, YEARS)
    assert (removed["strangers"], removed["codes of nobody"]) == (1, 2)
    rows = await database.read(lambda c: c.execute(select(conversations.c.chat_id, conversations.c.state)).all())
    assert {row.chat_id: row.state for row in rows} == {"gone": "", "fresh": said["state"], "ours": said["state"]}
    names = await database.read(lambda c: c.execute(select(chats.c.chat_id, chats.c.name)).all())
    assert {row.chat_id: row.name for row in names} == {"gone": "", "fresh": "Ann", "ours": "Ann"}
    assert await keys(database, challenges) == {"ours"}
    assert (await database.write(tidy, NOW, YEARS))["strangers"] == 0
