"""When a debt is worth a reminder: stages around the due date, the smallest sum, how often one person is written to.

Stricter by default than what the law allows (Russia, 230-FZ, article 7: two messages a day, four a week, sixteen a
month, from 8 to 22 on weekdays and from 9 to 20 on other days).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache

from core.billing.models import AccountOverview, AccountState
from core.billing.months import days_in, shift
from core.reminders.models import Prefs, Reason, Stage

SUSPENSION = "suspension"
AHEAD = "ahead"
ASKED = "asked"
WEEK, MONTH = 7, 31  # days over which the caps count, today included
FOLLOWED = 12  # monthly rounds after which an unpaid bill is staff's business


@dataclass(frozen=True, slots=True)
class Policy:
    """The operator's rules. ``stages`` are days from the due date, negative before it.

    ``suspend_after``: on which day after the due date the operator may suspend the service; 0 when it never does.
    ``suspend_notice``: how many days before that the last warning comes. ``late``: for how many days a stage that was
    missed (the program did not run) is still worth sending. Hours are whole hours in the person's own zone.
    ``spread`` is the part of the allowed hours over which a day's messages are spread.
    """

    stages: tuple[int, ...] = (-3, 0, 3, 7)
    suspend_after: int = 14
    suspend_notice: int = 2
    late: int = 3
    threshold: Decimal = Decimal(50)
    per_day: int = 1
    per_week: int = 2
    per_month: int = 8
    opens: int = 10
    opens_late: int = 11  # at weekends and on public holidays
    closes: int = 20
    spread: timedelta = timedelta(hours=10)
    country: str = "RU"

    def __post_init__(self) -> None:
        if not 0 <= self.opens <= self.opens_late < self.closes <= 24:
            raise ValueError("the hours must run from opening over the later opening to closing")
        if not 1 <= self.per_day <= self.per_week <= self.per_month:
            raise ValueError("the caps must grow from a day over a week to a month, beginning with 1 at least")
        if self.suspend_after and not 0 < self.suspend_notice <= self.suspend_after:
            raise ValueError("the warning must come before the suspension and not before the due date")


def stages(policy: Policy, due: date, prefs: Prefs, *, first: bool = True) -> list[Stage]:
    """A bill's stages in the order of their days. ``first``: its own round, which alone ends in a suspension."""
    ahead = [day for day in policy.stages if day < 0]
    if prefs.ahead is not None:
        ahead = [-prefs.ahead]
    # The last stage before the due date keeps its name when a person moves it: moving it must not repeat it.
    codes = {day: AHEAD if day == max(ahead) else f"{day}" for day in ahead}
    codes |= {day: f"+{day}" for day in policy.stages if day >= 0}
    found = [Stage(code, due + timedelta(days=day)) for day, code in codes.items()]
    if first and policy.suspend_after:
        warned = policy.suspend_after - policy.suspend_notice
        # One message says both where a stage falls on the same day.
        found = [one for one in found if one.on != due + timedelta(days=warned)]
        found.append(Stage(SUSPENSION, due + timedelta(days=warned), legal=True))
    return sorted(found, key=lambda one: one.on)


def round_of(due: date, today: date, first_day: int) -> tuple[date, int]:
    """The due date of the round that ``today`` belongs to, and which round it is (0: the bill's own).

    A debt that is still there a month later is spoken of again around the same day of the month, when the next bill
    falls due. ``first_day`` is the first stage's distance from a due date, negative before it.
    """
    number = 0
    while number < FOLLOWED and _round(due, number + 1) + timedelta(days=first_day) <= today:
        number += 1
    return _round(due, number), number


def _round(due: date, number: int) -> date:
    if number == 0:
        return due
    month = shift(due.replace(day=1), number)
    return month.replace(day=min(due.day, days_in(month)))


def current(policy: Policy, debt: AccountOverview, today: date, prefs: Prefs) -> tuple[date, Stage] | None:
    """The bill's date and the one stage that is worth sending today: the latest that has begun. None before the first
    and when the latest began too long ago.
    """
    if debt.due is None:
        return None
    # A suspended account gets no new bills.
    return _current(policy, debt.due, debt.state is AccountState.active, today, prefs.ahead, prefs.asked_for)


@lru_cache(maxsize=4096)  # a hundred thousand debts have a few dozen due dates
def _current(
    policy: Policy, due: date, billed: bool, today: date, ahead: int | None, asked_for: date | None
) -> tuple[date, Stage] | None:
    prefs = Prefs(ahead=ahead)
    bill, number = due, 0
    if billed:
        starts = min((one.on - due).days for one in stages(policy, due, prefs))
        bill, number = round_of(due, today, min(starts, 0))
    begun = [one for one in stages(policy, bill, prefs, first=number == 0) if one.on <= today]
    if asked_for is not None and bill - timedelta(days=MONTH) <= asked_for <= today:
        asked = Stage(f"{ASKED}{asked_for:%Y%m%d}", asked_for)
        # What fell on the days before was asked not to come; on the same day one message is enough.
        begun = [asked] + [one for one in begun if one.on > asked.on or (one.legal and one.on == asked.on)]
    if not begun:
        return None
    latest = max(begun, key=lambda one: one.on)
    return (bill, latest) if (today - latest.on).days <= policy.late else None


def refusal(
    policy: Policy, debt: AccountOverview, stage: Stage, today: date, prefs: Prefs, *, owner: bool
) -> Reason | None:
    """Why this stage is not for this person; None when it is. ``owner``: the notice that the law asks for is theirs."""
    if debt.state is AccountState.closed:
        return Reason.closed
    if debt.debt.amount <= 0:
        return Reason.paid
    if debt.debt.amount < policy.threshold:
        return Reason.small
    if stage.legal and owner:
        return None
    if not prefs.debts:
        return Reason.debts_off
    if debt.number in prefs.muted:
        return Reason.muted
    if prefs.paused_until is not None and today < prefs.paused_until:
        return Reason.paused
    if prefs.asked_for is not None and today < prefs.asked_for:
        return Reason.asked_later
    return None


def free_day(policy: Policy, sent: Iterable[date], today: date) -> date:
    """The first day, today or later, on which one more message stays within the caps. ``sent``: a day for each."""
    counted = Counter(sent)
    day = today
    for _ in range(MONTH + 1):
        if _fits(policy, counted, day):
            return day
        day += timedelta(days=1)
    return day


def _fits(policy: Policy, sent: Counter[date], day: date) -> bool:
    # A clock that was moved back has messages on days to come: they count like the others.
    def within(days: int) -> int:
        return sum(count for one, count in sent.items() if abs((day - one).days) < days)

    return sent[day] < policy.per_day and within(WEEK) < policy.per_week and within(MONTH) < policy.per_month


def suspends_on(policy: Policy, debt: AccountOverview) -> date | None:
    """From which day the operator may suspend the service; None when it is not, or is suspended already."""
    if not policy.suspend_after or debt.due is None or debt.state is not AccountState.active:
        return None
    return debt.due + timedelta(days=policy.suspend_after)
