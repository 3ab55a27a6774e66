"""What lies ahead: days until the due date, until when a balance suffices, and how much to pay to be at ease."""

from __future__ import annotations

from datetime import date, datetime, timedelta, tzinfo
from fractions import Fraction

from core.billing.explain import total
from core.billing.models import AccountKind, AccountState, AccountStatement, ChargeKind, Service
from core.billing.months import days_in, first_day, last_day, shift
from core.money import Money

HORIZON = 366  # days that a prepaid balance is followed


def days_left(due: date, now: datetime, zone: tzinfo) -> int:
    """Days from today in the subscriber's zone to the due date: 0 is today, negative is overdue."""
    return (due - now.astimezone(zone).date()).days


def suffices_until(statement: AccountStatement, today: date) -> date | None:
    """The last day that a prepaid balance (with its credit limit) pays for, today at the earliest.

    Counted from tomorrow at a day's share of each month's prices; discounts are not reckoned with, so the
    answer errs on the early side. None for a postpaid or unserved account, where nothing is charged regularly,
    and beyond a year.
    """
    account = statement.account
    if account.kind is not AccountKind.prepaid or account.state is not AccountState.active:
        return None
    left = Fraction(statement.overview.balance.minor + account.credit_limit.minor)
    spent = Fraction(0)
    for ahead in range(1, HORIZON + 1):
        day = today + timedelta(days=ahead)
        cost = sum(one.price.minor for one in statement.services if _runs(one, day, day))
        spent += Fraction(cost, days_in(day))
        if spent > left:
            return day - timedelta(days=1)
    return None


def recommended_sum(statement: AccountStatement, today: date) -> Money:
    """What pays the debt and the services until the end of next month; zero when the balance already does.

    The services' monthly prices (what of this month's is charged already counts once), without usage and
    discounts: an overestimate stays on the balance, an underestimate would be a new debt. A closed account needs
    its debt alone.
    """
    zero = Money.zero(statement.account.currency)
    need = -statement.overview.balance
    if statement.account.state is not AccountState.closed:
        this, following = first_day(today), shift(first_day(today), 1)
        for service in statement.services:
            if _runs(service, today, last_day(this)):
                charged = (
                    c.amount
                    for c in statement.charges
                    if c.period == this and c.service == service.name and c.kind is ChargeKind.recurring
                )
                need += max(service.price - total(charged, zero), zero)
            if _runs(service, following, last_day(following)):
                need += service.price
    return max(need, zero)


def monthly_price(statement: AccountStatement, today: date) -> Money:
    """What the services in use today cost a month, before discounts."""
    zero = Money.zero(statement.account.currency)
    return total((one.price for one in statement.services if _runs(one, today, today)), zero)


def _runs(service: Service, first: date, last: date) -> bool:
    return (service.since is None or service.since <= last) and (service.until is None or service.until >= first)
