"""The drawn conversations: complete, and the same as the program."""

from __future__ import annotations

from pathlib import Path

import pytest

from fsm.diagram import flows_markdown
from fsm.state import Registry

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture(scope="module")
def drawn() -> str:
    return flows_markdown(Registry())


def test_the_stored_diagrams_are_fresh(drawn: str) -> None:
    stored = ROOT / "docs" / "flows.md"
    assert stored.exists(), "run `make flows`"
    assert stored.read_text("utf-8") == drawn, "the conversations have changed: run `make flows`"


def test_two_drawings_are_the_same(drawn: str) -> None:
    assert flows_markdown(Registry()) == drawn


def test_every_state_and_every_way_in_is_drawn(drawn: str) -> None:
    registry = Registry()
    for name, kind in registry.states.items():
        if kind.__module__.startswith(registry.package):
            flow, _, state = name.partition(".")
            section = drawn.split(f"\n## {flow}\n")[1].split("\n## ")[0]
            assert f'state "{state}" as {state}' in section
    for command in registry.commands:
        assert f"/{command}" in drawn
    for link in registry.links:
        assert f"link {link}_…" in drawn


def test_an_arrow_says_what_the_person_does(drawn: str) -> None:
    section = drawn.split("\n## balance\n")[1].split("\n## ")[0]
    assert "    [*] --> Accounts: OpenAccounts, /balance\n" in section
    assert "    Accounts --> Accounts: TurnPage, Update\n" in section
    assert "    Account --> charges_Composition: WhatFor\n" in section
    help_ = drawn.split("\n## help\n")[1].split("\n## ")[0]
    assert "    Questions --> Answer: Ask, words\n" in help_


def test_the_toy_flows_are_drawn_as_they_are() -> None:
    drawn = flows_markdown(Registry("tests.kernel.toy"))
    assert "    AskName --> AskPhone: Take, words\n" in drawn
    assert "    AskPhone --> Confirm: a contact\n" in drawn
