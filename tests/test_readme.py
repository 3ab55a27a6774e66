"""README is what a stranger goes by: its tables and the program must say the same."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import typer
from pydantic import SecretStr
from pydantic_settings import BaseSettings

from bot.cli import app
from bot.settings import Settings

README = (Path(__file__).resolve().parent.parent / "README.md").read_text("utf-8")

# What stops the start when it is absent has no default, whatever the class says.
REQUIRED = {"ABONENT_SECRET_KEY"}


def _table(heading: str) -> list[list[str]]:
    """The cells of the first table under a heading, without its head."""
    section = README.split(f"\n### {heading}\n", 1)[1].split("\n#", 1)[0]
    rows = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", row.strip("|"))] for row in rows[2:]]


def _settings() -> dict[str, str]:
    """Each setting and its default as the table writes it: the program's own first, then those of each part."""
    found = {}
    classes = [one for one in Settings.__mro__ if issubclass(one, BaseSettings)]
    names = [name for one in classes for name in one.__annotations__ if name in Settings.model_fields]
    for name in names:
        value = Settings.model_fields[name].default
        if isinstance(value, SecretStr):
            value = value.get_secret_value()
        if isinstance(value, tuple):
            value = ",".join(map(str, value))
        name = f"ABONENT_{name.upper()}"
        found[name] = "required" if name in REQUIRED else f"`{value}`" if value != "" else "none"
    return found


def commands() -> dict[str, Any]:
    """``abonent billing import`` and its kind, without the groups themselves."""
    found: dict[str, Any] = {}

    def walk(name: str, command: Any) -> None:
        if isinstance(inner := getattr(command, "commands", None), dict):
            for word, one in inner.items():
                walk(f"{name} {word}", one)
        else:
            found[name] = command

    walk("abonent", typer.main.get_command(app))
    return found


def test_each_setting_stands_in_the_table_with_its_default() -> None:
    """Nothing is left out, nothing is there that the program does not read, and every default is the real one."""
    assert {row[0].strip("`"): row[2] for row in _table("Settings")} == _settings()


def test_the_table_is_in_the_order_of_the_settings() -> None:
    """Who reads one beside the other finds the line."""
    assert [row[0].strip("`") for row in _table("Settings")] == list(_settings())


def test_each_setting_is_explained() -> None:
    """A name and a default alone help nobody."""
    assert all(len(row[1].split()) >= 2 for row in _table("Settings"))


def test_each_command_stands_in_the_table() -> None:
    """Neither more nor fewer than `abonent` has."""
    assert sorted(row[0].strip("`") for row in _table("Commands")) == sorted(commands())


@pytest.mark.parametrize("row", _table("Commands"), ids=lambda row: row[0])
def test_the_options_of_a_command_are_those_that_it_has(row: list[str]) -> None:
    """An option that was renamed is renamed here, too."""
    taken = {option for parameter in commands()[row[0].strip("`")].params for option in parameter.opts}
    named = set(re.findall(r"`(--[a-z-]+)`", row[1]))
    assert named == {option for option in taken if option.startswith("--")}
