"""Identifiers that the program gives out: unguessable, sortable by time, short enough for a button's payload."""

from __future__ import annotations

import base64
import secrets
from datetime import datetime

# Crockford's base 32, in the order of the standard one: no i, l, o, u to be misread.
_CROCKFORD = bytes.maketrans(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", b"0123456789abcdefghjkmnpqrstvwxyz")
_LETTERS = frozenset("0123456789abcdefghjkmnpqrstvwxyz")
_RANDOM_BYTES = 5


def new_id(now: datetime) -> str:
    """Sixteen characters: the time in ms modulo 2**40 (wraps every 34 years) and 40 random bits."""
    millis = int(now.timestamp() * 1000) & ((1 << 40) - 1)
    number = millis.to_bytes(5, "big") + secrets.token_bytes(_RANDOM_BYTES)
    return base64.b32encode(number).translate(_CROCKFORD).decode()


def is_id(text: str) -> bool:
    """Whether it has the form of what :func:`new_id` gives out."""
    return len(text) == 16 and set(text) <= _LETTERS
