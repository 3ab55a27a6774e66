"""The demo's operator is the same for everybody, whole, and believable on any day."""

from datetime import date, timedelta

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, create_engine, select

from core.billing.demo import fill_demo
from core.billing.demo_people import PEOPLE
from core.billing.embedded import EmbeddedBilling
from core.billing.explain import Reason, compare_months, explain_debt, monthly_history
from core.billing.forecast import suffices_until
from core.billing.models import AccountKind, AccountState, AccountStatement, HolderKind
from core.billing.months import shift
from core.billing.numbers import number_key
from core.billing.tables import accounts, bills, charges, payments
from core.clock import ManualClock
from core.database import Database, metadata
from core.regions import region

from .conftest import TODAY


async def _statement(billing: EmbeddedBilling, number: str) -> AccountStatement:
    found = await billing.statement(number)
    assert found is not None
    return found


async def test_filling_again_changes_nothing(demo: Database) -> None:
    assert await demo.write(fill_demo, TODAY + timedelta(days=40), "RUB") == 0


def test_people_can_be_told_apart_and_reached() -> None:
    assert len({number_key(person.number) for person in PEOPLE}) == len(PEOPLE) >= 14
    assert len({number_key(person.contract) for person in PEOPLE}) == len(PEOPLE)
    for person in PEOPLE:
        assert region(person.region), person.region
        if person.phone:
            assert phonenumbers.is_valid_number(phonenumbers.parse(person.phone))
    assert [person.number for person in PEOPLE if not person.phone] == ["7700101008"]
    assert sum(person.holder_kind is HolderKind.company for person in PEOPLE) == 8


def _check_ledgers(connection: Connection, today: date) -> None:
    for person in PEOPLE:
        row = connection.execute(select(accounts).where(accounts.c.number == person.number)).one()
        charged, paid, billed = (
            connection.execute(select(table).where(table.c.account == person.number)).all()
            for table in (charges, payments, bills)
        )
        assert row.balance == sum(p.amount for p in paid) - sum(c.amount for c in charged)
        assert all(p.date <= today and p.amount > 0 for p in paid)
        assert all(c.period <= today for c in charged)
        assert all(b.issued <= today for b in billed)
        assert (row.balance < 0) == (person.unpaid > 0)
        if person.kind is AccountKind.prepaid:
            assert row.balance > 0


@settings(max_examples=15)
@given(st.dates(date(2024, 1, 1), date(2032, 12, 31)))
def test_every_day_is_a_day_for_a_demo(today: date) -> None:
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        own = [table for name, table in metadata.tables.items() if name.startswith("billing_")]
        metadata.create_all(connection, tables=own)
        assert fill_demo(connection, today, "RUB") == len(PEOPLE)
        _check_ledgers(connection, today)
    engine.dispose()


async def test_each_account_shows_what_it_is_there_for(billing: EmbeddedBilling) -> None:
    month = shift(TODAY.replace(day=1), -1)

    async def reasons(number: str) -> set[Reason]:
        return {one.reason for one in compare_months(await _statement(billing, number), month).differences}

    assert await reasons("7700101115") == {Reason.price_changed}
    assert await reasons("7700101222") == {Reason.discount_ended}
    assert await reasons("7700101339") == {Reason.one_off}
    assert await reasons("7700101446") == {Reason.usage_more}
    assert await reasons("7700100325") == {Reason.penalty}
    debt = explain_debt(await _statement(billing, "7700100325"))
    assert len({line.period for line in debt}) == 3
    assert (await _statement(billing, "7700100656")).account.state is AccountState.suspended
    assert (await _statement(billing, "7700100763")).account.state is AccountState.closed


async def test_one_prepaid_balance_is_short_and_one_is_not(billing: EmbeddedBilling) -> None:
    short = suffices_until(await _statement(billing, "7700100432"), TODAY)
    long = suffices_until(await _statement(billing, "7700100549"), TODAY)
    assert short is not None
    assert long is not None
    assert short - TODAY <= timedelta(days=4)
    assert long - TODAY > timedelta(days=30)


async def test_there_is_a_year_of_history(billing: EmbeddedBilling) -> None:
    for person in PEOPLE:
        if not person.ended_months_ago:
            history = monthly_history(await _statement(billing, person.number), TODAY)
            assert all(month.charged for month in history[:-1])
            assert any(month.paid for month in history)


@pytest.mark.parametrize("currency", ["KZT", "JPY"])
async def test_the_currency_is_the_operators(database: Database, clock: ManualClock, currency: str) -> None:
    await database.write(fill_demo, TODAY, currency)
    [one] = await EmbeddedBilling(database, clock).overviews(["7700100218"])
    assert one.debt.currency == currency
    assert one.debt.amount == 840
