"""Sessions at the desk: a random token in the browser, its hash in the database, an end that takes effect at once."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, delete, insert, select, update

from core.ids import new_id
from core.staff.models import Member, Session, StaffRole
from core.staff.tables import staff, staff_sessions

IDLE = timedelta(hours=10)  # a shift: whoever does not come back within it signs in again
LONGEST = timedelta(days=7)
_TOUCH = timedelta(minutes=1)  # how exact "seen" is: not every look at a page is a write


def open_session(connection: Connection, staff_id: str, address: str, browser: str, now: datetime) -> str:
    """Returns the token for the cookie; it cannot be read again from anywhere."""
    token = secrets.token_urlsafe(32)
    values = {
        "id": new_id(now),
        "staff_id": staff_id,
        "token_hash": hash_token(token),
        "created_at": now,
        "seen_at": now,
        "address": address[:64],
        "browser": browser[:200],
    }
    connection.execute(insert(staff_sessions), values)
    connection.execute(update(staff).where(staff.c.id == staff_id).values(signed_in_at=now))
    return token


def find(connection: Connection, token: str, now: datetime) -> tuple[Member, Session] | None:
    """Who is signed in with this token, with the rights that they have at this moment."""
    query = (
        select(staff_sessions, *(column.label(f"staff__{column.name}") for column in staff.c))
        .join(staff, staff.c.id == staff_sessions.c.staff_id)
        .where(staff_sessions.c.token_hash == hash_token(token), staff.c.active, _living(now))
    )
    row = connection.execute(query).first()
    if row is None:
        return None
    member = Member(
        row.staff__id,
        row.staff__login,
        row.staff__name,
        StaffRole(row.staff__role),
        True,
        row.staff__language,
        row.staff__created_at,
        row.staff__signed_in_at,
    )
    return member, _session(row)


def is_due(session: Session, now: datetime) -> bool:
    """Whether "seen" has to be written down anew."""
    return now - session.seen_at >= _TOUCH


def touch(connection: Connection, session_id: str, now: datetime) -> None:
    connection.execute(update(staff_sessions).where(staff_sessions.c.id == session_id).values(seen_at=now))


def of_member(connection: Connection, staff_id: str, now: datetime) -> list[Session]:
    """Those that still hold, the one used last first."""
    query = select(staff_sessions).where(staff_sessions.c.staff_id == staff_id, _living(now))
    return [_session(row) for row in connection.execute(query.order_by(staff_sessions.c.seen_at.desc()))]


def end(connection: Connection, session_id: str, staff_id: str) -> bool:
    """One session of that member's. False when there is none."""
    which = (staff_sessions.c.id == session_id) & (staff_sessions.c.staff_id == staff_id)
    return bool(connection.execute(delete(staff_sessions).where(which)).rowcount)


def end_all(connection: Connection, staff_id: str, *, besides: str = "") -> int:
    which = (staff_sessions.c.staff_id == staff_id) & (staff_sessions.c.id != besides)
    return connection.execute(delete(staff_sessions).where(which)).rowcount


def forget_before(connection: Connection, now: datetime) -> int:
    """Removes those that have run out."""
    return connection.execute(delete(staff_sessions).where(~_living(now))).rowcount


def hash_token(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _living(now: datetime) -> ColumnElement[bool]:
    return (staff_sessions.c.seen_at > now - IDLE) & (staff_sessions.c.created_at > now - LONGEST)


def _session(row: Row[Any]) -> Session:
    return Session(row.id, row.staff_id, row.created_at, row.seen_at, row.address, row.browser)
