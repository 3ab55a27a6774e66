"""What staff did, line by line: written in the transaction of the deed itself, never changed afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, select

from core.ids import new_id
from core.staff.models import Deed
from core.staff.tables import staff_audit

KEPT = timedelta(days=3 * 366)
PAGE = 50


@dataclass(frozen=True, slots=True)
class Who:
    """Whoever does something, as the log names them. ``address``: from where."""

    staff_id: str
    login: str
    address: str = ""


def write(connection: Connection, who: Who, what: str, detail: str, now: datetime) -> None:
    values = {
        "id": new_id(now),
        "at": now,
        "staff_id": who.staff_id,
        "login": who.login[:60],
        "what": what,
        "detail": detail[:2000],
        "address": who.address[:64],
    }
    connection.execute(insert(staff_audit), values)


def page(
    connection: Connection, *, staff_id: str = "", what: str = "", detail: str = "", before: str = "", size: int = PAGE
) -> list[Deed]:
    """The newest first. ``before`` is the id of the last line of the page before."""
    query = select(staff_audit).order_by(staff_audit.c.at.desc(), staff_audit.c.id.desc()).limit(size)
    if staff_id:
        query = query.where(staff_audit.c.staff_id == staff_id)
    if what:
        query = query.where(staff_audit.c.what == what)
    if detail:
        query = query.where(staff_audit.c.detail.contains(detail, autoescape=True))
    if before:
        edge = select(staff_audit.c.at).where(staff_audit.c.id == before).scalar_subquery()
        same = (staff_audit.c.at == edge) & (staff_audit.c.id < before)
        query = query.where((staff_audit.c.at < edge) | same)
    return [Deed(**row._mapping) for row in connection.execute(query)]


def kinds(connection: Connection) -> list[str]:
    """Every kind of deed that there is on record."""
    return list(connection.execute(select(staff_audit.c.what).distinct().order_by(staff_audit.c.what)).scalars())


def forget_before(connection: Connection, moment: datetime) -> int:
    return connection.execute(delete(staff_audit).where(staff_audit.c.at < moment)).rowcount
