"""The staff's list of appeals: what is wanted of it, how many there are, and a page of lines."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, case, func, or_, select

from core.appeals.kinds import LINK
from core.appeals.models import OPEN, SETTLED, AppealStatus, Author
from core.appeals.tables import appeal_messages, appeals
from core.staff.tables import staff
from core.subscribers.tables import chats, subscribers

PAGE = 40
VIEWS = ("open", "mine", "unassigned", "overdue", "links", "pending", "settled", "closed", "all")
SORTS = ("due", "new", "changed")
MAX_WORDS = 6

_PHONE = re.compile(r"[+\d][\d ()-]{9,}")  # as people write it, in pieces
_PHONE_SIGNS = re.compile(r"[ ()+-]|^8(?=.{10,})")

_OPEN = tuple(status.value for status in OPEN)
_said = (Author.subscriber.value, Author.staff.value)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody looks for. Empty means "any"; ``until`` is exclusive."""

    view: str = "open"
    status: str = ""
    kind: str = ""
    channel: str = ""
    account: str = ""
    assignee: str = ""
    since: datetime | None = None
    until: datetime | None = None
    words: str = ""
    sort: str = "due"
    page: int = 1


@dataclass(frozen=True, slots=True)
class Line:
    """``turn``: the subscriber had the last word. ``late``: a deadline has passed."""

    id: str
    number: int
    kind: str
    status: AppealStatus
    person: str
    channel: str
    account: str
    assignee: str
    assignee_id: str
    said: str
    file_name: str
    turn: bool
    sent_at: datetime
    updated_at: datetime
    due_at: datetime | None
    late: bool
    rating: int | None
    version: int


def counts(connection: Connection, staff_id: str, now: datetime) -> dict[str, int]:
    """How many open appeals each view has; those that are over are not counted."""
    conditions = {view: _of_view(view, staff_id, now) for view in ("mine", "unassigned", "overdue", "links", "pending")}
    columns = [func.sum(case((condition, 1), else_=0)).label(view) for view, condition in conditions.items()]
    row = connection.execute(select(func.count().label("open"), *columns).where(appeals.c.status.in_(_OPEN))).one()
    return {name: int(value or 0) for name, value in row._mapping.items()}


def page(connection: Connection, wanted: Wanted, staff_id: str, now: datetime) -> tuple[list[Line], int]:
    """The lines of one page, and how many there are on all pages."""
    condition = _condition(connection, wanted, staff_id, now)
    # The names are looked for by whoever searches alone, and the last words of those on the page alone.
    source = appeals.outerjoin(subscribers, subscribers.c.id == appeals.c.subscriber_id) if wanted.words else appeals
    total = connection.execute(select(func.count()).select_from(source).where(condition)).scalar_one()
    ids = select(appeals.c.id).select_from(source).where(condition).order_by(*_order(wanted.sort))
    shown = list(connection.execute(ids.limit(PAGE).offset((wanted.page - 1) * PAGE)).scalars())
    found = {row.id: _line(row, now) for row in connection.execute(_lines().where(appeals.c.id.in_(shown)))}
    return [found[one] for one in shown if one in found], total


def _joined() -> Any:
    return (
        appeals.outerjoin(subscribers, subscribers.c.id == appeals.c.subscriber_id)
        .outerjoin(chats, chats.c.chat_id == appeals.c.chat_id)
        .outerjoin(staff, staff.c.id == appeals.c.assignee)
    )


def _lines() -> Select[Any]:
    last = (
        select(appeal_messages.c.id)
        .where(appeal_messages.c.appeal_id == appeals.c.id, appeal_messages.c.author.in_(_said))
        .order_by(appeal_messages.c.at.desc(), appeal_messages.c.id.desc())
        .limit(1)
        .correlate(appeals)
        .scalar_subquery()
    )
    said = appeal_messages.alias("said")
    return select(
        appeals,
        subscribers.c.name.label("subscriber_name"),
        chats.c.name.label("chat_name"),
        staff.c.name.label("assignee_name"),
        said.c.text.label("said_text"),
        said.c.author.label("said_author"),
        said.c.file_name.label("said_file"),
    ).select_from(_joined().outerjoin(said, said.c.id == last))


def _line(row: Any, now: datetime) -> Line:
    status = AppealStatus(row.status)
    return Line(
        id=row.id,
        number=row.number,
        kind=row.kind,
        status=status,
        person=row.subscriber_name or row.chat_name or "",
        channel=row.chat_id.partition(":")[0],
        account=row.account_number or "",
        assignee=row.assignee_name or "",
        assignee_id=row.assignee,
        said=row.said_text or "",
        file_name=row.said_file or "",
        turn=row.said_author != Author.staff.value,
        sent_at=row.sent_at or row.created_at,
        updated_at=row.updated_at,
        due_at=row.due_at,
        late=status in OPEN and (row.missed > 0 or (row.due_at is not None and row.due_at <= now)),
        rating=row.rating,
        version=row.version,
    )


def _order(sort: str) -> tuple[Any, ...]:
    if sort == "new":
        return (appeals.c.number.desc(),)
    if sort == "changed":
        return (appeals.c.updated_at.desc(), appeals.c.number.desc())
    # What has a deadline first, the nearest on top; the two databases order NULL differently.
    return (case((appeals.c.due_at.is_(None), 1), else_=0), appeals.c.due_at, appeals.c.number)


def _of_view(view: str, staff_id: str, now: datetime) -> ColumnElement[bool]:
    is_open = appeals.c.status.in_(_OPEN)
    match view:
        case "mine":
            return is_open & (appeals.c.assignee == staff_id)
        case "unassigned":
            return is_open & (appeals.c.assignee == "")
        case "overdue":
            return is_open & ((appeals.c.missed > 0) | (appeals.c.due_at <= now))
        case "links":
            return is_open & (appeals.c.kind == LINK)
        case "pending":
            return appeals.c.status == AppealStatus.pending.value
        case "settled":
            return appeals.c.status.in_([status.value for status in SETTLED])
        case "closed":
            return appeals.c.status == AppealStatus.closed.value
        case "all":
            return appeals.c.status != AppealStatus.draft.value
    return is_open


def _condition(connection: Connection, wanted: Wanted, staff_id: str, now: datetime) -> ColumnElement[bool]:
    parts = [_of_view(wanted.view, staff_id, now), appeals.c.status != AppealStatus.draft.value]
    if wanted.status:
        parts.append(appeals.c.status == wanted.status)
    if wanted.kind:
        parts.append(appeals.c.kind == wanted.kind)
    if wanted.channel:
        parts.append(appeals.c.chat_id.startswith(f"{wanted.channel}:", autoescape=True))
    if wanted.account:
        parts.append(appeals.c.account_number.contains(wanted.account, autoescape=True))
    if wanted.assignee:
        parts.append(appeals.c.assignee == wanted.assignee)
    sent = func.coalesce(appeals.c.sent_at, appeals.c.created_at, type_=appeals.c.created_at.type)
    if wanted.since is not None:
        parts.append(sent >= wanted.since)
    if wanted.until is not None:
        parts.append(sent < wanted.until)
    words = [_PHONE_SIGNS.sub("", wanted.words)] if _PHONE.fullmatch(wanted.words) else wanted.words.split()
    parts.extend(_says(connection, word) for word in words[:MAX_WORDS])
    return and_(*parts)


def _says(connection: Connection, word: str) -> ColumnElement[bool]:
    """Every word is looked for everywhere: the number, the account, the phone, the name, what was written."""
    digits = "".join(char for char in word if char.isdigit())
    found = [_like(connection, appeals.c.account_number, word), _like(connection, subscribers.c.name, word)]
    number = word.lstrip("№#")
    if number.isascii() and number.isdigit() and len(number) < 10:
        found.append(appeals.c.number == int(number))
    if len(digits) >= 4 and len(digits) >= len(word) - 4:  # +7 (912) 345-67-89, in pieces
        found += [column.contains(digits, autoescape=True) for column in (subscribers.c.phone, appeals.c.contact)]
    found.append(
        select(appeal_messages.c.id)
        .where(appeal_messages.c.appeal_id == appeals.c.id, _like(connection, appeal_messages.c.text, word))
        .correlate(appeals)
        .exists()
    )
    return or_(*found)


def _like(connection: Connection, column: ColumnElement[Any], word: str) -> ColumnElement[bool]:
    if connection.dialect.name == "postgresql":
        return column.icontains(word, autoescape=True)
    # SQLite knows upper and lower case in English alone: the usual spellings of the others are looked for in turn.
    spellings = {word, word.lower(), word.upper(), word.capitalize()}
    return or_(*(column.contains(one, autoescape=True) for one in sorted(spellings)))
