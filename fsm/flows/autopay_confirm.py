"""From which card auto-payment charges, what will happen in plain words, and the payment that saves a new card."""

from __future__ import annotations

from datetime import datetime

from core.money import Money
from core.payments.autopay.models import Draft, SavedMeans, Trigger
from core.payments.autopay.when import first_due
from core.payments.models import PaymentLine
from core.subscribers.activity import Did, did
from fsm.account_reads import right_to
from fsm.account_words import LONGEST_LABEL, shorten, spaced
from fsm.action import Action
from fsm.actions import OpenAutopay, OpenCards, OpenPaymentOrder, OpenPayments
from fsm.autopay_words import limit_words, when_words
from fsm.payment_words import way_label
from fsm.screen import Choice, Link, Screen, Tone, bold, lines, paragraphs, screen
from fsm.state import State
from fsm.talk import Talk


class TakeCard(Action, frozen=True, tag="ap.card"):
    means_id: str


class TakeKeeper(Action, frozen=True, tag="ap.way"):
    """A new card, kept by this provider."""

    name: str


class Agree(Action, frozen=True, tag="ap.yes"):
    """To everything that the screen says."""


class NotOffered(State, frozen=True):
    """Not here, or not for this account."""

    returns = False

    async def show(self, talk: Talk) -> Screen:
        return screen(
            talk.t("Auto-payment cannot be set up here. Nothing is charged by itself."),
            Choice(talk.t("🔁 All auto-payments"), OpenAutopay()),
        )


class ChooseCard(State, frozen=True):
    """A saved card, or a new one."""

    draft: Draft
    unfinished = True

    async def show(self, talk: Talk) -> Screen:
        ways = talk.core.payments.ways(talk.chat.channel)
        names = keepers(talk)
        return screen(
            bold(talk.t("From which card?")),
            *(Choice(shorten(one.title, LONGEST_LABEL), TakeCard(one.id)) for one in (await cards_of(talk))[:8]),
            *(
                Choice(
                    talk.t("➕ Another card")
                    if len(names) == 1
                    else talk.t("➕ New: {way}", way=way_label(talk.translator, ways[name])),
                    TakeKeeper(name),
                )
                for name in names
            ),
        )

    async def on_card(self, talk: Talk, press: TakeCard) -> Confirm | ChooseCard:
        return (
            Confirm(self.draft, press.means_id) if any(c.id == press.means_id for c in await cards_of(talk)) else self
        )

    async def on_way(self, talk: Talk, press: TakeKeeper) -> Confirm | ChooseCard:
        return Confirm(self.draft, way=press.name) if press.name in keepers(talk) else self


class Confirm(State, frozen=True):
    """What will happen and when, and what is agreed to. One of ``means_id`` and ``way`` is given."""

    draft: Draft
    means_id: str = ""
    way: str = ""
    unfinished = True

    async def show(self, talk: Talk) -> Screen:
        draft = self.draft
        card = await talk.core.autopay.card(self.means_id, talk.subscriber.id)
        first = await self._first(talk) if not self.means_id else None
        replaced = await talk.core.autopay.rule_for(talk.subscriber.id, draft.account)
        agree = (
            Choice(talk.t("✅ Switch on"), Agree(), Tone.primary)
            if first is None
            else Choice(talk.t("✅ I agree, pay {sum}", sum=talk.translator.money(first)), Agree(), Tone.primary)
        )
        return screen(
            paragraphs(
                bold(talk.t("Please read what will happen")),
                lines(
                    talk.t("Account {number}", number=spaced(draft.account)),
                    when_words(talk.translator, draft),
                    limit_words(talk.translator, draft.limit),
                    talk.t("From {card}", card=card.title) if card is not None else None,
                ),
                self._when(talk),
                talk.t(
                    "I write a day before each charge. You can say no to it, or switch auto-payment off, with one tap."
                ),
                _consent(talk, first) if first is not None else None,
                talk.t("It takes the place of what is set up for this account now.") if replaced is not None else None,
            ),
            agree,
            Choice(talk.t("✖️ No, leave it"), OpenAutopay(draft.account)),
        )

    def _when(self, talk: Talk) -> str:
        if self.draft.trigger is not Trigger.day:
            return talk.t("I look at the account several times a day.")
        day = first_due(talk.core.reminders.policy, talk.zone, talk.now, self.draft.day)
        return talk.t("The first charge: {day}.", day=talk.translator.day(day))

    async def _first(self, talk: Talk) -> Money:
        """What is paid now, so that the card can be kept: the debt, or else the smallest sum. The account gets it."""
        terms = talk.core.payments.terms
        known = await talk.core.billing.overviews([self.draft.account])
        debt = known.value[0].debt if known.value else terms.minimum
        return min(max(debt, terms.minimum), terms.maximum)

    async def on_agree(self, talk: Talk, press: Agree) -> AutopayOn | KeepCard | Confirm | NotOffered:
        link, _several = await right_to(talk, self.draft.account)
        if link is None or not talk.core.autopay.on:
            return NotOffered()
        draft, autopay, person = self.draft, talk.core.autopay, talk.subscriber
        by_day = draft.trigger is Trigger.day
        due = first_due(talk.core.reminders.policy, talk.zone, talk.now, draft.day) if by_day else None
        noted = did(person.id, talk.chat.chat_id, Did.autopay_on, talk.now, draft.account)
        if self.means_id:
            if all(one.id != self.means_id for one in await cards_of(talk)):
                talk.tell(talk.t("This card cannot be charged any more. Please choose another."))
                return Confirm(draft, way=keepers(talk)[0])
            talk.write(autopay.begin(person.id, talk.chat.chat_id, draft, self.means_id, due), noted)
            return AutopayOn(draft, due is not None)
        if self.way not in keepers(talk):
            return NotOffered()
        if await talk.core.payments.too_many(person.id):
            talk.tell(talk.t("There were many payment links in the last hour. Use one of them, or try again later."))
            return self
        parts = (PaymentLine(draft.account, await self._first(talk)),)
        order, write = talk.core.payments.order(person.id, talk.chat.chat_id, self.way, parts, saves=True)
        talk.write(write, autopay.wait(person.id, talk.chat.chat_id, draft, order.id, due), noted)
        return KeepCard(draft, order.id, order.amount, order.expires_at, talk.core.payments.link(order))


class AutopayOn(State, frozen=True):
    """It works from now on."""

    draft: Draft
    by_day: bool = False
    settles = True

    async def show(self, talk: Talk) -> Screen:
        return screen(
            paragraphs(
                bold(talk.t("✅ Auto-payment is on")),
                lines(
                    talk.t("Account {number}", number=spaced(self.draft.account)),
                    when_words(talk.translator, self.draft),
                    limit_words(talk.translator, self.draft.limit),
                ),
                talk.t("I write a day before each charge."),
            ),
            Choice(talk.t("🔁 Auto-payment"), OpenAutopay(self.draft.account)),
            Choice(talk.t("💳 Saved cards"), OpenCards()),
        )


class KeepCard(State, frozen=True):
    """The link to the payment that saves the card: without a code to scan, so that nobody else's card is kept."""

    draft: Draft
    order_id: str
    amount: Money
    expires_at: datetime
    url: str
    settles = True

    async def show(self, talk: Talk) -> Screen:
        sum_ = talk.translator.money(self.amount)
        return screen(
            paragraphs(
                bold(talk.t("One payment, and auto-payment is on")),
                lines(
                    talk.t("Account {number}", number=spaced(self.draft.account)),
                    talk.t("To pay: {sum}", sum=sum_),
                    talk.t("The link holds until {moment}.", moment=talk.translator.moment(self.expires_at)),
                ),
                talk.t("Pay with the card that is to be charged later, and let the bank's page remember it."),
                talk.t("I will write when the card is kept."),
            ),
            Link(talk.t("💳 Pay {sum}", sum=sum_), self.url),
            Choice(talk.t("The payment"), OpenPaymentOrder(self.order_id)),
            Choice(talk.t("🧾 My payments"), OpenPayments()),
        )

    def expects(self, talk: Talk) -> str:
        return talk.t("Press the button to pay.")


def _consent(talk: Talk, first: Money) -> str:
    return talk.t(
        "So that the card can be kept, {sum} is paid now by a link: the money goes to this account. By paying you "
        "agree that {operator}'s payment provider keeps the card and that it is charged by this rule.",
        sum=talk.translator.money(first),
        operator=talk.core.operator.name,
    )


def keepers(talk: Talk) -> list[str]:
    """The ways to pay by which a card can be kept, in this messenger."""
    return [name for name in talk.core.payments.ways(talk.chat.channel) if name in talk.core.autopay.keepers]


async def cards_of(talk: Talk) -> list[SavedMeans]:
    """Those that can be charged today."""
    found = await talk.core.autopay.cards(talk.subscriber.id)
    return [one for one in found if one.provider in talk.core.autopay.keepers]
