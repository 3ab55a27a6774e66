"""Begins the charges whose time has come: the debt is read again, and an order is recorded before anybody is asked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection, func, select
from sqlalchemy.exc import IntegrityError

from core.billing.models import AccountOverview
from core.billing.service import BillingService
from core.clock import Clock
from core.database import Database
from core.delivery.tables import outbox
from core.delivery.tasks import plan
from core.errors import OutsideUnavailable
from core.ids import new_id
from core.money import Money
from core.operator import Operator
from core.payments.autopay import store, when
from core.payments.autopay.ending import pause_rule
from core.payments.autopay.models import Charge, ChargeStatus, Rule, RuleStatus, Why
from core.payments.autopay.telling import AutopayTeller, Matter, Said
from core.payments.autopay.weigh import wanted, within
from core.payments.models import PaymentLine, PaymentOrder, PaymentStatus
from core.payments.service import ATTEND, BACKUP
from core.payments.store import add_order
from core.payments.tables import lines, orders, postings
from core.reminders.people import Person, load_people
from core.reminders.policy import Policy
from core.subscribers.tables import account_links

log = structlog.get_logger("autopay")

LEASE = timedelta(minutes=3)
LATER = timedelta(minutes=10)  # something else is on its way to the account, or the billing is silent
PAYING = timedelta(minutes=30)  # how long somebody who has opened the bank's page is waited for
PATIENCE = timedelta(days=3)  # after which an announced charge would come out of the blue
ASKED_FOR = timedelta(hours=20)
"""For how long the provider is asked to charge: YooKassa and Stripe keep a key for 24 hours, then forget it."""

AT_A_TIME = 50


class AutopayCharger:
    """``providers``: the names of those that can charge just now. Runs in any number of processes at once."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        billing: BillingService,
        operator: Operator,
        policy: Policy,
        bounds: tuple[Money, Money],
        providers: Collection[str],
        teller: AutopayTeller,
    ) -> None:
        self._database = database
        self._clock = clock
        self._billing = billing
        self._operator = operator
        self._policy = policy
        self._bounds = bounds
        self._providers = providers
        self._teller = teller

    async def run(self) -> Counter[str]:
        counted: Counter[str] = Counter()
        while found := await self._database.write(store.claim_charges, self._clock.now(), LEASE, AT_A_TIME):
            rules = await self._database.read(_rules, [charge.rule_id for charge in found])
            people = await self._database.read(
                load_people, sorted({rule.subscriber_id for rule in rules.values()}), self._operator
            )
            asked_at = self._clock.now()
            figures = await self._figures(found)
            for charge in found:
                person = people.get(rules[charge.rule_id].subscriber_id)
                try:
                    decided = await self._database.write(self._begin, charge.id, person, figures, asked_at)
                except IntegrityError:
                    # Somebody else's rule charges for this account at this very moment.
                    decided = await self._database.write(self._later, charge.id, self._clock.now() + LATER)
                except Exception:  # whatever is wrong with this one, the others are begun
                    log.exception("a charge could not be begun", charge=charge.id)
                    await self._database.write(self._later, charge.id, self._clock.now() + LATER)
                    decided = "failed"
                counted[decided] += 1
        return counted

    async def _figures(self, found: list[Charge]) -> dict[str, AccountOverview] | None:
        """None when the billing does not say them just now: no charge is made on old figures."""
        try:
            known = await self._billing.overviews(sorted({charge.account for charge in found}))
        except OutsideUnavailable:
            return None
        return {one.number: one for one in known.value} if known.fresh else None

    def _begin(
        self,
        connection: Connection,
        charge_id: str,
        person: Person | None,
        figures: dict[str, AccountOverview] | None,
        asked_at: datetime,
    ) -> str:
        """One charge, in one transaction, under its rule's lock: switching off comes before it or after it."""
        now = self._clock.now()
        charge = store.load_charge(connection, charge_id)
        rule = store.load_rule(connection, charge.rule_id, lock=True) if charge is not None else None
        charge = store.load_charge(connection, charge_id, lock=True)
        if rule is None or charge is None or charge.status is not ChargeStatus.announced or charge.charge_at > now:
            return "over"
        means = store.load_means(connection, rule.means_id)
        if rule.status is not RuleStatus.active or not _linked(connection, rule):
            store.end_charge(connection, charge.id, ChargeStatus.cancelled, Why.unlinked.value, now)
            return "over"
        if person is None or not person.chats:
            pause_rule(connection, rule.id, Why.no_chat, now)
            return "paused"
        if means is None or not means.valid:
            pause_rule(connection, rule.id, Why.means_gone, now)
            return "paused"
        if now > charge.charge_at + PATIENCE:
            return self._skip(connection, rule, charge, Why.late, now)
        delivered = self._delivered(connection, charge, person, now)
        if delivered is not None:
            return delivered
        if figures is None or means.provider not in self._providers or _moving(connection, rule.account, asked_at):
            return self._later(connection, charge.id, now + LATER)
        owed = wanted(rule, figures.get(rule.account), announced=True)
        amount: Money | Why = owed
        month = when.month_of(person.zone, now)
        if isinstance(owed, Money):
            left = rule.limit - store.spent(connection, rule.subscriber_id, rule.account, month, rule.limit.currency)
            amount = within(min(owed, charge.amount), left, *self._bounds)
        if isinstance(amount, Why):
            return self._skip(connection, rule, charge, amount, now)
        self._order(connection, rule, charge, means.provider, amount, month, now)
        return "begun"

    def _delivered(self, connection: Connection, charge: Charge, person: Person, now: datetime) -> str | None:
        """None when the announcement reached a chat a day ago or earlier: a promise counts from when it is heard."""
        query = select(outbox.c.status, func.min(outbox.c.sent_at).label("at")).where(outbox.c.turn_id == charge.id)
        found = {row.status: row.at for row in connection.execute(query.group_by(outbox.c.status))}
        heard = found.get("sent")
        if heard is None and "pending" not in found:
            pause_rule(connection, charge.rule_id, Why.no_chat, now)
            return "paused"
        if heard is None:
            return self._later(connection, charge.id, now + LATER)
        earliest = heard + when.AHEAD
        if earliest <= now:
            return None
        at = when.waking(self._policy, person.zone, earliest)
        store.change_charge(connection, charge.id, charge_at=at, look_at=at)
        return "later"

    def _order(
        self,
        connection: Connection,
        rule: Rule,
        charge: Charge,
        provider: str,
        amount: Money,
        month: str,
        now: datetime,
    ) -> None:
        order = PaymentOrder(
            id=new_id(now),
            subscriber_id=rule.subscriber_id,
            chat_id=rule.chat_id,
            provider=provider,
            amount=amount,
            lines=(PaymentLine(rule.account, amount),),
            status=PaymentStatus.opening,
            created_at=now,
            expires_at=now + ASKED_FOR,
            means=rule.means_id,
        )
        add_order(connection, order, now + BACKUP)
        plan(f"pay:{order.id}:open", ATTEND, {"order": order.id}, now).apply(connection)
        store.change_charge(
            connection,
            charge.id,
            status=ChargeStatus.charging.value,
            taken=amount.minor,
            month=month,
            order_id=order.id,
            tries=charge.tries + 1,
            look_at=None,
        )

    def _skip(self, connection: Connection, rule: Rule, charge: Charge, reason: Why, now: datetime) -> str:
        store.end_charge(connection, charge.id, ChargeStatus.skipped, reason.value, now)
        ended = store.load_charge(connection, charge.id)
        self._teller.tell(connection, Matter(Said.skipped, rule, ended))
        go_on(connection, rule, now)
        return reason.value

    def _later(self, connection: Connection, charge_id: str, at: datetime) -> str:
        store.change_charge(connection, charge_id, look_at=at)
        return "later"


def go_on(connection: Connection, rule: Rule, now: datetime, *, pause: timedelta = timedelta(days=1)) -> None:
    """A charge is over: a rule by day waits for the next month, any other is weighed again after ``pause``."""
    if rule.due_on is not None:
        store.change_rule(connection, rule.id, due_on=when.next_due(rule.due_on, rule.day), look_at=now)
    else:
        store.change_rule(connection, rule.id, look_at=now + pause)


def _rules(connection: Connection, ids: list[str]) -> dict[str, Rule]:
    found = (store.load_rule(connection, rule_id) for rule_id in set(ids))
    return {rule.id: rule for rule in found if rule is not None}


def _linked(connection: Connection, rule: Rule) -> bool:
    query = select(account_links.c.id).where(
        account_links.c.subscriber_id == rule.subscriber_id,
        account_links.c.account_number == rule.account,
        account_links.c.ended_at.is_(None),
    )
    return connection.execute(query).first() is not None


def _moving(connection: Connection, account: str, asked_at: datetime) -> bool:
    """Whether money is on its way to the billing, or reached it after the figures were read; or somebody is paying."""
    late = postings.c.posted_at.is_(None) | (postings.c.posted_at >= asked_at)
    at_the_bank = (
        select(orders.c.id)
        .join(lines, lines.c.order_id == orders.c.id)
        .where(lines.c.account == account, orders.c.created_at > asked_at - PAYING)
        .where(orders.c.status.in_((PaymentStatus.opening.value, PaymentStatus.open.value)))
    )
    if connection.execute(at_the_bank.limit(1)).first() is not None:
        return True
    return (
        connection.execute(select(postings.c.external_id).where(postings.c.account == account, late)).first()
        is not None
    )
