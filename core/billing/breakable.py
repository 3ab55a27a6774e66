"""A billing that can be slowed down and switched off: the demo's "break the billing", and the tests' bad day."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import date, datetime
from typing import Literal

from core.billing.models import AccountNumber, AccountOverview, AccountStatement, BillingAccount
from core.billing.protocol import DEFAULT_MONTHS, Billing
from core.errors import OutsideUnavailable
from core.money import Money

Mode = Literal["ok", "slow", "down"]


class BreakableBilling:
    """Passes calls on to ``inner``; ``slow`` answers after ``delay`` seconds, ``down`` does not answer at all."""

    def __init__(self, inner: Billing, mode: Mode = "ok", delay: float = 30.0) -> None:
        self.inner = inner
        self.mode: Mode = mode
        self.delay = delay

    async def find(self, number: str) -> BillingAccount | None:
        await self._suffer()
        return await self.inner.find(number)

    async def by_phone(self, phone: str) -> list[BillingAccount]:
        await self._suffer()
        return await self.inner.by_phone(phone)

    async def overviews(self, numbers: Sequence[AccountNumber]) -> list[AccountOverview]:
        await self._suffer()
        return await self.inner.overviews(numbers)

    async def statement(self, number: AccountNumber, months: int = DEFAULT_MONTHS) -> AccountStatement | None:
        await self._suffer()
        return await self.inner.statement(number, months)

    async def open_debts(self, after: AccountNumber, limit: int) -> list[AccountOverview]:
        await self._suffer()
        return await self.inner.open_debts(after, limit)

    async def post_payment(
        self, account: AccountNumber, amount: Money, external_id: str, paid_at: datetime, method: str
    ) -> None:
        await self._suffer()
        await self.inner.post_payment(account, amount, external_id, paid_at, method)

    async def post_refund(
        self, account: AccountNumber, amount: Money, external_id: str, refunded_at: datetime, method: str
    ) -> None:
        await self._suffer()
        await self.inner.post_refund(account, amount, external_id, refunded_at, method)

    async def post_promise(self, account: AccountNumber, amount: Money, until: date, external_id: str) -> None:
        await self._suffer()
        await self.inner.post_promise(account, amount, until, external_id)

    async def _suffer(self) -> None:
        if self.mode == "slow":
            await asyncio.sleep(self.delay)
        elif self.mode == "down":
            raise OutsideUnavailable("billing is switched off")
