"""What is kept about a person: shown, handed over as a file, and deleted when they say so."""

from __future__ import annotations

import json
from typing import ClassVar

from core.subscribers.activity import Did
from core.subscribers.consents import Decision
from fsm import told_sessions
from fsm.action import Action
from fsm.actions import OpenPrivacy, OpenProfile, OpenRegistration
from fsm.screen import Choice, Document, Link, Rich, Screen, Tone, bold, paragraphs, screen
from fsm.state import State, entry
from fsm.talk import Talk


class ShowData(Action, frozen=True, tag="priv.show"):
    """Everything as a file."""


class ForgetMe(Action, frozen=True, tag="priv.forget"):
    """Delete what is kept."""


class Withdraw(Action, frozen=True, tag="priv.withdraw"):
    """Take the consent back."""


class Sure(Action, frozen=True, tag="priv.sure"):
    """Yes, really."""


@entry(commands=("privacy",), public=True)
async def open_privacy(talk: Talk, action: OpenPrivacy) -> Privacy:
    return Privacy()


class Privacy(State, frozen=True):
    """What is kept and what can be done about it."""

    public: ClassVar[bool] = True

    async def show(self, talk: Talk) -> Screen:
        operator = talk.core.operator
        document = Link(talk.t("📄 Read the document"), operator.privacy_url) if operator.privacy_url else None
        if talk.known is None:
            return screen(
                paragraphs(
                    bold(talk.t("Your data")),
                    talk.t(
                        "You are not signed in here. I keep this chat's name and language, and what you have agreed to."
                    ),
                ),
                document,
            )
        consent = await talk.core.subscribers.consent_in(talk.chat.chat_id)
        if consent is not None and consent.decision is not Decision.given:
            consent = None
        given = talk.translator.day(consent.decided_at) if consent is not None else ""
        return screen(
            paragraphs(
                bold(talk.t("Your data")),
                talk.t(
                    "I keep your phone number, name, region and e-mail, your chats, the accounts that you have "
                    "linked, your payments, your appeals and what was done in your name. I use it only to serve you."
                ),
                talk.t("You agreed to this on {day}, document {version}.", day=given, version=consent.version)
                if consent is not None
                else None,
            ),
            Choice(talk.t("📦 Show my data"), ShowData(), Tone.primary),
            document,
            Choice(talk.t("Withdraw my consent"), Withdraw()),
            Choice(talk.t("🗑 Forget me"), ForgetMe(), Tone.danger),
            Choice(talk.t("👤 My profile"), OpenProfile()),
        )

    async def on_show(self, talk: Talk, press: ShowData) -> Privacy:
        if talk.known is None:
            return self
        service, person = talk.core.subscribers, talk.known
        data = await service.export_data(person.id)
        day = talk.now.astimezone(talk.zone).date().isoformat()
        document = Document(
            json.dumps(data, ensure_ascii=False, indent=2).encode(), f"my-data-{day}.json", "application/json"
        )
        said = talk.t("This is everything that I keep about you. Computers and people can read it.")
        talk.show_first(screen(said, document=document, footer=False))
        talk.write(service.did(person.id, talk.chat.chat_id, Did.data_shown))
        return self

    async def on_forget(self, talk: Talk, press: ForgetMe) -> ConfirmForgetting | Privacy:
        return ConfirmForgetting() if talk.known is not None else self

    async def on_withdraw(self, talk: Talk, press: Withdraw) -> ConfirmForgetting | Privacy:
        return ConfirmForgetting(withdraws=True) if talk.known is not None else self


class ConfirmForgetting(State, frozen=True):
    """Says what will be gone and what the law makes the operator keep."""

    withdraws: bool = False
    before_consent: ClassVar[bool] = True

    async def show(self, talk: Talk) -> Screen:
        first = bold(talk.t("Delete your data?"))
        if self.withdraws:
            first = paragraphs(
                bold(talk.t("Withdraw your consent?")),
                talk.t("Without it I may not keep your data here, so they will be deleted."),
            )
        return screen(
            paragraphs(
                first,
                talk.t(
                    "Deleted: your phone number, name, region, e-mail, linked accounts, history of actions and what "
                    "was said in your chats. You will be signed out everywhere."
                ),
                _kept(talk),
                talk.t("Your contract and your services go on as before."),
            ),
            Choice(talk.t("Delete"), Sure(), Tone.danger),
            Choice(talk.t("No, keep everything"), OpenPrivacy()),
        )

    async def on_sure(self, talk: Talk, press: Sure) -> LastWord:
        return LastWord(self.withdraws)


class LastWord(State, frozen=True):
    """The second confirmation: this cannot be undone."""

    withdraws: bool = False
    returns: ClassVar[bool] = False
    before_consent: ClassVar[bool] = True

    async def show(self, talk: Talk) -> Screen:
        return screen(
            bold(talk.t("This cannot be undone. Delete for good?")),
            Choice(talk.t("Yes, delete for good"), Sure(), Tone.danger),
            Choice(talk.t("No, keep everything"), OpenPrivacy()),
        )

    async def on_sure(self, talk: Talk, press: Sure) -> Forgotten:
        service, person, here = talk.core.subscribers, talk.subscriber, talk.chat.chat_id
        for chat in await service.chats_of(person.id):
            if chat.chat_id != here:
                talk.notify(chat, told_sessions.forgotten)
        talk.core.billing.forget([link.account_number for link in await talk.core.links.of_subscriber(person.id)])
        talk.write(service.erase(person.id, here, talk.turn_id))
        talk.forget_what_was_left()
        return Forgotten()


class Forgotten(State, frozen=True):
    """Nothing is left."""

    public: ClassVar[bool] = True
    settles: ClassVar[bool] = True

    async def show(self, talk: Talk) -> Screen:
        return screen(
            paragraphs(
                bold(talk.t("✅ Your data are deleted.")),
                _kept(talk),
                talk.t("Old messages stay in your messenger until you clear the chat there. Thank you for being here."),
            ),
            Choice(talk.t("Sign up again"), OpenRegistration()),
        )


def _kept(talk: Talk) -> Rich | str:
    return talk.n(
        "The law makes us keep for {n} year: your consents and their withdrawal, your appeals to staff, and the "
        "payments made here. Contracts, bills and all payments are kept in the operator's billing.",
        "The law makes us keep for {n} years: your consents and their withdrawal, your appeals to staff, and the "
        "payments made here. Contracts, bills and all payments are kept in the operator's billing.",
        talk.core.operator.retention_years,
    )
