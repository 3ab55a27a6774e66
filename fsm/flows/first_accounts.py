"""What follows a registration: the accounts that were found by the phone, linked with one tap."""

from __future__ import annotations

from typing import ClassVar

from msgspec import Struct

from core.errors import OutsideUnavailable
from core.ids import new_id
from core.subscribers.activity import Did
from core.subscribers.grounds import OwnPhone, ground_for
from core.subscribers.models import Proof
from fsm.account_words import LONGEST_LABEL, spaced
from fsm.action import Action
from fsm.actions import OpenAccount, OpenAccounts, OpenEmail, OpenLinking, OpenMenu, OpenProfile, OpenSessions
from fsm.screen import Choice, Rich, Screen, Tone, bold, lines, paragraphs, rich, screen
from fsm.state import State
from fsm.talk import Talk
from fsm.told import link_added

LISTED = 30  # buttons with a box to tick
SHOWN = 8  # accounts in a list; a company may have hundreds


class LinkAll(Action, frozen=True, tag="reg.all"):
    """All the accounts that were found."""


class ChooseSome(Action, frozen=True, tag="reg.some"):
    """Some of them."""


class Later(Action, frozen=True, tag="reg.later"):
    """None now."""


class Toggle(Action, frozen=True, tag="reg.tick"):
    """By its place in the list: a number may be too long for a button."""

    index: int


class LinkTicked(Action, frozen=True, tag="reg.ticked"):
    """Those that are ticked."""


class Offer(Struct, frozen=True):
    """An account that may be linked: the phone on file is the person's own. ``address`` is without the flat."""

    number: str
    address: str = ""

    def line(self) -> Rich:
        return rich("• ") + bold(spaced(self.number)) + (f", {self.address}" if self.address else "")


class Registered(State, frozen=True):
    """Done. Offers what was found. ``silent``: the billing did not answer; ``linked``: accounts that are there."""

    name: str
    returning: bool = False
    linked: int = 0
    offers: tuple[Offer, ...] = ()
    silent: bool = False
    settles: ClassVar[bool] = True

    async def show(self, talk: Talk) -> Screen:
        n = len(self.offers)
        if self.returning:
            hello = talk.t("✅ Welcome back, {name}! Everything of yours is here.", name=self.name)
        else:
            hello = talk.t("✅ Done, {name}! You are signed up.", name=self.name)
        link = talk.t("🔗 Link it") if n == 1 else talk.t("🔗 Link all {n}", n=n)
        there = talk.n("{n} account is linked.", "{n} accounts are linked.", self.linked) if self.linked else ""
        return screen(
            paragraphs(bold(hello), there, self._found(talk)),
            _wanted(talk),
            Choice(link, LinkAll(), Tone.primary) if n else None,
            Choice(talk.t("Choose"), ChooseSome()) if n > 1 else None,
            Choice(talk.t("Not now"), Later()) if n else None,
            *([] if n else _onward(talk, has_accounts=self.linked > 0)),
            Choice(talk.t("✉️ Add an e-mail"), OpenEmail()) if not (n or self.returning) else None,
        )

    def _found(self, talk: Talk) -> Rich | str:
        n = len(self.offers)
        if n:
            title = talk.n(
                "I found {n} account with your phone number:", "I found {n} accounts with your phone number:", n
            )
            rest = n - SHOWN
            more = talk.n("…and {n} more", "…and {n} more", rest) if rest > 0 else None
            return lines(title, *(offer.line() for offer in self.offers[:SHOWN]), more)
        if self.silent:
            return talk.t(
                "Our billing system is not answering right now. I will look for your accounts when you link one: "
                "try in a few minutes."
            )
        if self.linked:
            return ""
        return talk.t("I found no accounts with your phone number. You can link one by its number.")

    async def on_all(self, talk: Talk, press: LinkAll) -> AccountsLinked | Registered:
        return await _link(talk, {offer.number for offer in self.offers}) or self

    async def on_some(self, talk: Talk, press: ChooseSome) -> ChooseAccounts:
        return ChooseAccounts(self.offers)

    async def on_later(self, talk: Talk, press: Later) -> Skipped:
        return Skipped()


class ChooseAccounts(State, frozen=True):
    """Ticks in a list."""

    offers: tuple[Offer, ...]
    ticked: tuple[str, ...] = ()
    unfinished: ClassVar[bool] = True

    async def show(self, talk: Talk) -> Screen:
        ticks = [
            Choice(f"{_box(offer.number in self.ticked)} {spaced(offer.number)}"[:LONGEST_LABEL], Toggle(index))
            for index, offer in enumerate(self.offers[:LISTED])
        ]
        n = len(self.ticked)
        return screen(
            paragraphs(
                bold(talk.t("Which accounts shall I link? Tick them.")),
                lines(*(offer.line() for offer in self.offers[:LISTED])),
            ),
            *ticks,
            Choice(talk.n("🔗 Link {n} account", "🔗 Link {n} accounts", n), LinkTicked(), Tone.primary) if n else None,
            Choice(talk.t("Not now"), Later()),
        )

    def expects(self, talk: Talk) -> str:
        return talk.t("Please tick accounts with the buttons.")

    async def on_toggle(self, talk: Talk, press: Toggle) -> ChooseAccounts:
        if not 0 <= press.index < len(self.offers):
            return self
        number = self.offers[press.index].number
        if number in self.ticked:
            return ChooseAccounts(self.offers, tuple(one for one in self.ticked if one != number))
        return ChooseAccounts(self.offers, (*self.ticked, number))

    async def on_link(self, talk: Talk, press: LinkTicked) -> AccountsLinked | ChooseAccounts:
        if not self.ticked:
            return self
        return await _link(talk, set(self.ticked)) or self

    async def on_later(self, talk: Talk, press: Later) -> Skipped:
        return Skipped()


class AccountsLinked(State, frozen=True):
    """They are linked."""

    numbers: tuple[str, ...]
    settles: ClassVar[bool] = True

    async def show(self, talk: Talk) -> Screen:
        n = len(self.numbers)
        if not n:
            said = talk.t("These accounts can no longer be linked by your phone number. A person can tell why.")
            return screen(said, _wanted(talk), *_onward(talk, has_accounts=False))
        return screen(
            bold(talk.n("✅ {n} account is linked.", "✅ {n} accounts are linked.", n)),
            _wanted(talk),
            *_onward(talk, has_accounts=True, only=self.numbers[0] if n == 1 else ""),
            Choice(talk.t("✉️ Add an e-mail"), OpenEmail()),
        )


class Skipped(State, frozen=True):
    """Nothing was linked, and that is all right."""

    settles: ClassVar[bool] = True

    async def show(self, talk: Talk) -> Screen:
        return screen(
            talk.t("All right. You can link accounts at any time from the menu."),
            _wanted(talk),
            *_onward(talk, has_accounts=False),
            Choice(talk.t("✉️ Add an e-mail"), OpenEmail()),
        )


def _box(ticked: bool) -> str:
    return "☑" if ticked else "☐"


def _onward(talk: Talk, *, has_accounts: bool, only: str = "") -> list[Choice]:
    if only:
        way_on = Choice(talk.t("💰 What do I owe?"), OpenAccount(only), Tone.primary)
    elif has_accounts:
        way_on = Choice(talk.t("💰 What do I owe?"), OpenAccounts(), Tone.primary)
    else:
        way_on = Choice(talk.t("🔗 Link an account"), OpenLinking(), Tone.primary)
    # What the person wanted is offered already, on a button of its own.
    return [] if type(way_on.action) is type(talk.pending) else [way_on]


def _wanted(talk: Talk) -> Choice | None:
    """What the person was about to do when they had to register."""
    match talk.pending:
        case None | OpenMenu():
            return None
        case OpenAccount(number=number):
            label = talk.t("▶ On to account {number}", number=spaced(number))
        case OpenLinking(number=number) if number:
            label = talk.t("▶ Link account {number}", number=spaced(number))
        case OpenLinking():
            label = talk.t("▶ On to linking an account")
        case OpenAccounts():
            label = talk.t("▶ On to what I owe")
        case OpenProfile() | OpenSessions():
            label = talk.t("▶ On to my profile")
        case _:
            label = talk.t("▶ Go on with what I wanted")
    return Choice(label, talk.pending, Tone.primary)


async def _link(talk: Talk, numbers: set[str]) -> AccountsLinked | None:
    """Links those that the billing still says bear the person's phone; None when it does not answer."""
    phone = talk.subscriber.phone or ""
    try:
        found = await talk.core.billing.by_phone(phone)
    except OutsideUnavailable:
        talk.tell(talk.t("Our billing system is not answering right now. Please try again in a few minutes."))
        return None
    linked = []
    for account in found:
        ground = ground_for(account, phone, talk.core.codes.can)
        if account.number not in numbers or not isinstance(ground, OwnPhone):
            continue
        link_id = new_id(talk.now)
        talk.write(
            talk.core.links.link(talk.subscriber.id, account.number, ground.role, Proof.phone, link_id=link_id),
            talk.core.subscribers.did(talk.subscriber.id, talk.chat.chat_id, Did.linked, account.number),
        )
        await _tell_owners(talk, account.number, account.phone, link_id)
        linked.append(account.number)
    return AccountsLinked(tuple(linked))


async def _tell_owners(talk: Talk, number: str, contact_phone: str, link_id: str) -> None:
    name = talk.subscriber.name
    for chat in await talk.core.links.chats_of_owners(number, contact_phone, besides=talk.subscriber.id):
        talk.notify(chat, lambda translator: link_added(translator, number, name, Proof.phone, link_id))
