"""The rules of reminding hold for arbitrary calendars, zones, debts and wishes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.billing.models import AccountOverview, AccountState
from core.money import Money
from core.reminders.hours import allowed, is_day_off, moment, window
from core.reminders.models import Prefs, Reason
from core.reminders.policy import (
    AHEAD,
    MONTH,
    SUSPENSION,
    WEEK,
    Policy,
    current,
    free_day,
    refusal,
    stages,
    suspends_on,
)
from core.reminders.ways import Prices, Reach, Way, choose

POLICY = Policy()
MOSCOW = ZoneInfo("Europe/Moscow")
ZONES = (
    "Europe/Moscow",
    "Asia/Kamchatka",
    "Europe/Kaliningrad",
    "Europe/London",
    "America/New_York",
    "America/St_Johns",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "Pacific/Apia",
    "Pacific/Chatham",
    "Africa/Casablanca",
    "America/Havana",
)
days = st.dates(date(2010, 1, 1), date(2040, 12, 31))
moments = st.integers(0, 31 * 366 * 24 * 60).map(
    lambda minutes: datetime(2010, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)
zones = st.sampled_from(ZONES).map(ZoneInfo)
policies = st.builds(
    Policy,
    opens=st.integers(6, 10),
    opens_late=st.integers(10, 12),
    closes=st.integers(13, 24),
    spread=st.integers(0, 14).map(lambda hours: timedelta(hours=hours)),
    country=st.sampled_from(["RU", "BY", "KZ", "US", "XX"]),
)
wishes = st.builds(
    Prefs,
    ahead=st.none() | st.integers(1, 10),
    hour=st.none() | st.integers(0, 23),
    paused_until=st.none() | days,
    asked_for=st.none() | days,
    debts=st.booleans(),
    muted=st.sampled_from([frozenset(), frozenset({"1"})]),
)


def debt(due: date | None, amount: str = "500", state: AccountState = AccountState.active) -> AccountOverview:
    owed = Money(Decimal(amount), "RUB")
    return AccountOverview(
        number="1", balance=-owed, debt=owed, due=due, state=state, as_of=datetime(2026, 1, 1, tzinfo=UTC)
    )


# -- hours -------------------------------------------------------------------------------------------------------------


@given(policies, zones, moments, st.text(max_size=16), wishes, st.none() | st.integers(-5, 40))
def test_a_moment_is_allowed_and_never_past(
    policy: Policy, zone: ZoneInfo, now: datetime, person: str, prefs: Prefs, later: int | None
) -> None:
    today = now.astimezone(zone).date()
    not_before = None if later is None else today + timedelta(days=later)
    chosen = moment(policy, zone, now, person, prefs, not_before=not_before)

    assert chosen >= now
    assert allowed(policy, zone, chosen)
    local = chosen.astimezone(zone)
    opens = policy.opens_late if is_day_off(policy.country, local.date()) else policy.opens
    assert opens <= local.hour < policy.closes
    assert not_before is None or local.date() >= not_before
    assert chosen - now < timedelta(days=(later or 0) + 3) or (later is not None and later < 0)


@given(zones, moments, st.text(max_size=16))
def test_the_same_person_at_the_same_time_of_the_day(zone: ZoneInfo, now: datetime, person: str) -> None:
    """Planned early, it does not matter when: two planners mean the same moment."""
    start, _end = window(POLICY, zone, now.astimezone(zone).date() + timedelta(days=1))
    first = moment(POLICY, zone, start - timedelta(hours=2), person, Prefs())
    assert first == moment(POLICY, zone, start - timedelta(minutes=1), person, Prefs())


def test_a_day_is_spread_over_its_hours() -> None:
    start = datetime(2026, 3, 10, 0, 0, tzinfo=UTC)
    hours = {moment(POLICY, MOSCOW, start, f"p{n}", Prefs()).astimezone(MOSCOW).hour for n in range(500)}
    assert hours == set(range(10, 20))


def test_at_night_it_waits_for_the_morning() -> None:
    night = datetime(2026, 3, 10, 22, 0, tzinfo=MOSCOW)
    chosen = moment(Policy(spread=timedelta(0)), MOSCOW, night, "p", Prefs()).astimezone(MOSCOW)
    assert chosen == datetime(2026, 3, 11, 10, 0, tzinfo=MOSCOW)


@pytest.mark.parametrize(
    ("day", "opens"),
    [
        (date(2026, 3, 6), 10),  # a Friday
        (date(2026, 3, 7), 11),  # a Saturday
        (date(2026, 3, 9), 11),  # a Monday, off for Women's Day
        (date(2026, 5, 1), 11),
        (date(2026, 1, 5), 11),  # New Year's holidays
    ],
)
def test_days_off_begin_later(day: date, opens: int) -> None:
    start, end = window(POLICY, MOSCOW, day)
    assert start.astimezone(MOSCOW).hour == opens
    assert end.astimezone(MOSCOW).hour == 20


def test_summer_time_begins_on_the_very_day() -> None:
    """In Berlin the night to 29 March 2026 lost an hour: 11 o'clock on that Sunday is 9 in UTC, not 10."""
    berlin = ZoneInfo("Europe/Berlin")
    policy = Policy(country="DE")
    assert window(policy, berlin, date(2026, 3, 28))[0] == datetime(2026, 3, 28, 10, tzinfo=UTC)
    assert window(policy, berlin, date(2026, 3, 29))[0] == datetime(2026, 3, 29, 9, tzinfo=UTC)


def test_the_hour_that_a_person_chose() -> None:
    now = datetime(2026, 3, 10, 1, 0, tzinfo=UTC)
    hours = {moment(POLICY, MOSCOW, now, f"p{n}", Prefs(hour=18)).astimezone(MOSCOW).hour for n in range(50)}
    assert hours == {18}


# -- stages ------------------------------------------------------------------------------------------------------------


def test_the_stages_of_a_bill() -> None:
    due = date(2026, 3, 20)
    found = [(one.code, (one.on - due).days, one.legal) for one in stages(POLICY, due, Prefs())]
    assert found == [
        (AHEAD, -3, False),
        ("+0", 0, False),
        ("+3", 3, False),
        ("+7", 7, False),
        (SUSPENSION, 12, True),
    ]


@given(days, st.integers(-20, 60), wishes)
def test_one_stage_at_most_and_the_latest(due: date, ahead: int, prefs: Prefs) -> None:
    today = due + timedelta(days=ahead)
    found = current(POLICY, debt(due), today, prefs)
    if found is None:
        return
    bill, stage = found
    assert stage.on <= today <= stage.on + timedelta(days=POLICY.late)
    later = [one for one in stages(POLICY, bill, prefs, first=bill == due) if stage.on < one.on <= today]
    assert later == []


@given(days, wishes)
def test_each_stage_comes_up_on_its_day(due: date, prefs: Prefs) -> None:
    """Day by day over two months: every stage of the first round is met, and in order; each key once a run of days."""
    plain = Prefs(ahead=prefs.ahead)
    seen = []
    for step in range(-12, 20):
        found = current(POLICY, debt(due), due + timedelta(days=step), plain)
        if found is not None and found[0] == due and found[1].code not in seen:
            seen.append(found[1].code)
    assert seen == [one.code for one in stages(POLICY, due, plain)]


@given(days, st.integers(-3, 14), st.integers(1, 10))
def test_moving_the_first_stage_does_not_repeat_it(due: date, step: int, ahead: int) -> None:
    today = due + timedelta(days=step)
    before, after = current(POLICY, debt(due), today, Prefs()), current(POLICY, debt(due), today, Prefs(ahead=ahead))
    if before is not None and after is not None and step < 0:
        assert before[1].code == after[1].code == AHEAD


@pytest.mark.parametrize(
    ("due", "next_round"),
    [
        (date(2026, 1, 31), date(2026, 2, 28)),
        (date(2024, 1, 31), date(2024, 2, 29)),
        (date(2024, 2, 29), date(2024, 3, 29)),
        (date(2025, 12, 20), date(2026, 1, 20)),
    ],
)
def test_an_old_debt_is_spoken_of_again_with_the_next_bill(due: date, next_round: date) -> None:
    found = current(POLICY, debt(due), next_round - timedelta(days=3), Prefs())
    assert found is not None
    assert (found[0], found[1].code) == (next_round, AHEAD)
    assert SUSPENSION not in [one.code for one in stages(POLICY, next_round, Prefs(), first=False)]


def test_a_suspended_account_gets_no_new_bills() -> None:
    due = date(2026, 1, 20)
    assert current(POLICY, debt(due, state=AccountState.suspended), date(2026, 2, 18), Prefs()) is None


def test_a_missed_run_catches_up_with_the_latest_stage_only() -> None:
    """The machine was off from before the first stage until the day after the due date."""
    due = date(2026, 3, 20)
    found = current(POLICY, debt(due), date(2026, 3, 21), Prefs())
    assert found is not None
    assert found[1].code == "+0"


def test_remind_me_on_a_chosen_day() -> None:
    due, asked = date(2026, 3, 20), date(2026, 3, 22)
    prefs = Prefs(asked_for=asked)
    on_the_due_date = current(POLICY, debt(due), due, prefs)
    assert on_the_due_date is not None
    assert refusal(POLICY, debt(due), on_the_due_date[1], due, prefs, owner=True) is Reason.asked_later
    on_the_day = current(POLICY, debt(due), asked, prefs)
    assert on_the_day is not None
    assert on_the_day[1].code == "asked20260322"
    assert refusal(POLICY, debt(due), on_the_day[1], asked, prefs, owner=True) is None
    after = current(POLICY, debt(due), date(2026, 3, 23), prefs)
    assert after is not None
    assert after[1].code == "+3"


# -- refusals ----------------------------------------------------------------------------------------------------------


@given(days, st.integers(-10, 30), wishes, st.booleans(), st.sampled_from(["0", "10", "49.99", "50", "500"]))
def test_nobody_hears_of_what_they_switched_off(due: date, step: int, prefs: Prefs, owner: bool, amount: str) -> None:
    today = due + timedelta(days=step)
    one = debt(due, amount)
    found = current(POLICY, one, today, prefs)
    if found is None or refusal(POLICY, one, found[1], today, prefs, owner=owner) is not None:
        return
    assert one.debt.amount >= POLICY.threshold
    if found[1].legal and owner:
        return
    assert prefs.debts
    assert "1" not in prefs.muted
    assert prefs.paused_until is None or today >= prefs.paused_until
    assert prefs.asked_for is None or today >= prefs.asked_for


def test_suspension_is_warned_of_whatever_the_owner_switched_off() -> None:
    due = date(2026, 3, 20)
    today = due + timedelta(days=12)
    found = current(POLICY, debt(due), today, Prefs(debts=False))
    assert found is not None
    assert found[1].legal
    assert refusal(POLICY, debt(due), found[1], today, Prefs(debts=False), owner=True) is None
    assert refusal(POLICY, debt(due), found[1], today, Prefs(debts=False), owner=False) is Reason.debts_off
    assert suspends_on(POLICY, debt(due)) == date(2026, 4, 3)


# -- caps --------------------------------------------------------------------------------------------------------------


@given(days, st.lists(st.integers(-40, 5), max_size=20), st.integers(1, 2), st.integers(2, 4), st.integers(4, 9))
def test_one_more_message_stays_within_the_caps(
    today: date, sent: Sequence[int], per_day: int, per_week: int, per_month: int
) -> None:
    policy = Policy(per_day=per_day, per_week=per_week, per_month=per_month)
    history = [today + timedelta(days=step) for step in sent]
    day = free_day(policy, history, today)
    assert day >= today
    if day <= today + timedelta(days=MONTH):
        for length, most in ((1, per_day), (WEEK, per_week), (MONTH, per_month)):
            within = [one for one in history if 0 <= (day - one).days < length]
            assert len(within) + 1 <= most


@given(st.lists(st.tuples(days, st.integers(0, 3)), max_size=3), days)
def test_a_year_of_reminders_never_passes_a_cap(bills: Sequence[tuple[date, int]], start: date) -> None:
    """Whoever sends only on free days keeps every cap on every day of the year."""
    sent: list[date] = []
    for step in range(120):
        today = start + timedelta(days=step)
        if free_day(POLICY, sent, today) == today:
            sent.append(today)
    for one in sent:
        assert sum(0 <= (one - other).days < WEEK for other in sent) <= POLICY.per_week
        assert sum(0 <= (one - other).days < MONTH for other in sent) <= POLICY.per_month


# -- ways --------------------------------------------------------------------------------------------------------------

NOW = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)


def reach(channel: str, hours_ago: float | None) -> Reach:
    heard = None if hours_ago is None else NOW - timedelta(hours=hours_ago)
    return Reach(f"{channel}:1", channel, "ru", heard)


def chosen(prices: Prices, *chats: Reach, preferred: str = "", spent: str = "0", tried: Sequence[str] = ()) -> str:
    way = choose(
        prices,
        chats,
        phone="+79000000001",
        email="a@b.example",
        language="ru",
        preferred=preferred,
        spent=Decimal(spent),
        now=NOW,
        tried=tried,
    )
    return way.channel if isinstance(way, Way) else way.value


PAID = Prices(viber=Decimal("2.5"), budget=Decimal(10))


@pytest.mark.parametrize(
    ("expected", "way"),
    [
        ("telegram", chosen(Prices(), reach("telegram", 500), reach("viber", 30))),
        ("viber", chosen(Prices(), reach("telegram", 500), reach("viber", 23))),
        ("telegram", chosen(Prices(), reach("telegram", 1), reach("viber", 23))),
        ("viber", chosen(Prices(), reach("telegram", 1), reach("viber", 23), preferred="viber")),
        ("telegram", chosen(PAID, reach("telegram", 500), reach("viber", 30), preferred="viber")),
        ("viber", chosen(PAID, reach("viber", 30))),
        ("over_budget", chosen(PAID, reach("viber", 30), spent="8")),
        ("over_budget", chosen(Prices(viber=Decimal(1)), reach("viber", None))),
        ("no_chat", chosen(PAID)),
        ("sms", chosen(Prices(sms=Decimal(3), budget=Decimal(3), sms_open=True))),
        ("email", chosen(Prices(sms_open=True, email_open=True))),
        ("sms", chosen(Prices(sms_open=True, email_open=True), tried=("a@b.example",))),
        ("viber", chosen(PAID, reach("telegram", 1), reach("viber", 30), tried=("telegram:1",))),
    ],
)
def test_the_way(expected: str, way: str) -> None:
    assert way == expected


def test_rules_that_contradict_each_other_are_refused() -> None:
    with pytest.raises(ValueError, match="hours"):
        Policy(opens=20, opens_late=20, closes=20)
    with pytest.raises(ValueError, match="caps"):
        Policy(per_day=3, per_week=2)
    with pytest.raises(ValueError, match="warning"):
        Policy(suspend_after=1, suspend_notice=2)
