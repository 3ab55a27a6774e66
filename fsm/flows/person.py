"""A way to a living person, from anywhere: a phone to call, a message that is kept, numbered and answered here."""

from __future__ import annotations

from typing import ClassVar

from core.appeals.kinds import PERSON
from core.appeals.models import AppealStatus
from core.appeals.service import MAX_MESSAGES
from core.subscribers.activity import Did, did
from core.subscribers.phones import NotAPhone, parse_phone, parse_shared, show_phone
from fsm.action import Action
from fsm.actions import GoOn, OpenAppeal, OpenAppeals, OpenPerson
from fsm.appeal_words import add, by_phone, own_phone, too_many_files, who
from fsm.event import Contact, File, Text
from fsm.screen import Asks, Choice, Screen, Tone, bold, paragraphs, screen
from fsm.state import State, entry
from fsm.talk import Talk

SHOWN = 8  # requests on one screen


class LeaveMessage(Action, frozen=True, tag="p.leave"):
    """Begins a message to staff."""


class GoOnWriting(Action, frozen=True, tag="p.draft"):
    """The message that was begun and not sent."""


class Discard(Action, frozen=True, tag="p.drop"):
    """Throws away what was not sent."""


class Send(Action, frozen=True, tag="p.send"):
    """To staff with it."""


class OtherPhone(Action, frozen=True, tag="p.phone"):
    """Another number to call back."""


class NoPhone(Action, frozen=True, tag="p.nophone"):
    """An answer in the chat is enough."""


# -- ways to a person --------------------------------------------------------------------------------------------------


@entry(commands=("person",), link="person", public=True)
async def open_person(talk: Talk, action: OpenPerson) -> Person:
    appeals, person = talk.core.appeals, who(talk)
    begun = await appeals.draft(*person)
    return Person(requests=len(await appeals.of_person(*person)), begun=len(begun.messages) if begun else 0)


class Person(State, frozen=True):
    """How to reach a person: by phone now, by a message at any hour."""

    requests: int = 0
    begun: int = 0  # messages of a draft
    public: ClassVar[bool] = True

    async def show(self, talk: Talk) -> Screen:
        phone = by_phone(talk)
        return screen(
            paragraphs(
                bold(talk.t("A person will help you.")),
                phone,
                talk.t("✍️ In writing, at any hour: leave a message, and our staff answer here, in this chat."),
            ),
            Choice(talk.t("✍️ Go on with my message"), GoOnWriting(), Tone.primary) if self.begun else None,
            Choice(talk.t("✍️ Leave a message"), LeaveMessage(), Tone.primary) if not self.begun else None,
            Choice(talk.t("📋 My requests"), OpenAppeals()) if self.requests else None,
            Choice(talk.t("▶️ Continue where you stopped"), GoOn()) if talk.parked and not self.begun else None,
        )

    async def on_leave(self, talk: Talk, press: LeaveMessage) -> Compose:
        return Compose(contact=own_phone(talk))

    async def on_go_on(self, talk: Talk, press: GoOnWriting) -> Compose:
        begun = await talk.core.appeals.draft(*who(talk))
        if begun is None:
            return Compose(contact=own_phone(talk))
        return Compose(begun.appeal.id, len(begun.messages), own_phone(talk))


# -- a message ---------------------------------------------------------------------------------------------------------


class Compose(State, frozen=True):
    """Takes any number of messages and files; all are kept at once, and go to staff with "send"."""

    appeal_id: str = ""  # empty before the first message
    count: int = 0
    contact: str = ""
    public: ClassVar[bool] = True
    unfinished: ClassVar[bool] = True

    async def show(self, talk: Talk) -> Screen:
        if not self.count:
            return screen(
                paragraphs(
                    bold(talk.t("What happened?")),
                    talk.t("Write as you would say it. Several messages are fine, photos and documents too."),
                ),
                asks=Asks.file,
                hint=talk.t("Your message"),
            )
        answer = (
            talk.t("The answer comes here. If a call is needed: {phone}.", phone=show_phone(self.contact))
            if self.contact
            else talk.t("The answer comes here, in this chat.")
        )
        return screen(
            paragraphs(
                bold(talk.n("{n} message is kept.", "{n} messages are kept.", self.count)),
                talk.t("Write more, or send it to our staff."),
                answer,
            ),
            Choice(talk.t("📨 Send"), Send(), Tone.primary),
            Choice(talk.t("📞 Another phone"), OtherPhone()),
            Choice(talk.t("🗑 Throw it away"), Discard()),
            asks=Asks.file,
            hint=talk.t("More, if you like"),
        )

    def expects(self, talk: Talk) -> str:
        return talk.t("Write your message here, or send a photo or a document.")

    async def on_text(self, talk: Talk, said: Text) -> Compose:
        return await self._keep(talk, said)

    async def on_file(self, talk: Talk, sent: File) -> Compose:
        return await self._keep(talk, sent)

    async def _keep(self, talk: Talk, said: Text | File) -> Compose:
        if self.count >= MAX_MESSAGES:
            talk.tell(talk.t("This is a lot already. Please send it first; you can add more afterwards."))
            return self
        if await too_many_files(talk, said):
            return self
        appeals, appeal_id = talk.core.appeals, self.appeal_id
        if not appeal_id or not await _is_draft(talk, appeal_id):
            appeal, create = await appeals.create(*who(talk), PERSON, contact=self.contact, draft=True)
            talk.write(create)
            appeal_id = appeal.id
        add(talk, appeal_id, said)
        return Compose(appeal_id, self.count + 1 if appeal_id == self.appeal_id else 1, self.contact)

    async def on_send(self, talk: Talk, press: Send) -> Sent | AskPhone | Compose:
        if not self.count:
            talk.tell(self.expects(talk))
            return self
        if not self.contact and talk.known is None:
            return AskPhone(self.appeal_id, self.count)
        return await _send(talk, self.appeal_id, self.contact)

    async def on_other_phone(self, talk: Talk, press: OtherPhone) -> AskPhone:
        return AskPhone(self.appeal_id, self.count)

    async def on_discard(self, talk: Talk, press: Discard) -> Discarded:
        talk.write(talk.core.appeals.drop(self.appeal_id))
        return Discarded()


class AskPhone(State, frozen=True):
    """A number to call back; nothing is proved by it and nothing depends on it."""

    appeal_id: str
    count: int
    public: ClassVar[bool] = True
    unfinished: ClassVar[bool] = True

    async def show(self, talk: Talk) -> Screen:
        return screen(
            paragraphs(
                bold(talk.t("Which phone may we call, if a call is needed?")),
                talk.t("Type the number, or choose an answer in this chat: then no phone is needed."),
            ),
            Choice(talk.t("💬 Answer me here"), NoPhone(), Tone.primary),
            hint=talk.t("Phone number"),
        )

    def expects(self, talk: Talk) -> str:
        return talk.t("Type a phone number, or choose an answer in this chat.")

    async def on_text(self, talk: Talk, said: Text) -> Sent | AskPhone | Compose:
        return await self._take(talk, parse_phone(said.text, talk.core.operator.country, mobile=False))

    async def on_contact(self, talk: Talk, shared: Contact) -> Sent | AskPhone | Compose:
        return await self._take(talk, parse_shared(shared.phone, talk.core.operator.country))

    async def _take(self, talk: Talk, phone: str | NotAPhone) -> Sent | AskPhone | Compose:
        if isinstance(phone, NotAPhone):
            talk.tell(talk.t("I cannot read this as a phone number. Please check the digits."))
            return self
        return await _send(talk, self.appeal_id, phone)

    async def on_no_phone(self, talk: Talk, press: NoPhone) -> Sent | Compose:
        return await _send(talk, self.appeal_id, "")


class Sent(State, frozen=True):
    """The number, and what happens next."""

    appeal_id: str
    number: int
    contact: str = ""
    public: ClassVar[bool] = True
    settles: ClassVar[bool] = True

    async def show(self, talk: Talk) -> Screen:
        call = talk.t("If a call is needed, we dial {phone}.", phone=show_phone(self.contact)) if self.contact else None
        return screen(
            paragraphs(
                bold(talk.t("📨 Your message has No. {appeal} and is with our staff.", appeal=self.number)),
                talk.t("A person reads it and answers here, in this chat: you will get a message."),
                call,
            ),
            Choice(talk.t("See or add to it"), OpenAppeal(self.appeal_id)),
            Choice(talk.t("▶️ Continue where you stopped"), GoOn()) if talk.parked else None,
        )


class Discarded(State, frozen=True):
    """Nothing was sent."""

    public: ClassVar[bool] = True
    settles: ClassVar[bool] = True

    async def show(self, talk: Talk) -> Screen:
        return screen(
            talk.t("Your message is thrown away; nobody has seen it."),
            Choice(talk.t("▶️ Continue where you stopped"), GoOn()) if talk.parked else None,
        )


async def _send(talk: Talk, appeal_id: str, contact: str) -> Sent | Compose:
    """A draft goes to staff; what was sent already stays as it is."""
    found = await talk.core.appeals.get(appeal_id, *who(talk))
    if found is None:
        talk.tell(talk.t("This message is not here any more. Please write it again."))
        return Compose(contact=contact)
    if found.appeal.status is AppealStatus.draft:
        talk.write(talk.core.appeals.send(appeal_id, contact))
        if talk.known is not None:
            number = str(found.appeal.number)
            talk.write(did(talk.known.id, talk.chat.chat_id, Did.appealed, talk.now, number))
    return Sent(appeal_id, found.appeal.number, contact)


async def _is_draft(talk: Talk, appeal_id: str) -> bool:
    found = await talk.core.appeals.get(appeal_id, *who(talk))
    return found is not None and found.appeal.status is AppealStatus.draft
