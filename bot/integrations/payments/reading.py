"""Reads what payment providers answer: sums exactly or not at all, addresses only where they may lead."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import urlsplit

from core.money import Money

_ORDER_ID = re.compile(r"[0-9A-Za-z_-]{1,40}")
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def exact_money(value: object, currency: object) -> Money:
    """A sum in major units, as a provider writes it. ValueError for one that the currency does not have.

    ``Money`` rounds to the currency's precision: a sum that is not the order's must never become it by that.
    """
    if not isinstance(currency, str) or not isinstance(value, str | int | Decimal) or isinstance(value, bool):
        raise ValueError("not a sum")
    code = currency.upper()
    if len(code) != 3 or not (code.isascii() and code.isalpha()):
        raise ValueError("not a currency")
    try:
        amount = Decimal(value)
        # More digits than any sum of money has would make the arithmetic itself raise or round.
        if not amount.is_finite() or amount.adjusted() > 12:
            raise ValueError("not a sum")
        money = Money(amount, code)
    except InvalidOperation:
        raise ValueError("not a sum") from None
    if money.amount != amount:
        raise ValueError("a sum that the currency does not have")
    return money


def moment(value: object) -> datetime | None:
    """An ISO 8601 moment as aware UTC; None for nothing. ValueError for what is neither."""
    if value in (None, ""):
        return None
    if not isinstance(value, str):
        raise ValueError("not a moment")
    read = datetime.fromisoformat(value)
    if read.tzinfo is None:
        raise ValueError("a moment without a zone")
    return read.astimezone(UTC)


def payment_page(value: object) -> str:
    """The address of a provider's page: https, or http on this machine alone. ValueError for any other."""
    parts = urlsplit(value) if isinstance(value, str) else urlsplit("")
    if not isinstance(value, str) or not parts.hostname:
        raise ValueError("not an address")
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK):
        raise ValueError("an address that anybody on the way could change")
    return value


def json_object(body: bytes) -> dict[str, Any]:
    """ValueError for everything that is not a JSON object in UTF-8."""
    try:
        told = json.loads(body.decode("utf-8"))
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(told, dict):
        raise ValueError("not an object")
    return told


def own_id(value: object) -> str:
    """An order's id as it came back; empty for what is none of ours, so that nonsense reaches neither log nor table."""
    return value if isinstance(value, str) and _ORDER_ID.fullmatch(value) else ""


def cut(text: str, longest: int) -> str:
    """The text in at most ``longest`` characters."""
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"
