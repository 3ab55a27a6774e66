"""Sums in the unit in which Stripe counts, which is not everywhere that of ISO 4217; and Stripe's ids."""

from __future__ import annotations

import re
from decimal import Decimal

from bot.integrations.payments.reading import exact_money
from core.money import Money

# Stripe's own table, which differs from ISO 4217 and from the catalogue that core.money goes by: all other currencies
# have two digits for Stripe, even those that have no coins (ISK, UGX). docs.stripe.com/currencies
_NO_DIGITS = frozenset({
    "BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF",
})  # fmt: skip
_THREE_DIGITS = frozenset({"BHD", "JOD", "KWD", "OMR", "TND"})

ID = re.compile(r"[A-Za-z0-9_]{1,120}")


def to_minor(money: Money) -> int:
    """In the unit that Stripe counts in. ValueError for a sum that Stripe does not take."""
    scaled = money.amount.scaleb(_digits(money.currency))
    minor = int(scaled)
    # A third digit must be 0: Visa and Mastercard know only two.
    if minor != scaled or minor <= 0 or (money.currency in _THREE_DIGITS and minor % 10):
        raise ValueError("a sum that Stripe does not take")
    return minor


def from_minor(minor: object, currency: object) -> Money:
    """ValueError for what is not a sum, or one that the currency does not have."""
    if not isinstance(minor, int) or isinstance(minor, bool) or not isinstance(currency, str):
        raise ValueError("not a sum")
    return exact_money(Decimal(minor).scaleb(-_digits(currency.upper())), currency)


def _digits(currency: str) -> int:
    return 0 if currency in _NO_DIGITS else 3 if currency in _THREE_DIGITS else 2


def stripe_id(value: object) -> str:
    """ValueError for what cannot be an id."""
    if not isinstance(value, str) or not ID.fullmatch(value):
        raise ValueError("not an id")
    return value
