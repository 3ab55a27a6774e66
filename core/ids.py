"""Identifiers that the program gives out: unguessable, sortable by time, short enough for a button's payload."""

from __future__ import annotations

import secrets
from datetime import datetime

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32: no i, l, o, u to be misread
_RANDOM_BITS = 40


def new_id(now: datetime) -> str:
    """Sixteen characters: the time in ms modulo 2**40 (wraps every 34 years) and 40 random bits."""
    millis = int(now.timestamp() * 1000) & ((1 << 40) - 1)
    number = (millis << _RANDOM_BITS) | secrets.randbits(_RANDOM_BITS)
    return _base32(number, 16)


def _base32(number: int, width: int) -> str:
    digits = []
    for _ in range(width):
        number, digit = divmod(number, 32)
        digits.append(_ALPHABET[digit])
    return "".join(reversed(digits))
