"""Linking an account: its number, then a proof that its holder agrees, or an appeal to staff."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, TypeAlias

from core.billing.models import AccountNumber
from core.errors import OutsideUnavailable
from core.subscribers.codes import Issued, Passed, Purpose, Way, Wrong
from core.subscribers.grounds import HoldersCode, OwnPhone, ground_for
from core.subscribers.links import MAX_NICKNAME, tidy_nickname
from core.subscribers.models import Proof, Role
from fsm.account_words import spaced
from fsm.action import Action
from fsm.actions import OpenAccount, OpenAccounts, OpenLinking, RequestLink
from fsm.code_words import not_accepted, sent_again
from fsm.event import Text
from fsm.linking_words import give_link, masked, moment_of, nicknames, not_sent, read_number, send_label
from fsm.screen import Choice, Screen, Tone, bold, paragraphs, screen
from fsm.state import State, entry
from fsm.talk import Talk


class Again(Action, frozen=True, tag="l.again"):
    """Another number."""


class Retry(Action, frozen=True, tag="l.retry"):
    """The same number once more: the billing was silent."""


class SendCode(Action, frozen=True, tag="l.send"):
    way: Way


class CallIt(Action, frozen=True, tag="l.name"):
    """One of the names that are offered."""

    index: int


@entry(commands=("link",), link="link")
async def open_linking(talk: Talk, action: OpenLinking) -> Found:
    return await _look_up(talk, action.number) if action.number else AskNumber()


class _TakesNumber:
    """Another number may be typed here at once."""

    __slots__ = ()

    async def on_number(self, talk: Talk, said: Text) -> Found:
        return await _look_up(talk, said.text)


class _Again:
    __slots__ = ()

    async def on_again(self, talk: Talk, press: Again) -> AskNumber:
        return AskNumber()


class AskNumber(_TakesNumber, State, frozen=True):
    """Waits for an account or contract number."""

    unfinished: ClassVar[bool] = True

    async def show(self, talk: Talk) -> Screen:
        return screen(
            paragraphs(
                bold(talk.t("Which account shall I link?")),
                talk.t(
                    "Type the account number or the contract number: it is on every bill and in the contract. "
                    "Spaces and dashes do not matter."
                ),
            ),
            hint=talk.t("Account number"),
        )

    def expects(self, talk: Talk) -> str:
        return talk.t("Please type the account or contract number.")


class AlreadyLinked(_TakesNumber, _Again, State, frozen=True):
    """Nothing to do: the account is among the person's own."""

    number: AccountNumber
    nickname: str
    returns: ClassVar[bool] = False

    async def show(self, talk: Talk) -> Screen:
        number = spaced(self.number)
        title = f"{self.nickname} ({number})" if self.nickname else number
        return screen(
            talk.t("Account {title} is linked already: you can see it at any time.", title=title),
            Choice(talk.t("Show the account"), OpenAccount(self.number), Tone.primary),
            Choice(talk.t("Link another account"), Again()),
        )


class BillingSilent(_TakesNumber, State, frozen=True):
    """The number was heard, but nobody could look it up."""

    number: str
    unfinished: ClassVar[bool] = True

    async def show(self, talk: Talk) -> Screen:
        return screen(
            paragraphs(
                talk.t(
                    "Our billing system is not answering right now, so I cannot check {number}.", number=self.number
                ),
                talk.t("The number is kept. Try again in a few minutes: one tap is enough."),
            ),
            Choice(talk.t("🔄 Try again"), Retry(), Tone.primary),
            Choice(talk.t("Ask our staff to link it"), RequestLink(self.number)),
        )

    async def on_retry(self, talk: Talk, press: Retry) -> Found:
        return await _look_up(talk, self.number)


class CannotLink(_TakesNumber, _Again, State, frozen=True):
    """The one answer for a number that does not exist and for one that may not be linked here."""

    number: str

    async def show(self, talk: Talk) -> Screen:
        return screen(
            paragraphs(
                bold(talk.t("I cannot link the number {number} here.", number=self.number)),
                talk.t("Perhaps a digit is wrong: please compare it with your bill and type it again."),
                talk.t("If the number is right, only our staff can link it. Write to them: it takes one tap."),
            ),
            Choice(talk.t("Type the number again"), Again()),
            Choice(talk.t("Ask our staff to link it"), RequestLink(self.number), Tone.primary),
        )


class TooManyTries(_TakesNumber, State, frozen=True):
    """The limit that keeps strangers from guessing numbers; it says when it ends."""

    number: str
    until: datetime
    returns: ClassVar[bool] = False

    async def show(self, talk: Talk) -> Screen:
        return screen(
            paragraphs(
                talk.t("Several numbers were tried one after another, so I have to pause: this protects other people."),
                bold(talk.t("You can try again after {moment}.", moment=moment_of(talk, self.until))),
                talk.t("No need to wait for that: our staff can link the account by your appeal."),
            ),
            Choice(talk.t("Ask our staff to link it"), RequestLink(self.number), Tone.primary),
        )


class OfferCode(_Again, State, frozen=True):
    """The account is somebody else's: its holder may read a code to the person."""

    number: AccountNumber
    contacts: tuple[tuple[Way, str], ...]  # the way and the masked contact
    tried_at: datetime
    unfinished: ClassVar[bool] = True

    async def show(self, talk: Talk) -> Screen:
        return screen(
            paragraphs(
                bold(talk.t("Account {number}: is its holder near you, or on the phone?", number=spaced(self.number))),
                talk.t(
                    "I can send a 6-digit code to the contact that the account has on file. "
                    "The holder reads it to you: that is their consent. They can take the access away at any time."
                ),
            ),
            *(Choice(send_label(talk, way, contact), SendCode(way), Tone.primary) for way, contact in self.contacts),
            Choice(talk.t("I have no access to it: ask staff"), RequestLink(self.number)),
            Choice(talk.t("Another number"), Again()),
        )

    async def on_send(self, talk: Talk, press: SendCode) -> Sent:
        return await _send_code(talk, self.number, press.way, self.tried_at, self)


class EnterCode(_Again, State, frozen=True):
    """Waits for the code that was sent to the contact on file."""

    number: AccountNumber
    challenge: str
    way: Way
    masked: str
    expires_at: datetime
    tried_at: datetime
    unfinished: ClassVar[bool] = True

    async def show(self, talk: Talk) -> Screen:
        return screen(
            paragraphs(
                bold(talk.t("A code is on its way to {contact}.", contact=self.masked)),
                talk.t(
                    "Ask the holder of account {number} for it and type the 6 digits here. It is good until {hour}.",
                    number=spaced(self.number),
                    hour=talk.translator.hour(self.expires_at),
                ),
            ),
            Choice(talk.t("Send a new code"), SendCode(self.way)),
            Choice(talk.t("No code comes: ask staff"), RequestLink(self.number)),
            Choice(talk.t("Another number"), Again()),
            hint=talk.t("6 digits"),
        )

    def expects(self, talk: Talk) -> str:
        return talk.t("Please type the 6 digits of the code.")

    async def on_code(self, talk: Talk, said: Text) -> Linked | EnterCode | CannotLink:
        verdict = await talk.core.codes.check(self.challenge, talk.chat.chat_id, Purpose.account, said.text)
        if isinstance(verdict, Passed):
            return await self._passed(talk, verdict)
        if isinstance(verdict, Wrong):
            talk.write(*verdict.writes)
        talk.tell(not_accepted(talk, verdict))
        return self

    async def _passed(self, talk: Talk, verdict: Passed) -> Linked | EnterCode | CannotLink:
        try:
            account = await talk.core.billing.find(self.number)
        except OutsideUnavailable:
            # The code is not used up: nothing of this turn is written.
            talk.tell(talk.t("Our billing system is not answering right now. Please type the code again in a minute."))
            return self
        talk.write(*verdict.writes)
        ground = ground_for(account, talk.subscriber.phone, talk.core.codes.can)
        contact = ground.by(self.way) if isinstance(ground, HoldersCode) else None
        if account is None or ground is None or contact is None or contact.target != verdict.target:
            return CannotLink(self.number)  # the billing has changed its mind since the code was sent
        talk.write(talk.core.links.tries.forgive(talk.chat.chat_id, talk.subscriber.phone, self.tried_at))
        await give_link(talk, account, ground.role, Proof.code)
        return Linked(account.number)

    async def on_resend(self, talk: Talk, press: SendCode) -> Sent:
        return await _send_code(talk, self.number, self.way, self.tried_at, self)


class Linked(State, frozen=True):
    """It is done; a name makes it easy to tell from others."""

    number: AccountNumber
    nickname: str = ""
    settles: ClassVar[bool] = True

    async def show(self, talk: Talk) -> Screen:
        onward = (
            Choice(talk.t("Show the account"), OpenAccount(self.number), Tone.primary),
            (Choice(talk.t("All my accounts"), OpenAccounts()), Choice(talk.t("Link another"), OpenLinking())),
        )
        if self.nickname:
            said = talk.t("Good: account {number} is now called", number=spaced(self.number)) + " "
            return screen(said + bold(self.nickname) + ".", *onward)
        names = [Choice(name, CallIt(index)) for index, name in enumerate(nicknames(talk))]
        return screen(
            paragraphs(
                bold(talk.t("✅ Account {number} is linked.", number=spaced(self.number))),
                talk.t("What shall I call it? Choose a name or type your own. Only you will see it."),
            ),
            *(tuple(names[at : at + 2]) for at in range(0, len(names), 2)),
            *onward,
            hint=talk.t("A name for the account"),
        )

    def expects(self, talk: Talk) -> str:
        return talk.t("Type a name for the account, or go on with a button.")

    async def on_choice(self, talk: Talk, press: CallIt) -> Linked:
        names = nicknames(talk)
        return await self._name(talk, names[press.index]) if 0 <= press.index < len(names) else self

    async def on_typed(self, talk: Talk, said: Text) -> Linked:
        nickname = tidy_nickname(said.text)
        if nickname is None:
            talk.tell(talk.t("A name may have up to {most} characters. Please make it shorter.", most=MAX_NICKNAME))
            return self
        return await self._name(talk, nickname)

    async def _name(self, talk: Talk, nickname: str) -> Linked:
        if await talk.core.links.find(talk.subscriber.id, self.number) is None:
            talk.tell(talk.t("This account is no longer linked to you, so it cannot be named."))
            return self
        talk.write(talk.core.links.rename(talk.subscriber.id, self.number, nickname))
        return Linked(self.number, nickname)


Found: TypeAlias = AskNumber | AlreadyLinked | BillingSilent | CannotLink | TooManyTries | OfferCode | Linked
Sent: TypeAlias = OfferCode | EnterCode | CannotLink


async def _look_up(talk: Talk, typed: str) -> Found:
    """The same reads, in the same order, for every number that was not the person's before."""
    key = read_number(typed)
    if key is None:
        talk.tell(talk.t("This does not look like an account number: it has digits, as on your bill."))
        return AskNumber()
    links, subscriber = talk.core.links, talk.subscriber
    mine = {link.account_number: link for link in await links.of_subscriber(subscriber.id)}
    known = next((link for number, link in mine.items() if read_number(number) == key), None)
    if known is not None and known.role is Role.owner:
        return AlreadyLinked(known.account_number, known.nickname)
    until = await links.tries.ends_at(talk.chat.chat_id, subscriber.phone)
    if until is not None and known is None:
        return TooManyTries(key, until)
    try:
        account = await talk.core.billing.find(key)
    except OutsideUnavailable:
        return BillingSilent(key)
    ground = ground_for(account, subscriber.phone, talk.core.codes.can)
    known = mine.get(account.number) if account is not None else known
    if known is not None:
        if isinstance(ground, OwnPhone) and ground.role is Role.owner:  # linked as a relative's once
            talk.write(links.link(subscriber.id, known.account_number, Role.owner, Proof.phone))
            talk.tell(talk.t("Your phone number is the one on file for this account: you are now its owner here."))
        return AlreadyLinked(known.account_number, known.nickname)
    if account is not None and isinstance(ground, OwnPhone):
        await give_link(talk, account, ground.role, Proof.phone)
        return Linked(account.number)
    talk.write(links.tries.count(talk.chat.chat_id, subscriber.phone))
    if account is not None and isinstance(ground, HoldersCode):
        offered = tuple((one.way, masked(one)) for one in ground.contacts)
        return OfferCode(key, offered, talk.now)  # the key: a contract does not tell a stranger its account number
    return CannotLink(key)


async def _send_code(
    talk: Talk, number: AccountNumber, way: Way, tried_at: datetime, here: OfferCode | EnterCode
) -> Sent:
    try:
        account = await talk.core.billing.find(number)
    except OutsideUnavailable:
        talk.tell(talk.t("Our billing system is not answering right now. Please try again in a minute."))
        return here
    ground = ground_for(account, talk.subscriber.phone, talk.core.codes.can)
    contact = ground.by(way) if isinstance(ground, HoldersCode) else None
    if contact is None:
        return CannotLink(number)
    sending = await talk.core.codes.prepare(talk.chat.chat_id, Purpose.account, way, contact.target, talk.language)
    if not isinstance(sending, Issued):
        talk.tell(not_sent(talk, sending))
        return here
    talk.write(*sending.writes)
    if isinstance(here, EnterCode):
        talk.tell(sent_again(talk))
    return EnterCode(number, sending.challenge_id, way, masked(contact), sending.expires_at, tried_at)
