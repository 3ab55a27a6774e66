"""What the program asks of a billing, so that an operator's own is one module and one line in the wiring."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Protocol

from core.billing.models import AccountNumber, AccountOverview, AccountStatement, BillingAccount
from core.money import Money

DEFAULT_MONTHS = 13  # a year, and the same month a year ago


class CannotBook(Exception):
    """The billing will never book this (no such account, another currency, an id used for something else)."""


class Billing(Protocol):
    """One operator's billing. Every method raises :class:`core.errors.OutsideUnavailable` when it cannot answer.

    Implementations keep no time limit of their own: :class:`core.billing.service.BillingService` does.
    """

    async def find(self, number: str) -> BillingAccount | None:
        """By account or contract number in any spelling; None when there is none, or more than one bears it.

        An account with ``linkable=False`` is found like any other: it is for the caller not to show a difference.
        """
        ...

    async def by_phone(self, phone: str) -> list[BillingAccount]:
        """Accounts with this contact phone (E.164) that are not closed and may be linked, in order of number."""
        ...

    async def overviews(self, numbers: Sequence[AccountNumber]) -> list[AccountOverview]:
        """In the order asked; numbers that the billing does not know are left out."""
        ...

    async def statement(self, number: AccountNumber, months: int = DEFAULT_MONTHS) -> AccountStatement | None:
        """The current month and ``months - 1`` before it; None when the billing does not know the number."""
        ...

    async def open_debts(self, after: AccountNumber, limit: int) -> list[AccountOverview]:
        """A page of the accounts in debt, in order of number, from the first that comes after ``after``.

        Start with ``after=""``; a page shorter than ``limit`` is the last.
        """
        ...

    async def post_payment(
        self, account: AccountNumber, amount: Money, external_id: str, paid_at: datetime, method: str
    ) -> None:
        """Books a payment that was made through us. ``external_id`` (at most 40 characters) is booked once.

        A repeated call with the same figures does nothing and succeeds. Raises CannotBook for a final refusal.
        ``method`` is for the billing's own list of payments.
        """
        ...

    async def post_refund(
        self, account: AccountNumber, amount: Money, external_id: str, refunded_at: datetime, method: str
    ) -> None:
        """Books that ``amount`` (positive) of an earlier payment went back to the payer; otherwise as above."""
        ...

    async def post_promise(self, account: AccountNumber, amount: Money, until: date, external_id: str) -> None:
        """Books a promised payment: the account is served until the end of the day ``until``; otherwise as above."""
        ...
