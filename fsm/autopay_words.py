"""How auto-payment is put into words: when and how much, how a rule stands, what became of a charge and why."""

from __future__ import annotations

from core.money import Money
from core.payments.autopay.models import LAST_DAY, Charge, ChargeStatus, Draft, Rule, RuleStatus, Trigger, Why
from fsm.texts import Translator


def when_words(t: Translator, rule: Rule | Draft) -> str:
    """The whole rule in a sentence."""
    topup = t.money(rule.topup) if rule.topup else ""
    threshold = t.money(rule.threshold) if rule.threshold is not None else ""
    match rule.trigger:
        case Trigger.balance:
            return t.t("When less than {threshold} is left: {sum}.", threshold=threshold, sum=topup)
        case Trigger.debt:
            return t.t("When {threshold} or more is owed: all that is owed.", threshold=threshold)
        case Trigger.day if topup:
            return t.t("Every month on {day}: {sum}.", day=day_words(t, rule.day), sum=topup)
        case _:
            return t.t("Every month on {day}: what is owed then.", day=day_words(t, rule.day))


def day_words(t: Translator, day: int) -> str:
    return t.t("its last day") if day == LAST_DAY else t.t("day {day}", day=day)


def limit_words(t: Translator, limit: Money) -> str:
    return t.t("At most {sum} a month.", sum=t.money(limit))


def at_the_bank(t: Translator, going: Money) -> str:
    """Where it is too late for whatever was just switched off."""
    return t.t(
        "One charge of {sum} is at the bank already and cannot be stopped; I will write what became of it. "
        "Nothing more is charged after that.",
        sum=t.money(going),
    )


def rule_status(t: Translator, rule: Rule) -> str:
    match rule.status:
        case RuleStatus.waiting:
            return t.t("⏳ begins when the payment that saves the card is made")
        case RuleStatus.active:
            return t.t("✅ on")
        case RuleStatus.paused:
            return t.t("⏸ paused: {why}", why=pause_words(t, rule.reason))
        case RuleStatus.off:
            return t.t("⏹ off")


def pause_words(t: Translator, reason: str) -> str:
    match reason:
        case Why.means_gone:
            return t.t("the card cannot be charged any more")
        case Why.failures:
            return t.t("the bank has refused several times")
        case Why.no_chat:
            return t.t("I could not reach you to announce a charge")
        case Why.unsure:
            return t.t("our staff are checking a charge")
        case Why.closed:
            return t.t("the contract is closed")
        case _:
            return t.t("nothing is charged")


def charge_line(t: Translator, charge: Charge) -> str:
    """A line of the history."""
    day = t.day(charge.charge_at)
    sum_ = t.money(charge.taken if charge.taken is not None else charge.amount)
    match charge.status:
        case ChargeStatus.announced:
            return t.t("⏰ {day}: {sum}, announced", day=day, sum=sum_)
        case ChargeStatus.charging:
            return t.t("⏳ {day}: {sum}, at the bank now", day=day, sum=sum_)
        case ChargeStatus.done:
            return t.t("✅ {day}: {sum}, charged", day=day, sum=sum_)
        case ChargeStatus.failed:
            return t.t("✖️ {day}: {sum}, not charged: {why}", day=day, sum=sum_, why=failure_words(t, charge.reason))
        case ChargeStatus.skipped:
            return t.t("➖ {day}: nothing charged: {why}", day=day, why=failure_words(t, charge.reason))
        case ChargeStatus.cancelled:
            return t.t("➖ {day}: nothing charged: {why}", day=day, why=cancel_words(t, charge.reason))


def failure_words(t: Translator, reason: str) -> str:
    match reason:
        case Why.nothing_owed:
            return t.t("there was nothing to pay")
        case Why.small:
            return t.t("the sum was too small")
        case Why.limit:
            return t.t("the month's limit was used up")
        case Why.late:
            return t.t("it could not be done in time")
        case Why.funds:
            return t.t("there was not enough money on the card")
        case Why.holder:
            return t.t("the bank wants you to confirm")
        case Why.means_gone:
            return t.t("the card does not work any more")
        case Why.unsure:
            return t.t("it is being checked")
        case _:
            return t.t("the bank refused")


def cancel_words(t: Translator, reason: str) -> str:
    return t.t("you said no") if reason == Why.person else t.t("auto-payment was off")
