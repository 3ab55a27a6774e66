"""Registration, second half: a name and a region, or back among one's own in a second messenger; then the accounts."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar

from core import regions
from core.billing.addresses import without_flat
from core.billing.models import BillingAccount
from core.errors import OutsideUnavailable
from core.ids import new_id
from core.subscribers.activity import Did
from core.subscribers.models import Subscriber
from core.subscribers.names import NameFault, parse_name
from core.subscribers.phones import mask_phone
from fsm.action import Action
from fsm.actions import OpenRegistration
from fsm.event import Text
from fsm.flows.first_accounts import Offer, Registered
from fsm.name_words import why_not_a_name
from fsm.region_choice import find_regions, region_rows, usual_regions
from fsm.screen import Choice, Screen, Tone, bold, paragraphs, screen
from fsm.state import State
from fsm.talk import Talk
from fsm.told_sessions import signed_in_elsewhere

PROOF_LASTS = timedelta(days=30)
"""For how long a phone stays proved while the questions after it wait for their answers: numbers change hands."""

JOINING_LASTS = timedelta(hours=1)
"""The same, where somebody has registered with the phone since: then it opens what is theirs."""


class UseName(Action, frozen=True, tag="reg.name"):
    """The name that the messenger says."""


class PickRegion(Action, frozen=True, tag="reg.rgn"):
    """A region by its code; empty when it is not in the list."""

    code: str = ""


class AskName(State, frozen=True):
    """Asks what to call the person. ``phone`` is proved."""

    phone: str
    proved_at: datetime | None = None
    public: ClassVar[bool] = True
    unfinished: ClassVar[bool] = True

    async def show(self, talk: Talk) -> Screen:
        known = parse_name(talk.chat.name)
        offered = isinstance(known, str)
        return screen(
            paragraphs(
                bold(talk.t("What is your name?")),
                talk.t("Type it, or press the button.") if offered else talk.t("Type it as you like to be called."),
            ),
            Choice(str(known)[:30], UseName(), Tone.primary) if offered else None,
            hint=talk.t("Your name"),
        )

    def expects(self, talk: Talk) -> str:
        return talk.t("Please type your name.")

    async def on_use(self, talk: Talk, press: UseName) -> AskName | AskRegion | Registered | ProveAgain:
        return await self._named(talk, talk.chat.name)

    async def on_name(self, talk: Talk, said: Text) -> AskName | AskRegion | Registered | ProveAgain:
        return await self._named(talk, said.text)

    async def _named(self, talk: Talk, text: str) -> AskName | AskRegion | Registered | ProveAgain:
        name = parse_name(text)
        if isinstance(name, NameFault):
            talk.tell(why_not_a_name(talk, name))
            return self
        known = regions.regions(talk.core.operator.country)
        if len(known) <= 1:  # nothing to choose from
            return await _register(talk, self.phone, name, known[0].code if known else "", self.proved_at)
        found = await _by_phone(talk, self.phone)
        guess = next((one.region for one in found or () if regions.region(one.region) is not None), "")
        return AskRegion(self.phone, name, guess, proved_at=self.proved_at)


class AskRegion(State, frozen=True):
    """Asks where the person lives: it gives their time zone. ``found`` are codes that a typed text has found."""

    phone: str
    name: str
    guess: str = ""
    found: tuple[str, ...] = ()
    proved_at: datetime | None = None
    public: ClassVar[bool] = True
    unfinished: ClassVar[bool] = True

    async def show(self, talk: Talk) -> Screen:
        codes = self.found or usual_regions(talk, self.guess)
        rows = region_rows(talk, codes, PickRegion)
        if self.found:
            text = bold(talk.t("Which of these?"))
        else:
            text = paragraphs(
                bold(talk.t("The last question: where do you live?")),
                talk.t("Choose your region, or type its name or its chief city. I need it to know your local time."),
            )
        return screen(text, *rows, Choice(talk.t("It is not in the list"), PickRegion()), hint=talk.t("Region"))

    def expects(self, talk: Talk) -> str:
        return talk.t("Please choose your region, or type the first letters of its name.")

    async def on_typed(self, talk: Talk, said: Text) -> AskRegion | Registered | ProveAgain:
        found = find_regions(talk, said.text)
        if len(found) == 1:
            return await _register(talk, self.phone, self.name, found[0], self.proved_at)
        if not found:
            talk.tell(talk.t("I do not know such a region. Try its first letters, or its chief city."))
        return AskRegion(self.phone, self.name, self.guess, found, self.proved_at)

    async def on_pick(self, talk: Talk, press: PickRegion) -> AskRegion | Registered | ProveAgain:
        if press.code and regions.region(press.code) is None:  # forged, or of an older list
            return AskRegion(self.phone, self.name, self.guess, proved_at=self.proved_at)
        return await _register(talk, self.phone, self.name, press.code, self.proved_at)


class ProveAgain(State, frozen=True):
    """The proof is an old one: perhaps the number has passed to somebody else."""

    public: ClassVar[bool] = True
    settles: ClassVar[bool] = True

    async def show(self, talk: Talk) -> Screen:
        return screen(
            paragraphs(
                bold(talk.t("It was a while ago that you gave your number here.")),
                talk.t("Numbers pass from one person to another, so please prove once more that it is yours."),
            ),
            Choice(talk.t("Sign in"), OpenRegistration(), Tone.primary),
        )


async def proved(talk: Talk, phone: str) -> AskName | Registered:
    """The number is the person's own: they are somebody whom we know, or new."""
    person = talk.known or await talk.core.subscribers.by_phone(phone)
    if person is None:
        return AskName(phone, talk.now)
    return await _join(talk, person)


async def _register(
    talk: Talk, phone: str, name: str, region: str, proved_at: datetime | None
) -> Registered | ProveAgain:
    service, chat_id = talk.core.subscribers, talk.chat.chat_id
    if talk.known is not None:
        return await _join(talk, talk.known)
    person = await service.by_phone(phone)
    lasts = PROOF_LASTS if person is None else JOINING_LASTS
    if proved_at is None or not timedelta(0) <= talk.now - proved_at < lasts:
        talk.parked = False
        return ProveAgain()
    if person is not None:  # registered in another messenger while the questions were answered here
        return await _join(talk, person)
    subscriber_id = new_id(talk.now)
    found = await _by_phone(talk, phone)
    talk.parked = False  # an earlier attempt that was left halfway is of no use now
    talk.write(
        service.create(subscriber_id, phone, name, region),
        service.attach(chat_id, subscriber_id),
        service.did(subscriber_id, chat_id, Did.registered, mask_phone(phone)),
    )
    return Registered(name, offers=_offers(found or ()), silent=found is None)


async def _join(talk: Talk, person: Subscriber) -> Registered:
    """This chat becomes one more of the person's; their other chats hear of it."""
    service, chat = talk.core.subscribers, talk.chat
    talk.parked = False
    if talk.known is not None:  # an old question, come back to in a chat that has signed in meanwhile
        return Registered(talk.known.name, returning=True)
    talk.write(
        service.attach(chat.chat_id, person.id),
        service.did(person.id, chat.chat_id, Did.signed_in),
    )
    for other in await service.chats_of(person.id):
        if other.chat_id != chat.chat_id:
            talk.notify(other, lambda translator: signed_in_elsewhere(translator, chat.chat_id, chat.channel, talk.now))
    linked = {link.account_number for link in await talk.core.links.of_subscriber(person.id)}
    found = await _by_phone(talk, person.phone or "")
    new = [account for account in found or () if account.number not in linked]
    return Registered(person.name, returning=True, linked=len(linked), offers=_offers(new), silent=found is None)


async def _by_phone(talk: Talk, phone: str) -> list[BillingAccount] | None:
    """Accounts with the proved phone; None when the billing is silent, which is no reason to stop here."""
    try:
        return await talk.core.billing.by_phone(phone)
    except OutsideUnavailable:
        return None


def _offers(accounts: list[BillingAccount] | tuple[()]) -> tuple[Offer, ...]:
    return tuple(Offer(account.number, without_flat(account.address)) for account in accounts)
