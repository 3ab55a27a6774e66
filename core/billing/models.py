"""The billing's facts as typed values, the same whichever billing they come from. All survive a trip through JSON."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from msgspec import Struct

from core.billing.numbers import AccountNumber, number_key
from core.money import Money

__all__ = [
    "AccountKind",
    "AccountNumber",
    "AccountOverview",
    "AccountState",
    "AccountStatement",
    "Balance",
    "Bill",
    "BillingAccount",
    "Charge",
    "ChargeKind",
    "HolderKind",
    "Payment",
    "Service",
    "number_key",
]


class HolderKind(StrEnum):
    """Who the contract is with."""

    person = "person"
    company = "company"


class AccountState(StrEnum):
    """Whether the account is served: suspended for a debt or at the holder's wish, or closed for good."""

    active = "active"
    suspended = "suspended"
    closed = "closed"


class AccountKind(StrEnum):
    """Prepaid: money first, debited day by day. Postpaid: a bill after the month, to be paid by its due date."""

    prepaid = "prepaid"
    postpaid = "postpaid"


class ChargeKind(StrEnum):
    """Why money was charged. A discount is negative, an adjustment has either sign, the rest are positive."""

    recurring = "recurring"
    usage = "usage"
    one_off = "one_off"
    penalty = "penalty"
    discount = "discount"
    adjustment = "adjustment"


class BillingAccount(Struct, frozen=True, kw_only=True):
    """A personal account. Name, address, phone and e-mail are personal data: shown to its own people alone.

    ``region`` is a code of :mod:`core.regions` where it is one, else the billing's own words.
    ``linkable`` is False where the operator forbids self-service (secret customers, disputes).
    """

    number: AccountNumber
    contract: str = ""
    holder_name: str = ""
    holder_kind: HolderKind = HolderKind.person
    address: str = ""
    region: str = ""
    phone: str = ""  # E.164
    email: str = ""
    state: AccountState = AccountState.active
    kind: AccountKind = AccountKind.postpaid
    currency: str
    credit_limit: Money  # how far below zero the balance may go before the service stops; >= 0
    linkable: bool = True


class Balance(Struct, frozen=True):
    """Signed: negative is debt (see :mod:`core.billing`)."""

    amount: Money
    as_of: datetime

    @property
    def debt(self) -> Money:
        """What is owed, never negative."""
        return max(-self.amount, Money.zero(self.amount.currency))


class Service(Struct, frozen=True, kw_only=True):
    """A service in use, with its tariff and the price of a whole month before discounts. Names are the billing's."""

    name: str
    tariff: str = ""
    price: Money
    since: date | None = None
    until: date | None = None  # the last day, where it has ended or its end is known


class Charge(Struct, frozen=True, kw_only=True):
    """An accrual. ``period`` is the first day of the month that it is for."""

    period: date
    service: str
    amount: Money
    kind: ChargeKind = ChargeKind.recurring
    description: str = ""


class Payment(Struct, frozen=True, kw_only=True):
    """Money that reached the account, on the billing's own date. ``method`` is the billing's words: bank, office..."""

    date: date
    amount: Money
    method: str = ""


class Bill(Struct, frozen=True, kw_only=True):
    """A bill for one month's charges. ``remaining`` is what of it is still unpaid; ``lines`` are its charges."""

    number: str
    period: date
    issued: date
    due: date
    amount_due: Money
    remaining: Money
    lines: tuple[Charge, ...] = ()


class AccountOverview(Struct, frozen=True, kw_only=True):
    """What one line of the list of accounts needs.

    ``due`` is the due date of the oldest unpaid bill; None when nothing is owed or no bill is out yet.
    """

    number: AccountNumber
    balance: Money  # signed: negative is debt
    debt: Money  # never negative
    due: date | None = None
    state: AccountState = AccountState.active
    kind: AccountKind = AccountKind.postpaid
    as_of: datetime


class AccountStatement(Struct, frozen=True, kw_only=True):
    """Everything that one account's screens need: the months from ``since`` until now.

    ``opening`` is the signed balance before ``since``: ``opening - charges + payments == overview.balance``, always.
    Charges and payments run from the oldest to the newest, bills from the newest to the oldest.
    """

    account: BillingAccount
    overview: AccountOverview
    since: date  # the first day of a month
    opening: Money
    services: tuple[Service, ...] = ()
    charges: tuple[Charge, ...] = ()
    payments: tuple[Payment, ...] = ()
    bills: tuple[Bill, ...] = ()

    @property
    def as_of(self) -> datetime:
        return self.overview.as_of

    @property
    def balance(self) -> Balance:
        return Balance(self.overview.balance, self.overview.as_of)
