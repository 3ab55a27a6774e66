"""An address that its own people recognise and that says no more than it has to: without the flat."""

from __future__ import annotations

import re

_FLAT = re.compile(
    r"^(?:кв(?:артира)?|комн(?:ата)?|пом(?:ещение)?|оф(?:ис)?|apartment|apt|flat|unit|suite|ste|room|office)\b|^#\s*\d",
    re.IGNORECASE,
)
_HOUSE = re.compile(r"^(?:д(?:ом)?\b\.?\s*)?\d+\s*\w?$", re.IGNORECASE)
_NUMBER = re.compile(r"^\d+\s*\w?$")
_HOUSE_AND_FLAT = re.compile(r"(?<=\d)(\s*[^\W\d_]?)\s*[-–—]\s*\d+$")


def without_flat(address: str) -> str:
    """The address up to the house. What is written in a way that is not understood stays as it is."""
    kept: list[str] = []
    for part in (part.strip() for part in address.split(",")):
        is_flat = _FLAT.match(part) or (kept and _HOUSE.match(kept[-1]) and _NUMBER.match(part))
        if part and not is_flat:
            kept.append(part)
    if len(kept) > 1 and (_HOUSE_AND_FLAT.search(kept[-1])):
        kept[-1] = _HOUSE_AND_FLAT.sub(r"\1", kept[-1])
    return ", ".join(kept)
