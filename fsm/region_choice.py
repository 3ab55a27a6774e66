"""The list of regions as buttons: the usual ones first, and what a typed text finds."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from core import regions
from fsm.action import Action
from fsm.screen import Choice, Row
from fsm.talk import Talk

USUAL = 4
FOUND = 8
LABEL = 34  # characters that a button across the screen shows


def usual_regions(talk: Talk, guess: str = "") -> tuple[str, ...]:
    """Codes: the guess, then the capital and other regions of the operator's own zone."""
    operator = talk.core.operator
    known = regions.regions(operator.country)
    near = [one.code for one in known if one.zone == operator.zone.key]
    usual = list(dict.fromkeys([*near, *(one.code for one in known)]))[:USUAL]
    return tuple(dict.fromkeys([guess, *usual] if guess else usual))


def find_regions(talk: Talk, text: str) -> tuple[str, ...]:
    """Codes of the regions that the text may mean; one when it names exactly it."""
    if not any(char.isalpha() for char in text):
        return ()
    country = talk.core.operator.country
    found = regions.search(country, text, FOUND)
    named = [one for one in found if text.strip().casefold() in (one.ru.casefold(), one.en.casefold())]
    return tuple(one.code for one in (named if len(named) == 1 else found))


def region_rows(talk: Talk, codes: Iterable[str], pick: Callable[[str], Action]) -> list[Row]:
    known = [one for one in map(regions.region, codes) if one is not None]
    return [(Choice(_short(one.name(talk.language)), pick(one.code)),) for one in known]


def region_name(talk: Talk, code: str) -> str:
    """Empty for a region that is not known."""
    found = regions.region(code) if code else None
    return found.name(talk.language) if found is not None else ""


def _short(name: str) -> str:
    return name if len(name) <= LABEL else f"{name[: LABEL - 1].rstrip()}…"
