"""Words that people type instead of pressing, in any language that the program speaks."""

from __future__ import annotations

import re

from fsm.event import Command

_WORDS = {
    "start": ("start", "старт", "начать"),
    "menu": ("menu", "меню"),
    "back": ("back", "назад"),
    "cancel": ("cancel", "отмена", "отменить", "stop", "стоп"),
    "help": ("help", "помощь", "справка"),
    "person": ("person", "operator", "оператор", "человек"),
    "appeals": ("my appeals", "мои обращения"),
}
_COMMANDS = {word: command for command, words in _WORDS.items() for word in words}

_OWED = frozenset(
    {
        *("balance", "my balance", "debt", "my debt", "how much", "how much do i owe", "what do i owe"),
        *("баланс", "мой баланс", "долг", "мой долг", "задолженность", "сколько", "сколько к оплате", "мои счета"),
        *("сколько я должен", "сколько я должна", "сколько должен", "сколько должна", "сколько платить"),
    }
)
_YES = frozenset({"yes", "ok", "okay", "yes please", "да", "ок", "окей", "ага", "хорошо", "согласен", "согласна"})
_THANKS = frozenset({"thanks", "thank you", "thank you very much", "ok thanks", "спасибо", "большое спасибо"})
_THANKS |= {"спасибо большое", "благодарю", "ок спасибо", "хорошо спасибо"}


def spoken_command(text: str) -> Command | None:
    """The command that the text is, when it is that one word and nothing else."""
    name = _COMMANDS.get(bare(text))
    return Command(name) if name is not None else None


def asks_what_is_owed(text: str) -> bool:
    """The question that most people come with. A greeting before it does no harm."""
    return re.sub(r"^(?:здравствуйте|добрый день|привет|hello|hi) ", "", bare(text)) in _OWED


def says_yes(text: str) -> bool:
    """A plain yes, to a screen that asks for one."""
    return bare(text) in _YES


def says_thanks(text: str) -> bool:
    """A kind word that wants one back."""
    return bare(text) in _THANKS


def bare(text: str) -> str:
    """Without signs, emoji and capitals: what is left to compare."""
    letters = "".join(char if char.isalnum() else " " for char in text.casefold())
    return " ".join(letters.split())
