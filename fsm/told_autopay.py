"""What people are told of auto-payment: before each charge, after it, and when something keeps it from working."""

from __future__ import annotations

from core.payments.attendant import Facts
from core.payments.autopay.models import Charge, Rule, Why
from core.payments.autopay.telling import Matter, Said
from core.payments.models import PaymentOrder
from fsm.account_words import spaced
from fsm.actions import (
    OpenAccount,
    OpenAutopay,
    OpenPayment,
    OpenPerson,
    OpenReceipt,
    SetUpAutopay,
    SkipCharge,
    StopAutopay,
)
from fsm.autopay_words import failure_words, limit_words, pause_words, when_words
from fsm.screen import Choice, Rich, Screen, Tone, bold, lines, paragraphs, screen
from fsm.texts import Translator
from fsm.told_payments import balances


def tell(t: Translator, matter: Matter) -> Screen:
    rule, charge = matter.rule, matter.charge
    match matter.said:
        case Said.announced if charge is not None:
            return _announced(t, matter, charge)
        case Said.again if charge is not None:
            return _again(t, rule, charge)
        case Said.declined if charge is not None:
            return _declined(t, rule, charge)
        case Said.skipped if charge is not None:
            return _skipped(t, rule, charge)
        case Said.started:
            return _started(t, matter)
        case Said.not_saved:
            return _not_saved(t, rule)
        case Said.limit:
            return _limit(t, rule)
        case _:
            return _paused(t, rule)


def _announced(t: Translator, matter: Matter, charge: Charge) -> Screen:
    rule = matter.rule
    sum_, moment = t.money(charge.amount), t.moment(charge.charge_at)
    fixed = bool(rule.topup)
    return screen(
        paragraphs(
            bold(t.t("⏰ Auto-payment: {sum} on {moment}", sum=sum_, moment=moment)),
            lines(_account(t, rule), _from(t, matter)),
            t.t(
                "{owed} is owed, but your limit for a month lets only this be charged. Please pay the rest yourself.",
                owed=t.money(matter.owed),
            )
            if matter.owed is not None
            else None,
            None
            if fixed
            else t.t("Right before it I look at the account once more: if less is owed by then, less is charged."),
        ),
        Choice(t.t("✖️ Not this time"), SkipCharge(charge.id)),
        Choice(t.t("⏹ Switch auto-payment off"), StopAutopay(rule.id)),
        Choice(t.t("💰 Balance & charges"), OpenAccount(rule.account)),
        footer=False,
    )


def charged(t: Translator, order: PaymentOrder, facts: Facts, title: str) -> Screen:
    """The money is on the account."""
    account = order.lines[0].account
    return screen(
        paragraphs(
            bold(t.t("✅ Auto-payment: {sum} is paid", sum=t.money(order.amount))),
            lines(t.t("Account {number}", number=spaced(account)), t.t("From {card}", card=title) if title else None),
            balances(t, order, facts),
            t.t("▶️ The service works again.") if facts.restored else None,
        ),
        Choice(t.t("🧾 Receipt"), OpenReceipt(order.id)),
        Choice(t.t("🔁 Auto-payment"), OpenAutopay(account)),
        Choice(t.t("💰 Balance & charges"), OpenAccount(account)),
    )


def _again(t: Translator, rule: Rule, charge: Charge) -> Screen:
    sum_, moment = t.money(charge.amount), t.moment(charge.charge_at)
    advice = (
        t.t("Please put money on the card, or pay in another way.")
        if charge.reason == Why.funds
        else t.t("If you pay before that, nothing more is charged.")
    )
    return screen(
        paragraphs(
            _not_charged(t, charge),
            _account(t, rule),
            t.t("I will try once more on {moment}: {sum} at most.", moment=moment, sum=sum_),
            advice,
        ),
        Choice(t.t("💳 Pay now"), OpenPayment(rule.account), Tone.primary),
        Choice(t.t("✖️ Do not try again"), SkipCharge(charge.id)),
        Choice(t.t("⏹ Switch auto-payment off"), StopAutopay(rule.id)),
    )


def _declined(t: Translator, rule: Rule, charge: Charge) -> Screen:
    gone = charge.reason == Why.means_gone
    match charge.reason:
        case Why.means_gone:
            advice = t.t("Auto-payment is paused. Please pay this time yourself, and choose another card.")
        case Why.holder:
            advice = t.t("The bank lets this charge through only if you confirm it. Please pay yourself this time.")
        case _:
            advice = t.t("Please pay yourself this time. Nothing was taken.")
    return screen(
        paragraphs(_not_charged(t, charge), _account(t, rule), advice),
        Choice(t.t("💳 Pay now"), OpenPayment(rule.account), Tone.primary),
        Choice(t.t("💳 Another card"), SetUpAutopay(rule.account)) if gone else None,
        Choice(t.t("🔁 Auto-payment"), OpenAutopay(rule.account)),
    )


def _skipped(t: Translator, rule: Rule, charge: Charge) -> Screen:
    head = bold(t.t("Auto-payment: nothing was charged"))
    if charge.reason == Why.nothing_owed:
        return screen(
            paragraphs(head, _account(t, rule), t.t("There is nothing to pay any more.")),
            Choice(t.t("🔁 Auto-payment"), OpenAutopay(rule.account)),
        )
    why = t.t("The reason: {why}.", why=failure_words(t, charge.reason))
    return screen(
        paragraphs(head, lines(_account(t, rule), why), t.t("Please pay yourself this time.")),
        Choice(t.t("💳 Pay now"), OpenPayment(rule.account), Tone.primary),
        Choice(t.t("🔁 Auto-payment"), OpenAutopay(rule.account)),
    )


def _started(t: Translator, matter: Matter) -> Screen:
    rule = matter.rule
    return screen(
        paragraphs(
            bold(t.t("✅ Auto-payment is on")),
            lines(_account(t, rule), when_words(t, rule), limit_words(t, rule.limit), _from(t, matter)),
            t.t("I write a day before each charge. You can say no to it, or switch auto-payment off, with one tap."),
        ),
        Choice(t.t("🔁 Auto-payment"), OpenAutopay(rule.account)),
        Choice(t.t("⏹ Switch auto-payment off"), StopAutopay(rule.id)),
    )


def _not_saved(t: Translator, rule: Rule) -> Screen:
    return screen(
        paragraphs(
            bold(t.t("Auto-payment is not on")),
            _account(t, rule),
            t.t(
                "Your payment has been made, but the card was not kept: it was not allowed, or the bank does not do it."
            ),
        ),
        Choice(t.t("🔁 Try again"), SetUpAutopay(rule.account)),
    )


def _limit(t: Translator, rule: Rule) -> Screen:
    return screen(
        paragraphs(
            bold(t.t("Auto-payment: this month's limit is used up")),
            lines(_account(t, rule), limit_words(t, rule.limit)),
            t.t("Nothing more is charged this month. Please pay yourself, or set a larger limit."),
        ),
        Choice(t.t("💳 Pay now"), OpenPayment(rule.account), Tone.primary),
        Choice(t.t("🔁 Auto-payment"), OpenAutopay(rule.account)),
    )


def _paused(t: Translator, rule: Rule) -> Screen:
    unsure = rule.reason == Why.unsure
    return screen(
        paragraphs(
            bold(t.t("⏸ Auto-payment is paused")),
            lines(_account(t, rule), t.t("The reason: {why}.", why=pause_words(t, rule.reason))),
            t.t("Nothing more is charged until this is clear. Nothing of yours is lost.")
            if unsure
            else t.t("Nothing is charged. Please pay yourself until it is on again."),
        ),
        Choice(t.t("🙋 A person"), OpenPerson()) if unsure else None,
        None if unsure else Choice(t.t("💳 Pay now"), OpenPayment(rule.account), Tone.primary),
        Choice(t.t("🔁 Auto-payment"), OpenAutopay(rule.account)),
    )


def _not_charged(t: Translator, charge: Charge) -> Rich:
    sum_ = t.money(charge.taken if charge.taken is not None else charge.amount)
    why = t.t("The reason: {why}.", why=failure_words(t, charge.reason))
    return lines(bold(t.t("✖️ Auto-payment: {sum} could not be charged", sum=sum_)), why)


def _account(t: Translator, rule: Rule) -> str:
    return t.t("Account {number}", number=spaced(rule.account))


def _from(t: Translator, matter: Matter) -> str:
    return t.t("From {card}", card=matter.means.title) if matter.means is not None and matter.means.title else ""
