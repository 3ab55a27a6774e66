"""The bot's command menu and its one line about itself, in each language."""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from fsm.texts import Translator


def command_menu(languages: Sequence[str]) -> dict[str, list[tuple[str, str]]]:
    """What the messenger's menu button lists: (command, description)."""
    return {language: _commands(_in(language)) for language in languages}


def about(languages: Sequence[str], operator: str) -> dict[str, str]:
    """The line under the bot's name."""
    return {
        language: _in(language).t("{operator}: your balance, bills and questions, here in the chat.", operator=operator)
        for language in languages
    }


def group_line(language: str) -> str:
    """What is said in a group: personal accounts are no matter for one."""
    return _in(language).t(
        "I talk about personal accounts, so I answer in private chats only. Please write to me there."
    )


def menu_label(language: str) -> str:
    return _in(language).t("☰ Menu")


def _in(language: str) -> Translator:
    return Translator(language, ZoneInfo("UTC"))


def _commands(say: Translator) -> list[tuple[str, str]]:
    return [
        ("menu", say.t("Main menu")),
        ("balance", say.t("What I owe and what for")),
        ("link", say.t("Link an account")),
        ("appeal", say.t("Write to our staff")),
        ("appeals", say.t("My appeals and their answers")),
        ("person", say.t("Talk to a person")),
        ("help", say.t("Answers to common questions")),
        ("language", say.t("Change the language")),
        ("privacy", say.t("My personal data")),
        ("cancel", say.t("Leave what I am doing")),
    ]
