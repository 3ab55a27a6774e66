"""An e-mail address: optional, and kept only when a code that was sent to it has come back."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from core.subscribers.activity import Did
from core.subscribers.codes import Issued, NotACode, Passed, Purpose, TooMany, TooSoon, Way, Wrong
from core.subscribers.emails import mask_email, parse_email
from fsm import code_words
from fsm.action import Action
from fsm.actions import OpenEmail, OpenProfile
from fsm.event import Text
from fsm.screen import Choice, Screen, Tone, bold, paragraphs, screen
from fsm.state import State, entry
from fsm.talk import Talk


class Remove(Action, frozen=True, tag="mail.del"):
    """Without an address."""


class Resend(Action, frozen=True, tag="mail.resend"):
    """Another code to the same address."""


class OtherAddress(Action, frozen=True, tag="mail.other"):
    """Another address."""


@entry(commands=("email",))
async def open_email(talk: Talk, action: OpenEmail) -> AskEmail:
    return AskEmail()


class AskEmail(State, frozen=True):
    """Waits for an address."""

    unfinished: ClassVar[bool] = True

    async def show(self, talk: Talk) -> Screen:
        present = talk.subscriber.email
        remove = Choice(talk.t("Remove {email}", email=mask_email(present)), Remove(), Tone.danger) if present else None
        if not talk.core.codes.can(Way.email):
            said = talk.t("I cannot send letters here yet, so an address cannot be confirmed.")
            return screen(said, remove, Choice(talk.t("👤 My profile"), OpenProfile()))
        return screen(
            paragraphs(
                talk.t("Your e-mail now: {email}", email=present) if present else None,
                bold(talk.t("Type an e-mail address.")),
                talk.t("I will send a code to it, to be sure that it is yours. You can do without an address, too."),
            ),
            remove,
            hint="name@example.org",
        )

    def expects(self, talk: Talk) -> str:
        return talk.t("Please type an e-mail address, such as name@example.org.")

    async def on_address(self, talk: Talk, said: Text) -> AskEmail | EnterEmailCode | EmailSettled:
        if not talk.core.codes.can(Way.email):
            return self
        address = parse_email(said.text)
        if address is None:
            talk.tell(talk.t("This does not look like an e-mail address. It looks like name@example.org."))
            return self
        if address == talk.subscriber.email:
            return EmailSettled(address)
        return await _send(talk, address, self)

    async def on_remove(self, talk: Talk, press: Remove) -> EmailSettled:
        service, person = talk.core.subscribers, talk.subscriber
        if person.email is not None:
            talk.write(
                service.set_email(person.id, None),
                service.did(person.id, talk.chat.chat_id, Did.email_removed, mask_email(person.email)),
            )
        return EmailSettled(None)


class EnterEmailCode(State, frozen=True):
    """Waits for the code that was sent by e-mail. ``over``: this one will not do any more, whatever is typed."""

    challenge: str
    address: str
    expires_at: datetime
    over: bool = False
    unfinished: ClassVar[bool] = True

    async def show(self, talk: Talk) -> Screen:
        if self.over:
            text = paragraphs(talk.t("The code that was sent to {email} does not work any more.", email=self.address))
        else:
            hour = talk.translator.hour(self.expires_at)
            text = paragraphs(
                talk.t("I have sent a letter with a code to") + " " + bold(self.address) + ".",
                talk.t(
                    "Type the 6 digits here. The code works until {hour}. Look into the spam folder, too.", hour=hour
                ),
            )
        return screen(
            text,
            Choice(talk.t("↻ Send a new code"), Resend(), Tone.primary if self.over else Tone.plain),
            Choice(talk.t("✉️ Another address"), OtherAddress()),
            hint=talk.t("6 digits"),
        )

    def expects(self, talk: Talk) -> str:
        return talk.t("Please type the 6 digits from the letter.")

    async def on_code(self, talk: Talk, said: Text) -> AskEmail | EnterEmailCode | EmailSettled:
        verdict = await talk.core.codes.check(self.challenge, talk.chat.chat_id, Purpose.email, said.text)
        match verdict:
            case Passed(target=address, writes=writes):
                service, person = talk.core.subscribers, talk.subscriber
                talk.write(
                    *writes,
                    service.set_email(person.id, address),
                    service.did(person.id, talk.chat.chat_id, Did.email_confirmed, mask_email(address)),
                )
                return EmailSettled(address)
            case Wrong(writes=writes):
                talk.write(*writes)
            case NotACode():
                address = parse_email(said.text) or self.address
                if address != self.address:
                    return await _send(talk, address, self)
        talk.tell(code_words.not_accepted(talk, verdict))
        return EnterEmailCode(self.challenge, self.address, self.expires_at, over=code_words.is_over(verdict))

    async def on_resend(self, talk: Talk, press: Resend) -> AskEmail | EnterEmailCode:
        return await _send(talk, self.address, self, again=True)

    async def on_other(self, talk: Talk, press: OtherAddress) -> AskEmail:
        return AskEmail()


class EmailSettled(State, frozen=True):
    """The address that is kept from now on; None when it was removed."""

    address: str | None
    settles: ClassVar[bool] = True

    async def show(self, talk: Talk) -> Screen:
        if self.address is None:
            said = talk.t("✅ Done. I keep no e-mail address of yours.")
        else:
            said = talk.t("✅ The address {email} is confirmed.", email=self.address)
        return screen(
            said,
            Choice(talk.t("👤 My profile"), OpenProfile(), Tone.primary),
        )


async def _send(
    talk: Talk, address: str, here: AskEmail | EnterEmailCode, *, again: bool = False
) -> AskEmail | EnterEmailCode:
    codes, chat_id = talk.core.codes, talk.chat.chat_id
    sending = await codes.prepare(chat_id, Purpose.email, Way.email, address, talk.language)
    match sending:
        case Issued(challenge_id=challenge_id, writes=writes, expires_at=expires_at):
            talk.write(*writes)
            if again:
                talk.tell(code_words.sent_again(talk))
            return EnterEmailCode(challenge_id, address, expires_at)
        case TooMany(until=until):
            moment = talk.translator.moment(until)
            talk.tell(talk.t("Too many codes were sent today. The next one can be sent after {moment}.", moment=moment))
        case TooSoon(until=until):
            waiting = None if again else await codes.waiting(chat_id, Purpose.email, address)
            if waiting is not None:
                return EnterEmailCode(waiting.id, address, waiting.expires_at)
            talk.tell(code_words.too_soon(talk, until))
    return here
