"""What Viber checks in a keyboard: the schema on its server, the looks in the app."""

from __future__ import annotations

import re
from typing import Any

from bot.sandbox.shapes import Json, words
from bot.sandbox.viber.errors import bad_data

MAX_ROWS = 24
_KEYBOARD_FIELDS = words(
    "Type Buttons BgColor DefaultHeight CustomDefaultHeight HeightScale ButtonsGroupColumns ButtonsGroupRows "
    "InputFieldState FavoritesMetadata"
)
_BUTTON_FIELDS = words(
    "Columns Rows BgColor Silent BgMediaType BgMedia BgMediaScaleType ImageScaleType BgLoop ActionType ActionBody "
    "Image Text TextVAlign TextHAlign TextPaddings TextOpacity TextSize OpenURLType OpenURLMediaType "
    "TextBgGradientColor TextShouldFit InternalBrowser Map Frame MediaPlayer"
)
_CHOICES: dict[str, frozenset[str]] = {
    "ActionType": words("reply open-url location-picker share-phone none"),
    "TextSize": words("small regular large"),
    "TextVAlign": words("top middle bottom"),
    "TextHAlign": words("left center right"),
    "OpenURLType": words("internal external"),
    "OpenURLMediaType": words("not-media video gif picture"),
    "BgMediaType": words("picture gif"),
    "BgMediaScaleType": words("crop fill fit"),
    "ImageScaleType": words("crop fill fit"),
}
# The API level from which a client knows a parameter; below it `min_api_version` must be raised. From the tables
# in https://developers.viber.com/docs/tools/keyboards/. `Silent` has none: Viber 6.7 and above knows it.
_KEYBOARD_LEVELS = {
    "CustomDefaultHeight": 3,
    "HeightScale": 3,
    "ButtonsGroupColumns": 4,
    "ButtonsGroupRows": 4,
    "InputFieldState": 4,
    "FavoritesMetadata": 6,
}
_BUTTON_LEVELS = {"InternalBrowser": 3, "TextPaddings": 4} | dict.fromkeys(
    ("Frame", "Map", "MediaPlayer", "BgMediaScaleType", "ImageScaleType", "TextShouldFit"), 6
)
_COLOUR = re.compile(r"#[0-9A-Fa-f]{6}(?:[0-9A-Fa-f]{2})?")


def refuse(keyboard: Any, min_api_version: int) -> None:
    """The server's checks: ViberError 3 for a keyboard that breaks the schema or needs a newer API level."""
    if not isinstance(keyboard, dict):
        raise bad_data("keyboard is not valid. [instance type does not match: object expected]")
    _known(keyboard, _KEYBOARD_FIELDS, "keyboard")
    if "Type" not in keyboard:
        raise bad_data('keyboard is not valid. [object has missing required properties (["Type"])]')
    if keyboard["Type"] != "keyboard":
        raise bad_data("keyboard is not valid. [Type: value not found in enum]")
    buttons = keyboard.get("Buttons")
    if not isinstance(buttons, list) or not buttons:
        raise bad_data('keyboard is not valid. [object has missing required properties (["Buttons"])]')
    _integer(keyboard, "ButtonsGroupColumns", 1, 6)
    _integer(keyboard, "ButtonsGroupRows", 1, 7)
    _integer(keyboard, "CustomDefaultHeight", 40, 70)
    _integer(keyboard, "HeightScale", 20, 100)
    state = keyboard.get("InputFieldState")
    if state is not None and state not in ("regular", "minimized", "hidden"):
        raise bad_data("keyboard is not valid. [InputFieldState: value not found in enum]")
    _levels(keyboard, _KEYBOARD_LEVELS, min_api_version)
    for button in buttons:
        _button(button, min_api_version)


def _button(button: Any, min_api_version: int) -> None:
    if not isinstance(button, dict):
        raise bad_data("keyboard is not valid. [button: object expected]")
    _known(button, _BUTTON_FIELDS, "button")
    _integer(button, "Columns", 1, 6)
    _integer(button, "Rows", 1, 2)
    _integer(button, "TextOpacity", 0, 100)
    for name, allowed in _CHOICES.items():
        if name in button and str(button[name]) not in allowed:
            raise bad_data(f"keyboard is not valid. [{name}: value not found in enum]")
    body = button.get("ActionBody")
    if not isinstance(body, str) or not body:
        raise bad_data('keyboard is not valid. [object has missing required properties (["ActionBody"])]')
    if button.get("ActionType") == "open-url" and not re.match(r"[a-z][a-z0-9+.-]*:|www\.", str(body)):
        raise bad_data("keyboard is not valid. [ActionBody: not an address]")
    if not any(button.get(name) for name in ("Text", "Image", "BgMedia", "BgColor")):
        raise bad_data("keyboard is not valid. [button needs one of Text, Image, BgMedia, BgColor]")
    if not isinstance(button.get("Frame", {}), dict):
        raise bad_data("keyboard is not valid. [Frame: object expected]")
    if "Silent" in button and not isinstance(button["Silent"], bool):
        raise bad_data("keyboard is not valid. [Silent: boolean expected]")
    _levels(button, _BUTTON_LEVELS, min_api_version)
    if button.get("ActionType") in ("share-phone", "location-picker"):
        _level(button["ActionType"], 3, min_api_version)


def _levels(value: Json, levels: dict[str, int], min_api_version: int) -> None:
    for name, level in levels.items():
        if name in value:
            _level(name, level, min_api_version)


def _level(name: str, level: int, min_api_version: int) -> None:
    if min_api_version < level:
        raise bad_data(f"keyboard is not valid. [{name} needs min_api_version {level}]")


def _known(value: Json, fields: frozenset[str], what: str) -> None:
    # Stricter than the real service, which skips what it does not know: a misspelt name must not go unseen.
    for name in value:
        if name not in fields:
            raise bad_data(f"keyboard is not valid. [unknown parameter {name} in {what}]")


def _integer(value: Json, name: str, low: int, high: int) -> None:
    number = value.get(name)
    if number is not None and (type(number) is not int or not low <= number <= high):
        raise bad_data(f"keyboard is not valid. [{name} must be {low}-{high}]")


def failure(keyboard: Json) -> str | None:
    """The app's checks, whose verdict comes later as a `failed` callback; None when the keyboard can be shown."""
    if not _colour(keyboard.get("BgColor")):
        return "keyboard BgColor is not a colour"
    for button in keyboard["Buttons"]:
        if len(str(button.get("Text") or "")) > 250:
            return "button Text is longer than 250 characters"
        if not _colour(button.get("BgColor")) or not _colour((button.get("Frame") or {}).get("BorderColor")):
            return "button colour is not valid"
        unclosed = _markup_fault(str(button.get("Text") or ""))
        if unclosed:
            return unclosed
    return _grid_fault(keyboard)


def _colour(value: Any) -> bool:
    return value is None or (isinstance(value, str) and bool(_COLOUR.fullmatch(value)))


def _markup_fault(text: str) -> str | None:
    open_tags: list[str] = []
    for slash, name in re.findall(r"<(/?)([A-Za-z]+)[^<>]*>", text):
        if name.lower() not in ("b", "i", "u", "br", "font", "s"):
            return f"button Text has an unsupported tag <{name}>"
        if name.lower() == "br":
            continue
        if not slash:
            open_tags.append(name.lower())
        elif not open_tags or open_tags.pop() != name.lower():
            return "button Text has unbalanced tags"
    return "button Text has unbalanced tags" if open_tags else None


def _grid_fault(keyboard: Json) -> str | None:
    """Places the buttons in reading order on the grid; a gap before the last row is a fault.

    The app itself moves a button that does not fit into the next row; a keyboard with a hole in it is not what
    the bot meant, so it counts as a fault here.
    """
    width = keyboard.get("ButtonsGroupColumns", 6)
    taken: set[tuple[int, int]] = set()
    row = column = 0
    for button in keyboard["Buttons"]:
        columns, rows = button.get("Columns", width), button.get("Rows", 1)
        while (row, column) in taken:
            row, column = (row, column + 1) if column + 1 < width else (row + 1, 0)
        cells = {(row + y, column + x) for y in range(rows) for x in range(columns)}
        if column + columns > width or cells & taken:
            return "buttons do not fit the 6-column grid"
        taken |= cells
    if max(y for y, _ in taken) + 1 > MAX_ROWS:
        return f"keyboard is higher than {MAX_ROWS} rows"
    return None
