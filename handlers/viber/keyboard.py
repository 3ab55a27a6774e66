"""Lays rows of buttons out on Viber's grid of six columns."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Any

import structlog

from core.delivery.messages import Button
from handlers.viber.payloads import PREFIX, SHARE_PHONE

GRID = 6  # columns
MAX_ROWS = 24  # what a keyboard holds; a button may be two rows high
MAX_LABEL = 250  # characters of a button's Text, tags included
SHARE_PHONE_API = 3  # min_api_version that share-phone needs; without it Viber refuses the message

_FOOTER = 3  # rows at the end that are kept when a keyboard is too tall: back, menu, a person
_FITS = {6: 34, 3: 16, 2: 10, 1: 4}  # characters that stay readable at regular size, by columns
_COLOURS = {  # background and text: at least 4.5:1, WCAG's contrast for ordinary text
    "plain": ("#ECEAF6", "#211C33"),
    "primary": ("#5B48D9", "#FFFFFF"),
    "danger": ("#C0282D", "#FFFFFF"),
}

log = structlog.get_logger(__name__)


def keyboard(rows: Sequence[Sequence[Button]], asks_contact: str = "", menu: str = "") -> dict[str, Any] | None:
    """The ``keyboard`` object for a message, or None when there is nothing to press.

    ``asks_contact`` is the label of the share-phone button, which comes first and needs ``min_api_version`` 3.
    ``menu`` is the label of a button that says /menu for the person.
    The input field is left as it is (no ``InputFieldState``): a person may always type instead of pressing.
    """
    grid = [line for row in rows for line in _lines(row)]
    if asks_contact:
        grid.insert(0, [_drawn(Button(asks_contact, tone="primary"), GRID, "share-phone", SHARE_PHONE)])
    if menu:
        grid.append([_drawn(Button(menu), GRID, "reply", "/menu")])
    grid = _shortened(grid)
    if not grid:
        return None
    return {
        "Type": "keyboard",
        "DefaultHeight": False,
        "BgColor": "#FFFFFF",
        "Buttons": [button for line in grid for button in line],
    }


def without_new_features(board: dict[str, Any]) -> dict[str, Any] | None:
    """The keyboard for a client that is too old for share-phone; None when no button is left."""
    kept = [button for button in board["Buttons"] if button["ActionType"] != "share-phone"]
    return {**board, "Buttons": kept} if kept else None


def _lines(row: Sequence[Button]) -> list[list[dict[str, Any]]]:
    """One row as one or more lines of exactly six columns: a client fills a gap with the next button."""
    lines = []
    for group in _groups([button for button in row if button.payload or button.url]):
        columns = GRID // len(group)
        rest = GRID - columns * (len(group) - 1)  # five in a line: the last one is twice as wide
        lines.append([_choice(button, columns) for button in group[:-1]] + [_choice(group[-1], rest)])
    return lines


def _groups(row: list[Button]) -> list[list[Button]]:
    if len(row) in (GRID - 1, GRID) and _fit(row, 1):
        return [row]
    per_line = next((count for count in (3, 2) if len(row) >= count and _fit(row, GRID // count)), 1)
    if len(row) == 4 and per_line == 3:
        per_line = 2  # two and two look better than three and one
    return [row[start : start + per_line] for start in range(0, len(row), per_line)]


def _fit(row: list[Button], columns: int) -> bool:
    return all(len(button.label) <= _FITS[columns] for button in row)


def _choice(button: Button, columns: int) -> dict[str, Any]:
    if button.payload:
        return _drawn(button, columns, "reply", PREFIX + button.payload)
    return _drawn(button, columns, "open-url", button.url)


def _drawn(button: Button, columns: int, action: str, body: str) -> dict[str, Any]:
    background, colour = _COLOURS[button.tone]
    drawn: dict[str, Any] = {
        "Columns": columns,
        "Rows": 1 if len(button.label) <= _FITS[columns] else 2,
        "BgColor": background,
        "Text": _label(button.label, colour),
        "TextSize": "regular",
        "TextHAlign": "center",
        "TextVAlign": "middle",
        "ActionType": action,
        "ActionBody": body,
    }
    if action == "share-phone":
        return drawn  # not silent: the person sees in the chat what was handed over
    # Without Silent (Viber 6.7, no API level) the payload or the address appears in the chat as the person's words.
    drawn["Silent"] = True
    if action == "open-url":
        drawn["OpenURLType"] = "external"  # banks' pages and apps refuse to work inside a messenger
    return drawn


def _label(label: str, colour: str) -> str:
    """Escaped and coloured, within 250 characters; an entity is never cut in two."""
    before, after = f'<font color="{colour}">', "</font>"
    room = MAX_LABEL - len(before) - len(after)
    label = " ".join(label.split()) or "…"
    escaped = html.escape(label, quote=False)
    while len(escaped) > room:
        label = label[:-2].rstrip() + "…"
        escaped = html.escape(label, quote=False)
    return before + escaped + after


def _shortened(grid: list[list[dict[str, Any]]]) -> list[list[dict[str, Any]]]:
    while len(grid) > _FOOTER and sum(_height(line) for line in grid) > MAX_ROWS:
        dropped = grid.pop(-_FOOTER - 1)
        log.warning("viber keyboard is too tall", dropped_buttons=len(dropped))
    return grid


def _height(line: list[dict[str, Any]]) -> int:
    return max(int(button["Rows"]) for button in line)
