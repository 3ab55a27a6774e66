"""The billing on our own tables: for an operator who hands over files, and for the demo."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, tzinfo
from typing import Any

from sqlalchemy import Connection, Row, and_, func, literal_column, or_, select

from core.among import among
from core.billing import booking
from core.billing.explain import spread_minor, spread_over_bills, total
from core.billing.models import (
    AccountKind,
    AccountNumber,
    AccountOverview,
    AccountState,
    AccountStatement,
    Bill,
    BillingAccount,
    Charge,
    ChargeKind,
    HolderKind,
    Payment,
    Service,
)
from core.billing.months import first_day, shift
from core.billing.numbers import number_key
from core.billing.protocol import DEFAULT_MONTHS
from core.billing.tables import accounts, bills, charges, payments, services
from core.clock import Clock
from core.database import Database
from core.money import Money

BILLS_LOOKED_AT = 36  # months back in which the oldest unpaid bill is looked for

_OF_OVERVIEW = [accounts.c[name] for name in ("number", "balance", "currency", "state", "kind", "balance_at")]


_STATES = {state.value: state for state in AccountState}
_KINDS = {kind.value: kind for kind in AccountKind}


class EmbeddedBilling:
    """Implements :class:`core.billing.protocol.Billing`.

    ``live``: the tables are the billing itself (the demo), so a figure is as of this moment; otherwise it is as of
    the last import that named the account. ``zone``: the operator's, in which months begin.
    """

    def __init__(self, database: Database, clock: Clock, *, live: bool = False, zone: tzinfo = UTC) -> None:
        self._database = database
        self._clock = clock
        self._live = live
        self._zone = zone

    async def find(self, number: str) -> BillingAccount | None:
        return await self._database.read(_find, number_key(number))

    async def by_phone(self, phone: str) -> list[BillingAccount]:
        return await self._database.read(_by_phone, phone)

    async def overviews(self, numbers: Sequence[AccountNumber]) -> list[AccountOverview]:
        found = {one.number: one for one in await self._database.read(_overviews, numbers, *self._now())}
        return [found[number] for number in numbers if number in found]

    async def statement(self, number: AccountNumber, months: int = DEFAULT_MONTHS) -> AccountStatement | None:
        return await self._database.read(_statement, number, months, *self._now())

    async def open_debts(self, after: AccountNumber, limit: int) -> list[AccountOverview]:
        return await self._database.read(_open_debts, after, limit, *self._now())

    async def post_payment(
        self, account: AccountNumber, amount: Money, external_id: str, paid_at: datetime, method: str
    ) -> None:
        await self._book("payment", account, amount, external_id, paid_at, method)

    async def post_refund(
        self, account: AccountNumber, amount: Money, external_id: str, refunded_at: datetime, method: str
    ) -> None:
        await self._book("refund", account, amount, external_id, refunded_at, method)

    async def post_promise(self, account: AccountNumber, amount: Money, until: date, external_id: str) -> None:
        now = self._clock.now()
        await self._database.write(
            lambda c: booking.promise(c, account, amount, until, external_id, now=now, serves=self._live)
        )

    async def _book(
        self, kind: str, account: AccountNumber, amount: Money, external_id: str, at: datetime, method: str
    ) -> None:
        day, now = at.astimezone(self._zone).date(), self._clock.now()
        await self._database.write(
            lambda c: booking.book(
                c, kind, account, amount, external_id, day=day, method=method, now=now, serves=self._live
            )
        )

    def _now(self) -> tuple[date, datetime | None]:
        """Today for the operator, and the moment that figures are as of, where it is one for all."""
        now = self._clock.now()
        return now.astimezone(self._zone).date(), now if self._live else None


def _find(connection: Connection, key: str) -> BillingAccount | None:
    if not key:
        return None
    rows = connection.execute(select(accounts).where(or_(accounts.c.key == key, accounts.c.contract_key == key))).all()
    by_number = [row for row in rows if row.key == key]
    rows = by_number or rows
    return _account(rows[0]) if len(rows) == 1 else None


def _by_phone(connection: Connection, phone: str) -> list[BillingAccount]:
    rows = connection.execute(
        select(accounts)
        .where(accounts.c.phone == phone, accounts.c.linkable, accounts.c.state != AccountState.closed.value)
        .order_by(accounts.c.number)
    ).all()
    return [_account(row) for row in rows] if phone else []


def _overviews(
    connection: Connection, numbers: Sequence[AccountNumber], today: date, as_of: datetime | None
) -> list[AccountOverview]:
    rows = connection.execute(select(*_OF_OVERVIEW).where(among(connection, accounts.c.number, numbers))).all()
    return _with_due_dates(connection, rows, today, as_of)


def _open_debts(
    connection: Connection, after: AccountNumber, limit: int, today: date, as_of: datetime | None
) -> list[AccountOverview]:
    # A parameter in place of the nought could hide from the database that the index of debts alone will do.
    page = select(*_OF_OVERVIEW).where(accounts.c.number > after, accounts.c.balance < literal_column("0"))
    rows = connection.execute(page.order_by(accounts.c.number).limit(limit)).all()
    return _with_due_dates(connection, rows, today, as_of)


def _with_due_dates(
    connection: Connection, rows: Sequence[Row[Any]], today: date, as_of: datetime | None
) -> list[AccountOverview]:
    owing = [row.number for row in rows if row.balance < 0]
    out = _dues(connection, owing, today)
    unbilled = _unbilled(connection, owing)
    overviews = []
    for row in rows:
        own = out.get(row.number, ())
        # In minor units: a hundred thousand debts are a few million sums.
        left = spread_minor(max(-row.balance, 0), unbilled.get(row.number, 0), [amount for amount, _due in own])
        overviews.append(
            AccountOverview(
                number=row.number,
                balance=Money.from_minor(row.balance, row.currency),
                debt=Money.from_minor(max(-row.balance, 0), row.currency),
                due=min((due for (_amount, due), rest in zip(own, left, strict=True) if rest), default=None),
                state=_STATES[row.state],
                kind=_KINDS[row.kind],
                as_of=as_of or row.balance_at,
            )
        )
    return overviews


def _dues(
    connection: Connection, numbers: Sequence[AccountNumber], today: date
) -> dict[AccountNumber, list[tuple[int, date]]]:
    """Amount and due date of each account's bills, the newest first."""
    found: dict[AccountNumber, list[tuple[int, date]]] = {}
    if numbers:
        rows = connection.execute(
            select(bills.c.account, bills.c.amount, bills.c.due)
            .where(among(connection, bills.c.account, numbers))
            .where(bills.c.period >= shift(first_day(today), -BILLS_LOOKED_AT))
            .order_by(bills.c.account, bills.c.period.desc(), bills.c.id.desc())
        )
        for account, amount, due in rows.all():
            found.setdefault(account, []).append((amount, due))
    return found


def _bills(
    connection: Connection, numbers: Sequence[AccountNumber], today: date
) -> dict[AccountNumber, list[Row[Any]]]:
    """Each account's bills, the newest first."""
    found: dict[AccountNumber, list[Row[Any]]] = {}
    if numbers:
        oldest = shift(first_day(today), -BILLS_LOOKED_AT)
        rows = connection.execute(
            select(bills)
            .where(among(connection, bills.c.account, numbers), bills.c.period >= oldest)
            .order_by(bills.c.account, bills.c.period.desc(), bills.c.id.desc())
        )
        for row in rows:
            found.setdefault(row.account, []).append(row)
    return found


def _unbilled(connection: Connection, numbers: Sequence[AccountNumber]) -> dict[AccountNumber, int]:
    """The sum, in minor units, of each account's charges for months after its newest bill's."""
    if not numbers:
        return {}
    newest = (
        select(bills.c.account, func.max(bills.c.period).label("period"))
        .where(among(connection, bills.c.account, numbers))
        .group_by(bills.c.account)
        .subquery()
    )
    rows = connection.execute(
        select(charges.c.account, func.sum(charges.c.amount).label("amount"))
        .outerjoin(newest, newest.c.account == charges.c.account)
        .where(
            among(connection, charges.c.account, numbers),
            or_(newest.c.period.is_(None), charges.c.period > newest.c.period),
        )
        .group_by(charges.c.account)
    )
    return {row.account: int(row.amount) for row in rows}


def _statement(
    connection: Connection, number: AccountNumber, months: int, today: date, as_of: datetime | None
) -> AccountStatement | None:
    row = connection.execute(select(accounts).where(accounts.c.number == number)).first()
    if row is None:
        return None
    since, currency = shift(first_day(today), 1 - months), row.currency
    charged = _charges(connection, number, since, currency)
    paid = _payments(connection, number, since, currency)
    [overview] = _with_due_dates(connection, [row], today, as_of)
    zero = Money.zero(currency)
    opening = overview.balance + total((c.amount for c in charged), zero) - total((p.amount for p in paid), zero)
    out = _bills(connection, [number], today).get(number, [])
    unbilled = Money.from_minor(_unbilled(connection, [number]).get(number, 0), currency)
    remaining = spread_over_bills(overview.debt, unbilled, [Money.from_minor(b.amount, currency) for b in out])
    return AccountStatement(
        account=_account(row),
        overview=overview,
        since=since,
        opening=opening,
        services=_services(connection, number, currency),
        charges=charged,
        payments=paid,
        bills=tuple(
            Bill(
                number=bill.id,
                period=bill.period,
                issued=bill.issued,
                due=bill.due,
                amount_due=Money.from_minor(bill.amount, currency),
                remaining=left,
                lines=tuple(c for c in charged if c.period == bill.period),
            )
            for bill, left in zip(out, remaining, strict=True)
            if bill.period >= since or left
        ),
    )


def _charges(connection: Connection, number: AccountNumber, since: date, currency: str) -> tuple[Charge, ...]:
    rows = connection.execute(
        select(charges)
        .where(charges.c.account == number, charges.c.period >= since)
        .order_by(charges.c.period, charges.c.service, charges.c.id)
    )
    return tuple(
        Charge(
            period=row.period,
            service=row.service,
            amount=Money.from_minor(row.amount, currency),
            kind=ChargeKind(row.kind),
            description=row.description,
        )
        for row in rows
    )


def _payments(connection: Connection, number: AccountNumber, since: date, currency: str) -> tuple[Payment, ...]:
    rows = connection.execute(
        select(payments)
        .where(and_(payments.c.account == number, payments.c.date >= since))
        .order_by(payments.c.date, payments.c.id)
    )
    return tuple(
        Payment(date=row.date, amount=Money.from_minor(row.amount, currency), method=row.method) for row in rows
    )


def _services(connection: Connection, number: AccountNumber, currency: str) -> tuple[Service, ...]:
    rows = connection.execute(select(services).where(services.c.account == number).order_by(services.c.id))
    return tuple(
        Service(
            name=row.name,
            tariff=row.tariff,
            price=Money.from_minor(row.price, currency),
            since=row.since,
            until=row.until,
        )
        for row in rows
    )


def _account(row: Row[Any]) -> BillingAccount:
    return BillingAccount(
        number=row.number,
        contract=row.contract,
        holder_name=row.holder_name,
        holder_kind=HolderKind(row.holder_kind),
        address=row.address,
        region=row.region,
        phone=row.phone,
        email=row.email,
        state=AccountState(row.state),
        kind=AccountKind(row.kind),
        currency=row.currency,
        credit_limit=Money.from_minor(row.credit_limit, row.currency),
        linkable=row.linkable,
    )
