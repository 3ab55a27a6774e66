"""What Telegram checks in keyboards: shape, exactly one action a button, sizes, addresses."""

from __future__ import annotations

import ipaddress
from typing import Any
from urllib.parse import urlsplit

from bot.sandbox.shapes import Json, words
from bot.sandbox.telegram.call import known_fields
from bot.sandbox.telegram.errors import bad

_INLINE_ACTIONS = words(
    "url callback_data web_app login_url switch_inline_query switch_inline_query_current_chat "
    "switch_inline_query_chosen_chat copy_text callback_game pay"
)
_EMULATED = frozenset({"url", "callback_data", "copy_text"})
_INLINE_FIELDS = _INLINE_ACTIONS | {"text", "style", "icon_custom_emoji_id"}
_KEY_REQUESTS = words(
    "request_users request_chat request_managed_bot request_contact request_location request_poll web_app"
)
_KEY_FIELDS = _KEY_REQUESTS | {"text", "style", "icon_custom_emoji_id"}
_KEYBOARD_FIELDS = words("keyboard is_persistent resize_keyboard one_time_keyboard input_field_placeholder selective")
STYLES = ("danger", "success", "primary")
MAX_BUTTONS = 100  # an inline keyboard's practical limit; the real text is "reply markup is too long"
MAX_KEYS = 300
MAX_ROW = 8  # wider inline rows are cut by clients


def is_loopback(host: str | None) -> bool:
    if host in ("localhost", None):
        return host is not None
    try:
        return ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False


def inline(value: Any) -> Json:
    """A checked InlineKeyboardMarkup; ApiError in Telegram's words otherwise."""
    markup = known_fields(value, "InlineKeyboardMarkup", frozenset({"inline_keyboard"}))
    rows = _rows(markup.get("inline_keyboard"), "inline keyboard")
    if sum(len(row) for row in rows) > MAX_BUTTONS or any(len(row) > MAX_ROW for row in rows):
        raise bad("reply markup is too long")
    return {"inline_keyboard": [[_inline_button(button) for button in row] for row in rows if row]}


def _inline_button(value: Any) -> Json:
    button = known_fields(value, "InlineKeyboardButton", _INLINE_FIELDS)
    _caption(button, "inline keyboard button")
    actions = [name for name in button if name in _INLINE_ACTIONS]
    if not actions:
        raise bad("can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard")
    if len(actions) > 1:
        raise bad("can't parse inline keyboard button: exactly one optional field must be used")
    action = actions[0]
    if action not in _EMULATED:
        raise bad(f"can't parse inline keyboard button: {action} is not emulated by the sandbox")
    if action == "callback_data":
        size = len(button["callback_data"].encode()) if isinstance(button["callback_data"], str) else 0
        if not 1 <= size <= 64:
            raise bad("BUTTON_DATA_INVALID")
    elif action == "url":
        _web_address(button["url"])
    else:
        text = known_fields(button["copy_text"], "CopyTextButton", frozenset({"text"})).get("text")
        if not isinstance(text, str) or not 1 <= len(text) <= 256:
            raise bad("BUTTON_COPY_TEXT_INVALID")
    return button


def _web_address(url: Any) -> None:
    parts = urlsplit(url) if isinstance(url, str) else urlsplit("")
    # The real server refuses localhost ("Wrong HTTP URL"). Here the loopback is let through, because in the
    # demo the payment pages live on it.
    known = (
        parts.scheme in ("http", "https") and parts.hostname and ("." in parts.hostname or is_loopback(parts.hostname))
    )
    if not (known or (parts.scheme == "tg" and parts.netloc)):
        raise bad(f"inline keyboard button URL '{url}' is invalid: Wrong HTTP URL")


def reply(value: Any, private: bool) -> Json:
    """A checked ReplyKeyboardMarkup, ReplyKeyboardRemove or ForceReply."""
    if not isinstance(value, dict):
        raise bad("object expected as reply markup")
    if "keyboard" in value:
        return _reply_keyboard(value, private)
    if "remove_keyboard" in value:
        markup = known_fields(value, "ReplyKeyboardRemove", frozenset({"remove_keyboard", "selective"}))
        if markup["remove_keyboard"] is not True:
            raise bad("can't parse reply keyboard markup: remove_keyboard must be True")
        return markup
    if "force_reply" in value:
        fields = frozenset({"force_reply", "input_field_placeholder", "selective"})
        markup = known_fields(value, "ForceReply", fields)
        _placeholder(markup)
        return markup
    raise bad("can't parse reply keyboard markup JSON object")


def _reply_keyboard(value: Json, private: bool) -> Json:
    markup = known_fields(value, "ReplyKeyboardMarkup", _KEYBOARD_FIELDS)
    _placeholder(markup)
    rows = _rows(markup["keyboard"], "keyboard")
    if sum(len(row) for row in rows) > MAX_KEYS:
        raise bad("reply markup is too long")
    keys = [[_key(key, private) for key in row] for row in rows if row]
    if not keys:
        raise bad("reply keyboard must have at least one button")
    return markup | {"keyboard": keys}


def _key(value: Any, private: bool) -> Json:
    if isinstance(value, str):
        value = {"text": value}
    key = known_fields(value, "KeyboardButton", _KEY_FIELDS)
    _caption(key, "keyboard button")
    requests = [name for name in key if name in _KEY_REQUESTS and key[name] is not False]
    if len(requests) > 1:
        raise bad("can't parse keyboard button: exactly one optional field must be used")
    if requests and not private:
        what = {"request_contact": "phone number", "request_location": "location"}.get(requests[0], requests[0])
        raise bad(f"{what} can be requested in private chats only")
    if requests and requests[0] not in ("request_contact", "request_location"):
        raise bad(f"can't parse keyboard button: {requests[0]} is not emulated by the sandbox")
    return key


def _caption(button: Json, what: str) -> None:
    text = button.get("text")
    if not isinstance(text, str) or not text.strip():
        raise bad(f"can't parse {what}: Text must be non-empty")
    if button.get("style") is not None and button["style"] not in STYLES:
        raise bad(f"can't parse {what}: Invalid button style specified")


def _placeholder(markup: Json) -> None:
    text = markup.get("input_field_placeholder")
    if text is not None and not (isinstance(text, str) and 1 <= len(text) <= 64):
        raise bad("input field placeholder must be 1-64 characters")


def _rows(value: Any, what: str) -> list[list[Any]]:
    if not isinstance(value, list) or not all(isinstance(row, list) for row in value):
        raise bad(f"can't parse {what}: array of arrays expected")
    return value
