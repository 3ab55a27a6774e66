"""How one-time codes lie in the database, and the limits on them that hold under double taps and several replicas."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, func, insert, select, update

from core.delivery.writes import Write
from core.errors import Stale
from core.subscribers.tables import challenges

RESEND_AFTER = timedelta(seconds=60)
PER_DAY = 5
"""Codes within 24 hours, for each place that they are sent to and for each chat that asks for them."""

ASKED_PER_DAY = 15
"""The same, counting codes that no gateway took: one that fails must not be called without end, nor pay for it."""

DAY = timedelta(days=1)


class Status(StrEnum):
    """Open: may still be typed. Spent: out of tries, or replaced. Unsent: no gateway took it."""

    open = "open"
    passed = "passed"
    spent = "spent"
    unsent = "unsent"


@dataclass(frozen=True, slots=True)
class Challenge:
    id: str
    chat_id: str
    purpose: str
    way: str
    target: str
    code_hash: str
    tries_left: int
    status: Status
    created_at: datetime
    expires_at: datetime


def find(connection: Connection, challenge_id: str) -> Challenge | None:
    return _one(connection, challenges.c.id == challenge_id)


def find_open(connection: Connection, chat_id: str, purpose: str, target: str, now: datetime) -> Challenge | None:
    """The code that can still be typed in the chat."""
    mine = (challenges.c.chat_id == chat_id) & (challenges.c.purpose == purpose) & (challenges.c.target == target)
    return _one(connection, mine & (challenges.c.status == Status.open.value) & (challenges.c.expires_at > now))


def _one(connection: Connection, which: ColumnElement[bool]) -> Challenge | None:
    row = connection.execute(select(challenges).where(which).order_by(challenges.c.created_at.desc())).first()
    return Challenge(**{**row._mapping, "status": Status(row.status)}) if row is not None else None


def refusal(
    connection: Connection, chat_id: str, target: str, now: datetime
) -> tuple[Literal["soon", "many"], datetime] | None:
    """Why no code may be sent now, and until when; None when it may."""
    here = _sent(connection, challenges.c.chat_id == chat_id, now)
    there = _sent(connection, challenges.c.target == target, now)
    full = [moments[PER_DAY - 1] + DAY for moments in (here, there) if len(moments) >= PER_DAY]
    for whose in (challenges.c.chat_id == chat_id, challenges.c.target == target):
        asked = _asked(connection, whose, now)
        full += [asked[ASKED_PER_DAY - 1] + DAY] if len(asked) >= ASKED_PER_DAY else []
    if full:
        return "many", max(full)
    if there and there[0] + RESEND_AFTER > now:
        return "soon", there[0] + RESEND_AFTER
    return None


def _asked(connection: Connection, whose: ColumnElement[bool], now: datetime) -> list[datetime]:
    """Moments of all codes of the last 24 hours, those that no gateway took among them; the newest first."""
    query = (
        select(challenges.c.created_at)
        .where(whose, challenges.c.created_at > now - DAY)
        .order_by(challenges.c.created_at.desc())
        .limit(ASKED_PER_DAY)
    )
    return list(connection.execute(query).scalars())


def _sent(connection: Connection, whose: ColumnElement[bool], now: datetime) -> list[datetime]:
    """Moments of the codes of the last 24 hours, the newest first."""
    query = (
        select(challenges.c.created_at)
        .where(whose, challenges.c.created_at > now - DAY, challenges.c.status != Status.unsent.value)
        .order_by(challenges.c.created_at.desc())
        .limit(PER_DAY)
    )
    return list(connection.execute(query).scalars())


def issue(values: Mapping[str, Any]) -> Write:
    """Records a challenge and ends the chat's earlier ones of the same purpose. Stale when a limit is reached."""

    def apply(connection: Connection) -> None:
        chat_id, target, now = values["chat_id"], values["target"], values["created_at"]
        _one_at_a_time(connection, f"code|{chat_id}", f"code|{target}")
        if refusal(connection, chat_id, target, now) is not None:
            raise Stale("issue code: a limit was reached meanwhile")
        connection.execute(
            update(challenges)
            .where(challenges.c.chat_id == chat_id, challenges.c.purpose == values["purpose"])
            .where(challenges.c.status == Status.open.value)
            .values(status=Status.spent.value)
        )
        connection.execute(insert(challenges), dict(values))

    return Write("issue code", apply)


def _one_at_a_time(connection: Connection, *keys: str) -> None:
    """Counting and inserting are one step for each key. SQLite has one writer; PostgreSQL is told to wait."""
    if connection.dialect.name == "postgresql":
        for key in sorted(keys):  # in one order, so that two never wait for each other
            connection.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(key, 0))))


def mark_unsent(connection: Connection, challenge_id: str) -> None:
    connection.execute(
        update(challenges)
        .where(challenges.c.id == challenge_id, challenges.c.status == Status.open.value)
        .values(status=Status.unsent.value)
    )
