"""What holds of all conversations, and that each check can fail."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from pathlib import Path

import pytest

from fsm import checks
from fsm.action import MAX_BYTES, Action, encode
from fsm.state import Registry
from fsm.texts import available_languages


@pytest.fixture(scope="module")
def registry() -> Registry:
    return Registry()


def test_every_state_can_be_reached(registry: Registry) -> None:
    assert checks.unreachable(registry) == []


def test_no_state_is_a_trap(registry: Registry) -> None:
    assert checks.trapped(registry) == []


def test_every_button_fits(registry: Registry) -> None:
    assert checks.too_long(registry) == []
    assert len(checks.actions(registry)) > 30


def test_commands_are_named_consistently(registry: Registry) -> None:
    assert checks.misnamed(registry) == []


def test_every_message_is_a_literal() -> None:
    assert checks.computed() == []


@pytest.mark.parametrize("language", available_languages())
def test_every_message_is_translated(language: str) -> None:
    assert checks.untranslated(language) == []


def test_russian_is_there() -> None:
    assert "ru" in available_languages()


# -- the checks themselves -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def faulty() -> Registry:
    return Registry("tests.fsm.faulty")


def test_an_unreachable_state_is_found(faulty: Registry) -> None:
    assert checks.unreachable(faulty) == ["faulty.Island: no way in leads here"]


def test_a_trap_is_found(faulty: Registry) -> None:
    assert checks.trapped(faulty) == ["faulty.Trap: shows no footer and has no button of its own"]


def test_a_button_that_does_not_fit_is_found(faulty: Registry) -> None:
    [fault] = checks.too_long(faulty)
    assert fault.startswith("Wide takes ")


def test_a_menu_without_its_command_is_found(faulty: Registry) -> None:
    found = checks.misnamed(faulty)
    assert "/menu does not open the menu" in found
    assert "/Bad-Name is no name for a command" in found
    assert "/balance stands in the command menu and nothing answers it" in found


class Size(StrEnum):
    short = "s"
    long = "longest"


class Everything(Action, frozen=True, tag="x.all"):
    number: str
    link_id: str
    size: Size
    day: date
    page: int


def test_an_example_takes_the_most_room() -> None:
    example = checks.longest(Everything)
    assert isinstance(example, Everything)
    assert (len(example.number), len(example.link_id)) == (20, 16)
    assert (example.size, example.day) == (Size.long, date.max)


def test_a_field_without_bounds_is_refused() -> None:
    class Loose(Action, frozen=True, tag="x.loose"):
        many: list[str]

    with pytest.raises(TypeError, match="nothing bounds the size of many"):
        checks.longest(Loose)


def test_an_account_number_fits_with_room_to_spare(registry: Registry) -> None:
    sizes = {kind: len(encode(checks.longest(kind))) for kind in checks.actions(registry)}
    assert max(sizes.values()) <= MAX_BYTES


CATALOGUE = r"""
msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\n"
"Language: ru\n"
"Plural-Forms: nplurals=3; plural=(n%10==1 && n%100!=11 ? 0 : n%10>=2 && n%10<=4 && (n%100<10 || n%100>=20) ? 1 : 2);\n"

msgid "Hello, {name}!"
msgstr "ЗДРАВСТВУЙТЕ"

msgid "{n} day"
msgid_plural "{n} days"
msgstr[0] "один день"
msgstr[1] "{n} дня"
msgstr[2] "{n} дней"
"""


@pytest.mark.parametrize(
    ("source", "said", "expected"),
    [
        ('talk.t("Hello, {name}!", name=1)', "Здравствуйте, {name}!", []),
        ('talk.t("Hello, {name}!", name=1)', "Здравствуйте!", ["other placeholders"]),
        ('talk.t("Hello, {name}!", name=1)', "Здравствуйте, {nome}!", ["other placeholders"]),
        ('talk.t("Hello, {name}!", name=1)', "", ["not translated"]),
        ('talk.t("Hello, "\n  "{name}!", name=1)', "Здравствуйте, {name}!", []),
        ('talk.t("Bye")', "x", ["not translated: 'Bye'"]),
        ('talk.n("{n} day", "{n} days", 3)', "x", []),
        ('talk.n("{n} day", "{n} many days", 3)', "x", ["another plural"]),
        ('translator.t("Bye")', "x", ["not translated: 'Bye'"]),
    ],
)
def test_what_a_catalogue_lacks_is_found(tmp_path: Path, source: str, said: str, expected: list[str]) -> None:
    (tmp_path / "words.py").write_text(source, "utf-8")
    folder = tmp_path / "ru" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "abonent.po").write_text(CATALOGUE.replace("ЗДРАВСТВУЙТЕ", said), "utf-8")
    found = checks.untranslated("ru", tmp_path, tmp_path)
    assert len(found) == len(expected)
    assert all(part in one for part, one in zip(expected, found, strict=True))


@pytest.mark.parametrize(
    ("source", "count"),
    [
        ('talk.t("Hello")', 0),
        ('talk.t(f"Hello {name}")', 1),
        ("talk.t(words)", 1),
        ('talk.n("one", many, 2)', 1),
        ('talk.n("one", "many", n)', 0),
    ],
)
def test_a_computed_message_is_found(tmp_path: Path, source: str, count: int) -> None:
    (tmp_path / "words.py").write_text(source, "utf-8")
    assert len(checks.computed(tmp_path)) == count
