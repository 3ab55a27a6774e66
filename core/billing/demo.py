"""Fills the tables with the demo's operator, and does what its control panel asks for: a charge, a payment."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, insert, select, update

from core.billing.demo_people import PEOPLE, Person, Plan
from core.billing.models import AccountKind, AccountNumber, ChargeKind
from core.billing.months import days_in, first_day, last_day, shift
from core.billing.numbers import number_key
from core.billing.tables import accounts, bills, charges, payments, services
from core.ids import new_id
from core.money import Money

HISTORY = 13  # whole months behind
DUE_DAY = 20
Rows = list[dict[str, Any]]


def fill_demo(connection: Connection, today: date, currency: str = "RUB", *, now: datetime | None = None) -> int:
    """Adds the demo's accounts with a year of history up to ``today``; returns how many were new.

    The same ``today`` gives the same data; an account that is already there is left as it is.
    """
    there = set(connection.scalars(select(accounts.c.number)))
    new = [person for person in PEOPLE if person.number not in there]
    as_of = now or datetime.combine(today, time(), UTC)
    for person in new:
        _add(connection, _Ledger(person, today, currency), as_of)
    return len(new)


def add_charge(
    connection: Connection,
    account: AccountNumber,
    service: str,
    amount: Money,
    *,
    now: datetime,
    kind: ChargeKind = ChargeKind.one_off,
    description: str = "",
    due_in_days: int = 10,
) -> None:
    """Charges an account for this month; a postpaid one gets a bill for it, or its bill for the month grows.

    Raises LookupError for an unknown account and ValueError for an amount that is not positive.
    """
    owner = _owner(connection, account, amount)
    period = first_day(now.date())
    row = {"account": account, "id": new_id(now), "period": period, "service": service, "amount": amount.minor}
    connection.execute(insert(charges).values(**row, kind=kind.value, description=description))
    _move(connection, account, -amount.minor, now)
    if owner.kind == AccountKind.prepaid:
        return
    bill = update(bills).where(bills.c.account == account, bills.c.period == period)
    if connection.execute(bill.values(amount=bills.c.amount + amount.minor)).rowcount == 0:
        due = now.date() + timedelta(days=due_in_days)
        fresh = {
            "account": account,
            "id": f"{period:%y%m}-{account}",
            "period": period,
            "issued": now.date(),
            "due": due,
        }
        connection.execute(insert(bills).values(**fresh, amount=amount.minor))


def take_payment(
    connection: Connection, account: AccountNumber, amount: Money, *, now: datetime, method: str = "Касса оператора"
) -> None:
    """Books a payment. Raises LookupError for an unknown account and ValueError for an amount that is not positive."""
    _owner(connection, account, amount)
    row = {"account": account, "id": new_id(now), "date": now.date(), "amount": amount.minor, "method": method}
    connection.execute(insert(payments).values(**row))
    _move(connection, account, amount.minor, now)


def _owner(connection: Connection, account: AccountNumber, amount: Money) -> Any:
    owner = connection.execute(select(accounts).where(accounts.c.number == account)).first()
    if owner is None:
        raise LookupError(f"there is no account {account}")
    if amount.minor <= 0 or amount.currency != owner.currency:
        raise ValueError(f"an amount above zero in {owner.currency} is wanted")
    return owner


def _move(connection: Connection, account: AccountNumber, by: int, now: datetime) -> None:
    change = update(accounts).where(accounts.c.number == account)
    connection.execute(change.values(balance=accounts.c.balance + by, balance_at=now))


def _add(connection: Connection, ledger: _Ledger, as_of: datetime) -> None:
    connection.execute(insert(accounts).values(**ledger.account(), balance_at=as_of))
    for table, rows in (
        (services, ledger.services()),
        (charges, ledger.charges),
        (payments, ledger.payments),
        (bills, ledger.bills),
    ):
        if rows:
            connection.execute(insert(table), rows)


class _Ledger:
    """One person's year: charges month by month, bills after each, payments as the person pays."""

    def __init__(self, person: Person, today: date, currency: str) -> None:
        self.person, self.today, self.currency = person, today, currency
        self.charges: Rows = []
        self.payments: Rows = []
        self.bills: Rows = []
        # Not everybody pays on the same day, and nobody's day changes from run to run.
        self._pays_after = sum(map(int, person.number)) % 14 + 2
        for ago in range(HISTORY, person.ended_months_ago - 1 if person.ended_months_ago else -1, -1):
            self._month(ago)

    def account(self) -> dict[str, Any]:
        person = self.person
        paid, charged = (sum(row["amount"] for row in rows) for rows in (self.payments, self.charges))
        return {
            "number": person.number,
            "key": number_key(person.number),
            "contract": person.contract,
            "contract_key": number_key(person.contract),
            "holder_name": person.holder,
            "holder_kind": person.holder_kind.value,
            "address": person.address,
            "region": person.region,
            "phone": person.phone,
            "email": person.email,
            "state": person.state.value,
            "kind": person.kind.value,
            "currency": self.currency,
            "credit_limit": 0,
            "linkable": person.linkable,
            "balance": paid - charged,
        }

    def services(self) -> Rows:
        ended = self.person.ended_months_ago
        until = last_day(shift(first_day(self.today), -ended)) if ended else None
        return [
            {
                "account": self.person.number,
                "id": f"S{index}",
                "name": plan.name,
                "tariff": plan.tariff,
                "price": self._minor(plan.price),
                "since": shift(first_day(self.today), -plan.started_months_ago),
                "until": until,
            }
            for index, plan in enumerate(self.person.plans, 1)
        ]

    def _month(self, ago: int) -> None:
        prepaid = self.person.kind is AccountKind.prepaid
        month = shift(first_day(self.today), -ago)
        before = len(self.charges)
        for plan in self.person.plans if ago or prepaid else ():
            for kind, amount in _prices(plan, ago):
                # This month is debited day by day.
                share = Decimal(1) if ago else Decimal(self.today.day) / days_in(month)
                self._charge(month, plan.name, kind, self._minor(amount, share))
        for extra in self.person.extras:
            if ago in extra.amounts:
                self._charge(month, extra.service, extra.kind, self._minor(extra.amounts[ago]), extra.description)
        sum_ = sum(row["amount"] for row in self.charges[before:])
        if prepaid:
            self._top_up(ago, month, sum_)
        elif ago and sum_:
            self._bill(ago, month, sum_)

    def _charge(self, month: date, service: str, kind: str, amount: int, description: str = "") -> None:
        row = {"account": self.person.number, "id": f"C{len(self.charges) + 1:04d}", "period": month}
        self.charges.append(row | {"service": service, "kind": kind, "amount": amount, "description": description})

    def _bill(self, ago: int, month: date, amount: int) -> None:
        issued = shift(month, 1)
        number = f"{month:%y%m}-{self.person.number}"
        due = issued.replace(day=DUE_DAY)
        row = {"account": self.person.number, "id": number, "period": month, "issued": issued, "due": due}
        self.bills.append(row | {"amount": amount})
        paid_on = min(issued + timedelta(days=self._pays_after), self.today)
        if ago > self.person.unpaid:
            self._pay(paid_on, amount)
        elif ago == self.person.unpaid and self.person.part_paid:
            self._pay(paid_on, self._minor(self.person.part_paid))

    def _top_up(self, ago: int, month: date, spent: int) -> None:
        """Who prepays pays round sums early in the month, and in the end has ``spare`` or a little more left."""
        kept = sum(row["amount"] for row in self.payments) - sum(row["amount"] for row in self.charges) + spent
        spare, step = (0, "100") if ago else (self._minor(self.person.spare), "50")
        amount = math.ceil((spent + spare - kept) / self._minor(step)) * self._minor(step)
        if amount > 0:
            self._pay(min(month + timedelta(days=1), self.today), amount)

    def _pay(self, day: date, amount: int) -> None:
        row = {"account": self.person.number, "id": f"P{len(self.payments) + 1:04d}", "date": day, "amount": amount}
        self.payments.append(row | {"method": self.person.method})

    def _minor(self, amount: str, share: Decimal = Decimal(1)) -> int:
        return Money(Decimal(amount) * share, self.currency).minor


def _prices(plan: Plan, ago: int) -> Iterator[tuple[str, str]]:
    old = plan.until_months_ago
    yield ChargeKind.recurring.value, old[1] if old and ago >= old[0] else plan.price
    if plan.discount and ago >= plan.discount[1]:
        yield ChargeKind.discount.value, f"-{plan.discount[0]}"
