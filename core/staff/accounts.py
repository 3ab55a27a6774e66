"""Accounts of staff, as functions on a connection. A change that takes rights away ends the sessions with it."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update

from core.ids import new_id
from core.staff.models import Member, Refused, StaffRole
from core.staff.sessions import end_all
from core.staff.tables import staff

_LOGIN = re.compile(r"[a-z0-9][a-z0-9._@-]{1,59}")


def normal_login(login: str) -> str:
    return login.strip().lower()


def add(
    connection: Connection, login: str, name: str, role: StaffRole, password_hash: str, language: str, now: datetime
) -> Member:
    """Raises Refused when the log-in name is taken or is none."""
    login, name = normal_login(login), name.strip()
    if not _LOGIN.fullmatch(login):
        raise Refused("A log-in name has 2 to 60 of a-z, 0-9, dot, hyphen, underscore and @.")
    if not name or len(name) > 100:
        raise Refused("A name has 1 to 100 characters.")
    if by_login(connection, login) is not None:
        raise Refused("The log-in name {login} is taken.", login=login)
    member = Member(new_id(now), login, name, role, True, language, now)
    values = {
        "id": member.id,
        "login": login,
        "name": name,
        "role": role.value,
        "password_hash": password_hash,
        "language": language,
        "created_at": now,
    }
    connection.execute(insert(staff), values)
    return member


def everybody(connection: Connection) -> list[Member]:
    """In the order of their names, those who left at the end."""
    return [_member(row) for row in connection.execute(select(staff).order_by(staff.c.active.desc(), staff.c.name))]


def any_active(connection: Connection) -> bool:
    return connection.execute(select(staff.c.id).where(staff.c.active).limit(1)).first() is not None


def by_id(connection: Connection, staff_id: str) -> Member | None:
    row = connection.execute(select(staff).where(staff.c.id == staff_id)).first()
    return _member(row) if row is not None else None


def by_login(connection: Connection, login: str) -> Member | None:
    row = connection.execute(select(staff).where(staff.c.login == normal_login(login))).first()
    return _member(row) if row is not None else None


def password_of(connection: Connection, login: str) -> tuple[Member, str] | None:
    """The active member with that log-in name, and the hash of the password."""
    query = select(staff).where(staff.c.login == normal_login(login), staff.c.active)
    row = connection.execute(query).first()
    return (_member(row), row.password_hash) if row is not None else None


def set_password(connection: Connection, staff_id: str, password_hash: str, *, keep_session: str = "") -> None:
    """Ends all sessions, but for ``keep_session``: that of whoever has just changed their own."""
    connection.execute(update(staff).where(staff.c.id == staff_id).values(password_hash=password_hash))
    end_all(connection, staff_id, besides=keep_session)


def set_role(connection: Connection, staff_id: str, role: StaffRole) -> None:
    _keep_an_administrator(connection, staff_id, role)
    connection.execute(update(staff).where(staff.c.id == staff_id).values(role=role.value))
    end_all(connection, staff_id)


def set_active(connection: Connection, staff_id: str, active: bool) -> None:
    if not active:
        _keep_an_administrator(connection, staff_id, None)
    connection.execute(update(staff).where(staff.c.id == staff_id).values(active=active))
    end_all(connection, staff_id)


def set_profile(connection: Connection, staff_id: str, name: str, language: str) -> None:
    if not name.strip() or len(name.strip()) > 100:
        raise Refused("A name has 1 to 100 characters.")
    connection.execute(update(staff).where(staff.c.id == staff_id).values(name=name.strip(), language=language))


def _keep_an_administrator(connection: Connection, staff_id: str, role: StaffRole | None) -> None:
    """Nobody could let anybody in any more: only the command line would help."""
    if role is StaffRole.administrator:
        return
    rows = connection.execute(
        select(staff.c.id).where(staff.c.role == StaffRole.administrator.value, staff.c.active).with_for_update()
    ).scalars()
    if list(rows) == [staff_id]:
        raise Refused("This is the last administrator.")


def count(connection: Connection) -> int:
    return connection.execute(select(func.count()).select_from(staff)).scalar_one()


def _member(row: Row[Any]) -> Member:
    return Member(
        row.id,
        row.login,
        row.name,
        StaffRole(row.role),
        bool(row.active),
        row.language,
        row.created_at,
        row.signed_in_at,
    )
