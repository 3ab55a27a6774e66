"""The last look before a person is written to: what is still owed, what has changed, whether now is the time."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from core.billing.models import AccountNumber, AccountOverview
from core.reminders.assess import Rules, look, way_to
from core.reminders.due import Waiting
from core.reminders.hours import allowed, moment
from core.reminders.models import Reason, Status
from core.reminders.people import Facts, Person, Right
from core.reminders.policy import free_day, suspends_on
from core.reminders.ways import Way

SILENCE = timedelta(minutes=10)
"""How long a person waits whose debt cannot be read now."""

_FOR_GOOD = {Reason.paid: Status.cancelled, Reason.closed: Status.cancelled}


@dataclass(frozen=True, slots=True)
class Item:
    """One account in a message. ``suspends`` is the day from which the service may be suspended."""

    line: Waiting
    right: Right
    debt: AccountOverview
    legal: bool
    suspends: date | None


@dataclass(slots=True)
class Decision:
    """What becomes of everything that waits for one person."""

    person: Person | None
    today: date
    aside: list[tuple[Waiting, Status, Reason]] = field(default_factory=list)
    later: list[tuple[Waiting, datetime, Reason]] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)
    way: Way | None = None


def decide(
    rules: Rules,
    lines: Sequence[Waiting],
    person: Person | None,
    facts: Facts,
    debts: Mapping[AccountNumber, AccountOverview] | None,
    sent: Sequence[date],
    tried: Collection[str],
    now: datetime,
) -> Decision:
    """``debts`` is None when the billing is silent; ``person`` is None when they asked to be forgotten."""
    decision = Decision(person, now.date())
    if person is None:
        decision.aside = [(one, Status.cancelled, Reason.unlinked) for one in lines]
        return decision
    today = decision.today = now.astimezone(person.zone).date()
    if debts is None:
        decision.later = [(one, now + SILENCE, Reason.billing_silent) for one in lines]
        return decision
    for one in lines:
        _weigh(rules, one, person, facts, debts.get(one.account), decision, now)
    if not decision.items:
        return decision
    waiting = [item.line for item in decision.items]
    if not allowed(rules.policy, person.zone, now):
        _postpone(rules, decision, person, now, None, Reason.outside_hours)
    elif (day := free_day(rules.policy, sent, today)) > today:
        _postpone(rules, decision, person, now, day, Reason.capped)
    else:
        way = way_to(rules, person, facts, now, tried)
        if isinstance(way, Way):
            decision.way = way
        else:
            # A way that failed is no reason to plan the same again; a budget or a chat may come back.
            status, reason = (Status.dropped, Reason.failed) if tried else (Status.skipped, way)
            decision.aside += [(one, status, reason) for one in waiting]
            decision.items = []
    return decision


def _weigh(
    rules: Rules,
    one: Waiting,
    person: Person,
    facts: Facts,
    debt: AccountOverview | None,
    decision: Decision,
    now: datetime,
) -> None:
    right = next((found for found in facts.rights.get(one.account, ()) if found.subscriber_id == person.id), None)
    if right is None:
        decision.aside.append((one, Status.cancelled, Reason.unlinked))
    elif debt is None:
        decision.aside.append((one, Status.cancelled, Reason.unknown_account))
    elif debt.debt.amount <= 0:
        decision.aside.append((one, Status.cancelled, Reason.paid))
    else:
        found = look(rules, debt, facts, right, person, now)
        if found is None or (found[0], found[1].code) != (one.bill, one.stage):
            decision.aside.append((one, Status.dropped, Reason.out_of_date))
        elif found[2] is not None:
            decision.aside.append((one, _FOR_GOOD.get(found[2], Status.skipped), found[2]))
        else:
            decision.items.append(Item(one, right, debt, found[1].legal, suspends_on(rules.policy, debt)))


def _postpone(
    rules: Rules, decision: Decision, person: Person, now: datetime, day: date | None, reason: Reason
) -> None:
    due_at = moment(rules.policy, person.zone, now, person.id, person.prefs, not_before=day)
    decision.later += [(item.line, due_at, reason) for item in decision.items]
    decision.items = []
