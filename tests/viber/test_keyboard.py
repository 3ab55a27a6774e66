"""Keyboards of every shape against the documented schema, and labels that look like markup."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.delivery.messages import Button
from handlers.viber.keyboard import keyboard
from handlers.viber.payloads import PREFIX, SHARE_PHONE
from tests.viber.support import schema_faults


def row(*labels: str) -> tuple[Button, ...]:
    return tuple(Button(label, payload=f"p{index}") for index, label in enumerate(labels))


def widths(board: dict[str, Any] | None) -> list[int]:
    return [button["Columns"] for button in board["Buttons"]] if board else []


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (["Yes"], [6]),
        (["Yes", "No"], [3, 3]),
        (["1", "2", "3"], [2, 2, 2]),
        (["1", "2", "3", "4"], [3, 3, 3, 3]),
        (["1", "2", "3", "4", "5"], [1, 1, 1, 1, 2]),
        (["1⭐"] * 6, [1] * 6),
        (["First", "2", "3", "4", "5"], [2, 2, 2, 3, 3]),
        (["1"] * 7, [2, 2, 2, 2, 2, 2, 6]),
        (["Balance of all", "Pay", "Help"], [3, 3, 6]),
        (["What the sum consists of", "Back"], [6, 6]),
    ],
)
def test_rows_fill_six_columns(labels: list[str], expected: list[int]) -> None:
    board = keyboard([row(*labels)])
    assert board is not None
    assert widths(board) == expected
    assert schema_faults(board) == []


@given(st.lists(st.lists(st.text(min_size=1, max_size=300), min_size=1, max_size=8), min_size=1, max_size=30))
def test_any_rows_satisfy_the_schema(rows: list[list[str]]) -> None:
    board = keyboard([row(*labels) for labels in rows], asks_contact="Phone")
    assert board is not None
    assert schema_faults(board) == []


def test_payloads_links_and_the_phone() -> None:
    board = keyboard([(Button("Pay", url="https://p.example"), Button("Back", payload='----["b"]'))], "My phone")
    assert board is not None
    phone, link, back = board["Buttons"]
    assert (phone["ActionType"], phone["ActionBody"], "Silent" in phone) == ("share-phone", SHARE_PHONE, False)
    assert (link["ActionType"], link["ActionBody"], link["Silent"]) == ("open-url", "https://p.example", True)
    assert (back["ActionType"], back["ActionBody"], back["Silent"]) == ("reply", PREFIX + '----["b"]', True)


def test_nothing_to_press_is_no_keyboard() -> None:
    assert keyboard([]) is None
    assert keyboard([(), (Button("neither payload nor address"),)]) is None


@pytest.mark.parametrize("label", ["<b>Mother's</b> & <script>", "&" * 300, "<" * 120, "  two\n lines ", "я" * 400])
def test_labels_are_never_markup_and_never_too_long(label: str) -> None:
    board = keyboard([row(label)])
    assert board is not None
    text = board["Buttons"][0]["Text"]
    assert len(text) <= 250
    inside = re.fullmatch(r'<font color="#[0-9A-F]{6}">([^<>]*)</font>', text)
    assert inside is not None
    shown = html.unescape(inside[1])
    expected = " ".join(label.split())
    assert shown == expected or (shown.endswith("…") and expected.startswith(shown[:-1].rstrip()))
    assert not re.search(r"&(?!(amp|lt|gt);)", inside[1])


def test_a_keyboard_that_is_too_tall_keeps_its_footer() -> None:
    board = keyboard([row(f"Row {number}") for number in range(40)])
    assert board is not None
    assert len(board["Buttons"]) == 24
    assert [re.sub("<[^>]*>", "", button["Text"]) for button in board["Buttons"][-4:]] == [
        "Row 20",
        "Row 37",
        "Row 38",
        "Row 39",
    ]


@pytest.mark.parametrize("tone", ["plain", "primary", "danger"])
def test_tones_are_readable(tone: Any) -> None:
    board = keyboard([(Button("Label", payload="p", tone=tone),)])
    assert board is not None
    button = board["Buttons"][0]
    colour = button["Text"].split('"')[1]
    lighter, darker = sorted((_luminance(button["BgColor"]), _luminance(colour)), reverse=True)
    assert (lighter + 0.05) / (darker + 0.05) >= 4.5  # WCAG AA


def _luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [value / 12.92 if value <= 0.03928 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
