"""A new version of the consent document: asked of people who are signed in, who then go on where they were."""

from __future__ import annotations

from typing import ClassVar

from core.subscribers.consents import Decision
from fsm.action import Action
from fsm.actions import OpenHelp, OpenMenu, OpenPrivacy
from fsm.renewal import AskConsent
from fsm.screen import Choice, Link, Screen, Tone, bold, paragraphs, screen
from fsm.state import State, entry
from fsm.talk import Talk


class AgreeAnew(Action, frozen=True, tag="cons.yes"):
    """Consent to the new version."""


class DeclineAnew(Action, frozen=True, tag="cons.no"):
    """No consent to it."""


@entry(public=True)
async def ask_consent(talk: Talk, action: AskConsent) -> NewDocument | UpToDate:
    return NewDocument() if talk.consent_due else UpToDate()


class UpToDate(State, frozen=True):
    """A button of an old message: there is nothing to agree to."""

    public: ClassVar[bool] = True
    returns: ClassVar[bool] = False

    async def show(self, talk: Talk) -> Screen:
        return screen(
            talk.t("There is nothing new to agree to."), Choice(talk.t("🔒 My data and consent"), OpenPrivacy())
        )


class NewDocument(State, frozen=True):
    """Asks for the consent. Whatever the person was doing lies below and comes back when they agree."""

    public: ClassVar[bool] = True

    async def show(self, talk: Talk) -> Screen:
        operator = talk.core.operator
        return screen(
            paragraphs(
                bold(talk.t("The document on personal data has a new version: {version}.", version=_version(talk))),
                talk.t("I need your consent to it before I show you more. Then we go on where we were."),
                talk.t("Do you agree?"),
            ),
            Choice(talk.t("✅ I agree"), AgreeAnew(), Tone.primary),
            Choice(talk.t("I do not agree"), DeclineAnew()),
            Link(talk.t("📄 Read the document"), operator.privacy_url) if operator.privacy_url else None,
            Choice(talk.t("🔒 My data and consent"), OpenPrivacy()),
        )

    def expects(self, talk: Talk) -> str:
        return talk.t("Please press “I agree” or “I do not agree”.")

    async def on_agree(self, talk: Talk, press: AgreeAnew) -> NewDocument:
        if talk.known is not None and talk.consent_due:
            talk.write(talk.core.subscribers.decide(talk.chat.chat_id, Decision.given, talk.known.id))
            talk.tell(talk.t("Thank you."))
        talk.consented = True
        return self

    async def on_decline(self, talk: Talk, press: DeclineAnew) -> Declined:
        if talk.known is not None:
            talk.write(talk.core.subscribers.decide(talk.chat.chat_id, Decision.refused, talk.known.id))
        return Declined()


class Declined(State, frozen=True):
    """That is respected; what it means and what can be done is said."""

    public: ClassVar[bool] = True

    async def show(self, talk: Talk) -> Screen:
        return screen(
            paragraphs(
                talk.t("All right. Without this consent I show nothing of your accounts here."),
                talk.t("Nothing is deleted by itself. You can have your data deleted, or talk to a person."),
            ),
            Choice(talk.t("I have changed my mind"), OpenMenu(), Tone.primary),
            Choice(talk.t("🔒 My data and consent"), OpenPrivacy()),
            Choice(talk.t("❓ Help"), OpenHelp()),
        )


def _version(talk: Talk) -> str:
    return talk.core.operator.privacy_version
