"""Ready answers with placeholders, written by supervisors and filled in for each appeal."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, delete, insert, or_, select, update

from core.ids import new_id
from core.staff.models import Refused, Template
from core.staff.tables import staff_templates

PLACEHOLDERS = ("name", "number", "account", "due", "agent", "operator", "phone")
LONGEST = 4000  # characters
_HOLE = re.compile(r"\{(\w+)\}")


def fill(body: str, values: Mapping[str, str]) -> str:
    """Known placeholders are replaced, once: words that were put in are never read as placeholders themselves."""
    return _HOLE.sub(lambda found: values.get(found[1], found[0]), body)


def every(connection: Connection, kind: str | None = None) -> list[Template]:
    """By title. ``kind``: those that fit such an appeal; None for all of them."""
    query = select(staff_templates).order_by(staff_templates.c.title, staff_templates.c.id)
    if kind is not None:
        query = query.where(or_(staff_templates.c.kind == "", staff_templates.c.kind == kind))
    return [Template(**row._mapping) for row in connection.execute(query)]


def find(connection: Connection, template_id: str) -> Template | None:
    row = connection.execute(select(staff_templates).where(staff_templates.c.id == template_id)).first()
    return Template(**row._mapping) if row is not None else None


def save(connection: Connection, template_id: str, title: str, body: str, kind: str, now: datetime) -> None:
    """A new one when ``template_id`` is empty. Raises Refused with the reason."""
    title, body = title.strip(), body.replace("\r\n", "\n").strip()
    if not title or len(title) > 100:
        raise Refused("A title has 1 to 100 characters.")
    if not body or len(body) > LONGEST:
        raise Refused("A ready answer has 1 to {n} characters.", n=LONGEST)
    unknown = [hole for hole in _HOLE.findall(body) if hole not in PLACEHOLDERS]
    if unknown:
        raise Refused("There is no placeholder {hole}.", hole=f"{{{unknown[0]}}}")
    values = {"title": title, "body": body, "kind": kind, "updated_at": now}
    if not template_id:
        connection.execute(insert(staff_templates), {"id": new_id(now), **values})
    elif not connection.execute(
        update(staff_templates).where(staff_templates.c.id == template_id).values(**values)
    ).rowcount:
        raise Refused("This ready answer is not there any more.")


def drop(connection: Connection, template_id: str) -> None:
    connection.execute(delete(staff_templates).where(staff_templates.c.id == template_id))
