"""What may become of an appeal, and what each change leaves behind: one function for every step of its life.

All of them run in the transaction of whoever takes the step, after :func:`locked` or on a row that was just read there.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select, update

from core.appeals.models import OPEN, SETTLED, Actor, Appeal, AppealStatus
from core.appeals.records import note_event, read_appeal
from core.appeals.rules import AppealRules
from core.appeals.tables import appeals
from core.delivery.tasks import plan

SYNC = "sync_appeal"
"""The kind of the task that tells other helpdesks of a change: {appeal_id}."""

SUBSCRIBER, SYSTEM = "subscriber", "system"


def locked(connection: Connection, appeal_id: str) -> Appeal | None:
    """The appeal, held until the transaction ends: two who decide at the same moment come one after the other."""
    row = connection.execute(select(appeals).where(appeals.c.id == appeal_id).with_for_update()).first()
    return read_appeal(row) if row is not None else None


def may_return(appeal: Appeal, rules: AppealRules, now: datetime) -> bool:
    """Whether a decision can still be returned to work."""
    if appeal.status not in (*SETTLED, AppealStatus.closed):
        return False
    decided = appeal.settled_at or appeal.updated_at
    return now <= decided + timedelta(days=rules.return_days)


def may_write(appeal: Appeal, rules: AppealRules, now: datetime) -> bool:
    """Whether the subscriber may still add to it: what they write after a decision returns it to work."""
    return appeal.status in (AppealStatus.draft, *OPEN) or may_return(appeal, rules, now)


def touch(connection: Connection, appeal: Appeal, rules: AppealRules, now: datetime, **values: Any) -> Appeal:
    """Writes ``values`` down with a new version, which other helpdesks hear of. Says what the appeal is now."""
    version = appeal.version + 1
    values |= {"version": version, "updated_at": now}
    written = update(appeals).where(appeals.c.id == appeal.id).values(values).returning(*appeals.c)
    changed = read_appeal(connection.execute(written).one())
    if rules.mirrored and changed.status is not AppealStatus.draft:
        plan(f"{SYNC}:{appeal.id}:{version}", SYNC, {"appeal_id": appeal.id}, now).apply(connection)
    return changed


def sent(connection: Connection, appeal: Appeal, rules: AppealRules, now: datetime, **values: Any) -> Appeal:
    """It is with staff now, and has a deadline."""
    due = rules.answer_by(appeal.kind, now)
    values |= {"status": AppealStatus.acknowledged.value, "sent_at": now, "due_at": due.due_at, "warn_at": due.warn_at}
    note_event(connection, appeal.id, now, SUBSCRIBER, "", "sent")
    return touch(connection, appeal, rules, now, **values)


def heard(connection: Connection, appeal: Appeal, rules: AppealRules, now: datetime) -> Appeal:
    """The subscriber has written. What waited for them, or was decided, is with staff again."""
    if appeal.status is AppealStatus.draft:
        return touch(connection, appeal, rules, now)
    if appeal.status is AppealStatus.pending:
        return _back(connection, appeal, rules, now, AppealStatus.in_progress, "answered")
    if appeal.status in (*SETTLED, AppealStatus.closed):
        return returned(connection, appeal, rules, now)
    return touch(connection, appeal, rules, now)


def returned(connection: Connection, appeal: Appeal, rules: AppealRules, now: datetime) -> Appeal:
    """The subscriber does not agree that it is over."""
    return _back(connection, appeal, rules, now, AppealStatus.reopened, "reopened", reopened=appeal.reopened + 1)


def _back(
    connection: Connection,
    appeal: Appeal,
    rules: AppealRules,
    now: datetime,
    status: AppealStatus,
    what: str,
    **values: Any,
) -> Appeal:
    due = rules.answer_by(appeal.kind, now)
    note_event(connection, appeal.id, now, SUBSCRIBER, "", what)
    values |= {"status": status.value, "due_at": due.due_at, "warn_at": due.warn_at, "answered_at": None}
    return touch(connection, appeal, rules, now, **values, closing_at=None, closing_warn_at=None)


def confirmed(connection: Connection, appeal: Appeal, rules: AppealRules, now: datetime) -> Appeal:
    """The subscriber says that it is solved."""
    note_event(connection, appeal.id, now, SUBSCRIBER, "", "confirmed")
    return _closed(connection, appeal, rules, now)


def withdrawn(connection: Connection, appeal: Appeal, rules: AppealRules, now: datetime) -> Appeal:
    """The subscriber no longer needs an answer."""
    note_event(connection, appeal.id, now, SUBSCRIBER, "", "withdrawn")
    return _closed(connection, appeal, rules, now)


def silent(connection: Connection, appeal: Appeal, rules: AppealRules, now: datetime) -> Appeal:
    """Nobody has said anything for the operator's term."""
    note_event(connection, appeal.id, now, SYSTEM, "", "silent")
    return _closed(connection, appeal, rules, now)


def _closed(connection: Connection, appeal: Appeal, rules: AppealRules, now: datetime) -> Appeal:
    values: dict[str, Any] = {"status": AppealStatus.closed.value, "due_at": None, "warn_at": None}
    if appeal.settled_at is None or appeal.status in OPEN:
        values["settled_at"] = now
    return touch(connection, appeal, rules, now, **values, closing_at=None, closing_warn_at=None)


def started(connection: Connection, appeal: Appeal, rules: AppealRules, actor: Actor, now: datetime) -> Appeal:
    """Somebody works on it."""
    note_event(connection, appeal.id, now, actor.staff_id or "staff", actor.name, "started")
    return touch(connection, appeal, rules, now, status=AppealStatus.in_progress.value)


def answered(
    connection: Connection, appeal: Appeal, rules: AppealRules, actor: Actor, now: datetime, *, asks: bool
) -> Appeal:
    """Staff have written. ``asks``: the subscriber is to answer, and nothing is due from staff until then."""
    values: dict[str, Any] = {"answered_at": appeal.answered_at or now}
    if appeal.status in OPEN:
        if asks:
            closing, warn = rules.closes(now)
            values |= {"status": AppealStatus.pending.value, "due_at": None, "warn_at": None}
            values |= {"closing_at": closing, "closing_warn_at": warn}
            note_event(connection, appeal.id, now, actor.staff_id or "staff", actor.name, "asked")
        else:
            due = rules.solve_by(appeal.kind, appeal.sent_at or appeal.created_at)
            late = due.due_at <= now  # returned to work after that: a new term for the rest of it
            due = rules.answer_by(appeal.kind, now) if late else due
            values |= {"status": AppealStatus.in_progress.value, "due_at": due.due_at, "warn_at": due.warn_at}
            values |= {"closing_at": None, "closing_warn_at": None}
    return touch(connection, appeal, rules, now, **values)


def settled(
    connection: Connection,
    appeal: Appeal,
    rules: AppealRules,
    actor: Actor,
    status: AppealStatus,
    reason: str,
    now: datetime,
) -> Appeal:
    """Decided, with a reason in words; silence closes it after the operator's term."""
    closing, warn = rules.closes(now)
    note_event(connection, appeal.id, now, actor.staff_id or "staff", actor.name, status.value, reason)
    return touch(
        connection,
        appeal,
        rules,
        now,
        status=status.value,
        reason=reason,
        settled_at=now,
        answered_at=appeal.answered_at or now,
        due_at=None,
        warn_at=None,
        closing_at=closing,
        closing_warn_at=warn,
    )


def rated(connection: Connection, appeal: Appeal, rules: AppealRules, rating: int, words: str, now: datetime) -> Appeal:
    """1 to 5, with a word."""
    note_event(connection, appeal.id, now, SUBSCRIBER, "", "rated", str(rating))
    return touch(connection, appeal, rules, now, rating=rating, rating_words=words)
