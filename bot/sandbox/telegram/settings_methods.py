"""The Bot API's methods about the bot itself: who it is, its commands and descriptions, files and chats."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Any

from bot.sandbox.shapes import Json, words
from bot.sandbox.telegram.call import Call, Table, known_fields
from bot.sandbox.telegram.errors import bad
from bot.sandbox.telegram.service import Telegram

COMMANDS_OF: Table = {"scope": "json", "language_code": "str"}
SET_COMMANDS: Table = COMMANDS_OF | {"commands": "json"}
DESCRIPTION: Table = {"description": "str", "language_code": "str"}
SHORT_DESCRIPTION: Table = {"short_description": "str", "language_code": "str"}
MENU_BUTTON: Table = {"chat_id": "int", "menu_button": "json"}
FILE: Table = {"file_id": "str"}
CHAT: Table = {"chat_id": "chat"}
NOTHING: Table = {}
DOWNLOAD_LIMIT = 20 * 1024 * 1024  # bytes
_SCOPES = words(
    "default all_private_chats all_group_chats all_chat_administrators chat chat_administrators chat_member"
)


def get_me(telegram: Telegram, call: Call) -> Json:
    return telegram.bot | {
        "can_join_groups": True,
        "can_read_all_group_messages": False,
        "supports_inline_queries": False,
        "can_connect_to_business": False,
        "has_main_web_app": False,
    }


def set_commands(telegram: Telegram, call: Call) -> bool:
    commands = call.get("commands")
    if not isinstance(commands, list):
        raise bad("can't parse commands: array expected")
    if len(commands) > 100:
        raise bad("BOT_COMMANDS_TOO_MUCH")
    checked = []
    for item in commands:
        command = known_fields(item, "BotCommand", frozenset({"command", "description", "is_ephemeral"}))
        name = str(command.get("command", "")).removeprefix("/")
        if not re.fullmatch(r"[a-z0-9_]{1,32}", name):
            raise bad("BOT_COMMAND_INVALID")
        if not 1 <= len(str(command.get("description") or "")) <= 256:
            raise bad("BOT_COMMAND_DESCRIPTION_INVALID")
        checked.append({"command": name, "description": command["description"]})
    telegram.commands[_scope(call)] = checked
    telegram.changed()
    return True


def get_commands(telegram: Telegram, call: Call) -> list[Json]:
    return telegram.commands.get(_scope(call), [])


def delete_commands(telegram: Telegram, call: Call) -> bool:
    telegram.commands.pop(_scope(call), None)
    telegram.changed()
    return True


def _scope(call: Call) -> tuple[str, str]:
    scope = call.get("scope") or {"type": "default"}
    if not isinstance(scope, dict) or str(scope.get("type")) not in _SCOPES:
        raise bad("can't parse BotCommandScope: unsupported type specified")
    suffix = f":{scope['chat_id']}" if "chat_id" in scope else ""
    return f"{scope['type']}{suffix}", _language(call)


def _language(call: Call) -> str:
    code = call.get("language_code") or ""
    if code and not re.fullmatch(r"[a-z]{2}", code):
        raise bad("invalid language code specified")
    return str(code)


def commands_for(telegram: Telegram, chat_id: int, language: str) -> list[Json]:
    """What a person's menu shows: the narrowest scope first, a language before none."""
    for scope in (f"chat:{chat_id}", "all_private_chats", "default"):
        for code in (language, ""):
            if (scope, code) in telegram.commands:
                return telegram.commands[scope, code]
    return []


def set_description(telegram: Telegram, call: Call) -> bool:
    return _about(telegram, call, "description", 512)


def set_short_description(telegram: Telegram, call: Call) -> bool:
    return _about(telegram, call, "short_description", 120)


def _about(telegram: Telegram, call: Call, name: str, limit: int) -> bool:
    text = call.get(name) or ""
    if len(text) > limit:
        raise bad(f"bot {name.replace('_', ' ')} is too long")
    telegram.about[name, _language(call)] = text
    return True


def set_menu_button(telegram: Telegram, call: Call) -> bool:
    button: Any = call.get("menu_button") or {"type": "default"}
    if not isinstance(button, dict) or button.get("type") not in ("commands", "default"):
        raise bad("can't parse menu button: unsupported type specified")
    telegram.menu_buttons[call.get("chat_id")] = button
    return True


def get_file(telegram: Telegram, call: Call) -> Json:
    stored = telegram.file_ids.get(call.get("file_id", ""))
    if stored is None:
        raise bad("invalid file_id")
    if len(stored.data) > DOWNLOAD_LIMIT:
        raise bad("file is too big")
    return {
        "file_id": call.get("file_id"),
        "file_unique_id": f"u{call.get('file_id')[4:]}",
        "file_size": len(stored.data),
        "file_path": f"documents/{stored.key}{PurePosixPath(stored.name).suffix}",
    }


def get_chat(telegram: Telegram, call: Call) -> Json:
    chat = telegram.find_chat(call.get("chat_id"))
    refusal = chat.may_write()
    if refusal and (refusal.parameters or not chat.private):  # a group that moved away, or that the bot is not in
        raise refusal
    gifts = dict.fromkeys(
        ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels"),
        False,
    )
    return chat.raw | {"accent_color_id": 0, "max_reaction_count": 11, "accepted_gift_types": gifts}
