"""One verdict on one debt and one person: the same for the planner, the trial run and the last look before sending."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, datetime

from msgspec import Struct

from core.billing.models import AccountOverview
from core.operator import Operator
from core.reminders.hours import local_day, moment
from core.reminders.models import Prefs, Reason, Stage
from core.reminders.people import Facts, Person, Right
from core.reminders.policy import Policy, current, refusal
from core.reminders.ways import Prices, Way, choose

_DEFAULTS = Prefs()

NEVER = date(1970, 1, 1)
"""Stands for the bill of a debt that has none."""


@dataclass(frozen=True, slots=True)
class Rules:
    """Everything that the operator has decided."""

    operator: Operator
    policy: Policy = field(default_factory=Policy)
    prices: Prices = field(default_factory=Prices)


class Verdict(Struct, frozen=True):
    """``reason`` says why not; without one, the reminder is due at ``due_at`` by ``way``."""

    account: str
    subscriber_id: str
    bill: date
    stage: str
    due_at: datetime
    reason: Reason | None = None
    way: Way | None = None


def assess(rules: Rules, debt: AccountOverview, facts: Facts, now: datetime) -> list[Verdict]:
    """A verdict for each person with a right to the account; one for nobody where nobody is registered.

    An empty list: no stage has begun yet, or the last one is too long ago.
    """
    rights = [right for right in facts.rights.get(debt.number, ()) if right.subscriber_id in facts.people]
    if not rights:
        return _for_nobody(rules, debt, now)
    found = [_for_person(rules, debt, facts, right, facts.people[right.subscriber_id], now) for right in rights]
    return [verdict for verdict in found if verdict is not None]


def look(
    rules: Rules, debt: AccountOverview, facts: Facts, right: Right, person: Person, now: datetime
) -> tuple[date, Stage, Reason | None] | None:
    """The stage of today and why it is not wanted, apart from how the person can be reached."""
    today = local_day(person.zone, now)
    found = current(rules.policy, debt, today, person.prefs)
    if found is None:
        return None
    bill, stage = found
    # Whoever refuses has been told that nothing of their accounts is shown any more: not even what the law asks to
    # be said is said in a messenger then. Who has not been asked yet is served on their contract, as before.
    reason = Reason.no_consent if person.refuses else None
    if reason is None:
        reason = refusal(rules.policy, debt, stage, today, person.prefs, owner=right.owner)
    if reason is None and debt.number in facts.paying:
        reason = Reason.paying
    if reason is None and debt.debt.minor <= facts.charged.get(debt.number, 0):
        reason = Reason.autopay
    if reason is None and today <= facts.promised.get(debt.number, NEVER):
        reason = Reason.promised
    return bill, stage, reason


def way_to(rules: Rules, person: Person, facts: Facts, now: datetime, tried: Collection[str] = ()) -> Way | Reason:
    return choose(
        rules.prices,
        person.chats,
        phone=person.phone,
        email=person.email,
        language=rules.operator.languages[0],
        preferred=person.prefs.channel,
        spent=facts.spent,
        now=now,
        tried=tried,
    )


def _for_person(
    rules: Rules, debt: AccountOverview, facts: Facts, right: Right, person: Person, now: datetime
) -> Verdict | None:
    if debt.due is None:
        return Verdict(debt.number, person.id, NEVER, "", now, Reason.no_due_date)
    found = look(rules, debt, facts, right, person, now)
    if found is None:
        return None
    bill, stage, reason = found
    if reason is not None:
        return Verdict(debt.number, person.id, bill, stage.code, now, reason)
    way = way_to(rules, person, facts, now)
    if isinstance(way, Reason):
        return Verdict(debt.number, person.id, bill, stage.code, now, way)
    due_at = moment(rules.policy, person.zone, now, person.id, person.prefs)
    return Verdict(debt.number, person.id, bill, stage.code, due_at, None, way)


def _for_nobody(rules: Rules, debt: AccountOverview, now: datetime) -> list[Verdict]:
    """A debt above the threshold that nobody can be told of has its reason on record too."""
    somebody = Person("", rules.operator.zone, None, None, _DEFAULTS)
    today = local_day(somebody.zone, now)
    found = current(rules.policy, debt, today, somebody.prefs)
    if found is None or debt.debt.amount < rules.policy.threshold:
        return []
    return [Verdict(debt.number, "", found[0], found[1].code, now, Reason.nobody)]
