"""How an account's figures are put into words, the same on every screen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from core.billing.explain import Line
from core.billing.forecast import days_left
from core.billing.models import AccountKind, AccountNumber, AccountOverview, AccountState
from core.money import Money
from core.subscribers.models import AccountLink
from fsm.screen import Rich, bold, lines
from fsm.talk import Talk

LONGEST_NAME = 60  # characters of a service's name, which the billing chooses
LONGEST_LABEL = 30  # characters on a button


def spaced(number: AccountNumber) -> str:
    """``7700 1001 01``: people read long numbers in groups."""
    if not number.isdigit() or len(number) < 6:
        return number
    return " ".join(number[start : start + 4] for start in range(0, len(number), 4))


def label(talk: Talk, link: AccountLink) -> str:
    """What the person calls the account, else its number."""
    return link.nickname or talk.t("Account {number}", number=spaced(link.account_number))


def heading(talk: Talk, link: AccountLink) -> Rich:
    """The account's name with its number, for the top of a screen."""
    number = talk.t("Account {number}", number=spaced(link.account_number))
    return lines(bold(link.nickname), number) if link.nickname else bold(number)


def shorten(text: str, most: int = LONGEST_NAME) -> str:
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def paid_by(talk: Talk, method: str) -> str:
    """How money came, in words: the billing keeps a provider's internal name for what was paid through the bot."""
    return talk.t("through this bot") if talk.core.payments.means(method) is not None else shorten(method)


def capital(text: str) -> str:
    """Month names begin with a small letter in Russian, but a line does not."""
    return text[:1].upper() + text[1:]


def money(talk: Talk, value: Money) -> str:
    return talk.translator.money(value)


def standing(talk: Talk, balance: Money) -> str:
    """A signed balance without a sign: nobody has to know whose minus it is."""
    if balance.minor < 0:
        return talk.t("{sum} to pay", sum=money(talk, -balance))
    if balance.minor > 0:
        return talk.t("{sum} in credit", sum=money(talk, balance))
    return talk.t("nothing owed")


def what_is_owed(
    talk: Talk, overview: AccountOverview, until: date | None = None, overdue: Money | None = None
) -> Rich:
    """The figure first, in bold; then until when.

    ``until`` is the last day that a prepaid balance pays for, ``overdue`` the part of a debt whose date has passed.
    """
    if overview.debt.minor > 0:
        part = overdue if overdue is not None and 0 < overdue.minor < overview.debt.minor else None
        return lines(_owed(talk, overview), talk.t("overdue of it: {sum}", sum=money(talk, part)) if part else None)
    prepaid = overview.kind is AccountKind.prepaid
    if prepaid:
        return lines(bold(talk.t("On the account: {sum}", sum=money(talk, overview.balance))), _enough(talk, until))
    if overview.balance.minor > 0:
        return lines(bold(talk.t("Nothing to pay")), talk.t("In credit: {sum}", sum=money(talk, overview.balance)))
    return bold(talk.t("Nothing to pay"))


def _owed(talk: Talk, overview: AccountOverview) -> Rich:
    debt, due = money(talk, overview.debt), overview.due
    if overview.kind is AccountKind.prepaid:
        return lines(bold(talk.t("Debt: {sum}", sum=debt)), talk.t("The account is prepaid: the money has run out."))
    if due is None:
        return bold(talk.t("To pay: {sum}", sum=debt))
    left = days_left(due, talk.now, talk.zone)
    day = talk.translator.day(due)
    if left > 0:
        when = talk.n("by {day}: {n} day left", "by {day}: {n} days left", left, day=day)
        return lines(bold(talk.t("To pay: {sum}", sum=debt)), when)
    if left == 0:
        return lines(bold(talk.t("To pay: {sum}", sum=debt)), talk.t("by {day}: today is the last day", day=day))
    late = talk.n("was due by {day}: {n} day overdue", "was due by {day}: {n} days overdue", -left, day=day)
    return lines(bold(talk.t("Debt: {sum}", sum=debt)), late)


def _enough(talk: Talk, until: date | None) -> str:
    if until is None:
        return ""
    left = (until - talk.now.astimezone(talk.zone).date()).days
    if left <= 0:
        return talk.t("enough for today only")
    day = talk.translator.day(until)
    return talk.n("enough until {day}: {n} more day", "enough until {day}: {n} more days", left, day=day)


def state_note(talk: Talk, overview: AccountOverview) -> str:
    """What an account that is not served lacks, and what brings it back."""
    match overview.state:
        case AccountState.active:
            return ""
        case AccountState.closed:
            return talk.t("🔒 The contract is closed.")
        case AccountState.suspended if overview.debt.minor > 0:
            return talk.t(
                "⏸ The service is suspended. Once the debt is paid it should come back; if it does not, "
                "a person will help."
            )
        case _:
            return talk.t("⏸ The service is suspended. A person can tell you how to switch it on again.")


def as_of(talk: Talk, moment: datetime) -> str:
    return talk.t("As of {moment}", moment=talk.translator.moment(moment))


def age(talk: Talk, moment: datetime, *, fresh: bool) -> str:
    """The figures' time; when the billing is silent, a plain sentence with it."""
    if fresh:
        return as_of(talk, moment)
    return talk.t(
        "⚠️ The billing system is not answering right now. These are the last figures I know, as of {moment}. "
        "Later payments are not in them yet, and none is lost.",
        moment=talk.translator.moment(moment),
    )


def what_for(talk: Talk, owed: Sequence[Line]) -> str:
    """A debt in one breath: its services with their sums, and the months."""
    if not owed:
        return ""
    sums: dict[str, Money] = {}
    for line in owed:
        name = line.service or talk.t("earlier debt")
        sums[name] = sums[name] + line.left if name in sums else line.left
    largest = sorted(sums.items(), key=lambda one: -one[1].amount)
    shown, rest = (largest, []) if len(largest) <= 3 else (largest[:2], largest[2:])
    parts = [f"{shorten(name)} {money(talk, amount)}" for name, amount in shown]
    if rest:
        other = sum((amount for _name, amount in rest[1:]), rest[0][1])
        parts.append(talk.t("other {sum}", sum=money(talk, other)))
    what = talk.t("What for: {what}", what=", ".join(parts))
    months = sorted({line.period for line in owed if line.period is not None})
    return f"{what} ({period(talk, months)})" if months else what


def period(talk: Talk, months: Sequence[date]) -> str:
    """``February 2026``, or ``December 2025 – February 2026``."""
    first, last = talk.translator.month(months[0]), talk.translator.month(months[-1])
    return first if first == last else f"{first} – {last}"


def item(name: str, amount: str, note: str = "") -> str:
    """A line of a list: what, how much, and the billing's remark."""
    return f"• {shorten(name)}: {amount}" + (f" ({shorten(note)})" if note else "")


def within(blocks: Iterable[Rich], most: int) -> list[Rich]:
    """The blocks from the first on that fit into ``most`` characters together."""
    kept: list[Rich] = []
    for block in blocks:
        most -= len(str(block)) + 2
        if most < 0:
            break
        kept.append(block)
    return kept
