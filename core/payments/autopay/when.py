"""On which day and at which moment: a charge comes at least a day after its announcement, both in waking hours."""

from __future__ import annotations

import calendar
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from core.payments.autopay.models import LAST_DAY
from core.reminders.hours import allowed, local_day, window
from core.reminders.policy import Policy

AHEAD = timedelta(hours=24)
"""A charge is never made sooner than this after its announcement has been delivered."""

SLACK = timedelta(minutes=10)
"""What the delivery of an announcement may take without moving the charge."""

_NOON = time(12)
_STEP = 300  # seconds: the moment that is announced is a round one


def day_of(year: int, month: int, day: int) -> date:
    last = calendar.monthrange(year, month)[1]
    return date(year, month, last if day == LAST_DAY else min(day, last))


def first_due(policy: Policy, zone: ZoneInfo, now: datetime, day: int) -> date:
    """The first such day that can still be announced on the day before."""
    today = local_day(zone, now)
    due = day_of(today.year, today.month, day)
    while due <= today or (due - timedelta(days=1) == today and now >= window(policy, zone, today)[1]):
        due = next_due(due, day)
    return due


def next_due(due: date, day: int) -> date:
    """The same day a month later."""
    year, month = (due.year, due.month + 1) if due.month < 12 else (due.year + 1, 1)
    return day_of(year, month, day)


def charge_moment(policy: Policy, zone: ZoneInfo, announced_at: datetime, due_on: date | None) -> datetime:
    """At noon of the day, or a day after the announcement, whichever is later."""
    earliest = announced_at + AHEAD + SLACK
    seconds = earliest.timestamp()
    at = datetime.fromtimestamp(-(-seconds // _STEP) * _STEP, UTC)
    if due_on is not None:
        at = max(at, datetime.combine(due_on, _NOON, zone).astimezone(UTC))
    return waking(policy, zone, at)


def waking(policy: Policy, zone: ZoneInfo, at: datetime) -> datetime:
    """The moment itself, or the next at which a person may be written to."""
    if allowed(policy, zone, at):
        return at
    day = local_day(zone, at)
    while (start := window(policy, zone, day)[0]) < at:
        day += timedelta(days=1)
    return start


def month_of(zone: ZoneInfo, at: datetime) -> str:
    """``2026-03``: whose limit a charge counts against."""
    return f"{local_day(zone, at):%Y-%m}"


def next_month(zone: ZoneInfo, now: datetime) -> datetime:
    first = next_due(local_day(zone, now).replace(day=1), 1)
    return datetime.combine(first, time(0), zone).astimezone(UTC)
