"""Exact amounts with a currency: what a subscriber owes must never depend on binary fractions."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import cache

from babel.numbers import get_currency_precision


class CurrencyMismatch(ValueError):
    """Two amounts in different currencies were added or compared: a programmer's error."""


@cache
def exponent(currency: str) -> int:
    """Digits after the point in the currency (ISO 4217): 2 for RUB, 0 for JPY."""
    return get_currency_precision(currency)


@dataclass(frozen=True, slots=True)
class Money:
    """An exact signed amount in major units (roubles, not kopecks), always at the currency's own precision.

    The sign's meaning belongs to whoever holds the value; see :mod:`core.billing` for a balance's.
    """

    amount: Decimal
    currency: str

    def __post_init__(self) -> None:
        step = Decimal(1).scaleb(-exponent(self.currency))
        object.__setattr__(self, "amount", Decimal(self.amount).quantize(step, ROUND_HALF_UP))

    @classmethod
    def from_minor(cls, minor: int, currency: str) -> Money:
        """From minor units (kopecks, cents), as the database keeps them."""
        return _exact(Decimal(minor).scaleb(-exponent(currency)), currency)

    @classmethod
    def zero(cls, currency: str) -> Money:
        return cls(Decimal(0), currency)

    @property
    def minor(self) -> int:
        """In minor units, as the database keeps it."""
        return int(self.amount.scaleb(exponent(self.currency)))

    def _same(self, other: Money) -> Decimal:
        if other.currency != self.currency:
            raise CurrencyMismatch(f"{self.currency} and {other.currency} cannot be put together")
        return other.amount

    def __add__(self, other: Money) -> Money:
        return _exact(self.amount + self._same(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        return _exact(self.amount - self._same(other), self.currency)

    def __neg__(self) -> Money:
        return Money(-self.amount, self.currency)

    def __abs__(self) -> Money:
        return Money(abs(self.amount), self.currency)

    def __lt__(self, other: Money) -> bool:
        return self.amount < self._same(other)

    def __le__(self, other: Money) -> bool:
        return self.amount <= self._same(other)

    def __gt__(self, other: Money) -> bool:
        return self.amount > self._same(other)

    def __ge__(self, other: Money) -> bool:
        return self.amount >= self._same(other)

    def __bool__(self) -> bool:
        return bool(self.amount)


def _exact(amount: Decimal, currency: str) -> Money:
    """A sum that is at its currency's precision already: rounding it is most of what making it costs."""
    made = object.__new__(Money)
    object.__setattr__(made, "amount", amount)
    object.__setattr__(made, "currency", currency)
    return made
