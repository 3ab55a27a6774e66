"""What was told to another helpdesk and what was taken from it, as statements on a connection."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, or_, select, update

from core.appeals.helpdesk import Counterpart
from core.appeals.mirror_tables import appeal_mirrors, mirrored_messages
from core.appeals.models import OPEN, AppealStatus
from core.appeals.tables import appeals
from core.delivery.writes import insert_for
from core.errors import Stale


def hold(connection: Connection, desk: str, appeal_id: str, owner: str, now: datetime, until: datetime) -> bool:
    """Takes the right to work at this appeal's counterpart; False while somebody else has it."""
    new = {"desk": desk, "appeal_id": appeal_id}
    connection.execute(insert_for(connection, appeal_mirrors).on_conflict_do_nothing(), new)
    free = or_(
        appeal_mirrors.c.busy_until.is_(None), appeal_mirrors.c.busy_until <= now, appeal_mirrors.c.busy_by == owner
    )
    return _change(connection, desk, appeal_id, free, busy_by=owner, busy_until=until)


def keep(connection: Connection, desk: str, appeal_id: str, owner: str, until: datetime) -> bool:
    """Holds it longer; False when it was lost meanwhile."""
    return _change(connection, desk, appeal_id, appeal_mirrors.c.busy_by == owner, busy_until=until)


def release(connection: Connection, desk: str, appeal_id: str, owner: str, until: datetime | None = None) -> None:
    """Gives it back at once, or at ``until``: nobody may try before."""
    mine = appeal_mirrors.c.busy_by == owner
    _change(connection, desk, appeal_id, mine, busy_by=None, busy_until=until)


def load(connection: Connection, desk: str, appeal_id: str) -> Counterpart | None:
    row = connection.execute(_mirror(desk, appeal_id)).first()
    return _read(row) if row is not None else None


def at(connection: Connection, desk: str, remote_id: str) -> list[Counterpart]:
    """The appeals that this ticket stands for; the one that it was opened for comes first."""
    query = (
        select(appeal_mirrors)
        .where(appeal_mirrors.c.desk == desk, appeal_mirrors.c.remote_id == remote_id)
        .order_by(appeal_mirrors.c.followed, appeal_mirrors.c.appeal_id)
    )
    return [_read(row) for row in connection.execute(query)]


def opened(connection: Connection, desk: str, appeal_id: str, remote_id: str) -> None:
    nothing = appeal_mirrors.c.remote_id.is_(None)
    _change(connection, desk, appeal_id, nothing, remote_id=remote_id, remote_status="", remote_word="", followed=0)


def lost(connection: Connection, desk: str, appeal_id: str, remote_id: str = "") -> None:
    """Nothing is there any more: it will be opened anew, with the whole thread.

    ``remote_id`` is what was found gone; whoever was faster may have opened another one already.
    """
    same = [appeal_mirrors.c.remote_id == remote_id] if remote_id else []
    again = appeal_mirrors.c.generation + 1
    _change(connection, desk, appeal_id, *same, remote_id=None, generation=again, version=-1)


MOVED = "merged"
"""Their word for what was merged: whatever the new place says is then a decision that was not taken in yet."""


def followed(connection: Connection, desk: str, appeal_id: str, before: str, now_at: str) -> None:
    """What was in one ticket has moved into another one, with all its messages."""
    same = appeal_mirrors.c.remote_id == before
    if _change(connection, desk, appeal_id, same, remote_id=now_at, remote_word=MOVED, followed=1):
        of_it = mirrored_messages.c.appeal_id == appeal_id, mirrored_messages.c.place == before
        there = update(mirrored_messages).where(mirrored_messages.c.desk == desk, *of_it)
        connection.execute(there.values(place=now_at))


def told(connection: Connection, desk: str, appeal_id: str, place: str) -> set[str]:
    """Our ids of the messages that are there, in either direction."""
    query = select(mirrored_messages.c.message_id).where(
        mirrored_messages.c.appeal_id == appeal_id, mirrored_messages.c.desk == desk, mirrored_messages.c.place == place
    )
    return set(connection.execute(query).scalars())


def tell(connection: Connection, desk: str, appeal_id: str, place: str, message_id: str, remote_id: str) -> None:
    """A message of ours is there now."""
    _insert(connection, desk, appeal_id, place, message_id, remote_id)


def take(connection: Connection, desk: str, appeal_id: str, place: str, message_id: str, remote_id: str) -> None:
    """A message of theirs is here now, in the same transaction. Raises Stale when it was here before."""
    if not _insert(connection, desk, appeal_id, place, message_id, remote_id):
        raise Stale(f"{desk}: this message was taken before")


def known(connection: Connection, desk: str, remote_ids: list[str]) -> set[str]:
    """Which of these messages there came from here, or were taken already."""
    query = select(mirrored_messages.c.remote_id).where(
        mirrored_messages.c.desk == desk, mirrored_messages.c.remote_id.in_(remote_ids)
    )
    return set(connection.execute(query).scalars())


def moved(connection: Connection, desk: str, appeal_id: str, status: str, word: str) -> None:
    """Our status was brought over, and this is their word for it."""
    _change(connection, desk, appeal_id, remote_status=status, remote_word=word[:100])


def seen(connection: Connection, desk: str, appeal_id: str, word: str) -> None:
    """Their word was taken in."""
    _change(connection, desk, appeal_id, remote_word=word[:100])


def complete(connection: Connection, desk: str, appeal_id: str, version: int) -> None:
    _change(connection, desk, appeal_id, version=version)


def behind(connection: Connection, desk: str, before: datetime, limit: int) -> list[tuple[str, int]]:
    """Appeals, and their versions, whose last change before that moment was not brought over: whatever went wrong."""
    theirs = (appeal_mirrors.c.appeal_id == appeals.c.id) & (appeal_mirrors.c.desk == desk)
    brought = appeal_mirrors.c.version
    wanted = (
        select(appeals.c.id, appeals.c.version)
        .outerjoin(appeal_mirrors, theirs)
        .where(appeals.c.updated_at < before, appeals.c.status != AppealStatus.draft.value)
        # One that was over before this helpdesk was switched on is nothing to work on.
        .where(or_(brought < appeals.c.version, brought.is_(None) & appeals.c.status.in_(OPEN)))
        .order_by(appeals.c.updated_at)
        .limit(limit)
    )
    return [(row.id, row.version) for row in connection.execute(wanted)]


def _insert(connection: Connection, desk: str, appeal_id: str, place: str, message_id: str, remote_id: str) -> bool:
    values = {
        "desk": desk,
        "remote_id": remote_id,
        "appeal_id": appeal_id,
        "message_id": message_id,
        "place": place,
    }
    statement = insert_for(connection, mirrored_messages).on_conflict_do_nothing()
    return connection.execute(statement.returning(mirrored_messages.c.desk), values).first() is not None


def _change(connection: Connection, desk: str, appeal_id: str, *which: Any, **values: Any) -> bool:
    of_it = appeal_mirrors.c.desk == desk, appeal_mirrors.c.appeal_id == appeal_id
    return connection.execute(update(appeal_mirrors).where(*of_it, *which).values(**values)).rowcount == 1


def _mirror(desk: str, appeal_id: str) -> Select[Any]:
    return select(appeal_mirrors).where(appeal_mirrors.c.desk == desk, appeal_mirrors.c.appeal_id == appeal_id)


def _read(row: Row[Any]) -> Counterpart:
    return Counterpart(
        row.desk,
        row.appeal_id,
        row.remote_id or "",
        row.generation,
        row.remote_status,
        row.remote_word,
        row.version,
        bool(row.followed),
    )
