"""A region is found by any of its names and knows its time zone."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.regions import region, regions, search, zone_of
from core.regions_ru import CITIES


@pytest.mark.parametrize("country", ["RU", "KZ", "BY", "UZ", "AM", "KG", "UA", "US"])
def test_every_region_has_a_zone_a_code_and_two_names(country: str) -> None:
    known = regions(country)
    assert known
    assert len({one.code for one in known}) == len(known)
    assert len({one.ru for one in known}) == len({one.en for one in known}) == len(known)
    for one in known:
        assert one.zone in available_timezones()
        assert len(one.code) <= 40
        assert region(one.code) == one
        assert one.name("ru-RU") == one.ru
        assert one.name("en") == one.en


def test_russia_is_whole_and_spans_eleven_hours() -> None:
    known = regions("RU")
    assert len(known) == 83  # ISO 3166-2:RU
    assert known[0].code == "RU-MOW"
    assert {one.code for one in known} >= set(CITIES)
    now = datetime(2026, 1, 1, tzinfo=UTC)
    hours = {(ZoneInfo(one.zone).utcoffset(now) or timedelta()) // timedelta(hours=1) for one in known}
    assert hours == set(range(2, 13))


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("Москва", "RU-MOW"),
        ("моск", "RU-MOW"),
        ("МОСКОВСКАЯ", "RU-MOS"),
        ("Новосиб", "RU-NVS"),
        ("орел", "RU-ORL"),
        ("ОРЁЛ", "RU-ORL"),
        ("oryol", "RU-ORL"),
        ("екатеринбург", "RU-SVE"),
        ("Нижний Новгород", "RU-NIZ"),
        ("великий новгород", "RU-NGR"),
        ("санкт петербург", "RU-SPE"),
        ("питер", "RU-SPE"),
        ("tatar", "RU-TA"),
        ("казань", "RU-TA"),
        ("югра", "RU-KHM"),
        ("якутия", "RU-SA"),
        ("ханты мансийск", "RU-KHM"),
    ],
)
def test_a_region_is_found_as_people_say_it(typed: str, first: str) -> None:
    assert [one.code for one in search("RU", typed)][:1] == [first]


def test_both_namesakes_are_found() -> None:
    assert {one.code for one in search("RU", "алтай")} == {"RU-AL", "RU-ALT"}


def test_nothing_typed_gives_the_first_and_nonsense_gives_none() -> None:
    assert [one.code for one in search("RU", " ", 3)] == ["RU-MOW", "RU-MOS", "RU-SPE"]
    assert list(search("RU", "атлантида")) == []
    assert list(search("XX", "a")) == []


@given(st.text(max_size=40))
def test_any_text_is_answered(text: str) -> None:
    assert len(search("RU", text, 5)) <= 5


def test_elsewhere_a_region_is_a_zone() -> None:
    assert [one.en for one in regions("BY")] == ["Belarus"]
    assert {one.ru for one in regions("UZ")} == {"Самарканд", "Ташкент"}
    assert zone_of("UZ:Asia/Tashkent", "UTC") == ZoneInfo("Asia/Tashkent")


@pytest.mark.parametrize("code", ["", "RU-XXX", "??", "XX:Nowhere"])
def test_an_unknown_region_has_the_operators_zone(code: str) -> None:
    assert zone_of(code, "Asia/Omsk") == ZoneInfo("Asia/Omsk")
