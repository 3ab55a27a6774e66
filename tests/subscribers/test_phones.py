"""Phone numbers, addresses and names as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.subscribers.emails import mask_email, parse_email
from core.subscribers.names import NameFault, parse_name
from core.subscribers.phones import NotAPhone, PhoneFault, mask_phone, parse_phone, parse_shared


@pytest.mark.parametrize(
    "spelling",
    [
        "8 (900) 000-00-01",
        "+7 900 000-00-01",
        "9000000001",
        "79000000001",
        "8‑900‑000‑00‑01",
        "мой номер 8 900 000 00 01, звоните",
        "тел. +7(900)0000001.",
        "８９００００００００１",
        "00 7 900 000 00 01",
    ],
)
def test_any_spelling_is_read(spelling: str) -> None:
    assert parse_phone(spelling, "RU") == "+79000000001"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", PhoneFault.no_digits),
        ("привет", PhoneFault.no_digits),
        ("+", PhoneFault.no_digits),
        ("5", PhoneFault.too_short),
        ("900000", PhoneFault.too_short),
        ("8900000000123456", PhoneFault.too_long),
        ("9" * 150, PhoneFault.too_long),
        ("+7 495 123-45-67", PhoneFault.not_mobile),
        ("+7 000 000-00-00", PhoneFault.unknown),
        ("+999 12345678", PhoneFault.unknown),
    ],
)
def test_a_refusal_has_its_reason(text: str, fault: PhoneFault) -> None:
    assert parse_phone(text, "RU") == NotAPhone(fault)


@pytest.mark.parametrize(
    ("spelling", "country", "phone"),
    [
        ("067 123 45 67", "UA", "+380671234567"),
        ("8 029 123-45-67", "BY", "+375291234567"),
        ("8 701 123 45 67", "KZ", "+77011234567"),
        ("+380 67 123 4567", "RU", "+380671234567"),
    ],
)
def test_each_country_dials_in_its_own_way(spelling: str, country: str, phone: str) -> None:
    assert parse_phone(spelling, country) == phone


def test_a_shared_number_is_international_without_its_plus() -> None:
    assert parse_shared("79000000001", "BY") == "+79000000001"
    assert parse_shared("375291234567", "RU") == "+375291234567"
    assert parse_shared("+74951234567", "RU") == "+74951234567"
    assert isinstance(parse_shared("12", "RU"), NotAPhone)


@given(st.text(max_size=300), st.sampled_from(["RU", "BY", "UA", "KZ"]))
def test_whatever_is_typed_is_a_number_or_a_refusal(text: str, country: str) -> None:
    phone = parse_phone(text, country)
    assert isinstance(phone, NotAPhone) or (phone[0] == "+" and phone[1:].isascii() and phone[1:].isdigit())


@given(st.integers(0, 9_999_999), st.sampled_from(["+7{}", "8{}", "7{}", "8 ({}", "{}", "тел {} спасибо"]))
def test_a_spelling_does_not_change_the_number(number: int, spelling: str) -> None:
    assert parse_phone(spelling.format(f"900{number:07d}"), "RU") == f"+7900{number:07d}"


def test_a_masked_number_shows_its_last_four_digits_alone() -> None:
    assert mask_phone("+79001234501") == "+7 ••• ••• 45 01"
    assert "1234" not in mask_phone("+375291234567")
    assert mask_phone("") == "•••"


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        (" Anna@Mail.RU ", "Anna@mail.ru"),
        ("mailto:a.b+c@sub.example.org", "a.b+c@sub.example.org"),
        ("<x@y.co>", "x@y.co"),
        ("почта@mail.ru", None),
        ("a@b", None),
        ("a@b..ru", None),
        (".a@b.ru", None),
        ("a b@c.ru", None),
        ("a@b.ru\r\nBcc: x@y.ru", None),
        ("a" * 65 + "@b.ru", None),
        ("", None),
    ],
)
def test_addresses(typed: str, address: str | None) -> None:
    assert parse_email(typed) == address


@given(st.text(max_size=300))
def test_no_address_can_smuggle_a_header(text: str) -> None:
    address = parse_email(text)
    assert address is None or not any(char.isspace() or char in "<>,;" for char in address)


def test_a_masked_address() -> None:
    assert mask_email("ivanova@mail.ru") == "i•••@mail.ru"


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("  Мария   Петровна ", "Мария Петровна"),
        ("O'Neil\u200b", "O'Neil"),
        ("Ан\nна", "Ан на"),
        ("Ян", "Ян"),
        ("кузнецов алексей", "Кузнецов Алексей"),
        ("van der Berg", "van der Berg"),
        ("Я", NameFault.too_short),
        ("", NameFault.no_letters),
        ("123", NameFault.no_letters),
        ("😀😀", NameFault.no_letters),
        ("89000000001", NameFault.looks_like_phone),
        ("я" * 101, NameFault.too_long),
        ("\x00\x1b[31mAnna", "[31mAnna"),
    ],
)
def test_names(typed: str, name: str | NameFault) -> None:
    assert parse_name(typed) == name
