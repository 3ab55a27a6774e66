"""Draws buttons: inline ones that act, and the one that Telegram allows to share a phone number."""

from __future__ import annotations

from collections.abc import Iterable

from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup, KeyboardButton, ReplyKeyboardMarkup

from core.delivery.messages import Button
from handlers.telegram.entities import shortened

MAX_PLACEHOLDER = 64  # UTF-16 units, core.telegram.org/bots/api#replykeyboardmarkup
_STYLES = {"primary": "primary", "danger": "danger"}  # Bot API 9.4; older apps and servers ignore it

Rows = tuple[tuple[Button, ...], ...]


def inline(rows: Rows) -> InlineKeyboardMarkup | None:
    drawn = [[_button(button) for button in row] for row in rows if row]
    return InlineKeyboardMarkup(inline_keyboard=drawn) if drawn else None


def _button(button: Button) -> InlineKeyboardButton:
    style = _STYLES.get(button.tone)
    if button.url:
        return InlineKeyboardButton(text=button.label, url=button.url, style=style)
    return InlineKeyboardButton(text=button.label, callback_data=button.payload, style=style)


def contact_request(label: str, hint: str) -> ReplyKeyboardMarkup:
    """A keyboard under the input field: only there may a button share the phone number."""
    return ReplyKeyboardMarkup(
        keyboard=[[KeyboardButton(text=label, request_contact=True)]],
        resize_keyboard=True,
        one_time_keyboard=True,
        input_field_placeholder=shortened(hint, MAX_PLACEHOLDER) or None,
    )


def without_links(rows: Rows) -> tuple[Rows, list[Button]]:
    """The rows with their link buttons taken out, and those links."""
    links = [button for row in rows for button in row if button.url]
    return tuple(_kept(row for row in rows)), links


def _kept(rows: Iterable[tuple[Button, ...]]) -> Iterable[tuple[Button, ...]]:
    for row in rows:
        rest = tuple(button for button in row if not button.url)
        if rest:
            yield rest
