"""Who may send what: order in a chat, replies before bulk, leases, two senders at once."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import Connection, insert, literal, select, union_all

from core.clock import ManualClock
from core.database import Database
from core.delivery import outbox
from core.delivery.commit import Post, outbox_row
from core.delivery.messages import OutgoingMessage, Priority
from core.delivery.outbox import ChatLost, Deferred, PutAside, Sent
from core.delivery.tables import lanes
from core.delivery.tables import outbox as table

REPLY, NOTICE, BULK = Priority.reply, Priority.notice, Priority.bulk


def message(text: str) -> OutgoingMessage:
    return OutgoingMessage(((text, "plain"),))


async def put(database: Database, clock: ManualClock, *said: tuple[str, str, Priority], later: int = 0) -> None:
    """(chat, words, priority), in this order; due ``later`` seconds from now."""
    due = clock.now() + timedelta(seconds=later)
    rows = [outbox_row(Post(f"t:{chat}", message(text), rank, due), "cause", clock.now()) for chat, text, rank in said]
    await database.write(lambda c: c.execute(insert(table), rows))


async def claim(database: Database, clock: ManualClock, owner: str = "one", limit: int = 100, **more) -> list[str]:  # type: ignore[no-untyped-def]  # as outbox.claim has them
    due = await database.write(outbox.claim, owner, clock.now(), limit, **more)
    return [item.message.text for item in due]


async def record(database: Database, clock: ManualClock, *reports: outbox.Report, release: str = "t:a") -> None:
    await database.write(outbox.record, "one", reports, {release} if release else set(), clock.now())


async def rows(database: Database) -> list[tuple[str, str, int]]:
    def read(connection: Connection) -> list[tuple[str, str, int]]:
        found = connection.execute(select(table.c.status, table.c.reason, table.c.attempts).order_by(table.c.id))
        return [(row.status, row.reason or "", row.attempts) for row in found]

    return await database.read(read)


async def test_a_chats_messages_come_in_order_and_replies_first(database: Database, clock: ManualClock) -> None:
    await put(database, clock, ("a", "news", BULK), ("a", "1", REPLY), ("a", "2", REPLY), ("b", "3", NOTICE))
    assert await claim(database, clock) == ["1", "2", "news", "3"]


async def test_urgent_chats_are_taken_first_when_not_all_can_be(database: Database, clock: ManualClock) -> None:
    await put(database, clock, ("a", "news", BULK), ("b", "news", BULK), ("z", "reply", REPLY), ("y", "notice", NOTICE))
    assert await claim(database, clock, limit=2) == ["notice", "reply"]
    assert await claim(database, clock, limit=1) == ["news"]


async def test_bulk_waits_when_there_is_no_room_for_it(database: Database, clock: ManualClock) -> None:
    await put(database, clock, ("a", "news", BULK), ("b", "reply", REPLY))
    assert await claim(database, clock, worst=NOTICE) == ["reply"]
    assert await claim(database, clock) == ["news"]


async def test_a_lane_is_its_owners_until_the_lease_ends(database: Database, clock: ManualClock) -> None:
    await put(database, clock, ("a", "1", REPLY))
    assert await claim(database, clock) == ["1"]
    await put(database, clock, ("a", "2", REPLY))
    assert await claim(database, clock, "two") == []
    clock.move(outbox.LEASE)
    assert await claim(database, clock, "two") == ["1", "2"]


async def test_a_lane_whose_messages_somebody_faster_has_sent_is_not_kept(
    database: Database, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between a sender's look at what waits and its taking the lane, another one has come and gone."""
    await put(database, clock, ("b", "2", REPLY))
    late = select(union_all(select(literal("t:a").label("chat_id")), select(literal("t:b"))).subquery().c.chat_id)
    with monkeypatch.context() as patched:
        patched.setattr(outbox, "_free", lambda _skip, _worst: late)
        assert await claim(database, clock, "slow") == ["2"]
    held = await database.read(lambda c: list(c.execute(select(lanes.c.chat_id)).scalars()))
    assert held == ["t:b"]
    await put(database, clock, ("a", "1", REPLY))
    assert await claim(database, clock, "other") == ["1"]


async def test_a_resting_channel_is_skipped(database: Database, clock: ManualClock) -> None:
    await put(database, clock, ("a", "1", REPLY))
    assert await claim(database, clock, skip=["t:"]) == []
    assert await claim(database, clock, skip=["v:"]) == ["1"]


async def test_what_is_due_later_waits(database: Database, clock: ManualClock) -> None:
    await put(database, clock, ("a", "later", REPLY), later=60)
    assert await claim(database, clock) == []
    clock.move(timedelta(seconds=60))
    assert await claim(database, clock) == ["later"]


async def test_few_at_a_time(database: Database, clock: ManualClock) -> None:
    await put(database, clock, *(("a", str(number), REPLY) for number in range(8)))
    assert await claim(database, clock) == ["0", "1", "2", "3", "4"]


async def test_two_senders_never_hold_the_same_chat(database: Database, clock: ManualClock) -> None:
    await put(database, clock, *((str(chat), f"{chat}", REPLY) for chat in range(40)))
    taken = await asyncio.gather(
        *(claim(database, clock, owner, limit=15) for owner in ("one", "two", "three", "four"))
    )
    everything = [text for one in taken for text in one]
    assert len(everything) == len(set(everything))


async def test_sent_put_aside_and_deferred(database: Database, clock: ManualClock) -> None:
    await put(database, clock, ("a", "1", REPLY), ("a", "2", REPLY), ("a", "3", REPLY))
    first, second, third = await database.write(outbox.claim, "one", clock.now(), 10)
    await record(database, clock, Sent(first.id, clock.now(), "77", 3), release="")
    instead = Post("t:a", message("sorry"))
    await record(database, clock, PutAside(second.id, "too long", instead, second.turn_id), release="")
    until = clock.now() + timedelta(seconds=7)
    await record(database, clock, Deferred(third.id, "t:a", until, "429"), release="")
    assert await rows(database) == [
        ("sent", "", 1),
        ("failed", "too long", 1),
        ("pending", "429", 1),
        ("pending", "", 0),
    ]
    assert await claim(database, clock) == []
    clock.move(timedelta(seconds=7))
    assert await claim(database, clock) == ["3", "sorry"]


async def test_a_lost_chat_drops_what_waits_for_it_alone(database: Database, clock: ManualClock) -> None:
    await put(database, clock, ("a", "1", REPLY), ("a", "2", BULK), ("b", "3", REPLY))
    await claim(database, clock)
    await record(database, clock, ChatLost("t:a", "blocked"))
    assert [status for status, _reason, _tries in await rows(database)] == ["dropped", "dropped", "pending"]


async def test_only_the_owner_gives_a_lane_back(database: Database, clock: ManualClock) -> None:
    await put(database, clock, ("a", "1", REPLY))
    await claim(database, clock, "two")
    await record(database, clock)
    assert await database.read(lambda c: list(c.execute(select(lanes.c.owner)).scalars())) == ["two"]


async def test_coming_back_ends_the_waiting_but_not_a_lease(database: Database, clock: ManualClock) -> None:
    await put(database, clock, ("a", "1", REPLY))
    (due,) = await database.write(outbox.claim, "one", clock.now(), 10)
    await database.write(outbox.wake_lane, "t:a")
    assert await claim(database, clock, "two") == []
    await record(database, clock, Deferred(due.id, "t:a", clock.now() + timedelta(hours=1), "429"), release="")
    await database.write(outbox.wake_lane, "t:a")
    assert await claim(database, clock, "two") == ["1"]


async def test_old_messages_are_forgotten_but_not_waiting_ones(database: Database, clock: ManualClock) -> None:
    await put(database, clock, ("a", "1", REPLY), ("b", "2", REPLY))
    first, _second = await database.write(outbox.claim, "one", clock.now(), 10)
    await record(database, clock, Sent(first.id, clock.now(), "1"))
    clock.move(timedelta(days=1))
    assert await database.write(outbox.forget_before, clock.now()) == 1
    assert await database.read(outbox.depth) == 1
