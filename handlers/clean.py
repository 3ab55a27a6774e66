"""Makes strangers' words fit for any database: PostgreSQL refuses NUL, and nothing can encode half a surrogate pair."""

from __future__ import annotations


def clean(value: object) -> str:
    """The string without NUL and without halves of surrogate pairs. "" for another type."""
    if not isinstance(value, str):
        return ""
    return value.replace("\0", "").encode("utf-8", "replace").decode()
