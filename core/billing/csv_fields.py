"""Turns the text of a CSV field into a value, or says in a sentence why it cannot be one."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import TypeVar

import phonenumbers

from core.money import Money, exponent

E = TypeVar("E", bound=StrEnum)

MOST = Decimal(10) ** 12  # major units; more is a slip of the keyboard
_SPACES = re.compile(r"[\s\u00a0\u202f\u2009']")
_AMOUNT = re.compile(r"[+-]?\d+(?:[.,]\d+)?")
_ISO_DATE = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_DOTTED_DATE = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})")
_MONTH = re.compile(r"(?P<y>\d{4})-(?P<m>\d{1,2})|(?P<m2>\d{1,2})\.(?P<y2>\d{4})")
_EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(?:\.[^@\s.]+)+")
_YES = {"yes", "y", "true", "1", "да"}
_NO = {"no", "n", "false", "0", "нет"}


class BadField(ValueError):
    """The message is a sentence that names the column and what is wrong."""


def amount(column: str, text: str, currency: str) -> Money:
    """``1 234,56``, ``1234.56``, ``-5``; never more digits after the point than the currency has."""
    tidy = _SPACES.sub("", text).replace("\u2212", "-")
    if not _AMOUNT.fullmatch(tidy) or not tidy.isascii():
        raise BadField(f"The {column} {text!r} is not an amount such as 1234.56.")
    value = Decimal(tidy.replace(",", "."))
    if -int(value.as_tuple().exponent) > exponent(currency):
        raise BadField(f"The {column} {text!r} has more than {exponent(currency)} digits after the point ({currency}).")
    if abs(value) >= MOST:
        raise BadField(f"The {column} {text!r} is too large.")
    return Money(value, currency)


def day(column: str, text: str) -> date:
    """``2026-03-31`` or ``31.03.2026``."""
    if match := _ISO_DATE.fullmatch(text):
        parts = match.groups()
    elif match := _DOTTED_DATE.fullmatch(text):
        parts = match.groups()[::-1]
    else:
        raise BadField(f"The {column} {text!r} is not a date such as 2026-03-31 or 31.03.2026.")
    try:
        value = date(*map(int, parts))
    except ValueError:
        raise BadField(f"The {column} {text!r} is not in the calendar.") from None
    if not 1990 <= value.year <= 2100:
        raise BadField(f"The {column} {text!r} is not in this century.")
    return value


def month(column: str, text: str) -> date:
    """``2026-03``, ``03.2026`` or any date of the month; the month's first day comes back."""
    match = _MONTH.fullmatch(text)
    if match is None:
        try:
            return day(column, text).replace(day=1)
        except BadField:
            raise BadField(f"The {column} {text!r} is not a month such as 2026-03 or 03.2026.") from None
    year, number = match["y"] or match["y2"], match["m"] or match["m2"]
    return day(column, f"{year}-{number}-1")


def one_of(column: str, text: str, kind: type[E]) -> E:
    try:
        return kind(text.lower())
    except ValueError:
        raise BadField(f"The {column} {text!r} is none of: {', '.join(kind)}.") from None


def yes(column: str, text: str) -> bool:
    if text.lower() in _YES:
        return True
    if text.lower() in _NO:
        return False
    raise BadField(f"The {column} {text!r} is neither yes nor no.")


def phone(column: str, text: str, country: str) -> str:
    """To E.164; a number without a country code is one of ``country`` (ISO 3166)."""
    try:
        number = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        raise BadField(f"The {column} is not a phone number.") from None
    if not phonenumbers.is_valid_number(number):
        raise BadField(f"The {column} is not a phone number that exists.")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def email(column: str, text: str) -> str:
    if not _EMAIL.fullmatch(text):
        raise BadField(f"The {column} is not an e-mail address.")
    return text


def words(column: str, text: str, longest: int) -> str:
    if len(text) > longest:
        raise BadField(f"The {column} is longer than {longest} characters.")
    return text
