"""The words that subscribers read: gettext catalogues, and numbers, sums and dates as each language writes them."""

from __future__ import annotations

import gettext
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime, format_skeleton
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_currency, get_currency_symbol

from core.money import Money

LOCALES = Path(__file__).parent / "locales"
SOURCE = "en"  # the language that the code itself speaks: it needs no catalogue


@cache
def _catalogue(language: str) -> gettext.NullTranslations:
    if language == SOURCE:
        return gettext.NullTranslations()
    compiled = io.BytesIO()
    write_mo(compiled, read_catalogue(language))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def read_catalogue(language: str, locales: Path = LOCALES) -> Catalog:
    """``abonent.po`` with the files beside it, one for each larger subject. Raises LookupError when it is not there."""
    folder = locales / language / "LC_MESSAGES"
    main = folder / "abonent.po"
    if not main.exists():
        raise LookupError(f"there is no catalogue for the language {language!r} ({main.name} in fsm/locales)")
    with main.open("rb") as source:
        catalogue = read_po(source, locale=language)
    for path in sorted(set(folder.glob("*.po")) - {main}):
        with path.open("rb") as source:
            for message in read_po(source, locale=language):
                if message.id:  # the first one is the file's head
                    catalogue[message.id] = message
    return catalogue


def available_languages() -> list[str]:
    return sorted({SOURCE, *(path.parent.parent.name for path in LOCALES.glob("*/LC_MESSAGES/abonent.po"))})


@dataclass(frozen=True, slots=True)
class Translator:
    """Says things in one language. ``zone`` is where the person lives: their days and hours."""

    language: str
    zone: ZoneInfo

    def t(self, message: str, /, **values: Any) -> str:
        """The message in the language, with ``{placeholders}`` filled in."""
        text = _catalogue(self.language).gettext(message)
        return text.format(**values) if values else text

    def n(self, one: str, many: str, n: int, /, **values: Any) -> str:
        """The message in the right plural form for ``n``."""
        return _catalogue(self.language).ngettext(one, many, n).format(n=n, **values)

    def money(self, value: Money) -> str:
        """``1 234,50 ₽``; whole sums keep their kopecks, so that columns compare at a glance."""
        symbol = get_currency_symbol(value.currency, locale=self.language)
        # A code instead of a sign ("RUB") would stick to the figure where the language puts the sign first.
        pattern = "#,##0.00\u00a0¤" if symbol.isalpha() else None
        said = format_currency(value.amount, value.currency, pattern, locale=self.language)
        # A minus that no font and no line break can mistake for a hyphen.
        return said.replace("-", "\u2212")

    def day(self, value: date | datetime) -> str:
        """``10 March`` this year's style without the year is ambiguous in a year of history: ``10 March 2026``."""
        return format_date(self._local(value), "d MMMM y", locale=self.language)

    def short_day(self, value: date | datetime) -> str:
        """``10.03`` or ``3/10``, as the language writes it."""
        return format_skeleton("MMdd", _as_datetime(self._local(value)), locale=self.language)

    def month(self, value: date) -> str:
        """``March 2026``, on its own: the nominative in Russian."""
        return format_date(value, "LLLL y", locale=self.language)

    def moment(self, value: datetime) -> str:
        """``10 March 2026, 14:05`` in the person's own zone."""
        local = value.astimezone(self.zone)
        return f"{format_date(local, 'd MMMM y', locale=self.language)}, {self.hour(value)}"

    def hour(self, value: datetime) -> str:
        return format_datetime(value.astimezone(self.zone), "HH:mm", locale=self.language)

    def _local(self, value: date | datetime) -> date:
        return value.astimezone(self.zone).date() if isinstance(value, datetime) else value


def _as_datetime(value: date) -> datetime:
    return datetime(value.year, value.month, value.day)  # noqa: DTZ001 - only its day and month are read


def choose_language(wanted: str, offered: Sequence[str]) -> str:
    """The offered language that fits a messenger's tag (``ru-RU``, ``en_GB``); the first one offered otherwise."""
    tag = wanted.replace("_", "-").split("-")[0].lower()
    return tag if tag in offered else offered[0]
