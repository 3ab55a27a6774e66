"""A number is found however it is spelled."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.billing.numbers import MAX_LENGTH, number_key


@pytest.mark.parametrize(
    ("spelling", "key"),
    [
        ("7700100325", "7700100325"),
        (" 77 0010-03.25 ", "7700100325"),
        ("№ 7700100325", "7700100325"),
        ("№7700100325", "7700100325"),
        ("л/с 7700100325", "7700100325"),
        ("ЛС7700100325", "7700100325"),
        ("Лицевой счёт: 7700 100325", "7700100325"),
        ("Договор № Д-10325/19", "Д1032519"),
        ("АВС-12", "ABC12"),  # Cyrillic letters
        ("ABC-12", "ABC12"),  # Latin letters
        ("авс 12", "ABC12"),
        ("0042-17", "004217"),
        ("СЧ-55", "CЧ55"),  # letters of the number itself
        ("no. 55", "55"),
        ("٤٢", "42"),
        ("４２", "42"),
        ("", ""),
        (" № -- ", ""),
    ],
)
def test_a_spelling_leads_to_its_key(spelling: str, key: str) -> None:
    assert number_key(spelling) == key


@given(st.text())
def test_any_text_gives_a_key_that_fits_and_is_its_own_key(text: str) -> None:
    key = number_key(text)
    assert len(key) <= MAX_LENGTH
    assert key == "" or key.isalnum()


@given(st.from_regex(r"[0-9]{4,12}", fullmatch=True), st.sampled_from([" ", "-", ".", "/", " - ", "\u00a0"]))
def test_dividers_make_no_difference(number: str, divider: str) -> None:
    assert number_key(divider.join([number[:2], number[2:4], number[4:]])) == number
