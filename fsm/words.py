"""Single words that people type instead of a command, in any language that the program speaks."""

from __future__ import annotations

from fsm.event import Command

_WORDS = {
    "start": ("start", "старт", "начать"),
    "menu": ("menu", "меню"),
    "back": ("back", "назад"),
    "cancel": ("cancel", "отмена", "отменить", "stop", "стоп"),
    "help": ("help", "помощь", "справка"),
    "person": ("person", "operator", "оператор", "человек"),
}
_COMMANDS = {word: command for command, words in _WORDS.items() for word in words}


def spoken_command(text: str) -> Command | None:
    """The command that the text is, when it is that one word and nothing else."""
    name = _COMMANDS.get(text.strip(" .!?\n").casefold())
    return Command(name) if name is not None else None
