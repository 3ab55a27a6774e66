"""Auto-payment: what is on and when it charges next; off in one tap, "not this time" in another."""

from __future__ import annotations

from core.billing.models import AccountNumber
from core.money import Money
from core.payments.autopay.models import Charge, ChargeStatus, Rule, RuleStatus, Trigger, Why
from core.payments.autopay.when import first_due
from core.subscribers.activity import Did, did
from fsm.account_reads import right_to
from fsm.account_words import LONGEST_LABEL, label, shorten, spaced
from fsm.action import Action
from fsm.actions import (
    OpenAutopay,
    OpenCards,
    OpenPayment,
    ResumeAutopay,
    SetUpAutopay,
    SkipCharge,
    StopAutopay,
)
from fsm.autopay_words import at_the_bank, charge_line, limit_words, rule_status, when_words
from fsm.screen import Choice, Rich, Screen, Tone, bold, lines, paragraphs, screen
from fsm.state import State, entry
from fsm.talk import Talk

HISTORY = 5  # charges on a screen
RESUMABLE = (Why.failures, Why.no_chat)


class OpenRule(Action, frozen=True, tag="ap.rule"):
    rule_id: str


@entry(commands=("autopay",), link="autopay")
async def open_autopay(talk: Talk, action: OpenAutopay) -> Rules | OneRule | Offer:
    """The number may be forged, or the right to it gone: then all that is this person's is shown."""
    link = (await right_to(talk, action.number))[0] if action.number else None
    if link is None:
        return Rules()
    rule = await talk.core.autopay.rule_for(talk.subscriber.id, link.account_number)
    return OneRule(rule.id) if rule is not None else Offer(link.account_number)


@entry()
async def stop_autopay(talk: Talk, action: StopAutopay) -> Stopped | Rules:
    """Takes effect with this very turn: what is announced is not charged. The id may be forged."""
    rule = await talk.core.autopay.rule(action.rule_id, talk.subscriber.id)
    if rule is None:
        return Rules()
    if not rule.living:
        return Stopped(rule.account)
    charge = await talk.core.autopay.living(rule.id)
    talk.write(
        talk.core.autopay.stop(rule, charge),
        did(talk.subscriber.id, talk.chat.chat_id, Did.autopay_off, talk.now, rule.account),
    )
    going = charge is not None and charge.status is ChargeStatus.charging
    return Stopped(rule.account, charge.taken if charge is not None and going else None)


@entry()
async def skip_charge(talk: Talk, action: SkipCharge) -> OneRule | Rules:
    charge = await talk.core.autopay.charge(action.charge_id, talk.subscriber.id)
    if charge is None:
        return Rules()
    match charge.status:
        case ChargeStatus.announced:
            talk.write(talk.core.autopay.skip(charge))
            talk.tell(talk.t("✅ Nothing is charged this time. Auto-payment itself stays on."))
        case ChargeStatus.charging:
            talk.tell(talk.t("This charge is at the bank already, so it cannot be stopped any more."))
        case ChargeStatus.cancelled:
            talk.tell(talk.t("This charge was cancelled: nothing is taken."))
        case _:
            talk.tell(talk.t("This charge is over."))
    return OneRule(charge.rule_id, skipped=charge.id)


@entry()
async def resume_autopay(talk: Talk, action: ResumeAutopay) -> OneRule | Rules:
    rule = await talk.core.autopay.rule(action.rule_id, talk.subscriber.id)
    if rule is None:
        return Rules()
    card = await talk.core.autopay.card(rule.means_id, talk.subscriber.id)
    link, _several = await right_to(talk, rule.account)
    if not _resumable(rule) or card is None or not card.valid or link is None or not talk.core.autopay.on:
        return OneRule(rule.id)
    by_day = rule.trigger is Trigger.day
    due = first_due(talk.core.reminders.policy, talk.zone, talk.now, rule.day) if by_day else None
    talk.write(
        talk.core.autopay.resume(rule, due),
        did(talk.subscriber.id, talk.chat.chat_id, Did.autopay_on, talk.now, rule.account),
    )
    talk.tell(talk.t("✅ Auto-payment is on again."))
    return OneRule(rule.id, resumed=True)


class Rules(State, frozen=True):
    """Everything that is set up."""

    async def show(self, talk: Talk) -> Screen:
        found = await talk.core.autopay.rules_of(talk.subscriber.id)
        cards = await talk.core.autopay.cards(talk.subscriber.id)
        links = {link.account_number: link for link in await talk.core.links.of_subscriber(talk.subscriber.id)}
        new = talk.core.autopay.on and len(links) > len(found)
        lead = Choice(talk.t("➕ Set up auto-payment"), SetUpAutopay(), Tone.plain if found else Tone.primary)
        return screen(
            paragraphs(
                bold(talk.t("🔁 Auto-payment")),
                None if found else _explained(talk),
                *[await _summary(talk, rule) for rule in found],
            ),
            *(
                Choice(
                    shorten(label(talk, links[rule.account]), LONGEST_LABEL)
                    if rule.account in links
                    else talk.t("Account {number}", number=spaced(rule.account)),
                    OpenRule(rule.id),
                )
                for rule in found
            ),
            lead if new else None,
            Choice(talk.t("💳 Saved cards"), OpenCards()) if cards else None,
        )

    async def on_rule(self, talk: Talk, press: OpenRule) -> OneRule:
        return OneRule(press.rule_id)


class Offer(State, frozen=True):
    """Nothing is set up for this account yet."""

    number: AccountNumber

    async def show(self, talk: Talk) -> Screen:
        on = talk.core.autopay.on
        return screen(
            paragraphs(
                bold(talk.t("🔁 Auto-payment")),
                talk.t("Account {number}", number=spaced(self.number)),
                _explained(talk),
            ),
            Choice(talk.t("➕ Set up auto-payment"), SetUpAutopay(self.number), Tone.primary) if on else None,
            Choice(talk.t("🔁 All auto-payments"), OpenAutopay()),
        )


class OneRule(State, frozen=True):
    """One rule: what it does, when next, what it did; and how to switch it off.

    ``skipped`` and ``resumed``: what this very turn changes, which a read does not see yet.
    """

    rule_id: str
    skipped: str = ""
    resumed: bool = False

    async def show(self, talk: Talk) -> Screen:
        autopay = talk.core.autopay
        rule = await autopay.rule(self.rule_id, talk.subscriber.id)
        if rule is None:
            return screen(
                talk.t("I do not know this auto-payment."), Choice(talk.t("🔁 All auto-payments"), OpenAutopay())
            )
        card = await autopay.card(rule.means_id, talk.subscriber.id)
        made = [one for one in await autopay.charges_of(rule.id, HISTORY + 1) if one.id != self.skipped]
        living = next((one for one in made if one.status is ChargeStatus.announced), None)
        active = rule.status is RuleStatus.active or self.resumed
        return screen(
            paragraphs(
                bold(talk.t("🔁 Auto-payment")),
                lines(
                    talk.t("Account {number}", number=spaced(rule.account)),
                    talk.t("✅ on") if self.resumed else rule_status(talk.translator, rule),
                ),
                lines(
                    when_words(talk.translator, rule),
                    limit_words(talk.translator, rule.limit),
                    talk.t("From {card}", card=card.title) if card is not None and card.title else None,
                ),
                _next(talk, rule, living) if active and not self.skipped else None,
                lines(talk.t("Lately:"), *(charge_line(talk.translator, one) for one in made[:HISTORY]))
                if made
                else None,
            ),
            *self._choices(talk, rule, living, active=active),
        )

    def _choices(self, talk: Talk, rule: Rule, living: Charge | None, *, active: bool) -> list[Choice | None]:
        if not rule.living:
            return [Choice(talk.t("➕ Set it up anew"), SetUpAutopay(rule.account))]
        again = _resumable(rule) and not self.resumed and talk.core.autopay.on
        return [
            Choice(talk.t("⏹ Switch auto-payment off"), StopAutopay(rule.id)),
            Choice(talk.t("✖️ Not this time"), SkipCharge(living.id)) if living is not None else None,
            Choice(talk.t("▶️ Switch on again"), ResumeAutopay(rule.id), Tone.primary) if again else None,
            None if active else Choice(talk.t("💳 Pay now"), OpenPayment(rule.account)),
            Choice(talk.t("✏️ Change it"), SetUpAutopay(rule.account)),
            Choice(talk.t("💳 Saved cards"), OpenCards()),
        ]


class Stopped(State, frozen=True):
    """Off. ``going`` is what the bank is being asked for at this moment, where it is too late for that."""

    number: AccountNumber
    going: Money | None = None
    settles = True

    async def show(self, talk: Talk) -> Screen:
        return screen(
            paragraphs(
                bold(talk.t("⏹ Auto-payment is off")),
                talk.t("Account {number}", number=spaced(self.number)),
                talk.t("Nothing more is charged.") if self.going is None else at_the_bank(talk.translator, self.going),
            ),
            Choice(talk.t("💳 Saved cards"), OpenCards()),
            Choice(talk.t("🔁 All auto-payments"), OpenAutopay()),
        )


def _resumable(rule: Rule) -> bool:
    return rule.status is RuleStatus.paused and rule.reason in RESUMABLE


def _explained(talk: Talk) -> str:
    if not talk.core.autopay.on:
        return talk.t("Auto-payment is not offered here. Nothing is charged by itself.")
    return talk.t(
        "The account is paid by itself from your card: on a day of the month, or when a debt or a balance reaches "
        "a sum. You set the limit. I write a day before each charge, and one tap switches it off."
    )


async def _summary(talk: Talk, rule: Rule) -> Rich:
    living = await talk.core.autopay.living(rule.id) if rule.status is RuleStatus.active else None
    return lines(
        bold(talk.t("Account {number}", number=spaced(rule.account))),
        rule_status(talk.translator, rule),
        when_words(talk.translator, rule),
        limit_words(talk.translator, rule.limit),
        _next(talk, rule, living) if rule.status is RuleStatus.active else None,
    )


def _next(talk: Talk, rule: Rule, living: Charge | None) -> str:
    if living is not None:
        sum_, moment = talk.translator.money(living.amount), talk.translator.moment(living.charge_at)
        return talk.t("Next charge: {moment}, {sum} at most.", moment=moment, sum=sum_)
    if rule.due_on is not None:
        return talk.t("Next charge: {day}, if there is something to pay.", day=talk.translator.day(rule.due_on))
    return talk.t("No charge is coming up. I write a day before the next one.")
