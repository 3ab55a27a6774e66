"""The billing as conversations use it: never slower than its limit, and the last known figures when it is silent."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Generic, TypeVar

from core.billing.models import AccountNumber, AccountOverview, AccountStatement, BillingAccount
from core.billing.protocol import DEFAULT_MONTHS, Billing
from core.billing.snapshots import Snapshots
from core.clock import Clock
from core.database import Database
from core.errors import OutsideUnavailable
from core.money import Money

T = TypeVar("T")

LIMIT = 2.0  # seconds that a person looks at an unchanged screen without wondering
BOOKING_LIMIT = 10.0  # seconds for a booking, which a task does: nobody looks on
PAGE_LIMIT = 30.0  # seconds for a page of debts, for which nobody waits at a screen
REST = timedelta(seconds=15)  # how long a billing that failed is left alone


@dataclass(frozen=True, slots=True)
class Known(Generic[T]):
    """Figures, the moment they were true at, and whether the billing said them just now."""

    value: T
    as_of: datetime
    fresh: bool


class BillingService:
    """Wraps a :class:`Billing` in a time limit, a circuit breaker and the last known figures.

    ``limit`` is in seconds. After a failure the billing is not asked for 15 s by ``clock``; calls fail at once.
    """

    def __init__(self, billing: Billing, database: Database, clock: Clock, limit: float = LIMIT) -> None:
        self._billing = billing
        self._clock = clock
        self.limit = limit
        self._failed_at: datetime | None = None
        self._snapshots = Snapshots(database, clock)

    async def find(self, number: str) -> BillingAccount | None:
        """By account or contract number in any spelling. Raises OutsideUnavailable: nobody is let in on old facts."""
        return await self._ask(self._billing.find(number))

    async def by_phone(self, phone: str) -> list[BillingAccount]:
        """Accounts with this contact phone (E.164), closed and unlinkable ones left out. Raises OutsideUnavailable."""
        return await self._ask(self._billing.by_phone(phone))

    async def overviews(self, numbers: Sequence[AccountNumber]) -> Known[list[AccountOverview]]:
        """In the order asked, unknown numbers left out; ``as_of`` is the oldest of the figures.

        Raises OutsideUnavailable when the billing is silent and none of the accounts was ever seen.
        """
        if not numbers:
            return Known([], self._clock.now(), True)
        try:
            fresh = await self._ask(self._billing.overviews(numbers))
        except OutsideUnavailable:
            known = await self._snapshots.overviews(numbers)
            if not known:
                raise
            return Known(known, min(one.as_of for one in known), False)
        for one in fresh:
            self._snapshots.remember(one)
        return Known(fresh, min((one.as_of for one in fresh), default=self._clock.now()), True)

    async def statement(self, number: AccountNumber, months: int = DEFAULT_MONTHS) -> Known[AccountStatement] | None:
        """None when the billing does not know the number. A last known statement bears no personal data.

        Raises OutsideUnavailable when the billing is silent and this account was never seen.
        """
        try:
            fresh = await self._ask(self._billing.statement(number, months))
        except OutsideUnavailable:
            known = await self._snapshots.statement(number)
            if known is None:
                raise
            return Known(known, known.as_of, False)
        if fresh is None:
            return None
        self._snapshots.remember_statement(fresh)
        return Known(fresh, fresh.as_of, True)

    async def open_debts(self, after: AccountNumber, limit: int) -> list[AccountOverview]:
        """A page of accounts in debt (see :meth:`Billing.open_debts`). Raises OutsideUnavailable: no old debts here."""
        return await self._ask(self._billing.open_debts(after, limit), max(self.limit, PAGE_LIMIT))

    async def post_payment(
        self, account: AccountNumber, amount: Money, external_id: str, paid_at: datetime, method: str
    ) -> None:
        """See :meth:`Billing.post_payment`. Raises OutsideUnavailable (call again with the same id) and CannotBook."""
        await self._ask(self._billing.post_payment(account, amount, external_id, paid_at, method), BOOKING_LIMIT)

    async def post_refund(
        self, account: AccountNumber, amount: Money, external_id: str, refunded_at: datetime, method: str
    ) -> None:
        """See :meth:`Billing.post_refund`; raises as :meth:`post_payment`."""
        await self._ask(self._billing.post_refund(account, amount, external_id, refunded_at, method), BOOKING_LIMIT)

    async def post_promise(self, account: AccountNumber, amount: Money, until: date, external_id: str) -> None:
        """See :meth:`Billing.post_promise`; raises as :meth:`post_payment`."""
        await self._ask(self._billing.post_promise(account, amount, until, external_id), BOOKING_LIMIT)

    async def flush(self) -> int:
        """Writes down the figures seen since the last call; a job calls it every minute, and the stop once."""
        return await self._snapshots.flush()

    def forget(self, numbers: Sequence[AccountNumber]) -> None:
        """Drops unwritten figures of these accounts; :func:`core.billing.snapshots.erase` deletes the written."""
        self._snapshots.forget(numbers)

    async def _ask(self, call: Awaitable[T], limit: float | None = None) -> T:
        limit = limit or self.limit
        if self._resting():
            _drop(call)
            raise OutsideUnavailable("billing failed a moment ago and is left alone")
        try:
            async with asyncio.timeout(limit):
                answer = await call
        except TimeoutError as error:
            self._failed_at = self._clock.now()
            raise OutsideUnavailable(f"billing gave no answer within {limit} s") from error
        except OutsideUnavailable:
            self._failed_at = self._clock.now()
            raise
        self._failed_at = None
        return answer

    def _resting(self) -> bool:
        # A clock that was moved back (the demo) must not keep the billing away for ever.
        return self._failed_at is not None and timedelta(0) <= self._clock.now() - self._failed_at < REST


def _drop(call: Awaitable[object]) -> None:
    if asyncio.iscoroutine(call):
        call.close()
