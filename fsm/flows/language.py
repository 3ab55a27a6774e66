"""The choice of a language, before registration and after it."""

from __future__ import annotations

from typing import ClassVar

from fsm.action import Action
from fsm.actions import GoOn, OpenLanguage
from fsm.languages import change_language, language_name
from fsm.screen import Choice, Screen, Tone, screen
from fsm.state import State, entry
from fsm.talk import Talk


class Speak(Action, frozen=True, tag="lang.set"):
    language: str


@entry(commands=("language", "lang"), public=True)
async def open_language(talk: Talk, action: OpenLanguage) -> ChooseLanguage:
    return ChooseLanguage()


class ChooseLanguage(State, frozen=True):
    """Every language under its own name."""

    public: ClassVar[bool] = True

    async def show(self, talk: Talk) -> Screen:
        choices = [
            Choice(f"{'● ' if language == talk.language else ''}{language_name(language)}", Speak(language))
            for language in talk.languages
        ]
        return screen(talk.t("Which language shall I speak?"), *choices)

    async def on_choice(self, talk: Talk, press: Speak) -> ChooseLanguage | Spoken:
        if press.language not in talk.languages:
            return self
        change_language(talk, press.language)
        return Spoken()


class Spoken(State, frozen=True):
    """From here on in the new language."""

    public: ClassVar[bool] = True
    returns: ClassVar[bool] = False

    async def show(self, talk: Talk) -> Screen:
        return screen(
            talk.t("✅ From now on I speak English here."),
            Choice(talk.t("▶ Go on where I stopped"), GoOn(), Tone.primary) if talk.parked else None,
        )
