"""Claims what is due to be sent and records how it went. Order is kept for each chat, across any number of senders.

A *lane* is a chat's right to be sent to: whoever holds it sends that chat's messages one after the other; a lane held
by nobody until a moment in the future is a chat that asked to be left alone for a while.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from msgspec.structs import replace
from sqlalchemy import (
    Connection,
    Integer,
    Select,
    bindparam,
    delete,
    func,
    insert,
    literal_column,
    or_,
    select,
    union_all,
    update,
)

from core.database import UtcDateTime
from core.delivery import progress
from core.delivery.commit import Post, outbox_row
from core.delivery.messages import OutgoingMessage, Priority, decode_message
from core.delivery.progress import Partly, Progress
from core.delivery.tables import lanes, outbox
from core.delivery.writes import Write, change, insert_for

LEASE = timedelta(seconds=90)
"""For how long a claimed lane is ours; a killed sender's messages wait this long for another one."""

LAST_CALL = timedelta(seconds=20)
"""How long before the lease ends nothing is sent any more: one message takes less than this, whatever happens."""

AT_A_TIME = 5
"""Messages of one chat taken in one claim: few enough to be sent within the lease even when each takes its limit."""

NOBODY = ""
NOTHING_YET = Progress()


@dataclass(frozen=True, slots=True)
class Due:
    """A claimed message."""

    id: int
    chat_id: str
    priority: int
    attempts: int
    created_at: datetime
    turn_id: str
    message: OutgoingMessage
    progress: Progress = NOTHING_YET


@dataclass(frozen=True, slots=True)
class Sent:
    id: int
    at: datetime
    message_id: str
    billing_status: int | None = None


@dataclass(frozen=True, slots=True)
class Deferred:
    """Not taken now: the chat is left alone until ``until``."""

    id: int
    chat_id: str
    until: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class PutAside:
    """Can never be sent. ``instead`` is what the person hears instead, if anything."""

    id: int
    reason: str
    instead: Post | None = None
    turn_id: str = ""


@dataclass(frozen=True, slots=True)
class ChatLost:
    """The chat cannot be written to: everything that waits for it is dropped."""

    chat_id: str
    reason: str


Report = Sent | Partly | Deferred | PutAside | ChatLost


def claim(
    connection: Connection,
    owner: str,
    now: datetime,
    limit: int,
    skip: Collection[str] = (),
    worst: Priority = Priority.bulk,
) -> list[Due]:
    """Takes at most ``limit`` free lanes with due messages, replies before bulk, until ``now`` + LEASE.

    ``skip``: channels that rest ("viber:"). Chats in which everything is less urgent than ``worst`` are left alone.
    """
    free = connection.execute(_free(tuple(sorted(skip)), worst), {"now": now, "room": limit}).scalars()
    wanted = sorted(list(dict.fromkeys(free))[:limit])
    if not wanted:
        return []
    taking = insert_for(connection, lanes)
    taken = taking.on_conflict_do_update(
        index_elements=[lanes.c.chat_id],
        set_={"owner": taking.excluded.owner, "until": taking.excluded.until},
        where=lanes.c.until <= now,
    ).returning(lanes.c.chat_id)
    rows = [{"chat_id": chat_id, "owner": owner, "until": now + LEASE} for chat_id in wanted]
    ours = list(connection.execute(taken, rows).scalars())
    if not ours:
        return []
    rows_due = connection.execute(_due, {"ours": ours, "now": now}).all()
    idle = set(ours) - {row.chat_id for row in rows_due}
    if idle:
        # Between our look and our taking the lane, somebody faster has sent its messages: held for nothing, it would
        # keep what comes next waiting for the whole lease.
        _give_back(connection, owner, idle)
    return [
        Due(
            row.id,
            row.chat_id,
            row.priority,
            row.attempts,
            row.created_at,
            row.turn_id,
            _in_place(connection, row.chat_id, decode_message(row.message)),
            progress.read(row.progress) if row.progress else NOTHING_YET,
        )
        for row in rows_due
    ]


def _in_place(connection: Connection, chat_id: str, message: OutgoingMessage) -> OutgoingMessage:
    """With the message to edit, when the last thing said in the chat is what this one replaces.

    It is looked for now and not when the message was written: by now it is known whether the earlier one went out.
    """
    if not message.replaces or message.edits:
        return message
    last = connection.execute(_last_said, {"chat": chat_id}).first()
    if last is None or last.turn_id not in message.replaces or not last.message_id:
        return message
    return replace(message, edits=last.message_id)


@cache
def _free(skip: tuple[str, ...], worst: Priority) -> Select[tuple[str]]:
    # A select for each priority walks the index only as far as there are chats to take: a hundred thousand reminders
    # that wait for tomorrow, or for their turn, cost a reply nothing.
    ready = [
        select(outbox.c.chat_id, outbox.c.priority, outbox.c.due_at, outbox.c.id)
        .outerjoin(lanes, lanes.c.chat_id == outbox.c.chat_id)
        .where(outbox.c.status == literal_column("'pending'"), outbox.c.priority == literal_column(str(int(priority))))
        .where(outbox.c.due_at <= _now, or_(lanes.c.until.is_(None), lanes.c.until <= _now))
        .where(*[~outbox.c.chat_id.startswith(prefix) for prefix in skip])
        .order_by(outbox.c.due_at, outbox.c.id)
        .limit(bindparam("room", type_=Integer))
        .subquery()
        for priority in Priority
        if priority <= worst
    ]
    either = union_all(*(select(one) for one in ready)).subquery()
    return select(either.c.chat_id).order_by(either.c.priority, either.c.due_at, either.c.id)


_now = bindparam("now", type_=UtcDateTime)
_ranked = (
    select(
        outbox,
        func.row_number().over(partition_by=outbox.c.chat_id, order_by=(outbox.c.priority, outbox.c.id)).label("place"),
    )
    .where(outbox.c.chat_id.in_(bindparam("ours", expanding=True)))
    .where(outbox.c.status == literal_column("'pending'"), outbox.c.due_at <= _now)
    .subquery()
)
_due = select(_ranked).where(_ranked.c.place <= AT_A_TIME).order_by(_ranked.c.chat_id, _ranked.c.place)


_last_said = (
    select(outbox.c.turn_id, outbox.c.message_id)
    .where(outbox.c.chat_id == bindparam("chat"), outbox.c.status == literal_column("'sent'"))
    .order_by(outbox.c.id.desc())
    .limit(1)
)


_mark_sent = (
    update(outbox)
    .where(outbox.c.id == bindparam("row"))
    .values(
        status="sent",
        sent_at=bindparam("at"),
        message_id=bindparam("message_id"),
        billing_status=bindparam("billing_status"),
        attempts=outbox.c.attempts + 1,
    )
)


def record(
    connection: Connection, owner: str, reports: Sequence[Report], release: Collection[str], now: datetime
) -> None:
    """Writes down how sending went and gives the lanes in ``release`` back."""
    sent = [r for r in reports if isinstance(r, Sent)]
    if sent:
        connection.execute(
            _mark_sent,
            [{"row": r.id, "at": r.at, "message_id": r.message_id, "billing_status": r.billing_status} for r in sent],
        )
    for report in reports:
        match report:
            case Partly():
                progress.keep(connection, report)
            case Deferred():
                _defer(connection, owner, report)
            case PutAside():
                _finish(connection, [report.id], "failed", report.reason)
                if report.instead is not None:
                    connection.execute(insert(outbox), [outbox_row(report.instead, report.turn_id, now)])
            case ChatLost():
                pending = select(outbox.c.id).where(outbox.c.chat_id == report.chat_id, outbox.c.status == "pending")
                _finish(connection, list(connection.execute(pending).scalars()), "dropped", report.reason)
    if release:
        _give_back(connection, owner, release)


def _give_back(connection: Connection, owner: str, chat_ids: Collection[str]) -> None:
    connection.execute(delete(lanes).where(lanes.c.chat_id.in_(sorted(chat_ids)), lanes.c.owner == owner))


def _finish(connection: Connection, ids: Sequence[int], status: str, reason: str) -> None:
    connection.execute(
        update(outbox).where(outbox.c.id.in_(ids)).values(status=status, reason=reason, attempts=outbox.c.attempts + 1)
    )


def _defer(connection: Connection, owner: str, report: Deferred) -> None:
    connection.execute(
        update(outbox).where(outbox.c.id == report.id).values(attempts=outbox.c.attempts + 1, reason=report.reason)
    )
    connection.execute(
        update(lanes)
        .where(lanes.c.chat_id == report.chat_id, lanes.c.owner == owner)
        .values(owner=NOBODY, until=report.until)
    )


def put(connection: Connection, post: Post, cause: str, now: datetime) -> int:
    """A message outside of any turn: a task's or a job's last word; ``cause`` stands where a turn's id would.

    Says which row it has become.
    """
    added = insert(outbox).values(outbox_row(post, cause[:16], now)).returning(outbox.c.id)
    return int(connection.execute(added).scalar_one())


def take_back(chat_id: str, turns: Collection[str]) -> Write:
    """What these turns had to say here and nobody has read yet is said anew by the turn that takes it back."""
    statement = (
        update(outbox)
        .where(outbox.c.chat_id == chat_id, outbox.c.turn_id.in_(turns), outbox.c.status == "pending")
        .values(status="dropped", reason="said anew with what came after it")
    )
    return change("take back", statement, rows=None)


def hurry(chat_id: str, turns: Collection[str], now: datetime) -> Write:
    """What these turns had to say here waits no longer."""
    statement = (
        update(outbox)
        .where(outbox.c.chat_id == chat_id, outbox.c.turn_id.in_(turns), outbox.c.status == "pending")
        .values(due_at=now)
    )
    return change("hurry", statement, rows=None)


def wake_lane(connection: Connection, chat_id: str) -> None:
    """The person is back: whatever made us leave the chat alone is over."""
    connection.execute(delete(lanes).where(lanes.c.chat_id == chat_id, lanes.c.owner == NOBODY))


def depth(connection: Connection) -> int:
    """How many messages wait: for the metrics."""
    return connection.execute(select(func.count()).where(outbox.c.status == "pending")).scalar_one()


def mark_delivered(connection: Connection, channel: str, address: str, message_id: str, at: datetime) -> None:
    """It has reached the phone."""
    connection.execute(
        update(outbox)
        .where(outbox.c.chat_id == f"{channel}:{address}", outbox.c.message_id == message_id)
        .values(delivered_at=func.coalesce(outbox.c.delivered_at, at))
    )


def mark_seen(connection: Connection, channel: str, address: str, message_id: str, at: datetime) -> None:
    """It was read, and so it was delivered: the two tell of themselves in any order."""
    connection.execute(
        update(outbox)
        .where(outbox.c.chat_id == f"{channel}:{address}", outbox.c.message_id == message_id)
        .values(seen_at=at, delivered_at=func.coalesce(outbox.c.delivered_at, at))
    )


def mark_failed(connection: Connection, channel: str, address: str, message_id: str, reason: str) -> None:
    """The messenger took the message and said later that it could not be shown (Viber's ``failed``)."""
    connection.execute(
        update(outbox)
        .where(outbox.c.chat_id == f"{channel}:{address}", outbox.c.message_id == message_id)
        .values(status="failed", reason=reason)
    )


def forget_before(connection: Connection, moment: datetime) -> int:
    """Removes what was settled before ``moment``; what still waits stays."""
    result = connection.execute(delete(outbox).where(outbox.c.status != "pending", outbox.c.created_at < moment))
    return result.rowcount
