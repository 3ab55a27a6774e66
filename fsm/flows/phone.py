"""A new phone number for somebody who is registered: proved like the first one."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, TypeAlias

from core.subscribers.activity import Did
from core.subscribers.codes import Issued, NotACode, Passed, Purpose, TooMany, TooSoon, Way, Wrong
from core.subscribers.phones import NotAPhone, mask_phone, parse_phone, parse_shared, show_phone
from fsm import code_words, told_sessions
from fsm.action import Action
from fsm.actions import OpenPerson, OpenPhone, OpenProfile
from fsm.event import Contact, Text
from fsm.phone_words import why_not_a_phone
from fsm.screen import Asks, Choice, Screen, Tone, paragraphs, screen
from fsm.state import State, entry
from fsm.talk import Talk


class Resend(Action, frozen=True, tag="tel.resend"):
    """Another code to the same number."""


class OtherPhone(Action, frozen=True, tag="tel.other"):
    """Another number."""


@entry()
async def open_phone(talk: Talk, action: OpenPhone) -> AskNewPhone:
    return AskNewPhone()


class AskNewPhone(State, frozen=True):
    """Asks for the new number."""

    unfinished: ClassVar[bool] = True

    async def show(self, talk: Talk) -> Screen:
        if not (talk.vouches_for_contact or talk.core.codes.can(Way.sms)):
            return screen(
                talk.t("I cannot send SMS here, so a number cannot be changed. A person will help."),
                Choice(talk.t("🙋 Ask a person"), OpenPerson(), Tone.primary),
            )
        if talk.vouches_for_contact:
            how = talk.t("Type the new number: I will send a code to it by SMS. Or share the number of this messenger.")
        else:
            how = talk.t("Type the new number: I will send a code to it by SMS.")
        return screen(
            paragraphs(
                talk.t("Your number now: {phone}", phone=show_phone(talk.subscriber.phone or "—")),
                how,
                talk.t("Your accounts here stay with you."),
            ),
            asks=Asks.contact,
            hint=talk.t("Phone number"),
        )

    def expects(self, talk: Talk) -> str:
        return talk.t("Please type the new phone number.")

    async def on_contact(self, talk: Talk, said: Contact) -> Next:
        if not said.own and (talk.vouches_for_contact or not said.by_button):
            talk.tell(
                talk.t(
                    "This is a contact card, and it may be somebody else's. I take only your own number: "
                    "press the share button, or type the number."
                )
            )
            return self
        phone = parse_shared(said.phone, talk.core.operator.country)
        if said.own and isinstance(phone, str):
            return await _proved(talk, phone)
        return await _send(talk, phone, self)

    async def on_number(self, talk: Talk, said: Text) -> Next:
        return await _send(talk, parse_phone(said.text, talk.core.operator.country), self)


class EnterPhoneCode(State, frozen=True):
    """Waits for the code. ``over``: this one will not do any more, whatever is typed."""

    challenge: str
    phone: str
    expires_at: datetime
    over: bool = False
    unfinished: ClassVar[bool] = True

    async def show(self, talk: Talk) -> Screen:
        return code_words.sms_code(
            talk, self.phone, self.expires_at, over=self.over, resend=Resend(), other=OtherPhone()
        )

    def expects(self, talk: Talk) -> str:
        return talk.t("Please type the 6 digits from the SMS.")

    async def on_code(self, talk: Talk, said: Text) -> Next:
        verdict = await talk.core.codes.check(self.challenge, talk.chat.chat_id, Purpose.phone, said.text)
        match verdict:
            case Passed(target=target, writes=writes):
                talk.write(*writes)
                return await _proved(talk, target)
            case Wrong(writes=writes):
                talk.write(*writes)
            case NotACode():
                phone = parse_phone(said.text, talk.core.operator.country)
                if isinstance(phone, str) and phone != self.phone:
                    return await _send(talk, phone, self)
        talk.tell(code_words.not_accepted(talk, verdict))
        return EnterPhoneCode(self.challenge, self.phone, self.expires_at, over=code_words.is_over(verdict))

    async def on_resend(self, talk: Talk, press: Resend) -> Next:
        return await _send(talk, self.phone, self, again=True)

    async def on_other(self, talk: Talk, press: OtherPhone) -> AskNewPhone:
        return AskNewPhone()


class PhoneSettled(State, frozen=True):
    """The number that is kept from now on."""

    phone: str
    settles: ClassVar[bool] = True

    async def show(self, talk: Talk) -> Screen:
        return screen(
            talk.t("✅ Done. Your number here: {phone}.", phone=show_phone(self.phone)),
            Choice(talk.t("👤 My profile"), OpenProfile(), Tone.primary),
        )


class PhoneTaken(State, frozen=True):
    """Somebody is registered with that number, perhaps the same person: two profiles are joined by staff alone."""

    returns: ClassVar[bool] = False

    async def show(self, talk: Talk) -> Screen:
        return screen(
            paragraphs(
                talk.t("There is another profile with this number here, so I cannot give it to this one."),
                talk.t("A person can join the two. Or sign out here and sign in with the new number."),
            ),
            Choice(talk.t("🙋 Ask a person"), OpenPerson(), Tone.primary),
            Choice(talk.t("👤 My profile"), OpenProfile()),
        )


Next: TypeAlias = AskNewPhone | EnterPhoneCode | PhoneSettled | PhoneTaken


async def _proved(talk: Talk, phone: str) -> PhoneSettled | PhoneTaken:
    service, person, chat_id = talk.core.subscribers, talk.subscriber, talk.chat.chat_id
    holder = await service.by_phone(phone)
    if holder is not None and holder.id != person.id:
        return PhoneTaken()
    if phone != person.phone:
        masked, old = mask_phone(phone), person.phone
        if old is not None and talk.core.codes.can(Way.sms):
            # Whoever learned one code of this person may have come this far: the number itself is told, too.
            talk.write(service.warn_number(old, told_sessions.number_was_yours(talk, masked), talk.turn_id))
        talk.write(service.set_phone(person.id, phone), service.did(person.id, chat_id, Did.phone_changed, masked))
        for chat in await service.chats_of(person.id):
            if chat.chat_id != chat_id:
                talk.notify(chat, lambda translator: told_sessions.phone_changed(translator, masked))
    return PhoneSettled(phone)


async def _send(talk: Talk, phone: str | NotAPhone, here: AskNewPhone | EnterPhoneCode, *, again: bool = False) -> Next:
    if isinstance(phone, NotAPhone):
        talk.tell(why_not_a_phone(talk, phone))
        return here
    codes, chat_id = talk.core.codes, talk.chat.chat_id
    if phone == talk.subscriber.phone:
        return PhoneSettled(phone)
    if not codes.can(Way.sms):
        talk.tell(talk.t("I cannot send SMS here. Please share your number with the button, or ask a person."))
        return here
    sending = await codes.prepare(chat_id, Purpose.phone, Way.sms, phone, talk.language)
    match sending:
        case Issued(challenge_id=challenge_id, writes=writes, expires_at=expires_at):
            talk.write(*writes)
            return EnterPhoneCode(challenge_id, phone, expires_at)
        case TooMany(until=until):
            moment = talk.translator.moment(until)
            talk.tell(talk.t("Too many codes were sent today. The next one can be sent after {moment}.", moment=moment))
        case TooSoon(until=until):
            waiting = None if again else await codes.waiting(chat_id, Purpose.phone, phone)
            if waiting is not None:
                return EnterPhoneCode(waiting.id, phone, waiting.expires_at)
            talk.tell(code_words.too_soon(talk, until))
    return here
