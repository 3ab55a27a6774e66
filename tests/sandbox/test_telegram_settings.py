"""The methods about the bot itself, driven by aiogram."""

from __future__ import annotations

import pytest
from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest
from aiogram.types import BotCommand, BotCommandScopeAllPrivateChats, MenuButtonCommands

from bot.sandbox import Sandbox


async def test_who_the_bot_is(bot: Bot, sandbox: Sandbox) -> None:
    me = await bot.get_me()
    assert me.id == bot.id and me.is_bot and me.username == "abonent_demo_bot"
    person = sandbox.telegram.person("Анна", "+79001112233")
    chat = await bot.get_chat(person.id)
    assert chat.type == "private" and chat.first_name == "Анна"


async def test_commands_by_scope_and_language(bot: Bot, sandbox: Sandbox) -> None:
    person = sandbox.telegram.person("Анна", "+79001112233", language="ru")
    await bot.set_my_commands([BotCommand(command="start", description="Start")])
    scope = BotCommandScopeAllPrivateChats()
    await bot.set_my_commands([BotCommand(command="menu", description="Меню")], scope=scope, language_code="ru")
    assert person.commands == [{"command": "menu", "description": "Меню"}]
    assert [c.command for c in await bot.get_my_commands()] == ["start"]
    await bot.delete_my_commands(scope=scope, language_code="ru")
    assert [c["command"] for c in person.commands] == ["start"]


@pytest.mark.parametrize(
    ("commands", "words"),
    [
        ([BotCommand(command="Меню", description="x")], "BOT_COMMAND_INVALID"),
        ([BotCommand(command="a" * 33, description="x")], "BOT_COMMAND_INVALID"),
        ([BotCommand(command="a", description="")], "BOT_COMMAND_DESCRIPTION_INVALID"),
        ([BotCommand(command=f"a{i}", description="x") for i in range(101)], "BOT_COMMANDS_TOO_MUCH"),
    ],
)
async def test_command_refusals(bot: Bot, commands: list[BotCommand], words: str) -> None:
    with pytest.raises(TelegramBadRequest, match=words):
        await bot.set_my_commands(commands)


async def test_descriptions_and_menu_button(bot: Bot, sandbox: Sandbox) -> None:
    assert await bot.set_my_description("Личный кабинет", language_code="ru")
    assert await bot.set_my_short_description("Кабинет")
    assert sandbox.telegram.about["description", "ru"] == "Личный кабинет"
    assert await bot.set_chat_menu_button(menu_button=MenuButtonCommands())
    with pytest.raises(TelegramBadRequest, match="too long"):
        await bot.set_my_short_description("x" * 121)
    with pytest.raises(TelegramBadRequest, match="too long"):
        await bot.set_my_description("x" * 513)
    with pytest.raises(TelegramBadRequest, match="invalid language code"):
        await bot.set_my_description("x", language_code="russian")
