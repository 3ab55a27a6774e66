"""Reads phone numbers as people write them, and shows them so that only their owner knows them again."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from enum import Enum

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberFormat, PhoneNumberType, ValidationResult

LONGEST_TEXT = 200  # characters: nobody writes a number in more
_MOBILE = (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE)


class PhoneFault(Enum):
    """Why a text is not a phone number that a code can be sent to."""

    no_digits = "no_digits"
    too_short = "too_short"
    too_long = "too_long"
    unknown = "unknown"  # no country gives out such numbers
    not_mobile = "not_mobile"  # a fixed line does not take an SMS


@dataclass(frozen=True, slots=True)
class NotAPhone:
    """A refusal with its reason."""

    fault: PhoneFault


def parse_phone(text: str, country: str, *, mobile: bool = True) -> str | NotAPhone:
    """The number in E.164, out of any spelling: ``8 (900) 000-00-01``, ``+7900…``, ``my number is 9000000001``.

    ``country`` (ISO 3166) is where a number without a country code is dialled. ``mobile=False`` takes fixed lines too.
    """
    digits = _digits(text)
    if not any(char.isdigit() for char in digits):
        return NotAPhone(PhoneFault.no_digits)
    try:
        number = phonenumbers.parse(digits, country)
    except NumberParseException as error:
        return NotAPhone(_WHY_UNREAD.get(error.error_type, PhoneFault.unknown))
    if not phonenumbers.is_valid_number(number):
        return NotAPhone(_why_invalid(number))
    if mobile and phonenumbers.number_type(number) not in _MOBILE:
        return NotAPhone(PhoneFault.not_mobile)
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def parse_shared(text: str, country: str) -> str | NotAPhone:
    """A number as a messenger hands it over: international even where its plus is missing, mobile or not."""
    digits = _digits(text)
    if not digits.startswith("+"):
        whole = parse_phone(f"+{digits}", country, mobile=False)
        if isinstance(whole, str):
            return whole
    return parse_phone(digits, country, mobile=False)


def show_phone(phone: str) -> str:
    """``+7 900 000-00-01``: for the person whose number it is."""
    try:
        return phonenumbers.format_number(phonenumbers.parse(phone), PhoneNumberFormat.INTERNATIONAL)
    except NumberParseException:
        return phone


def mask_phone(phone: str) -> str:
    """``+7 ••• ••• 00 01``: enough to know one's own number again, too little to learn a stranger's."""
    digits = "".join(char for char in phone if char.isdigit())
    try:
        code = f"+{phonenumbers.parse(phone).country_code} "
    except NumberParseException:
        code = ""
    if len(digits) < 7:
        return f"{code}•••"
    return f"{code}••• ••• {digits[-4:-2]} {digits[-2:]}"


def _digits(text: str) -> str:
    """What can be dialled: digits, and a plus where it comes before the first of them. ``00`` abroad is a plus."""
    plain = unicodedata.normalize("NFKC", text[:LONGEST_TEXT])
    found = ""
    for char in plain:
        if char.isdecimal():
            found += str(unicodedata.decimal(char))
        elif char == "+" and not found:
            found = "+"
    if found.startswith("00") and len(found) > 11:
        return f"+{found[2:]}"
    return found


_WHY_UNREAD = {
    NumberParseException.NOT_A_NUMBER: PhoneFault.too_short,  # digits are there, but one or two
    NumberParseException.TOO_SHORT_NSN: PhoneFault.too_short,
    NumberParseException.TOO_SHORT_AFTER_IDD: PhoneFault.too_short,
    NumberParseException.TOO_LONG: PhoneFault.too_long,
}
_WHY_IMPOSSIBLE = {
    ValidationResult.TOO_SHORT: PhoneFault.too_short,
    ValidationResult.IS_POSSIBLE_LOCAL_ONLY: PhoneFault.too_short,  # a number without its area's code
    ValidationResult.TOO_LONG: PhoneFault.too_long,
}


def _why_invalid(number: PhoneNumber) -> PhoneFault:
    # Against the lengths of mobile numbers: some countries have service numbers of four digits more.
    reason = phonenumbers.is_possible_number_for_type_with_reason(number, PhoneNumberType.MOBILE)
    return _WHY_IMPOSSIBLE.get(reason, PhoneFault.unknown)
