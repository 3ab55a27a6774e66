"""The billing on our own tables keeps the promises of the protocol."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from sqlalchemy import update

from core.billing.demo import add_charge, take_payment
from core.billing.embedded import EmbeddedBilling
from core.billing.explain import explain_debt
from core.billing.models import AccountState
from core.billing.tables import accounts
from core.clock import ManualClock
from core.database import Database
from core.money import Money


def rub(amount: str) -> Money:
    return Money(Decimal(amount), "RUB")


OWES, PAID, PENALTIES = "7700100218", "7700100101", "7700100325"


@pytest.mark.parametrize("spelling", [OWES, "77 0010-0218", "л/с 7700100218", "Д-10218/22", "договор №д10218/22"])
async def test_an_account_is_found_by_either_number(billing: EmbeddedBilling, spelling: str) -> None:
    found = await billing.find(spelling)
    assert found is not None
    assert (found.number, found.phone, found.region) == (OWES, "+79000000002", "RU-MOW")


@pytest.mark.parametrize("spelling", ["", "№", "7700100219", "77001002180", "Кузнецов"])
async def test_what_is_no_number_finds_nothing(billing: EmbeddedBilling, spelling: str) -> None:
    assert await billing.find(spelling) is None


async def test_a_contract_of_two_accounts_names_neither(billing: EmbeddedBilling, demo: Database) -> None:
    twin = update(accounts).where(accounts.c.number == PAID).values(contract_key="Д1021822")
    await demo.write(lambda connection: connection.execute(twin).close())
    assert await billing.find("Д-10218/22") is None
    assert await billing.find(OWES) is not None


async def test_a_phone_leads_to_all_its_accounts(billing: EmbeddedBilling) -> None:
    family = await billing.by_phone("+79000000010")
    assert [one.number for one in family] == ["7700100870", "7700100871", "7700100872"]
    assert len(await billing.by_phone("+79000000020")) == 8


async def test_a_phone_leads_to_no_closed_and_no_forbidden_account(billing: EmbeddedBilling) -> None:
    assert await billing.by_phone("+79000000007") == []
    assert await billing.by_phone("+79000000015") == []
    assert await billing.by_phone("") == []  # an account without a contact is nobody's by phone


async def test_overviews_keep_the_order_and_leave_out_strangers(billing: EmbeddedBilling) -> None:
    found = await billing.overviews([PENALTIES, "nobody", PAID, OWES])
    assert [one.number for one in found] == [PENALTIES, PAID, OWES]
    old, paid, one_month = found
    assert (paid.balance, paid.debt, paid.due) == (rub("0"), rub("0"), None)
    assert (one_month.balance, one_month.debt, one_month.due) == (rub("-840"), rub("840"), date(2026, 3, 20))
    assert old.due == date(2026, 1, 20)  # the oldest unpaid bill's
    assert await billing.overviews([]) == []


async def test_a_statement_adds_up(billing: EmbeddedBilling) -> None:
    for number in (OWES, PAID, PENALTIES, "7700100432", "9900200106"):
        one = await billing.statement(number)
        assert one is not None
        charged = sum((charge.amount for charge in one.charges), rub("0"))
        paid = sum((payment.amount for payment in one.payments), rub("0"))
        assert one.opening - charged + paid == one.overview.balance
        assert sum((line.left for line in explain_debt(one)), rub("0")) == one.overview.debt
        assert sum((bill.remaining for bill in one.bills), rub("0")) == one.overview.debt
        assert one.since == date(2025, 3, 1)
        assert one.account.number == number


async def test_a_shorter_statement_opens_later_with_the_same_balance(billing: EmbeddedBilling) -> None:
    long, short = await billing.statement(PENALTIES), await billing.statement(PENALTIES, months=2)
    assert long is not None
    assert short is not None
    assert short.since == date(2026, 2, 1)
    assert short.opening == rub("-1830.54")
    assert short.overview == long.overview
    assert sum((line.left for line in explain_debt(short)), rub("0")) == short.overview.debt
    # Unpaid bills are there however old they are.
    assert [bill.period for bill in short.bills] == [date(2026, 2, 1), date(2026, 1, 1), date(2025, 12, 1)]


async def test_bills_run_from_the_newest_and_bear_their_lines(billing: EmbeddedBilling) -> None:
    one = await billing.statement(OWES)
    assert one is not None
    newest = one.bills[0]
    assert (newest.period, newest.issued, newest.remaining) == (date(2026, 2, 1), date(2026, 3, 1), rub("840"))
    assert sum((line.amount for line in newest.lines), rub("0")) == newest.amount_due
    assert all(not bill.remaining for bill in one.bills[1:])


async def test_nobody_has_no_statement(billing: EmbeddedBilling) -> None:
    assert await billing.statement("nobody") is None


async def test_debts_come_in_pages(billing: EmbeddedBilling) -> None:
    whole = await billing.open_debts("", 100)
    numbers = [one.number for one in whole]
    assert numbers == sorted(numbers)
    assert {OWES, PENALTIES} <= set(numbers)
    assert PAID not in numbers
    assert all(one.debt > rub("0") for one in whole)
    pages, after = [], ""
    while page := await billing.open_debts(after, 3):
        assert len(page) <= 3
        pages += page
        after = page[-1].number
    assert pages == whole


async def test_figures_are_as_of_the_import_unless_the_tables_are_live(demo: Database, clock: ManualClock) -> None:
    [imported] = await EmbeddedBilling(demo, clock).overviews([OWES])
    assert imported.as_of == datetime(2026, 3, 10, tzinfo=UTC)
    [live] = await EmbeddedBilling(demo, clock, live=True).overviews([OWES])
    assert live.as_of == clock.now()


async def test_a_month_begins_where_the_operator_is(demo: Database, clock: ManualClock) -> None:
    clock.at = datetime(2026, 3, 31, 22, 0, tzinfo=UTC)
    utc, east = EmbeddedBilling(demo, clock), EmbeddedBilling(demo, clock, zone=timezone(timedelta(hours=3)))
    starts = [one.since for billing in (utc, east) if (one := await billing.statement(OWES))]
    assert starts == [date(2025, 3, 1), date(2025, 4, 1)]


async def test_a_charge_of_the_control_panel_is_owed_at_once(
    billing: EmbeddedBilling, demo: Database, clock: ManualClock
) -> None:
    await demo.write(add_charge, PAID, "Выезд специалиста", rub("750"), now=clock.now())
    await demo.write(add_charge, PAID, "Видеопрокат", rub("99.90"), now=clock.now())
    one = await billing.statement(PAID)
    assert one is not None
    assert one.overview.debt == rub("849.90")
    assert one.overview.due == date(2026, 3, 20)
    assert one.bills[0].remaining == rub("849.90")
    assert [line.service for line in explain_debt(one)] == ["Видеопрокат", "Выезд специалиста"]


async def test_a_payment_of_the_control_panel_counts_at_once(
    billing: EmbeddedBilling, demo: Database, clock: ManualClock
) -> None:
    await demo.write(take_payment, OWES, rub("840"), now=clock.now())
    [one] = await billing.overviews([OWES])
    assert (one.balance, one.due, one.as_of) == (rub("0"), None, clock.now())


async def test_the_control_panel_refuses_nonsense(demo: Database, clock: ManualClock) -> None:
    with pytest.raises(LookupError):
        await demo.write(take_payment, "nobody", rub("1"), now=clock.now())
    with pytest.raises(ValueError, match="above zero"):
        await demo.write(add_charge, PAID, "ТВ", rub("-1"), now=clock.now())


async def test_a_suspended_account_is_still_found(billing: EmbeddedBilling) -> None:
    found = await billing.find("7700100656")
    assert found is not None
    assert found.state is AccountState.suspended
