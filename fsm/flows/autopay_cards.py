"""Saved cards: which there are, what charges them, and forgetting them."""

from __future__ import annotations

from core.money import Money
from core.payments.autopay.models import ChargeStatus, Rule, SavedMeans
from core.subscribers.activity import Did, did
from fsm.account_words import LONGEST_LABEL, shorten, spaced
from fsm.action import Action
from fsm.actions import OpenAutopay, OpenCards
from fsm.autopay_words import at_the_bank
from fsm.screen import Choice, Rich, Screen, Tone, bold, lines, paragraphs, screen
from fsm.state import State, entry
from fsm.talk import Talk

SHOWN = 8


class AskForget(Action, frozen=True, tag="ap.ask"):
    means_id: str


class ForgetCard(Action, frozen=True, tag="ap.forget"):
    """Yes, forget it."""


@entry()
async def open_cards(talk: Talk, action: OpenCards) -> Cards:
    return Cards()


class Cards(State, frozen=True):
    """What is saved; the numbers themselves are with the provider alone."""

    async def show(self, talk: Talk) -> Screen:
        cards = (await talk.core.autopay.cards(talk.subscriber.id))[:SHOWN]
        rules = await talk.core.autopay.rules_of(talk.subscriber.id)
        return screen(
            paragraphs(
                bold(talk.t("💳 Saved cards")),
                *(_line(talk, card, rules) for card in cards),
                talk.t("The card's number is kept by the payment provider alone: I see only its end.")
                if cards
                else talk.t("No card is saved."),
            ),
            *(
                Choice(shorten(talk.t("🗑 Forget {card}", card=card.title), LONGEST_LABEL), AskForget(card.id))
                for card in cards
            ),
            Choice(talk.t("🔁 All auto-payments"), OpenAutopay()),
        )

    async def on_ask(self, talk: Talk, press: AskForget) -> ConfirmForget | Cards:
        """The id may be forged."""
        card = await talk.core.autopay.card(press.means_id, talk.subscriber.id)
        return ConfirmForget(card.id) if card is not None and card.valid else self


class ConfirmForget(State, frozen=True):
    """What stops with the card."""

    means_id: str
    unfinished = True

    async def show(self, talk: Talk) -> Screen:
        card = await talk.core.autopay.card(self.means_id, talk.subscriber.id)
        rules = await talk.core.autopay.rules_of(talk.subscriber.id)
        title = card.title if card is not None else ""
        charging = [rule for rule in rules if rule.means_id == self.means_id]
        return screen(
            paragraphs(
                bold(talk.t("Forget {card}?", card=title)),
                talk.n(
                    "Auto-payment of {n} account pauses with it.",
                    "Auto-payment of {n} accounts pauses with it.",
                    len(charging),
                )
                if charging
                else None,
            ),
            Choice(talk.t("🗑 Yes, forget it"), ForgetCard(), Tone.danger),
            Choice(talk.t("💳 No, keep it"), OpenCards()),
        )

    async def on_forget(self, talk: Talk, press: ForgetCard) -> Forgotten | Cards:
        card = await talk.core.autopay.card(self.means_id, talk.subscriber.id)
        if card is None or not card.valid:
            return Cards()
        talk.write(
            talk.core.autopay.forget(talk.subscriber.id, card.id),
            did(talk.subscriber.id, talk.chat.chat_id, Did.card_forgotten, talk.now, card.title),
        )
        return Forgotten(card.title, tuple(await _at_the_bank(talk, card)))


class Forgotten(State, frozen=True):
    """Done. The provider is told by a task. ``going``: what the bank is being asked for at this moment."""

    title: str
    going: tuple[Money, ...] = ()
    settles = True

    async def show(self, talk: Talk) -> Screen:
        return screen(
            paragraphs(
                talk.t("✅ {card} is forgotten: it is not charged any more.", card=self.title)
                if not self.going
                else talk.t("✅ {card} is forgotten.", card=self.title),
                *(at_the_bank(talk.translator, one) for one in self.going),
            ),
            Choice(talk.t("🔁 All auto-payments"), OpenAutopay()),
        )


async def _at_the_bank(talk: Talk, card: SavedMeans) -> list[Money]:
    """Charges of this card that it is too late to stop."""
    rules = [rule for rule in await talk.core.autopay.rules_of(talk.subscriber.id) if rule.means_id == card.id]
    found = [await talk.core.autopay.living(rule.id) for rule in rules]
    return [one.taken for one in found if one is not None and one.status is ChargeStatus.charging and one.taken]


def _line(talk: Talk, card: SavedMeans, rules: list[Rule]) -> Rich:
    charging = [spaced(rule.account) for rule in rules if rule.means_id == card.id]
    return lines(
        bold(card.title),
        talk.t("Saved: {day}", day=talk.translator.day(card.created_at)),
        talk.t("Pays for: {accounts}", accounts=", ".join(charging)) if charging else None,
    )
