"""What tells an open page that something has changed, asked of the database: any process may have changed it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, func, select

from core.appeals.tables import appeals
from core.staff import marks
from core.staff.presence import HERE
from core.staff.tables import staff_presence


def of_inbox(connection: Connection) -> str:
    """Changes when any appeal does."""
    # By the index of changes: the newest, and how many changes were made at that very moment.
    newest = connection.execute(select(func.max(appeals.c.updated_at))).scalar()
    query = select(func.count(), func.sum(appeals.c.version)).where(appeals.c.updated_at == newest)
    return "/".join(str(value) for value in (newest, *connection.execute(query).one()))


def of_appeal(connection: Connection, appeal_id: str, now: datetime) -> str:
    """Changes with the appeal, with what became of its messages, and with who looks at it."""
    version = connection.execute(select(appeals.c.version).where(appeals.c.id == appeal_id)).scalar()
    here = (
        select(staff_presence.c.staff_id, staff_presence.c.writing)
        .where(staff_presence.c.appeal_id == appeal_id, staff_presence.c.seen_at > now - HERE)
        .order_by(staff_presence.c.staff_id)
    )
    people = ",".join(f"{row.staff_id}{'w' if row.writing else ''}" for row in connection.execute(here))
    return f"{version}/{marks.fingerprint(connection, appeal_id)}/{people}"
