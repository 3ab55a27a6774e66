"""Many turns in one transaction: each all or nothing, none harmed by another."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import cast

import pytest
from sqlalchemy import Connection, func, select, text
from sqlalchemy.exc import DBAPIError

from core.clock import ManualClock
from core.database import Database, metadata
from core.delivery.commit import Outcome, Post, TurnCommit, commit_turns
from core.delivery.messages import OutgoingMessage
from core.delivery.tables import blobs, conversations, inbox, outbox
from core.delivery.writer import Writer
from core.delivery.writes import Write, insert_new
from core.errors import Stale

NOW = ManualClock().now()


def turn(number: int, chat: str, version: int = 0, writes: Sequence[Write] = (), key: str | None = "") -> TurnCommit:
    said = Post(f"t:{chat}", OutgoingMessage(((f"{number}", "plain"),)))
    key = f"t:{number}" if key == "" else key
    return TurnCommit(f"turn{number}", key, f"t:{chat}", version, f"state {number}", NOW, writes, [said])


def blob(key: str) -> Write:
    return insert_new("blob", blobs, {"sha256": key, "media_type": "x", "data": b"", "created_at": NOW})


def broken(error: Exception) -> Write:
    def apply(connection: Connection) -> None:
        blob("half").apply(connection)
        raise error

    return Write("broken", apply)


async def left(database: Database) -> tuple[set[str], dict[str, int], list[str]]:
    """The inbox, each chat's version, and the turns that have something to say."""

    def read(connection: Connection) -> tuple[set[str], dict[str, int], list[str]]:
        versions = {row.chat_id: row.version for row in connection.execute(select(conversations))}
        said = connection.execute(select(outbox.c.turn_id).order_by(outbox.c.id)).scalars()
        return set(connection.execute(select(inbox.c.update_key)).scalars()), versions, list(said)

    return await database.read(read)


async def test_each_turn_moves_its_chat_on(database: Database) -> None:
    ends = await database.write(commit_turns, [turn(1, "b"), turn(2, "a")])
    assert ends == [Outcome.done, Outcome.done]
    assert await left(database) == ({"t:1", "t:2"}, {"t:a": 1, "t:b": 1}, ["turn2", "turn1"])


async def test_a_redelivered_update_changes_nothing(database: Database) -> None:
    await database.write(commit_turns, [turn(1, "a")])
    assert await database.write(commit_turns, [turn(1, "a", 1), turn(2, "b")]) == [Outcome.duplicate, Outcome.done]
    assert await left(database) == ({"t:1", "t:2"}, {"t:a": 1, "t:b": 1}, ["turn1", "turn2"])


async def test_the_same_update_twice_in_a_batch_is_taken_once(database: Database) -> None:
    assert await database.write(commit_turns, [turn(1, "a"), turn(1, "a")]) == [Outcome.done, Outcome.duplicate]
    assert await left(database) == ({"t:1"}, {"t:a": 1}, ["turn1"])


async def test_a_lost_race_leaves_nothing_behind(database: Database) -> None:
    await database.write(commit_turns, [turn(1, "a")])
    assert await database.write(commit_turns, [turn(2, "a", 0), turn(3, "b")]) == [Outcome.clash, Outcome.done]
    assert await left(database) == ({"t:1", "t:3"}, {"t:a": 1, "t:b": 1}, ["turn1", "turn3"])
    assert await database.write(commit_turns, [turn(2, "a", 1)]) == [Outcome.done]


async def test_the_same_lost_update_twice_in_a_batch_is_not_called_taken(database: Database) -> None:
    await database.write(commit_turns, [turn(1, "a")])
    assert await database.write(commit_turns, [turn(2, "a"), turn(2, "a")]) == [Outcome.clash, Outcome.clash]


async def test_two_turns_of_a_chat_in_a_batch_follow_one_another(database: Database) -> None:
    assert await database.write(commit_turns, [turn(1, "a"), turn(2, "a")]) == [Outcome.done, Outcome.clash]
    assert await left(database) == ({"t:1"}, {"t:a": 1}, ["turn1"])


async def test_a_bad_turn_harms_no_other(database: Database) -> None:
    fault = RuntimeError("a fault")
    turns = [
        turn(1, "a", writes=[blob("one")]),
        turn(2, "b", writes=[broken(fault)]),
        turn(3, "c", writes=[broken(Stale("somebody was faster"))]),
        turn(4, "d"),
        turn(5, "e", writes=[blob("one")]),
    ]
    ends = await database.write(commit_turns, turns)
    assert ends == [Outcome.done, fault, Outcome.clash, Outcome.done, Outcome.clash]
    assert await left(database) == ({"t:1", "t:4"}, {"t:a": 1, "t:d": 1}, ["turn4", "turn1"])
    kept = await database.read(lambda c: list(c.execute(select(blobs.c.sha256)).scalars()))
    assert kept == ["one"]


async def test_a_turn_without_an_update_has_no_place_in_the_inbox(database: Database) -> None:
    assert await database.write(commit_turns, [turn(1, "a", key=None)]) == [Outcome.done]
    assert (await left(database))[0] == set()


async def test_a_statement_that_the_database_refuses_fails_its_own_turn_alone(database: Database) -> None:
    def refused(connection: Connection) -> None:
        connection.exec_driver_sql("SELECT no_such_column FROM inbox")

    ends = await database.write(commit_turns, [turn(1, "a", writes=[Write("refused", refused)]), turn(2, "b")])
    assert isinstance(ends[0], Exception)
    assert ends[1] is Outcome.done


async def test_the_writer_finds_the_turn_that_breaks_a_whole_batch(database: Database) -> None:
    bad = TurnCommit("x" * 16, "t:bad", "t:z", 0, None, NOW)  # type: ignore[arg-type]  # refused: a state is a must
    async with Writer(database) as writer:
        ends = await asyncio.gather(
            writer.commit(turn(1, "a")), writer.commit(bad), writer.commit(turn(2, "b")), return_exceptions=True
        )
    assert [ends[0], ends[2]] == [Outcome.done, Outcome.done]
    assert isinstance(ends[1], Exception)


async def test_a_cancelled_caller_leaves_a_whole_turn(database: Database) -> None:
    async with Writer(database) as writer:
        waiting = asyncio.create_task(writer.commit(turn(1, "a")))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.wait([waiting])
    assert await left(database) == ({"t:1"}, {"t:a": 1}, ["turn1"])
    assert await database.read(lambda c: c.execute(select(func.count()).select_from(outbox)).scalar_one()) == 1


@pytest.mark.postgres
async def test_a_deadlock_is_a_lost_race(postgres_url: str) -> None:
    """PostgreSQL ends a deadlock by failing one side: that turn is run again instead of apologising."""
    database = Database(postgres_url)
    await database.write(metadata.create_all)
    deadlock = Write("loses", lambda c: c.exec_driver_sql("DO $$ BEGIN RAISE SQLSTATE '40P01'; END $$").close())
    other = Write("fails", lambda c: c.exec_driver_sql("DO $$ BEGIN RAISE SQLSTATE '23514'; END $$").close())
    ends = await database.write(commit_turns, [turn(1, "a", writes=[deadlock]), turn(2, "b", writes=[other])])
    assert ends[0] is Outcome.clash
    assert isinstance(ends[1], Exception)
    assert await left(database) == (set(), {}, [])

    def whole(_connection: Connection) -> None:
        raise DBAPIError("", (), _Deadlock())

    database.write_once = lambda *_args: _failing(whole)  # type: ignore[method-assign, assignment]  # the transaction itself
    async with Writer(database) as writer:
        assert await writer.commit(turn(3, "c")) is Outcome.clash
    await database.close()


class _Deadlock(Exception):
    sqlstate = "40P01"


async def _failing(fn: Callable[[Connection], None]) -> None:
    fn(cast(Connection, None))


@pytest.mark.postgres
async def test_a_silent_server_does_not_hold_anybody_for_ever(postgres_url: str) -> None:
    database = Database(postgres_url, statement_limit=0.05)
    with pytest.raises(TimeoutError):
        await database.read(lambda c: c.exec_driver_sql("SELECT pg_sleep(30)").all())
    assert await database.read(lambda c: c.exec_driver_sql("SELECT 1").scalar()) == 1
    await database.close()


async def test_an_error_does_not_repeat_what_was_asked_for(database: Database) -> None:
    """A phone number in a failing query must not get into the log by way of the error's words."""
    with pytest.raises(DBAPIError) as caught:
        await database.read(lambda c: c.execute(text("SELECT * FROM nowhere WHERE phone = :p"), {"p": "+79001112233"}))
    assert "+79001112233" not in str(caught.value)
