"""What a person may be called."""

from __future__ import annotations

import unicodedata
from enum import Enum

SHORTEST = 2  # characters
LONGEST = 100


class NameFault(Enum):
    """Why a text is not taken for a name."""

    too_short = "too_short"
    too_long = "too_long"
    no_letters = "no_letters"
    looks_like_phone = "looks_like_phone"


def parse_name(text: str) -> str | NameFault:
    """The name with single spaces, free of characters that cannot be seen."""
    seen = "".join(char if unicodedata.category(char)[0] not in "CZ" else " " for char in text)
    name = " ".join(seen.split())
    letters = sum(char.isalpha() for char in name)
    if sum(char.isdigit() for char in name) >= 5:
        return NameFault.looks_like_phone
    if not letters:
        return NameFault.no_letters
    if len(name) < SHORTEST:
        return NameFault.too_short
    if len(name) > LONGEST:
        return NameFault.too_long
    # Typed in a hurry, all in small letters: a greeting with a capital is kinder. Nothing else is changed.
    return " ".join(word[:1].upper() + word[1:] for word in name.split()) if name.islower() else name
