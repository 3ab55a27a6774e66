"""A phone number that is proved to be the person's own: shared with a button, or typed and confirmed by a code."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, TypeAlias

from core.subscribers.codes import Issued, NotACode, Passed, Purpose, TooMany, TooSoon, Way, Wrong
from core.subscribers.phones import NotAPhone, mask_phone, parse_phone, parse_shared
from fsm import code_words
from fsm.action import Action
from fsm.actions import OpenPerson
from fsm.event import Contact, Text
from fsm.flows.first_accounts import Registered
from fsm.flows.joining import AskName, proved
from fsm.phone_words import why_not_a_phone
from fsm.screen import Asks, Choice, Screen, Tone, bold, paragraphs, screen
from fsm.state import State
from fsm.talk import Talk


class Resend(Action, frozen=True, tag="reg.resend"):
    """Another code to the same number."""


class OtherPhone(Action, frozen=True, tag="reg.phone"):
    """Another number."""


class AskPhone(State, frozen=True):
    """Asks for the phone number: shared with a button, or typed and then proved by a code."""

    public: ClassVar[bool] = True
    unfinished: ClassVar[bool] = True

    async def show(self, talk: Talk) -> Screen:
        by_sms = talk.core.codes.can(Way.sms)
        if talk.vouches_for_contact and by_sms:
            how = talk.t("Press the button below to share it. Or type a number: I will send a code to it by SMS.")
        elif talk.vouches_for_contact:
            how = talk.t("Press the button below to share it.")
        elif by_sms:
            how = talk.t("Press the button below or type the number. I will send a code to it by SMS.")
        else:
            return screen(
                paragraphs(
                    bold(talk.t("Signing up is not possible in this messenger yet.")),
                    talk.t("I have to send a code by SMS for that, and SMS is not set up here. A person will help."),
                ),
                Choice(talk.t("🙋 Ask a person"), OpenPerson(), Tone.primary),
            )
        return screen(
            paragraphs(bold(talk.t("What is your mobile number?")), how),
            asks=Asks.contact,
            hint=talk.t("Phone number"),
        )

    def expects(self, talk: Talk) -> str:
        return talk.t("Please share your phone number with the button, or type it.")

    async def on_contact(self, talk: Talk, said: Contact) -> ByPhone:
        return await _take_contact(talk, said, self)

    async def on_number(self, talk: Talk, said: Text) -> ByPhone:
        return await _take_typed(talk, said.text, self)


class EnterCode(State, frozen=True):
    """Waits for the code that was sent by SMS. ``over``: this one will not do any more, whatever is typed."""

    challenge: str
    phone: str
    expires_at: datetime
    over: bool = False
    public: ClassVar[bool] = True
    unfinished: ClassVar[bool] = True

    async def show(self, talk: Talk) -> Screen:
        return code_words.sms_code(
            talk, self.phone, self.expires_at, over=self.over, resend=Resend(), other=OtherPhone()
        )

    def expects(self, talk: Talk) -> str:
        return talk.t("Please type the 6 digits from the SMS.")

    async def on_code(self, talk: Talk, said: Text) -> ByPhone:
        verdict = await talk.core.codes.check(self.challenge, talk.chat.chat_id, Purpose.phone, said.text)
        match verdict:
            case Passed(target=target, writes=writes):
                talk.write(*writes)
                return await proved(talk, target)
            case Wrong(writes=writes):
                talk.write(*writes)
            case NotACode():
                phone = parse_phone(said.text, talk.core.operator.country)
                if isinstance(phone, str) and phone != self.phone:
                    return await _send_code(talk, phone, self)
        talk.tell(code_words.not_accepted(talk, verdict))
        return EnterCode(self.challenge, self.phone, self.expires_at, over=code_words.is_over(verdict))

    async def on_contact(self, talk: Talk, said: Contact) -> ByPhone:
        return await _take_contact(talk, said, self)

    async def on_resend(self, talk: Talk, press: Resend) -> EnterCode | AskPhone | Locked:
        return await _send_code(talk, self.phone, self, again=True)

    async def on_other(self, talk: Talk, press: OtherPhone) -> AskPhone:
        return AskPhone()


class Locked(State, frozen=True):
    """No more codes today, for this number or from this chat."""

    until: datetime
    public: ClassVar[bool] = True
    unfinished: ClassVar[bool] = True
    returns: ClassVar[bool] = False

    async def show(self, talk: Talk) -> Screen:
        way_on = ""
        if talk.vouches_for_contact:
            way_on = talk.t("You need not wait: share your number with the button below, no code is needed then.")
        return screen(
            paragraphs(
                talk.t("Too many codes were sent today. This pause protects your number from strangers."),
                bold(talk.t("I can send a code again after {moment}.", moment=talk.translator.moment(self.until))),
                way_on,
                talk.t("A person can help you right now."),
            ),
            Choice(talk.t("📱 Another number"), OtherPhone()),
            asks=Asks.contact if talk.vouches_for_contact else Asks.nothing,
        )

    def expects(self, talk: Talk) -> str:
        return talk.t("Please choose another number, or ask a person.")

    async def on_contact(self, talk: Talk, said: Contact) -> ByPhone:
        return await _take_contact(talk, said, self)

    async def on_number(self, talk: Talk, said: Text) -> ByPhone:
        return await _take_typed(talk, said.text, self)

    async def on_other(self, talk: Talk, press: OtherPhone) -> AskPhone:
        return AskPhone()


ByPhone: TypeAlias = AskPhone | EnterCode | Locked | AskName | Registered
Waiting: TypeAlias = AskPhone | EnterCode | Locked


async def _take_contact(talk: Talk, said: Contact, here: Waiting) -> ByPhone:
    country = talk.core.operator.country
    if not said.own and (talk.vouches_for_contact or not said.by_button):
        talk.tell(
            talk.t(
                "This is a contact card, and it may be somebody else's. I take only your own number: "
                "press the share button, or type the number."
            )
        )
        return here
    phone = parse_shared(said.phone, country)
    if isinstance(phone, NotAPhone):
        talk.tell(why_not_a_phone(talk, phone))
        return here
    if said.own:
        return await proved(talk, phone)
    return await _send_code(talk, phone, here)


async def _take_typed(talk: Talk, text: str, here: Waiting) -> ByPhone:
    phone = parse_phone(text, talk.core.operator.country)
    if isinstance(phone, NotAPhone):
        talk.tell(why_not_a_phone(talk, phone))
        return here
    return await _send_code(talk, phone, here)


async def _send_code(talk: Talk, phone: str, here: Waiting, *, again: bool = False) -> Waiting:
    codes, chat_id = talk.core.codes, talk.chat.chat_id
    if not codes.can(Way.sms):
        talk.tell(talk.t("I cannot send SMS here. Please share your number with the button, or ask a person."))
        return here
    sending = await codes.prepare(chat_id, Purpose.phone, Way.sms, phone, talk.language)
    match sending:
        case Issued(challenge_id=challenge_id, writes=writes, expires_at=expires_at):
            talk.write(*writes)
            if again:
                talk.tell(code_words.sent_again(talk))
            return EnterCode(challenge_id, phone, expires_at)
        case TooMany(until=until):
            return Locked(until)
        case TooSoon(until=until):
            waiting = None if again else await codes.waiting(chat_id, Purpose.phone, phone)
            if waiting is not None:
                talk.tell(talk.t("I sent a code to {phone} a moment ago.", phone=mask_phone(phone)))
                return EnterCode(waiting.id, phone, waiting.expires_at)
            talk.tell(code_words.too_soon(talk, until))
    return here
