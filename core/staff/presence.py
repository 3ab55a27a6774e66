"""Who has an appeal open at this moment: two agents see each other before they both answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, select

from core.delivery.writes import insert_for
from core.staff.tables import staff, staff_presence

HERE = timedelta(seconds=40)  # an open page says so every fifteen seconds


@dataclass(frozen=True, slots=True)
class Beside:
    name: str
    writing: bool


def here(connection: Connection, appeal_id: str, staff_id: str, writing: bool, now: datetime) -> None:
    values = {"appeal_id": appeal_id, "staff_id": staff_id, "seen_at": now, "writing": writing}
    statement = insert_for(connection, staff_presence).on_conflict_do_update(
        index_elements=["appeal_id", "staff_id"], set_={"seen_at": now, "writing": writing}
    )
    connection.execute(statement, values)


def gone(connection: Connection, appeal_id: str, staff_id: str) -> None:
    which = (staff_presence.c.appeal_id == appeal_id) & (staff_presence.c.staff_id == staff_id)
    connection.execute(delete(staff_presence).where(which))


def others(connection: Connection, appeal_id: str, staff_id: str, now: datetime) -> list[Beside]:
    """Everybody else who looks at the appeal, in the order of their names."""
    query = (
        select(staff.c.name, staff_presence.c.writing)
        .join(staff, staff.c.id == staff_presence.c.staff_id)
        .where(staff_presence.c.appeal_id == appeal_id, staff_presence.c.staff_id != staff_id)
        .where(staff_presence.c.seen_at > now - HERE)
        .order_by(staff.c.name)
    )
    return [Beside(row.name, bool(row.writing)) for row in connection.execute(query)]


def forget_before(connection: Connection, moment: datetime) -> int:
    return connection.execute(delete(staff_presence).where(staff_presence.c.seen_at < moment)).rowcount
