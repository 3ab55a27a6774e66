"""Public holidays by country: days on which nobody works and fewer people like to be reminded."""

from __future__ import annotations

from functools import lru_cache

import holidays


@lru_cache(maxsize=8)
def calendar_of(country: str) -> holidays.HolidayBase | None:
    """The whole country's (ISO 3166-1); None for a country that the library does not know."""
    try:
        return holidays.country_holidays(country)
    except NotImplementedError:  # the library's own word for an unknown country
        return None
