"""The reminder itself: what is owed, for what, until when, what happens otherwise, and what can be done about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from core.billing.explain import explain_debt
from core.billing.models import AccountNumber, AccountOverview, AccountState, AccountStatement
from core.money import Money
from fsm.account_words import shorten, spaced
from fsm.actions import (
    ChooseReminderDay,
    HavePaid,
    OpenAccount,
    OpenAccounts,
    OpenReminders,
    PayNow,
    RemindIn,
    StopReminders,
)
from fsm.screen import Choice, Rich, Screen, Tone, bold, lines, paragraphs, screen
from fsm.texts import Translator

SHOWN = 8  # accounts in one message: a company's others are a button away
SERVICES = 3


@dataclass(frozen=True, slots=True)
class Owed:
    """One account as a reminder speaks of it. ``suspends``: from which day the service may be suspended."""

    number: AccountNumber
    nickname: str
    debt: AccountOverview
    statement: AccountStatement | None
    suspends: date | None
    legal: bool


def reminder(t: Translator, owed: Sequence[Owed], today: date, message_id: str = "") -> Screen:
    """For a chat. Without ``message_id`` there is no button to pay: the operator takes no payments here."""
    shown = list(owed[:SHOWN])
    one = shown[0] if len(owed) == 1 else None
    head = None if one else bold("🔔 " + t.t("To pay in all: {sum}", sum=_total(t, owed)))
    blocks = [_block(t, item, today, alone=one is not None) for item in shown]
    more = len(owed) - len(shown)
    return screen(
        paragraphs(
            head,
            *blocks,
            t.n("and {n} more account", "and {n} more accounts", more) if more else None,
            t.t("This warning comes whatever you have switched off: the law asks for it.")
            if any(item.legal for item in owed)
            else None,
        ),
        _pay(t, owed, message_id) if message_id else None,
        Choice(t.t("✅ I have paid"), HavePaid(one.number if one else "")),
        (Choice(t.t("⏰ Tomorrow"), RemindIn(1)), Choice(t.t("📅 Another day"), ChooseReminderDay())),
        Choice(t.t("📋 Details"), OpenAccount(one.number) if one else OpenAccounts()),
        (Choice(t.t("🔕 Not of this account"), StopReminders(one.number)),) if one else None,
        Choice(t.t("⚙️ Reminders"), OpenReminders()),
        footer=False,
    )


def plain_text(t: Translator, operator: str, owed: Sequence[Owed], today: date) -> tuple[str, str]:
    """For SMS and e-mail: a subject, and a text as short as it can be."""
    first = owed[0]
    subject = t.t("{operator}: {sum} to pay", operator=operator, sum=_total(t, owed))
    if len(owed) > 1:
        which = t.n("{n} account", "{n} accounts", len(owed))
    else:
        which = t.t("account {number}", number=first.number)
    said = [f"{subject}, {which}", _until(t, first, today)]
    if first.suspends is not None and len(owed) == 1:
        said.append(t.t("The service may be suspended from {day}.", day=t.short_day(first.suspends)))
    return subject, ". ".join(part.rstrip(".") for part in said if part) + "."


def _block(t: Translator, item: Owed, today: date, *, alone: bool) -> Rich:
    sum_ = t.money(item.debt.debt)
    head = f"🔔 {t.t('To pay: {sum}', sum=sum_)}" if alone else t.t("To pay: {sum}", sum=sum_)
    return lines(
        bold(head),
        _name(t, item),
        _until(t, item, today),
        _what_for(t, item),
        _otherwise(t, item, today),
    )


def _name(t: Translator, item: Owed) -> str:
    number = t.t("Account {number}", number=spaced(item.number))
    return f"{item.nickname} · {spaced(item.number)}" if item.nickname else number


def _until(t: Translator, item: Owed, today: date) -> str:
    due = item.debt.due
    if due is None:
        return ""
    left, day = (due - today).days, t.day(due)
    if left > 0:
        return t.n("by {day}: {n} day left", "by {day}: {n} days left", left, day=day)
    if left == 0:
        return t.t("by {day}: today is the last day", day=day)
    return t.n("was due by {day}: {n} day overdue", "was due by {day}: {n} days overdue", -left, day=day)


def _what_for(t: Translator, item: Owed) -> str:
    if item.statement is None:
        return ""
    sums: dict[str, Money] = {}
    for line in explain_debt(item.statement):
        name = line.service or t.t("earlier debt")
        sums[name] = sums[name] + line.left if name in sums else line.left
    largest = sorted(sums.items(), key=lambda one: -one[1].amount)
    if not largest:
        return ""
    names = [f"{shorten(name, 40)} {t.money(amount)}" for name, amount in largest[:SERVICES]]
    rest = [t.t("and more")] if len(largest) > SERVICES else []
    return t.t("What for: {what}", what=", ".join(names + rest))


def _otherwise(t: Translator, item: Owed, today: date) -> str:
    if item.debt.state is AccountState.suspended:
        return t.t("The service is suspended. It should come back once the debt is paid.")
    if item.suspends is None:
        return ""
    if item.suspends <= today:
        return t.t("Without a payment the service may be suspended any day now.")
    return t.t("Otherwise the service may be suspended from {day}.", day=t.day(item.suspends))


def _pay(t: Translator, owed: Sequence[Owed], message_id: str) -> Choice:
    label = t.t("💳 Pay {sum}", sum=_total(t, owed))
    return Choice(label, PayNow(owed[0].number) if len(owed) == 1 else PayNow(reminder=message_id), Tone.primary)


def _total(t: Translator, owed: Sequence[Owed]) -> str:
    totals: dict[str, Money] = {}
    for item in owed:
        currency = item.debt.debt.currency
        totals[currency] = totals.get(currency, Money.zero(currency)) + item.debt.debt
    return " + ".join(t.money(one) for one in totals.values())
