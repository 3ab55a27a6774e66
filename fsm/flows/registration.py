"""Registration, from its first screen: who speaks, and the consent to personal data processing."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from core.subscribers.consents import Decision
from fsm.action import Action
from fsm.actions import OpenHelp, OpenProfile, OpenRegistration
from fsm.appeal_words import by_phone
from fsm.flows.proving import AskPhone
from fsm.languages import change_language, language_name
from fsm.screen import Choice, Link, Screen, Tone, bold, paragraphs, screen
from fsm.state import State, entry
from fsm.talk import Talk


class Agree(Action, frozen=True, tag="reg.yes"):
    """Consent to personal data processing."""


class Decline(Action, frozen=True, tag="reg.no"):
    """No consent."""


class Speak(Action, frozen=True, tag="reg.lang"):
    """Go on in this language."""

    language: str


@entry(commands=("register", "login"), public=True)
async def open_registration(talk: Talk, action: OpenRegistration) -> Consent | AskPhone | Barred | SignedIn:
    if talk.known is not None:
        return SignedIn()
    if talk.chat.barred_until is not None and talk.chat.barred_until > talk.now:
        return Barred(talk.chat.barred_until)
    consent = await talk.core.subscribers.consent_in(talk.chat.chat_id)
    if (
        consent is not None
        and consent.decision is Decision.given
        and consent.version == talk.core.operator.privacy_version
    ):
        return AskPhone()
    return Consent()


class SignedIn(State, frozen=True):
    """Nothing to register: this chat is somebody's already."""

    returns: ClassVar[bool] = False

    async def show(self, talk: Talk) -> Screen:
        return screen(
            talk.t("You are signed in here already, {name}.", name=talk.subscriber.name),
            Choice(talk.t("👤 My profile"), OpenProfile()),
        )


class Barred(State, frozen=True):
    """Somebody whose number was used here said that it was not them."""

    until: datetime
    public: ClassVar[bool] = True
    settles: ClassVar[bool] = True

    async def show(self, talk: Talk) -> Screen:
        return screen(
            paragraphs(
                talk.t(
                    "Signing in from this chat is paused: the owner of a phone number said that somebody else "
                    "had used it here."
                ),
                bold(talk.t("You can sign in again after {moment}.", moment=talk.translator.moment(self.until))),
                talk.t("If this is a mistake, a person will sort it out sooner."),
            ),
            Choice(talk.t("Sign in"), OpenRegistration()),
        )


class Consent(State, frozen=True):
    """The first screen: who speaks, and the consent to personal data processing."""

    public: ClassVar[bool] = True
    unfinished: ClassVar[bool] = True

    async def show(self, talk: Talk) -> Screen:
        operator = talk.core.operator
        others = [language for language in talk.languages if language != talk.language]
        languages = [Choice(f"🌐 {language_name(language)}", Speak(language)) for language in others]
        return screen(
            paragraphs(
                bold(talk.t("Hello! This is {operator}.", operator=operator.name)),
                talk.t("First I need to know who you are. It takes a minute, then we go on.")
                if talk.pending is not None
                else talk.t("Here you can see what you owe and what for, and reach us. Signing up takes a minute."),
                talk.t(
                    "To show your accounts I need your consent to process personal data: your phone number, name, "
                    "region and account numbers. I use them only to serve you, and you can have them deleted here "
                    "at any time."
                ),
                talk.t("Do you agree?"),
            ),
            Choice(talk.t("✅ I agree"), Agree(), Tone.primary),
            Choice(talk.t("I do not agree"), Decline()),
            Link(talk.t("📄 Read the document"), operator.privacy_url) if operator.privacy_url else None,
            *(tuple(languages[at : at + 2]) for at in range(0, len(languages), 2)),
        )

    def expects(self, talk: Talk) -> str:
        return talk.t("Please press “I agree” or “I do not agree”.")

    async def on_agree(self, talk: Talk, press: Agree) -> AskPhone:
        talk.write(talk.core.subscribers.decide(talk.chat.chat_id, Decision.given))
        return AskPhone()

    async def on_decline(self, talk: Talk, press: Decline) -> Refused:
        service, chat_id = talk.core.subscribers, talk.chat.chat_id
        talk.write(service.decide(chat_id, Decision.refused), service.forget_name(chat_id))
        return Refused()

    async def on_language(self, talk: Talk, press: Speak) -> Consent:
        if press.language in talk.languages:
            change_language(talk, press.language)
        return self


class Refused(State, frozen=True):
    """Consent was refused: that is respected, and what still works is named."""

    public: ClassVar[bool] = True
    settles: ClassVar[bool] = True

    async def show(self, talk: Talk) -> Screen:
        return screen(
            paragraphs(
                talk.t("All right. I keep nothing about you except that you said no."),
                talk.t("Without consent I cannot show accounts here. Answers to questions and our staff are there."),
                by_phone(talk),
                talk.t("If you change your mind, press the button: we go on from there."),
            ),
            Choice(talk.t("I have changed my mind"), OpenRegistration(), Tone.primary),
            Choice(talk.t("❓ Help"), OpenHelp()),
        )
