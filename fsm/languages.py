"""Languages by their own names, and a chat that changes to another."""

from __future__ import annotations

from functools import cache

from babel import Locale

from core.subscribers import chats
from fsm.talk import Talk


@cache
def language_name(language: str) -> str:
    """``Русский``, ``English``: in the language itself, so that its speaker knows it."""
    name = Locale.parse(language).get_display_name(language) or language
    return name[:1].upper() + name[1:]


def change_language(talk: Talk, language: str) -> None:
    """From this turn on the chat speaks ``language``, one of ``talk.languages``."""
    talk.write(chats.speak(talk.chat.chat_id, language))
    talk.speak(language)
