"""Deadlines count working hours: nights, weekends and public holidays stand still."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.appeals.hours import HoursError, WorkingHours, parse_week

MOSCOW = ZoneInfo("Europe/Moscow")
BERLIN = ZoneInfo("Europe/Berlin")
USUAL = WorkingHours(MOSCOW)


def at(text: str, zone: tzinfo = MOSCOW) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


@pytest.mark.parametrize(
    ("asked", "hours", "due"),
    [
        ("2026-03-10 10:00", 4, "2026-03-10 14:00"),
        ("2026-03-10 16:00", 4, "2026-03-11 11:00"),
        ("2026-03-10 07:30", 4, "2026-03-10 13:00"),  # before work begins
        ("2026-03-13 17:00", 4, "2026-03-16 12:00"),  # over a weekend
        ("2026-03-14 12:00", 1, "2026-03-16 10:00"),  # on a Saturday
        ("2026-03-10 09:00", 9, "2026-03-10 18:00"),  # to the last minute
        ("2026-03-10 09:00", 27, "2026-03-12 18:00"),
    ],
)
def test_working_hours(asked: str, hours: int, due: str) -> None:
    assert USUAL.add(at(asked), hours) == at(due)


def test_public_holidays_stand_still() -> None:
    russian = WorkingHours(MOSCOW, country="RU")
    assert russian.add(at("2026-12-31 17:00"), 2) > at("2027-01-10 00:00"), "the first working day of January"
    assert USUAL.add(at("2026-12-31 17:00"), 2) == at("2027-01-01 10:00")


def test_an_unknown_country_has_no_holidays() -> None:
    assert WorkingHours(MOSCOW, country="XX").add(at("2026-12-31 17:00"), 2) == at("2027-01-01 10:00")


def test_a_day_that_loses_an_hour() -> None:
    """Clocks go forward at 2:00 on 29 March: the night shift has one hour less."""
    nights = WorkingHours(BERLIN, parse_week("mo-su 0-24"))
    due = nights.add(at("2026-03-28 23:00", BERLIN), 4)
    assert due == at("2026-03-29 04:00", BERLIN)
    assert due - at("2026-03-28 23:00", BERLIN).astimezone(UTC) == timedelta(hours=4)


def test_to_midnight() -> None:
    late = WorkingHours(MOSCOW, parse_week("mo 20-24"))
    assert late.add(at("2026-03-09 23:00"), 2) == at("2026-03-16 21:00")


def test_nobody_ever_works() -> None:
    never = WorkingHours(MOSCOW, (None,) * 7)
    assert never.add(at("2026-03-09 23:00"), 2) > at("2027-03-09 23:00")


@given(
    st.integers(0, 6 * 366 * 24 * 60).map(lambda minutes: at("2024-01-01 00:00", UTC) + timedelta(minutes=minutes)),
    st.integers(1, 100),
    st.integers(1, 100),
)
def test_hours_add_up(moment: datetime, first: int, second: int) -> None:
    """Deadlines grow with the hours, lie within working hours, and two steps come where one does."""
    once = USUAL.add(moment, first)
    assert once > moment
    assert USUAL.add(once, second) == USUAL.add(moment, first + second)
    local = once.astimezone(MOSCOW)
    assert local.weekday() < 5 and time(9) < local.time() <= time(18)


@pytest.mark.parametrize(
    ("said", "days"),
    [
        ("mo-fr 9:00-18:00", [True] * 5 + [False] * 2),
        (" Mo-Fr  9-18 , SA 10:30-15 ", [True] * 6 + [False]),
        ("su 0-24", [False] * 6 + [True]),
    ],
)
def test_a_week_in_words(said: str, days: list[bool]) -> None:
    assert [span is not None for span in parse_week(said)] == days


@pytest.mark.parametrize(
    "said", ["", "weekdays", "mo-fr 18-9", "mo 9-9", "fr-mo 9-18", "mo 25-26", "mo 9:75-18", "xx 9-18", "mo9-18"]
)
def test_what_is_no_week(said: str) -> None:
    with pytest.raises(HoursError):
        parse_week(said)
