"""Commits many turns in one transaction: a turn is all or nothing, and one bad turn does not harm the others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from functools import cache
from typing import Any

from sqlalchemy import Connection, Executable, delete, insert

from core.database import lost_a_race
from core.delivery.messages import OutgoingMessage, Priority, encode_message
from core.delivery.tables import conversations, inbox, outbox
from core.delivery.writes import Write, insert_by
from core.errors import Stale


@dataclass(frozen=True, slots=True)
class Post:
    """A message for the outbox."""

    chat_id: str
    message: OutgoingMessage
    priority: Priority = Priority.reply
    due_at: datetime | None = None  # at once, when nothing is said


@dataclass(frozen=True, slots=True)
class TurnCommit:
    """Everything that one turn leaves behind.

    ``update_key`` is None for a turn that no update caused. ``version`` is what was read (0: no conversation yet).
    """

    turn_id: str
    update_key: str | None
    chat_id: str
    version: int
    state: str
    at: datetime
    writes: Sequence[Write] = ()
    posts: Sequence[Post] = field(default=())


class Outcome(Enum):
    done = "done"
    duplicate = "duplicate"  # this update was taken before: nothing was written
    clash = "clash"  # somebody was faster: nothing was written, run the turn again on fresh reads


Result = Outcome | BaseException


def commit_turns(connection: Connection, turns: Sequence[TurnCommit]) -> list[Result]:
    """Writes the turns inside the caller's transaction and says of each how it ended, in the order given.

    Turns without domain writes share four statements. A turn with domain writes gets a savepoint of its own; what it
    raises comes back as its result.
    """
    results: dict[int, Result] = {}
    # In the order of the chats, so that two writers never wait for each other in a circle.
    order = sorted(range(len(turns)), key=lambda index: turns[index].chat_id)
    light = [index for index in order if not turns[index].writes]
    for index, outcome in zip(light, _together(connection, [turns[i] for i in light]), strict=True):
        results[index] = outcome
    for index in order:
        if index not in results:
            results[index] = _alone(connection, turns[index])
    return [results[index] for index in range(len(turns))]


def _alone(connection: Connection, turn: TurnCommit) -> Result:
    savepoint = connection.begin_nested()
    try:
        outcome = _together(connection, [turn])[0]
        if outcome is Outcome.done:
            for write in turn.writes:
                write.apply(connection)
    except Stale:
        savepoint.rollback()
        return Outcome.clash
    except Exception as error:  # reported to the turn that asked; the others go on
        savepoint.rollback()
        return Outcome.clash if lost_a_race(error) else error
    if outcome is Outcome.done:
        savepoint.commit()
    else:
        savepoint.rollback()
    return outcome


def _together(connection: Connection, turns: Sequence[TurnCommit]) -> list[Outcome]:
    if not turns:
        return []
    outcomes = dict.fromkeys(range(len(turns)), Outcome.done)

    keyed = [(index, turn.update_key) for index, turn in enumerate(turns) if turn.update_key is not None]
    if keyed:
        fresh = _take_inbox(connection, turns, [index for index, _key in keyed])
        seen: set[str] = set()
        for index, key in keyed:
            if key not in fresh or key in seen:
                outcomes[index] = Outcome.duplicate
            seen.add(key)

    moving: dict[str, int] = {}
    for index, turn in enumerate(turns):
        if outcomes[index] is Outcome.done:
            if turn.chat_id in moving:  # two turns of one chat in one batch cannot both be on its last version
                outcomes[index] = Outcome.clash
            else:
                moving[turn.chat_id] = index
    moved = _move_conversations(connection, [turns[index] for index in moving.values()])
    for chat_id, index in moving.items():
        if chat_id not in moved:
            outcomes[index] = Outcome.clash

    clashed = {turns[i].update_key for i, outcome in outcomes.items() if outcome is Outcome.clash}
    forget = sorted(key for key in clashed if key is not None)
    if forget:
        # Whoever brought the same update a second time must not be told that it is taken: it is not.
        for index, key in keyed:
            if key in clashed:
                outcomes[index] = Outcome.clash
        connection.execute(delete(inbox).where(inbox.c.update_key.in_(forget)))

    rows = [row for i, outcome in outcomes.items() if outcome is Outcome.done for row in _rows(turns[i])]
    if rows:
        connection.execute(_insert_outbox, rows)
    return [outcomes[index] for index in range(len(turns))]


def _take_inbox(connection: Connection, turns: Sequence[TurnCommit], indexes: Iterable[int]) -> set[str]:
    rows = [{"update_key": turns[index].update_key, "received_at": turns[index].at} for index in indexes]
    return set(connection.execute(_taking(connection.dialect.name), rows).scalars())


def _move_conversations(connection: Connection, turns: Sequence[TurnCommit]) -> set[str]:
    """A new version is written only over the version that the turn had read."""
    if not turns:
        return set()
    rows = [
        {"chat_id": turn.chat_id, "state": turn.state, "version": turn.version + 1, "heard_at": turn.at}
        for turn in turns
    ]
    return {chat_id for chat_id, _version in connection.execute(_moving(connection.dialect.name), rows)}


# Every update takes these statements: they are put together once.
_insert_outbox = insert(outbox)


@cache
def _taking(dialect: str) -> Executable:
    return insert_by(dialect, inbox).on_conflict_do_nothing().returning(inbox.c.update_key)


@cache
def _moving(dialect: str) -> Executable:
    statement = insert_by(dialect, conversations)
    new = statement.excluded
    return statement.on_conflict_do_update(
        index_elements=[conversations.c.chat_id],
        set_={"state": new.state, "version": new.version, "heard_at": new.heard_at},
        where=conversations.c.version == new.version - 1,
    ).returning(conversations.c.chat_id, conversations.c.version)


def _rows(turn: TurnCommit) -> list[dict[str, Any]]:
    return [outbox_row(post, turn.turn_id, turn.at) for post in turn.posts]


def outbox_row(post: Post, turn_id: str, now: datetime) -> dict[str, Any]:
    return {
        "chat_id": post.chat_id,
        "priority": int(post.priority),
        "status": "pending",
        "message": encode_message(post.message),
        "turn_id": turn_id,
        "created_at": now,
        "due_at": post.due_at or now,
    }
