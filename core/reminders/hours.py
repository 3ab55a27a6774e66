"""At which moments a person may be written to: their own zone, weekends and public holidays, a share of the day."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from core.public_holidays import calendar_of
from core.reminders.models import Prefs
from core.reminders.policy import Policy

OWN_HOUR = timedelta(minutes=30)
"""Over how much time those are spread who asked for the same hour."""


@lru_cache(maxsize=4096)
def is_day_off(country: str, day: date) -> bool:
    """A weekend, or a public holiday of the whole country (ISO 3166-1)."""
    calendar = calendar_of(country)
    if calendar is None:  # its weekends alone
        return day.weekday() >= 5
    return day.weekday() in calendar.weekend or day in calendar


@lru_cache(maxsize=1024)  # a day has as many windows as a country has zones
def local_day(zone: ZoneInfo, now: datetime) -> date:
    return now.astimezone(zone).date()


@lru_cache(maxsize=1024)
def window(policy: Policy, zone: ZoneInfo, day: date) -> tuple[datetime, datetime]:
    """The allowed hours of a day in the person's zone, as moments in UTC; the end is not within."""
    opens = policy.opens_late if is_day_off(policy.country, day) else policy.opens
    start = datetime.combine(day, time(opens), zone).astimezone(UTC)
    end_day, end_hour = (day, policy.closes) if policy.closes < 24 else (day + timedelta(days=1), 0)
    return start, datetime.combine(end_day, time(end_hour), zone).astimezone(UTC)


def allowed(policy: Policy, zone: ZoneInfo, now: datetime) -> bool:
    start, end = window(policy, zone, local_day(zone, now))
    return start <= now < end


def moment(
    policy: Policy, zone: ZoneInfo, now: datetime, person: str, prefs: Prefs, *, not_before: date | None = None
) -> datetime:
    """When this person is written to: within the allowed hours, never before ``now``, the same share of each day.

    ``not_before`` is a day in the person's zone.
    """
    day = local_day(zone, now)
    if not_before is not None and not_before > day:
        day = not_before
    while True:
        start, end = _own_window(policy, zone, day, prefs)
        if now < end:
            break
        day += timedelta(days=1)
    over = OWN_HOUR if prefs.hour is not None else policy.spread
    share = _share(person)
    planned = start + min(end - start, over) * share
    if planned < now:  # a missed run: spread over what is left of the day
        planned = now + min(end - max(start, now), over) * share
    return planned


def _own_window(policy: Policy, zone: ZoneInfo, day: date, prefs: Prefs) -> tuple[datetime, datetime]:
    """From the hour that the person chose; an hour outside of the allowed ones is moved to the nearest."""
    start, end = window(policy, zone, day)
    if prefs.hour is None:
        return start, end
    hour = min(max(prefs.hour, policy.opens), policy.closes - 1)
    wanted = datetime.combine(day, time(hour), zone).astimezone(UTC)
    return (max(start, wanted), end) if wanted < end else (start, end)


def _share(person: str) -> float:
    """A number from 0 to just below 1 that is always the same for one person."""
    return int.from_bytes(hashlib.sha256(person.encode()).digest()[:4], "big") / 2**32
