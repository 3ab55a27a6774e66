"""The words of the desk: its own catalogue beside the subscribers', and how it writes times and sums."""

from __future__ import annotations

import gettext
import io
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from babel.dates import format_date, format_skeleton, format_timedelta
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal

from core.money import Money
from fsm.texts import SOURCE, Translator

LOCALES = Path(__file__).parent / "locales"


def read_catalogue(language: str) -> Catalog:
    """Raises LookupError when there is none."""
    path = LOCALES / language / "LC_MESSAGES" / "desk.po"
    if not path.exists():
        raise LookupError(f"the desk has no catalogue for the language {language!r}")
    with path.open("rb") as source:
        return read_po(source, locale=language)


def languages() -> list[str]:
    """In which the desk can be read."""
    return sorted({SOURCE, *(path.parent.parent.name for path in LOCALES.glob("*/LC_MESSAGES/desk.po"))})


@cache
def _catalogue(language: str) -> gettext.NullTranslations:
    if language == SOURCE or language not in languages():
        return gettext.NullTranslations()
    compiled = io.BytesIO()
    write_mo(compiled, read_catalogue(language))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


@dataclass(frozen=True, slots=True)
class Words(Translator):
    """Says things to staff. ``zone`` is the operator's: everybody at the desk reads the same hours."""

    def t(self, message: str, /, **values: Any) -> str:
        text = _catalogue(self.language).gettext(message) if message else ""
        return text.format(**values) if values else text

    def n(self, one: str, many: str, n: int, /, **values: Any) -> str:
        return _catalogue(self.language).ngettext(one, many, n).format(n=n, **values)

    def tenths(self, value: float) -> str:
        """``4.5``, with the language's own sign between."""
        return format_decimal(value, "0.0", locale=self.language)

    def stamp(self, value: datetime) -> str:
        """``10.03.2026 14:05``: short, in figures, for tables."""
        local = value.astimezone(self.zone)
        day = format_date(local, "dd.MM.y" if self.language == "ru" else "d MMM y", locale=self.language)
        return f"{day} {self.hour(value)}"

    def brief(self, value: datetime, now: datetime) -> str:
        """The hour of today, else the day without its year, else with it."""
        local, today = value.astimezone(self.zone), now.astimezone(self.zone)
        if local.date() == today.date():
            return self.hour(value)
        if local.year == today.year:
            return format_skeleton("dMMM", local, locale=self.language)
        return format_date(local, "short", locale=self.language)

    def left(self, until: datetime, now: datetime) -> str:
        """How long until then, or how late it is."""
        span = self.span(until - now)
        return self.t("in {span}", span=span) if until > now else self.t("{span} late", span=span)

    def sum(self, amount: Decimal, currency: str) -> str:
        return self.money(Money(amount, currency))

    def minor(self, amount: int, currency: str) -> str:
        return self.money(Money.from_minor(amount, currency))

    def span(self, value: timedelta) -> str:
        """``2 h``, ``3 days``: the largest unit alone."""
        return format_timedelta(abs(value), granularity="minute", threshold=1.2, format="short", locale=self.language)
