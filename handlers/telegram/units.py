"""Sums as Telegram counts them: its smallest units are not everywhere those of ISO 4217 or of our own catalogue."""

from __future__ import annotations

from decimal import Decimal

from core.money import Money

# core.telegram.org/bots/payments/currencies.json: of the currencies that Telegram takes, these have no smaller unit
# there; all others have two digits, also those that core.money's catalogue knows without coins.
_NO_DIGITS = frozenset({"CLP", "ISK", "JPY", "KRW", "PYG", "UGX", "VND"})


def to_units(money: Money) -> int:
    """ValueError for a sum that Telegram cannot hold."""
    scaled = money.amount.scaleb(_digits(money.currency))
    if scaled != int(scaled) or scaled <= 0:
        raise ValueError("a sum that Telegram does not take")
    return int(scaled)


def from_units(units: int, currency: str) -> Money:
    """ValueError for a sum that the currency does not have: it is never rounded into another."""
    exact = Decimal(units).scaleb(-_digits(currency))
    money = Money(exact, currency)
    if money.amount != exact:
        raise ValueError("a sum that the currency does not have")
    return money


def _digits(currency: str) -> int:
    return 0 if currency in _NO_DIGITS else 2
