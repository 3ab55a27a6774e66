"""How much a rule charges for an account as it is now, within the month's limit; or why nothing."""

from __future__ import annotations

from core.billing.models import AccountOverview, AccountState
from core.money import Money
from core.payments.autopay.models import Rule, Trigger, Why


def wanted(rule: Rule, overview: AccountOverview | None, *, announced: bool = False) -> Money | Why:
    """What the rule asks for, limits aside.

    ``announced``: a debt that has shrunk below the rule's threshold since then is still a debt.
    """
    if overview is None or overview.state is AccountState.closed or overview.debt.currency != rule.limit.currency:
        return Why.closed
    asked = rule.topup or overview.debt
    reached = {
        Trigger.day: True,
        Trigger.debt: announced or overview.debt >= rule.threshold,
        Trigger.balance: overview.balance < rule.threshold,
    }
    return asked if asked and reached[rule.trigger] else Why.nothing_owed


def within(asked: Money, left: Money, minimum: Money, maximum: Money) -> Money | Why:
    """``left``: of the month's limit. The bounds are those of any payment here."""
    amount = min(asked, left, maximum)
    if amount >= minimum:
        return amount
    return Why.limit if left < minimum and asked >= minimum else Why.small
