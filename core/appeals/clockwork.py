"""What time alone does to appeals: warnings before a deadline, apologies after it, and the end of those nobody answers.

Each function takes a few appeals at a time, on any number of processes at once, and writes down what it did in the same
transaction as the messages that tell of it: so each is told once.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, Connection, select

from core.appeals import life
from core.appeals.models import SETTLED, Appeal, AppealStatus
from core.appeals.records import note_event, read_appeal
from core.appeals.rules import AppealRules
from core.appeals.tables import appeals

AT_A_TIME = 50

_WITH_STAFF = (AppealStatus.acknowledged.value, AppealStatus.in_progress.value, AppealStatus.reopened.value)
_WITH_SUBSCRIBER = (AppealStatus.pending.value, *(status.value for status in SETTLED))


def near(connection: Connection, rules: AppealRules, now: datetime) -> list[Appeal]:
    """Appeals whose deadline comes near: staff are to hear of them, once for each deadline."""
    # By the order of the index: sorted by anything else, SQLite would walk through every appeal there ever was.
    with_staff = appeals.c.status.in_(_WITH_STAFF)
    found = _take(connection, appeals.c.warn_at <= now, with_staff, order=appeals.c.warn_at)
    told = []
    for appeal in found:
        note_event(connection, appeal.id, now, life.SYSTEM, "", "near")
        told.append(life.touch(connection, appeal, rules, now, warn_at=None))
    return told


def missed(connection: Connection, rules: AppealRules, now: datetime) -> list[Appeal]:
    """Appeals whose deadline has passed: the subscriber gets an apology and the new date, which ``due_at`` is now."""
    found = _take(connection, appeals.c.due_at <= now, appeals.c.status.in_(_WITH_STAFF))
    told = []
    for appeal in found:
        due = rules.answer_by(appeal.kind, now)
        note_event(connection, appeal.id, now, life.SYSTEM, "", "missed")
        values = {"due_at": due.due_at, "warn_at": due.warn_at, "missed": appeal.missed + 1}
        told.append(life.touch(connection, appeal, rules, now, **values))
    return told


def quiet(connection: Connection, rules: AppealRules, now: datetime) -> list[Appeal]:
    """Appeals that wait for the subscriber and are soon closed: they hear of it, once."""
    found = _take(
        connection,
        appeals.c.closing_warn_at <= now,
        appeals.c.closing_at > now,
        appeals.c.status.in_(_WITH_SUBSCRIBER),
        order=appeals.c.closing_at,
    )
    return [life.touch(connection, appeal, rules, now, closing_warn_at=None) for appeal in found]


def silent(connection: Connection, rules: AppealRules, now: datetime) -> list[Appeal]:
    """Appeals that are closed because the subscriber did not say anything.

    Nobody is closed without the warning: after a long stop of the program it comes first, and the end a day later.
    """
    warned = appeals.c.closing_warn_at.is_(None)
    found = _take(
        connection,
        appeals.c.closing_at <= now,
        warned,
        appeals.c.status.in_(_WITH_SUBSCRIBER),
        order=appeals.c.closing_at,
    )
    return [life.silent(connection, appeal, rules, now) for appeal in found]


def postpone_unwarned(connection: Connection, rules: AppealRules, now: datetime) -> list[Appeal]:
    """Appeals that should be closed by now, though nobody was warned: they are warned, and have the warning's days."""
    found = _take(
        connection,
        appeals.c.closing_at <= now,
        appeals.c.closing_warn_at.is_not(None),
        appeals.c.status.in_(_WITH_SUBSCRIBER),
        order=appeals.c.closing_at,
    )
    closing, warn = rules.closes(now)
    until = now + (closing - warn)
    return [life.touch(connection, appeal, rules, now, closing_warn_at=None, closing_at=until) for appeal in found]


def _take(
    connection: Connection, *where: ColumnElement[bool], order: ColumnElement[datetime | None] = appeals.c.due_at
) -> list[Appeal]:
    query = select(appeals).where(*where).order_by(order).limit(AT_A_TIME).with_for_update(skip_locked=True)
    return [read_appeal(row) for row in connection.execute(query)]
