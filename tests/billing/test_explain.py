"""Every explanation adds up to the figure that it explains, to the minor unit."""

import itertools
from datetime import UTC, date, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.billing.explain import (
    Reason,
    compare_months,
    explain_debt,
    month_lines,
    monthly_history,
    spread_over_bills,
)
from core.billing.forecast import days_left, monthly_price, recommended_sum, suffices_until
from core.billing.models import (
    AccountKind,
    AccountOverview,
    AccountState,
    AccountStatement,
    BillingAccount,
    Charge,
    ChargeKind,
    Payment,
    Service,
)
from core.billing.months import shift, span
from core.money import Money
from core.regions import zone_of

TODAY = date(2026, 3, 10)
SINCE = date(2025, 3, 1)
MONTHS = span(SINCE, date(2026, 3, 1))
NOW = datetime(2026, 3, 10, 9, tzinfo=UTC)


def rub(minor: int) -> Money:
    return Money.from_minor(minor, "RUB")


def total(amounts: list[Money]) -> Money:
    return sum(amounts, rub(0))


def statement(
    charges: list[Charge],
    payments: list[Payment] | None = None,
    *,
    opening: int = 0,
    services: tuple[Service, ...] = (),
    kind: AccountKind = AccountKind.postpaid,
    state: AccountState = AccountState.active,
    limit: int = 0,
) -> AccountStatement:
    payments = payments or []
    balance = rub(opening) - total([c.amount for c in charges]) + total([p.amount for p in payments])
    return AccountStatement(
        account=BillingAccount(number="1", currency="RUB", credit_limit=rub(limit), kind=kind, state=state),
        overview=AccountOverview(number="1", balance=balance, debt=max(-balance, rub(0)), kind=kind, as_of=NOW),
        since=SINCE,
        opening=rub(opening),
        services=services,
        charges=tuple(charges),
        payments=tuple(payments),
    )


def charge(month: date, service: str, minor: int, kind: ChargeKind = ChargeKind.recurring, text: str = "") -> Charge:
    return Charge(period=month, service=service, amount=rub(minor), kind=kind, description=text)


charges = st.lists(
    st.builds(
        charge,
        st.sampled_from(MONTHS),
        st.sampled_from(["Интернет", "ТВ", "Телефон"]),
        st.integers(-5_000, 200_000),
        st.sampled_from(list(ChargeKind)),
    ),
    max_size=40,
)
payments = st.lists(
    st.builds(
        lambda day, minor: Payment(date=day, amount=rub(minor)),
        st.dates(SINCE, TODAY),
        st.integers(-10_000, 300_000),
    ),
    max_size=20,
)
statements = st.builds(lambda c, p, o: statement(c, p, opening=o), charges, payments, st.integers(-300_000, 300_000))


@given(statements)
def test_what_is_owed_adds_up_to_the_debt(one: AccountStatement) -> None:
    lines = explain_debt(one)
    assert total([line.left for line in lines]) == one.overview.debt
    assert all(rub(0) < line.left <= line.charged for line in lines)
    periods = [line.period or date.min for line in lines]
    assert periods == sorted(periods)


@given(statements)
def test_only_the_oldest_line_is_paid_in_part(one: AccountStatement) -> None:
    assert all(line.left == line.charged for line in explain_debt(one)[1:])


@given(statements, st.sampled_from(MONTHS[1:]))
def test_differences_add_up_to_the_change(one: AccountStatement, month: date) -> None:
    found = compare_months(one, month)
    assert total([difference.change for difference in found.differences]) == found.change
    assert found.now == total([line.charged for line in month_lines(one, month)])
    assert found.before == total([line.charged for line in month_lines(one, shift(month, -1))])
    assert all(difference.change for difference in found.differences)


@given(statements)
def test_months_follow_on_from_each_other_to_the_balance(one: AccountStatement) -> None:
    history = monthly_history(one, TODAY)
    assert [month.month for month in history] == MONTHS
    assert history[0].opening == one.opening
    assert history[-1].closing == one.overview.balance
    for month, following in itertools.pairwise(history):
        assert month.closing == following.opening
        assert month.closing == month.opening - month.charged + month.paid


@given(st.integers(0, 10**6), st.integers(-(10**5), 10**6), st.lists(st.integers(-100, 10**5), max_size=20))
def test_a_debt_spread_over_bills_never_exceeds_debt_nor_bill(debt: int, unbilled: int, bills: list[int]) -> None:
    remaining = spread_over_bills(rub(debt), rub(unbilled), [rub(bill) for bill in bills])
    assert all(rub(0) <= left <= rub(max(bill, 0)) for left, bill in zip(remaining, bills, strict=True))
    beyond = max(debt - max(unbilled, 0), 0)
    assert total(remaining).minor == min(beyond, sum(max(bill, 0) for bill in bills))


@given(statements)
def test_a_statement_survives_json(one: AccountStatement) -> None:
    assert msgspec.json.decode(msgspec.json.encode(one), type=AccountStatement) == one


def test_payments_pay_the_oldest_and_penalties_last() -> None:
    one = statement(
        [
            charge(MONTHS[0], "Интернет", 55000),
            charge(MONTHS[0], "Пени", 900, ChargeKind.penalty),
            charge(MONTHS[1], "Интернет", 55000),
            charge(MONTHS[1], "Интернет", -20000, ChargeKind.discount),
        ],
        [Payment(date=MONTHS[1], amount=rub(55100))],
    )
    lines = [(line.period, line.service, line.kind, line.left.minor) for line in explain_debt(one)]
    assert lines == [
        (MONTHS[0], "Пени", ChargeKind.penalty, 800),
        (MONTHS[1], "Интернет", ChargeKind.recurring, 35000),
    ]


def test_an_old_debt_is_named_without_a_month() -> None:
    [line] = explain_debt(statement([], opening=-100))
    assert (line.period, line.left) == (None, rub(100))


R, U, D = ChargeKind.recurring, ChargeKind.usage, ChargeKind.discount


@pytest.mark.parametrize(
    ("kind", "before", "now", "reason"),
    [
        (R, 55000, 69000, Reason.price_changed),
        (R, 0, 69000, Reason.service_added),
        (R, 69000, 0, Reason.service_ended),
        (U, 100, 300, Reason.usage_more),
        (U, 300, 0, Reason.usage_less),
        (ChargeKind.one_off, 0, 75000, Reason.one_off),
        (ChargeKind.one_off, 75000, 0, Reason.one_off_before),
        (ChargeKind.penalty, 0, 500, Reason.penalty),
        (ChargeKind.penalty, 500, 0, Reason.penalty_before),
        (D, -20000, 0, Reason.discount_ended),
        (D, 0, -20000, Reason.discount_started),
        (D, -20000, -10000, Reason.discount_changed),
        (ChargeKind.adjustment, 0, -700, Reason.adjustment),
    ],
)
def test_a_difference_has_its_reason(kind: ChargeKind, before: int, now: int, reason: Reason) -> None:
    month = MONTHS[5]
    one = statement(
        [charge(month, "Интернет", now, kind)] * bool(now)
        + [charge(shift(month, -1), "Интернет", before, kind)] * bool(before)
        + [charge(m, "ТВ", 32000) for m in (month, shift(month, -1))]
    )
    [difference] = compare_months(one, month).differences
    assert (difference.reason, difference.service, difference.change.minor) == (reason, "Интернет", now - before)


def test_the_largest_difference_comes_first_with_its_note() -> None:
    one = statement(
        [charge(MONTHS[5], "ТВ", 100), charge(MONTHS[5], "Выезд", 75000, ChargeKind.one_off, "Настройка роутера")]
    )
    assert [d.note for d in compare_months(one, MONTHS[5]).differences] == ["Настройка роутера", ""]


HOME = Service(name="Интернет", price=rub(62000))


def test_a_prepaid_balance_suffices_to_its_last_whole_day() -> None:
    def until(balance: int, limit: int = 0) -> date | None:
        return suffices_until(
            statement([], opening=balance, services=(HOME,), kind=AccountKind.prepaid, limit=limit), TODAY
        )

    assert until(0) == TODAY
    assert until(1999) == TODAY  # a day in March costs 20.00
    assert until(2000) == date(2026, 3, 11)
    assert until(4000) == date(2026, 3, 12)
    assert until(0, limit=2000) == date(2026, 3, 11)
    assert until(21 * 2000) == date(2026, 3, 31)
    assert until(21 * 2000 + 62000) == date(2026, 4, 30)
    assert until(-5000) == TODAY
    assert until(10**9) is None


def test_no_date_is_named_where_nothing_is_debited() -> None:
    plain = statement([], opening=5000, services=(HOME,))
    stopped = statement([], services=(HOME,), kind=AccountKind.prepaid, state=AccountState.suspended)
    ended = Service(name="Интернет", price=rub(62000), until=date(2026, 3, 1))
    free = statement([], opening=5000, services=(ended,), kind=AccountKind.prepaid)
    assert [suffices_until(one, TODAY) for one in (plain, stopped, free)] == [None, None, None]


def test_the_recommended_sum_pays_the_debt_and_until_the_end_of_next_month() -> None:
    this = date(2026, 3, 1)
    assert recommended_sum(statement([], opening=-1000, services=(HOME,)), TODAY) == rub(1000 + 2 * 62000)
    charged = statement([charge(this, "Интернет", 20000)], services=(HOME,))
    assert recommended_sum(charged, TODAY) == rub(2 * 62000)
    assert recommended_sum(statement([], opening=500_000, services=(HOME,)), TODAY) == rub(0)
    closed = statement([], opening=-1000, services=(HOME,), state=AccountState.closed)
    assert recommended_sum(closed, TODAY) == rub(1000)
    leaving = Service(name="ТВ", price=rub(30000), until=date(2026, 3, 31))
    assert recommended_sum(statement([], services=(leaving,)), TODAY) == rub(30000)
    assert monthly_price(statement([], services=(HOME, leaving)), TODAY) == rub(92000)


def test_days_are_counted_where_the_subscriber_lives() -> None:
    late = datetime(2026, 3, 10, 20, 0, tzinfo=UTC)  # already the 11th in Omsk
    due = date(2026, 3, 12)
    assert days_left(due, late, zone_of("RU-MOW", "UTC")) == 2
    assert days_left(due, late, zone_of("RU-OMS", "UTC")) == 1
    assert days_left(date(2026, 3, 9), late, UTC) == -1
