"""Reads e-mail addresses as people type them, and shows them so that only their owner knows them again."""

from __future__ import annotations

import re
import unicodedata

LONGEST = 254  # characters of an address that can be written to (RFC 5321, 4.5.3.1.3)

# Not the whole of RFC 5322: what mail services give out. Whether it exists, the code that is sent there tells.
_ADDRESS = re.compile(r"[A-Za-z0-9._%+'-]{1,64}@(?:[\w](?:[\w-]{0,61}[\w])?\.)+[^\W\d_][\w-]{0,61}[\w]")


def parse_email(text: str) -> str | None:
    """The address, its domain in small letters; None when it is none. Spaces around and ``mailto:`` are dropped."""
    plain = unicodedata.normalize("NFKC", text).strip(' \t\n<>,;"').removeprefix("mailto:")
    if len(plain) > LONGEST or not _ADDRESS.fullmatch(plain) or ".." in plain:
        return None
    local, _, domain = plain.rpartition("@")
    if local.startswith(".") or local.endswith("."):
        return None
    return f"{local}@{domain.lower()}"


def mask_email(address: str) -> str:
    """``i•••@mail.ru``."""
    local, _, domain = address.rpartition("@")
    return f"{local[:1]}•••@{domain}"
