"""Why the sum is what it is: what a debt consists of, what changed since last month, how each month went.

Pure functions of a statement. Every explanation adds up to the figure that it explains, to the minor unit.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from enum import StrEnum

from msgspec import Struct

from core.billing.models import AccountStatement, Charge, ChargeKind
from core.billing.months import first_day, shift, span
from core.money import Money

# Money goes to the services first and to penalties last (Russian Civil Code, article 319).
_ORDER = (ChargeKind.recurring, ChargeKind.usage, ChargeKind.one_off, ChargeKind.adjustment, ChargeKind.penalty)


class Line(Struct, frozen=True):
    """One service's charges of one kind in one month, discounts taken off; ``left`` is still unpaid.

    ``period`` is None for what was owed before the statement begins; ``service`` is empty there.
    """

    period: date | None
    service: str
    kind: ChargeKind
    charged: Money
    left: Money
    note: str = ""  # the billing's description, where all of the line's charges have the same one


class Reason(StrEnum):
    """Why a month differs from the one before."""

    price_changed = "price_changed"
    service_added = "service_added"
    service_ended = "service_ended"
    usage_more = "usage_more"
    usage_less = "usage_less"
    one_off = "one_off"  # something charged once, this month
    one_off_before = "one_off_before"  # something charged once, the month before
    penalty = "penalty"
    penalty_before = "penalty_before"
    discount_started = "discount_started"
    discount_changed = "discount_changed"
    discount_ended = "discount_ended"
    adjustment = "adjustment"


class Difference(Struct, frozen=True):
    """One service's part in the difference between two months. ``change`` is ``now - before``, never zero."""

    reason: Reason
    service: str
    before: Money
    now: Money
    change: Money
    note: str = ""


class Comparison(Struct, frozen=True):
    """Two months' charges: the differences' changes add up to ``now - before``; the largest come first."""

    month: date
    before: Money
    now: Money
    differences: tuple[Difference, ...]

    @property
    def change(self) -> Money:
        return self.now - self.before


class MonthHistory(Struct, frozen=True):
    """One month: ``opening - charged + paid == closing``, and a month's closing is the next one's opening."""

    month: date
    opening: Money
    charged: Money
    paid: Money
    closing: Money


def month_lines(statement: AccountStatement, month: date) -> list[Line]:
    """What a month's charges consist of, paid or not (``left`` equals ``charged``); their sum is the month's total."""
    return _lines([charge for charge in statement.charges if charge.period == first_day(month)])


def explain_debt(statement: AccountStatement) -> list[Line]:
    """What is unpaid, oldest first; the sum of ``left`` is exactly ``statement.overview.debt``.

    Payments, a positive opening balance and whatever a month gave back pay the oldest charges first.
    """
    zero = Money.zero(statement.account.currency)
    lines = _lines(statement.charges)
    if statement.opening < zero:
        lines.insert(0, Line(None, "", ChargeKind.recurring, -statement.opening, -statement.opening))
    credit = total((payment.amount for payment in statement.payments), zero) + max(statement.opening, zero)
    credit -= total((line.charged for line in lines if line.charged < zero), zero)
    unpaid = []
    owed = [line for line in lines if line.charged > zero]
    if credit < zero:  # payments were taken back: as good as an old debt
        owed.insert(0, Line(None, "", ChargeKind.adjustment, -credit, -credit))
        credit = zero
    for line in owed:
        paid = min(credit, line.charged)
        credit -= paid
        if left := line.charged - paid:
            unpaid.append(Line(line.period, line.service, line.kind, line.charged, left, line.note))
    return unpaid


def compare_months(statement: AccountStatement, month: date) -> Comparison:
    """How a month's charges differ from the month before and why."""
    zero = Money.zero(statement.account.currency)
    this, last = first_day(month), shift(first_day(month), -1)
    now, before = _groups(statement.charges, this), _groups(statement.charges, last)
    differences = []
    for service, kind in dict.fromkeys([*now, *before]):
        here, there = now.get((service, kind), []), before.get((service, kind), [])
        amounts = total((c.amount for c in there), zero), total((c.amount for c in here), zero)
        if amounts[0] != amounts[1]:
            reason = _reason(kind, *amounts)
            differences.append(
                Difference(reason, service, *amounts, amounts[1] - amounts[0], _note(here or there, service))
            )
    differences.sort(key=lambda one: (-abs(one.change).amount, one.service))
    return Comparison(
        this,
        total((c.amount for c in statement.charges if c.period == last), zero),
        total((c.amount for c in statement.charges if c.period == this), zero),
        tuple(differences),
    )


def monthly_history(statement: AccountStatement, today: date) -> list[MonthHistory]:
    """From the statement's first month to this one, oldest first; the last closing is the balance."""
    zero = Money.zero(statement.account.currency)
    last = max([today, *(c.period for c in statement.charges), *(p.date for p in statement.payments)])
    months, opening = [], statement.opening
    for month in span(statement.since, last):
        charged = total((c.amount for c in statement.charges if c.period == month), zero)
        paid = total((p.amount for p in statement.payments if first_day(p.date) == month), zero)
        months.append(MonthHistory(month, opening, charged, paid, opening - charged + paid))
        opening = months[-1].closing
    return months


def spread_over_bills(debt: Money, unbilled: Money, amounts: Sequence[Money]) -> list[Money]:
    """What of each bill is unpaid, the newest bill first, as ``amounts`` are.

    The oldest is paid first, so a debt lies in what has no bill yet, then in the newest bill, and so on back.
    The oldest bill is not made to bear what is older than all of them.
    """
    parts = spread_minor(debt.minor, unbilled.minor, [amount.minor for amount in amounts])
    return [Money.from_minor(part, debt.currency) for part in parts]


def spread_minor(debt: int, unbilled: int, amounts: Sequence[int]) -> list[int]:
    """The same in minor units of one currency."""
    left = max(debt - max(unbilled, 0), 0)
    remaining = []
    for amount in amounts:
        part = min(left, max(amount, 0))
        remaining.append(part)
        left -= part
    return remaining


def total(amounts: Iterable[Money], zero: Money) -> Money:
    return sum(amounts, zero)


def _lines(charges: Iterable[Charge]) -> list[Line]:
    groups: dict[tuple[date, int, str], list[Charge]] = {}
    for charge in charges:
        kind = ChargeKind.recurring if charge.kind is ChargeKind.discount else charge.kind
        groups.setdefault((charge.period, _ORDER.index(kind), charge.service), []).append(charge)
    lines = []
    for (period, order, service), group in sorted(groups.items()):
        amount = total((charge.amount for charge in group), Money.zero(group[0].amount.currency))
        lines.append(Line(period, service, _ORDER[order], amount, amount, _note(group, service)))
    return lines


def _groups(charges: Iterable[Charge], month: date) -> dict[tuple[str, ChargeKind], list[Charge]]:
    groups: dict[tuple[str, ChargeKind], list[Charge]] = {}
    for charge in charges:
        if charge.period == month:
            groups.setdefault((charge.service, charge.kind), []).append(charge)
    return groups


def _note(group: Sequence[Charge], service: str) -> str:
    notes = {charge.description for charge in group}
    note = notes.pop() if len(notes) == 1 else ""
    return note if note != service else ""


def _reason(kind: ChargeKind, before: Money, now: Money) -> Reason:
    match kind:
        case ChargeKind.recurring:
            return Reason.service_added if not before else Reason.service_ended if not now else Reason.price_changed
        case ChargeKind.usage:
            return Reason.usage_more if now > before else Reason.usage_less
        case ChargeKind.one_off:
            return Reason.one_off if now else Reason.one_off_before
        case ChargeKind.penalty:
            return Reason.penalty if now else Reason.penalty_before
        case ChargeKind.discount:
            if not before:
                return Reason.discount_started
            return Reason.discount_changed if now else Reason.discount_ended
        case ChargeKind.adjustment:
            return Reason.adjustment
