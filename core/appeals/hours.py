"""The operator's working hours: a deadline of four hours that begins on Friday evening ends on Monday."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from core.public_holidays import calendar_of

DAYS = ("mo", "tu", "we", "th", "fr", "sa", "su")
HORIZON = 800  # days that are looked ahead: more than any deadline has

Span = tuple[time, time] | None
"""From when to when people work on a day; None for a day off. 00:00 as the end is midnight."""


class HoursError(ValueError):
    """A sentence: what in the working hours cannot be understood."""


@dataclass(frozen=True, slots=True)
class WorkingHours:
    """``week`` begins on Monday. On public holidays of ``country`` (ISO 3166; empty for none) nobody works."""

    zone: ZoneInfo
    week: tuple[Span, ...] = (*(((time(9), time(18)),) * 5), None, None)
    country: str = ""

    def add(self, moment: datetime, hours: float) -> datetime:
        """The moment at which this many working hours have passed, in UTC."""
        left = timedelta(hours=hours)
        for start, end in self._spans(moment):
            begins = max(start, moment)
            if begins >= end:
                continue
            if left <= end - begins:
                return begins + left
            left -= end - begins
        return moment + timedelta(days=HORIZON)  # nobody ever works here: far, but a date

    def _spans(self, moment: datetime) -> Iterator[tuple[datetime, datetime]]:
        day = moment.astimezone(self.zone).date()
        for _ in range(HORIZON):
            span = self.week[day.weekday()]
            if span is not None and not _holiday(self.country, day):
                opens, closes = span
                last = day if closes > opens else day + timedelta(days=1)
                yield (
                    datetime.combine(day, opens, self.zone).astimezone(UTC),
                    datetime.combine(last, closes, self.zone).astimezone(UTC),
                )
            day += timedelta(days=1)


def _holiday(country: str, day: date) -> bool:
    calendar = calendar_of(country) if country else None
    return calendar is not None and day in calendar


_PART = re.compile(r"(?P<first>[a-z]{2})(?:-(?P<last>[a-z]{2}))? (?P<from>\d{1,2}(?::\d\d)?)-(?P<to>\d{1,2}(?::\d\d)?)")


def parse_week(text: str) -> tuple[Span, ...]:
    """``mo-fr 9:00-18:00, sa 10-15``; days that are not named are off. Raises HoursError."""
    week: list[Span] = [None] * 7
    for part in filter(None, (one.strip().lower() for one in text.split(","))):
        found = _PART.fullmatch(re.sub(r"\s+", " ", part))
        if found is None or found["first"] not in DAYS or (found["last"] or found["first"]) not in DAYS:
            raise HoursError(f"working hours look like 'mo-fr 9:00-18:00, sa 10:00-15:00', not {part!r}")
        first, last = DAYS.index(found["first"]), DAYS.index(found["last"] or found["first"])
        span = (_time(found["from"], part), _time(found["to"], part))
        if span[0] == span[1] and span[0] != time(0):
            raise HoursError(f"{part!r} begins and ends at the same minute")
        if last < first or (span[1] < span[0] and span[1] != time(0)):
            raise HoursError(f"{part!r} ends before it begins")
        for day in range(first, last + 1):
            week[day] = span
    if not any(week):
        raise HoursError("working hours name no day")
    return tuple(week)


def _time(said: str, part: str) -> time:
    hour, _, minute = said.partition(":")
    if int(hour) == 24 and int(minute or 0) == 0:
        return time(0)
    if int(hour) > 23 or int(minute or 0) > 59:
        raise HoursError(f"{part!r} names an hour that no day has")
    return time(int(hour), int(minute or 0))
