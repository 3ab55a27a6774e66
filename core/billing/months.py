"""Months as their first days: periods of charges, windows of history."""

from __future__ import annotations

import calendar
from datetime import date, timedelta


def first_day(day: date) -> date:
    return day.replace(day=1)


def shift(month: date, by: int) -> date:
    """The first day of the month that lies ``by`` months later (earlier, when negative)."""
    years, index = divmod(month.year * 12 + month.month - 1 + by, 12)
    return date(years, index + 1, 1)


def last_day(month: date) -> date:
    return shift(month, 1) - timedelta(days=1)


def days_in(month: date) -> int:
    return calendar.monthrange(month.year, month.month)[1]


def span(first: date, last: date) -> list[date]:
    """The months from ``first`` to ``last``, both included."""
    count = (last.year - first.year) * 12 + last.month - first.month
    return [shift(first, step) for step in range(count + 1)]
