"""The promise between Telegram's payments and whoever knows the orders: asked before the money moves, told after."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

CHECKOUT_LIMIT = 5.0  # seconds for the decision; core.telegram.org/bots/api#precheckoutquery gives ten for everything


@dataclass(frozen=True, slots=True)
class Checkout:
    """Somebody has pressed Pay and entered a card. ``amount`` is in Telegram's units of the currency."""

    query_id: str
    payload: str
    amount: int
    currency: str
    language: str  # the payer's, as Telegram says


@dataclass(frozen=True, slots=True)
class Paid:
    """The money was taken. ``charge_id`` is Telegram's own, for ever."""

    charge_id: str
    payload: str
    amount: int
    currency: str
    at: datetime


class Cashier(Protocol):
    async def may_pay(self, asked: Checkout) -> str:
        """Empty: yes. Otherwise why not, in the payer's language."""
        ...

    def sorry(self, language: str) -> str:
        """What is said when the question could not be decided."""
        ...

    async def paid(self, payment: Paid) -> None:
        """Returns once it is recorded; raises when it could not be, and is called again then."""
        ...
