"""Calls of helpdesks' webhooks: each noted once, and worked off by a task that asks the helpdesk itself."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, or_, select, update

from core.appeals.mirror_tables import helpdesk_calls, helpdesk_looks
from core.delivery.tasks import plan
from core.delivery.writes import insert_for

TAKE = "take_helpdesk"
"""The kind of the task that takes in what was done at a ticket there: {desk, remote_id}."""

KEPT = timedelta(days=30)  # far longer than any helpdesk repeats a call


@dataclass(frozen=True, slots=True)
class Call:
    """An authentic call: something was done at ``remote_id``. ``delivery`` is the same when it is repeated, or ""."""

    remote_id: str
    delivery: str = ""


def keep(connection: Connection, desk: str, call: Call, body: bytes, now: datetime) -> bool:
    """Notes the call and plans its task, in the caller's transaction. False when it came before.

    The header that names a delivery is not signed, so a call is known by its body, too. Of the body nothing is kept.
    """
    key = hashlib.sha256(desk.encode() + b"|" + body).hexdigest()
    delivery = call.delivery[:100] or key
    values = {
        "id": key,
        "desk": desk,
        "delivery": delivery,
        "remote_id": call.remote_id[:64],
        "received_at": now,
    }
    fresh = insert_for(connection, helpdesk_calls).on_conflict_do_nothing().returning(helpdesk_calls.c.id)
    if connection.execute(fresh, values).first() is None:
        same = or_(helpdesk_calls.c.id == key, helpdesk_calls.c.delivery == delivery)
        again = update(helpdesk_calls).where(helpdesk_calls.c.desk == desk, same)
        connection.execute(again.values(repeats=helpdesk_calls.c.repeats + 1))
        return False
    plan_take(connection, desk, call.remote_id, key[:24], now)
    return True


def plan_take(connection: Connection, desk: str, remote_id: str, cause: str, now: datetime) -> None:
    """``cause`` is what must not be worked off twice."""
    plan(f"{TAKE}:{desk}:{cause}", TAKE, {"desk": desk, "remote_id": remote_id}, now).apply(connection)


def seen_until(connection: Connection, desk: str) -> datetime | None:
    """By the helpdesk's own clock; None before the first look."""
    query = select(helpdesk_looks.c.seen_until).where(helpdesk_looks.c.desk == desk)
    return connection.execute(query).scalar_one_or_none()


def note_seen(connection: Connection, desk: str, moment: datetime) -> None:
    values = {"desk": desk, "seen_until": moment}
    statement = insert_for(connection, helpdesk_looks)
    later = statement.on_conflict_do_update(index_elements=["desk"], set_={"seen_until": moment})
    connection.execute(later, values)


def forget_before(connection: Connection, moment: datetime) -> int:
    return connection.execute(delete(helpdesk_calls).where(helpdesk_calls.c.received_at < moment)).rowcount
