"""Whatever is sent, the checks of both servers either pass it or refuse it in the messenger's words."""

from __future__ import annotations

import contextlib
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bot.sandbox.shapes import words
from bot.sandbox.telegram import checks as telegram_checks
from bot.sandbox.telegram import markup
from bot.sandbox.telegram.call import Call
from bot.sandbox.telegram.errors import ApiError
from bot.sandbox.viber import checks as viber_checks
from bot.sandbox.viber import keyboards
from bot.sandbox.viber.errors import ViberError

NAMES = st.sampled_from(
    sorted(
        words(
            "type text url offset length inline_keyboard keyboard callback_data copy_text style request_contact "
            "remove_keyboard force_reply entities Type Buttons Columns Rows ActionType ActionBody Text BgColor "
            "Frame Silent InputFieldState sender name media size file_name contact location min_api_version"
        )
    )
)
LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 70), st.text(max_size=5),
    st.sampled_from(["keyboard", "reply", "open-url", "share-phone", "#FFFFFF", "text", "bold", "https://x.example"]),
)  # fmt: skip
ANYTHING: st.SearchStrategy[Any] = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=6), max_leaves=25
)
OBJECTS = st.dictionaries(NAMES, ANYTHING, max_size=8)


@given(ANYTHING, OBJECTS)
def test_telegram(value: Any, body: dict[str, Any]) -> None:
    with contextlib.suppress(ApiError):
        markup.inline(value)
    with contextlib.suppress(ApiError):
        markup.inline({"inline_keyboard": [[body]]})
    with contextlib.suppress(ApiError):
        markup.reply(value, private=True)
    with contextlib.suppress(ApiError):
        telegram_checks.message_text(Call({"text": "Долг 👍", "entities": value}))
    with contextlib.suppress(ApiError):
        telegram_checks.message_text(Call({"text": "Долг 👍", "entities": [body]}))
    with contextlib.suppress(ApiError):
        telegram_checks.reply_target(value, {})


@given(ANYTHING, OBJECTS)
def test_viber(value: Any, body: dict[str, Any]) -> None:
    with contextlib.suppress(ViberError):
        viber_checks.message(body | {"sender": {"name": "А"}})
    for keyboard in (
        value,
        {"Type": "keyboard", "Buttons": [{"Text": "x", "ActionType": "none", "ActionBody": "x"} | body]},
    ):
        with contextlib.suppress(ViberError):
            keyboards.refuse(keyboard, 6)
            keyboards.failure(keyboard)
