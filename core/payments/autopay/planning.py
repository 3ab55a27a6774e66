"""Weighs rules when their time comes, and announces the next charge: one for each occurrence, whoever plans it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta

import structlog
from sqlalchemy import Connection

from core.billing.models import AccountNumber, AccountOverview
from core.billing.service import BillingService
from core.clock import Clock
from core.database import Database
from core.errors import OutsideUnavailable
from core.ids import new_id
from core.money import Money
from core.operator import Operator
from core.payments.autopay import store, when
from core.payments.autopay.ending import end_rightless, pause_rule
from core.payments.autopay.models import ChargeStatus, Rule, RuleStatus, SavedMeans, Trigger, Why
from core.payments.autopay.telling import AutopayTeller, Matter, Said
from core.payments.autopay.weigh import wanted, within
from core.reminders.hours import allowed, local_day, moment
from core.reminders.people import Person, load_people
from core.reminders.policy import Policy

log = structlog.get_logger("autopay")

LEASE = timedelta(minutes=3)  # a killed planner's rules come back after this
SILENCE = timedelta(minutes=5)  # before a billing that is silent is asked again
EVERY = timedelta(hours=1)  # how often a threshold is held against the figures
LATE = timedelta(days=10)  # a day that was missed for longer is left out
AT_A_TIME = 100


class AutopayPlanner:
    """``bounds`` are the smallest and the largest sum of one payment. Runs in any number of processes at once."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        billing: BillingService,
        operator: Operator,
        policy: Policy,
        bounds: tuple[Money, Money],
        teller: AutopayTeller,
    ) -> None:
        self._database = database
        self._clock = clock
        self._billing = billing
        self._operator = operator
        self._policy = policy
        self._bounds = bounds
        self._teller = teller

    async def run(self) -> Counter[str]:
        """Everything that is due now; says what was decided, by kind."""
        counted: Counter[str] = Counter()
        if ended := await self._database.write(end_rightless, self._clock.now()):
            counted["ended"] = ended
        while rules := await self._database.write(store.claim_rules, self._clock.now(), LEASE, AT_A_TIME):
            try:
                known = await self._billing.overviews(sorted({rule.account for rule in rules}))
            except OutsideUnavailable:
                known = None
            if known is None or not known.fresh:
                later = self._clock.now() + SILENCE
                for rule in rules:
                    await self._database.write(store.change_rule, rule.id, look_at=later)
                counted["silent"] += len(rules)
                continue
            figures = {one.number: one for one in known.value}
            people = await self._database.read(load_people, [rule.subscriber_id for rule in rules], self._operator)
            for rule in rules:
                counted[await self._weighed(rule.id, people, figures)] += 1
        return counted

    async def _weighed(
        self, rule_id: str, people: Mapping[str, Person], figures: Mapping[AccountNumber, AccountOverview]
    ) -> str:
        try:
            return await self._database.write(self._weigh, rule_id, people, figures)
        except Exception:  # whatever is wrong with this one, the others are weighed
            log.exception("a rule could not be weighed", rule=rule_id)
            await self._database.write(store.change_rule, rule_id, look_at=self._clock.now() + EVERY)
            return "failed"

    def _weigh(
        self,
        connection: Connection,
        rule_id: str,
        people: Mapping[str, Person],
        figures: Mapping[AccountNumber, AccountOverview],
    ) -> str:
        """One rule, in one transaction."""
        now = self._clock.now()
        rule = store.load_rule(connection, rule_id, lock=True)
        if rule is None or rule.status is not RuleStatus.active:
            return "over"
        person, means = people.get(rule.subscriber_id), store.load_means(connection, rule.means_id)
        if person is None or not person.chats:
            pause_rule(connection, rule.id, Why.no_chat, now)
            return "paused"
        if means is None or not means.valid:
            return self._pause(connection, rule, Why.means_gone, now)
        if store.living_charge(connection, rule.id) is not None:
            return self._later(connection, rule, now + EVERY)
        today = local_day(person.zone, now)
        if rule.due_on is not None and today < rule.due_on - timedelta(days=1):
            ahead = rule.due_on - timedelta(days=1)
            return self._later(
                connection, rule, moment(self._policy, person.zone, now, person.id, person.prefs, not_before=ahead)
            )
        if not allowed(self._policy, person.zone, now):
            return self._later(connection, rule, when.waking(self._policy, person.zone, now))
        if rule.due_on is not None and today > rule.due_on + LATE:
            return self._leave_out(connection, rule, person, Why.late, now)
        return self._decide(connection, rule, person, means, figures.get(rule.account), now)

    def _decide(
        self,
        connection: Connection,
        rule: Rule,
        person: Person,
        means: SavedMeans,
        overview: AccountOverview | None,
        now: datetime,
    ) -> str:
        owed = wanted(rule, overview)
        at = when.charge_moment(self._policy, person.zone, now, rule.due_on)
        month = when.month_of(person.zone, at)
        amount: Money | Why = owed
        if isinstance(owed, Money):
            left = rule.limit - store.spent(connection, rule.subscriber_id, rule.account, month, rule.limit.currency)
            amount = within(owed, left, *self._bounds)
        if amount is Why.closed:
            return self._pause(connection, rule, Why.closed, now)
        if isinstance(amount, Why):
            return self._leave_out(connection, rule, person, amount, now)
        charge_id = new_id(now)
        occurrence = _occurrence(rule, local_day(person.zone, now))
        if not store.add_charge(connection, self._row(rule, charge_id, occurrence, amount, at, now)):
            return self._skip_ahead(connection, rule, now + timedelta(days=1))
        charge = store.load_charge(connection, charge_id)
        whole = owed if isinstance(owed, Money) and owed > amount else None
        told = self._teller.tell(connection, Matter(Said.announced, rule, charge, means, whole))
        if not told:
            pause_rule(connection, rule.id, Why.no_chat, now)
            return "paused"
        store.change_charge(connection, charge_id, look_at=at)
        self._later(connection, rule, at + EVERY)
        return Said.announced

    def _leave_out(self, connection: Connection, rule: Rule, person: Person, reason: Why, now: datetime) -> str:
        """Nothing is charged this time. A day's rule has it on record; a threshold is simply looked at again."""
        by_day = rule.trigger is Trigger.day
        month = when.month_of(person.zone, now)
        if by_day or reason is Why.limit:
            occurrence = _occurrence(rule, local_day(person.zone, now)) if by_day else f"limit {month}"
            row = self._row(rule, new_id(now), occurrence, Money.zero(rule.limit.currency), now, now)
            row |= {"status": ChargeStatus.skipped.value, "reason": reason.value, "ended_at": now}
            if store.add_charge(connection, row) and reason is Why.limit:
                self._teller.tell(connection, Matter(Said.limit, rule))
        at = when.next_month(person.zone, now) if reason is Why.limit and not by_day else now + EVERY
        self._skip_ahead(connection, rule, at)
        return reason.value

    def _skip_ahead(self, connection: Connection, rule: Rule, at: datetime) -> str:
        """To the same day of the next month, or to ``at``."""
        if rule.due_on is not None:
            store.change_rule(connection, rule.id, due_on=when.next_due(rule.due_on, rule.day))
            at = self._clock.now()
        return self._later(connection, rule, at)

    def _later(self, connection: Connection, rule: Rule, at: datetime) -> str:
        store.change_rule(connection, rule.id, look_at=at)
        return "later"

    def _pause(self, connection: Connection, rule: Rule, reason: Why, now: datetime) -> str:
        pause_rule(connection, rule.id, reason, now)
        paused = replace(rule, status=RuleStatus.paused, reason=reason.value)
        self._teller.tell(connection, Matter(Said.paused, paused))
        return "paused"

    def _row(
        self, rule: Rule, charge_id: str, occurrence: str, amount: Money, at: datetime, now: datetime
    ) -> dict[str, object]:
        return {
            "id": charge_id,
            "rule_id": rule.id,
            "occurrence": occurrence,
            "subscriber_id": rule.subscriber_id,
            "account": rule.account,
            "currency": amount.currency,
            "amount": amount.minor,
            "charge_at": at,
            "status": ChargeStatus.announced.value,
            "created_at": now,
        }


def _occurrence(rule: Rule, today: date) -> str:
    """A name that is the same for every planner: the month of a rule by day, the day of any other."""
    return f"{rule.due_on:%Y-%m}" if rule.due_on is not None else today.isoformat()
