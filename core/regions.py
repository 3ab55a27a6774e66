"""Where a subscriber lives: the region that a person picks from a list, and the time zone that follows from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import get_timezone_location

from core.regions_ru import CITIES, RUSSIA


@dataclass(frozen=True, slots=True)
class Region:
    """``code`` is ISO 3166-2 for Russia, ``<country>:<zone>`` elsewhere; at most 40 characters."""

    code: str
    zone: str  # IANA
    en: str
    ru: str

    def name(self, language: str) -> str:
        return self.ru if language.startswith("ru") else self.en


@cache
def regions(country: str) -> tuple[Region, ...]:
    """The regions of a country (ISO 3166-1), the capital's first.

    Russia's are its subdivisions in ISO 3166-2. Elsewhere a region is a time zone of the tz database with its
    principal city's name: what is needed is the hour in which somebody sleeps. Empty for an unknown country.
    """
    if country.upper() == "RU":
        return tuple(Region(*row) for row in RUSSIA)
    zones = _zones(country.upper())
    return tuple(
        Region(
            f"{country.upper()}:{zone}", zone, _place(zone, country, "en", zones), _place(zone, country, "ru", zones)
        )
        for zone in zones
    )


@cache
def region(code: str) -> Region | None:
    """By its code, whichever country it is of."""
    country = code.partition(":" if ":" in code else "-")[0]
    return next((one for one in regions(country) if one.code == code), None)


@lru_cache(maxsize=1024)
def zone_of(code: str, default: str) -> ZoneInfo:
    """The region's zone; ``default`` (an IANA name) for a code that is not known or empty."""
    found = region(code) if code else None
    return ZoneInfo(found.zone if found else default)


def search(country: str, text: str, limit: int = 10) -> Sequence[Region]:
    """Regions whose name in either language begins with ``text``, has a word that does, or contains it, in this order.

    Chief cities are looked through too: Yekaterinburg finds the Sverdlovsk Region.
    Case, ``ё`` and dashes make no difference. An empty ``text`` gives the first ``limit`` regions.
    """
    wanted = _fold(text)
    known = regions(country)
    if not wanted:
        return known[:limit]
    ranked = [(rank, one) for one in known if (rank := _rank(one, wanted)) is not None]
    return [one for _rank_, one in sorted(ranked, key=lambda pair: pair[0])][:limit]


def _rank(one: Region, wanted: str) -> int | None:
    names = [_fold(one.ru), _fold(one.en), _fold(CITIES.get(one.code, ""))]
    if wanted in names:
        return 0
    if any(name.startswith(wanted) for name in names):
        return 1
    if any(f" {wanted}" in name for name in names):
        return 2
    return 3 if any(wanted in name for name in names) else None


def _fold(text: str) -> str:
    plain = text.casefold().replace("ё", "е")
    return " ".join("".join(c if c.isalnum() else " " for c in plain).split())


def _zones(country: str) -> list[str]:
    table = (files("tzdata") / "zoneinfo" / "zone.tab").read_text()
    rows = [line.split("\t") for line in table.splitlines() if line and not line.startswith("#")]
    return [row[2] for row in rows if row[0] == country]


def _place(zone: str, country: str, language: str, zones: Sequence[str]) -> str:
    if len(zones) > 1:
        if (zone, language) == ("Europe/Kyiv", "ru"):
            return "Киев"  # the zone's new name has no translation in CLDR yet
        return str(get_timezone_location(zone, locale=language, return_city=True))
    return str(Locale(language).territories.get(country.upper(), country.upper()))
