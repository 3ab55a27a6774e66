"""Any interleaving of payers, notices, faults and kills: in the end the billing has what the bank has, each once.

Auto-payment too: no occurrence is charged twice, no month above its limit, and nothing after it was switched off.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Coroutine
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import select

from bot.wiring_autopay import build_job
from core.billing.models import AccountNumber
from core.billing.tables import postings as booked
from core.delivery import tasks
from core.errors import OutsideUnavailable
from core.money import Money
from core.payments import store as payments
from core.payments.autopay import store
from core.payments.autopay.models import ChargeStatus
from core.payments.autopay.tables import charges
from core.payments.autopay.when import first_due
from core.payments.models import FINISHED, PaymentOrder, PaymentStatus
from core.payments.service import sweep
from core.payments.tables import orders as all_orders
from core.payments.tables import postings
from core.reminders.policy import Policy
from fsm.state import Registry
from tests.payments.autopays import a_card, a_rule, history, owe
from tests.payments.conftest import OPERATOR, OTHER, OWN, World, add_person, open_world
from tests.support.dialogue import Person, sqlite_url

T = TypeVar("T")
_registry = Registry()

LIMIT = Decimal(500)


class Payments(RuleBasedStateMachine):
    """Orders are picked by their place in ``world.orders``, modulo their number."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.folder = Path(tempfile.mkdtemp())
        self.lost_answers = 0
        self.world: World
        self.people: list[str] = []
        self.stopped: dict[str, set[str]] = {}  # rules that were switched off, with the charges that had begun

    def run_(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    @initialize(paid=st.integers(0, 2))
    def begin(self, paid: int) -> None:
        """Three orders that the bank knows, some of them paid and posted: the faults come on top."""
        self.opening = open_world(sqlite_url(self.folder), _registry)
        self.world = self.run_(self.opening.__aenter__())
        inner = self.world.billing.inner
        book = inner.post_payment

        async def post_payment(
            account: AccountNumber, amount: Money, external_id: str, paid_at: datetime, method: str
        ) -> None:
            """The billing books, and we are killed before we hear of it."""
            await book(account, amount, external_id, paid_at, method)
            if self.lost_answers:
                self.lost_answers -= 1
                raise OutsideUnavailable("cut off")

        self.run_(self._begin(paid))
        inner.post_payment = post_payment  # type: ignore[method-assign]  # this very object's, for this test

    async def _begin(self, paid: int) -> None:
        """Two people with the same account: a husband and a wife."""
        for number in range(2):
            person = Person(self.world.house, "telegram", f"{number + 1}")
            self.people.append(await add_person(self.world, person, OTHER))
            await a_card(self.world, self.people[-1])
        for number in range(3):
            order = await self.world.order((OWN, "100"), (OTHER, "50.50"), subscriber=f"b{number}")
            payment = await self.world.open(order)
            if number < paid:
                self.world.bank.act(payment, "pay")
        await self.world.settle()

    # -- people ------------------------------------------------------------------------------------------------------

    @rule(first=st.integers(1000, 90000), second=st.integers(0, 90000))
    def create(self, first: int, second: int) -> None:
        parts = [(OWN, str(Decimal(first) / 100))]
        if second >= 1000:
            parts.append((OTHER, str(Decimal(second) / 100)))
        self.run_(self.world.order(*parts, subscriber=f"s{len(self.world.orders)}"))

    def order(self, place: int) -> PaymentOrder:
        return self.world.orders[place % len(self.world.orders)]

    @precondition(lambda self: self.world.orders)
    @rule(place=st.integers(0, 9), further=st.integers(0, 3))
    def press(self, place: int, further: int) -> None:
        """Sometimes everything goes on as it should for a while: the interesting faults come late."""
        order = self.order(place)
        self.run_(self.world.web.post(f"/pay/{self.world.links.token(order.id)}"))
        if further >= 1:
            self.run_(self.world.house.worker.drain())
        key = self.world.bank.by_key.get(order.id)
        if further >= 2 and key is not None:
            self.world.bank.act(self.world.bank.payments[key], "pay")
        if further >= 3:
            self.run_(self.world.settle())

    @precondition(lambda self: self.world.bank.payments)
    @rule(place=st.integers(0, 9), act=st.sampled_from(["pay", "pay", "twice", "late", "decline"]))
    def at_the_bank(self, place: int, act: str) -> None:
        found = list(self.world.bank.payments.values())
        self.world.bank.act(found[place % len(found)], act)

    @precondition(lambda self: self.world.orders)
    @rule(place=st.integers(0, 9))
    def call_off(self, place: int) -> None:
        order = self.run_(self.world.load(self.order(place)))
        if order.payable(self.world.clock.now()):
            write = self.world.house.services.payments.call_off(order.id, order.subscriber_id)
            self.run_(self.world.database.write(write.apply))

    @precondition(lambda self: any(p.status == "succeeded" for p in self.world.bank.payments.values()))
    @rule(place=st.integers(0, 9), share=st.integers(1, 100))
    def refund(self, place: int, share: int) -> None:
        paid = [p for p in self.world.bank.payments.values() if p.status == "succeeded"]
        payment = paid[place % len(paid)]
        left = payment.amount - payment.refunded
        amount = (left * share / 100).quantize(Decimal("0.01"))
        if amount > 0:
            self.world.bank.refund(payment, amount)

    # -- auto-payment ------------------------------------------------------------------------------------------------

    @rule(who=st.integers(0, 1), by_day=st.booleans())
    def switch_on(self, who: int, by_day: bool) -> None:
        """In place of what is there; what had begun under that goes on."""
        self.run_(self._switch_off(who))
        now = self.world.clock.now()
        due = first_due(Policy(), OPERATOR.zone, now, now.day % 28) if by_day else None
        cards = self.run_(self.world.house.services.autopay.cards(self.people[who]))
        made = self.run_(
            a_rule(
                self.world,
                self.people[who],
                due_on=due,
                limit=str(LIMIT),
                card=cards[0].id if cards else "",
                chat=f"telegram:{who + 1}",
            )
        )
        assert made.living

    @rule(who=st.integers(0, 1))
    def switch_off(self, who: int) -> None:
        self.run_(self._switch_off(who))

    async def _switch_off(self, who: int) -> None:
        autopay = self.world.house.services.autopay
        found = await autopay.rule_for(self.people[who], OTHER)
        if found is not None:
            await self.world.database.write(autopay.stop(found, await autopay.living(found.id)).apply)
            begun = await history(self.world, charges.c.rule_id == found.id, charges.c.order_id != "")
            self.stopped[found.id] = {one.order_id for one in begun}

    @rule(who=st.integers(0, 1))
    def not_this_time(self, who: int) -> None:
        autopay = self.world.house.services.autopay
        found = self.run_(autopay.rule_for(self.people[who], OTHER))
        charge = self.run_(autopay.living(found.id)) if found is not None else None
        if charge is not None and charge.status is ChargeStatus.announced:
            self.run_(self.world.database.write(autopay.skip(charge).apply))

    @rule(minor=st.integers(5000, 40000))
    def owe(self, minor: int) -> None:
        self.run_(owe(self.world, OTHER, minor))

    @rule(place=st.integers(0, 9), state=st.sampled_from(["ok", "ok", "ok", "slow", "funds", "holder", "gone"]))
    def card(self, place: int, state: str) -> None:
        found = list(self.world.bank.cards.values())
        if found:
            found[place % len(found)].state = state

    @rule(hours=st.sampled_from([0, 1, 25, 25, 25]), whole=st.booleans())
    def tick(self, hours: int, whole: bool) -> None:
        """The job of one process, or of two at the very same time; sometimes all that follows is done, too."""
        self.world.clock.move(timedelta(hours=hours))
        self.run_(self._tick(2 if whole else 1))
        if whole:
            self.run_(self.world.settle())

    async def _tick(self, processes: int) -> None:
        world = self.world
        jobs = [build_job(world.database, world.house.services, world.house.registry) for _ in range(processes)]
        await asyncio.gather(*(job.tick() for job in jobs))

    @rule(who=st.integers(0, 1), further=st.integers(0, 4))
    def as_it_should(self, who: int, further: int) -> None:
        """Switched on, announced, a day later begun, at the bank, booked: as far as it goes for now."""
        if self.run_(self.world.house.services.autopay.rule_for(self.people[who], OTHER)) is None:
            self.switch_on(who, by_day=False)
        self.run_(owe(self.world, OTHER, 20000))
        for step in range(further):
            if step < 2:
                now = self.world.clock.now()
                awake = (now + timedelta(hours=25 * step)).replace(hour=15, minute=0)
                self.world.clock.move((awake if awake >= now else awake + timedelta(days=1)) - now)
                self.run_(self._tick(1))
            elif step == 2:
                self.run_(self.world.house.worker.drain())
            if step in (0, 3):
                self.run_(self.world.settle())

    @rule()
    def killed_while_planning(self) -> None:
        """Somebody claims what is due and dies."""
        now = self.world.clock.now()
        self.run_(self.world.database.write(store.claim_rules, now, timedelta(minutes=3), 10))
        self.run_(self.world.database.write(store.claim_charges, now, timedelta(minutes=3), 10))

    # -- machines ----------------------------------------------------------------------------------------------------

    @rule()
    def work(self) -> None:
        self.run_(self.world.house.worker.drain())

    @rule()
    def deliver(self) -> None:
        self.run_(self.world.bank.deliver_due())

    @rule()
    def killed_while_working(self) -> None:
        """Somebody claims what is due and dies."""
        self.run_(self.world.database.write(tasks.claim, "dead", self.world.clock.now(), 20))

    @rule(minutes=st.sampled_from([1, 1, 1, 5, 60, 60 * 26]))
    def wait(self, minutes: int) -> None:
        self.world.clock.move(timedelta(minutes=minutes))
        self.run_(self.world.database.write(sweep, self.world.clock.now()))

    @rule(lost=st.booleans(), repeat=st.integers(1, 3), reorder=st.booleans(), fails=st.integers(0, 2))
    def bad_bank(self, lost: bool, repeat: int, reorder: bool, fails: int) -> None:
        faults = self.world.bank.faults
        faults.lost, faults.repeat, faults.reorder, faults.fails_after_creating = lost, repeat, reorder, fails

    @rule(down=st.booleans(), lost=st.integers(0, 2))
    def bad_billing(self, down: bool, lost: int) -> None:
        self.world.billing.mode = "down" if down else "ok"
        self.lost_answers = lost

    # -- what always holds -------------------------------------------------------------------------------------------

    @invariant()
    def nothing_is_credited_that_the_bank_has_not(self) -> None:
        taken = sum(p.amount for p in self.world.bank.payments.values() if p.status == "succeeded")
        rows = self.run_(self.world.database.read(lambda c: c.execute(select(booked)).all()))
        assert sum(row.amount for row in rows if row.kind == "payment") <= taken * 100
        assert all(p.taken <= 1 for p in self.world.bank.payments.values())

    @invariant()
    def no_charge_is_made_twice_nor_against_anybodys_will(self) -> None:
        made = self.run_(history(self.world, charges.c.order_id != ""))
        taken = [one for one in self.world.bank.payments.values() if one.card and one.status == "succeeded"]
        orders = {one.order_id: one for one in made}
        assert {one.order_id for one in taken} <= orders.keys()
        assert len(orders) == len(made)
        for payment in taken:
            charge = orders[payment.order_id]
            assert charge.taken is not None
            assert payment.amount == charge.taken.amount <= charge.amount.amount
        for charge in made:
            assert charge.rule_id not in self.stopped or charge.order_id in self.stopped[charge.rule_id]

    @invariant()
    def no_month_is_above_its_limit(self) -> None:
        rows = self.run_(self.world.database.read(lambda c: c.execute(select(charges)).all()))
        months: dict[tuple[str, str], int] = {}
        for row in rows:
            if row.status in ("charging", "done"):
                key = (row.subscriber_id, row.month)
                months[key] = months.get(key, 0) + row.taken
        assert all(spent <= LIMIT * 100 for spent in months.values())

    def teardown(self) -> None:
        try:
            self.run_(self._in_the_end())
        finally:
            self.run_(self.opening.__aexit__(None, None, None))
            self.runner.close()
            shutil.rmtree(self.folder)

    async def _in_the_end(self) -> None:
        world = self.world
        world.bank.faults = type(world.bank.faults)()
        world.billing.mode, self.lost_answers = "ok", 0
        for card in world.bank.cards.values():
            card.state = "ok"
        for days in (1, 1, 1, 1, 1, 7, 31):
            await world.pass_time(timedelta(minutes=45))
            await world.pass_time(timedelta(days=days))
        ids = await world.database.read(lambda c: list(c.execute(select(all_orders.c.id)).scalars()))
        assert len(ids) >= len(world.orders)
        for order_id in ids:
            found = await world.database.read(payments.load, order_id)
            assert found is not None
            order = found
            assert found.status in FINISHED, found
            key = world.bank.by_key.get(order.id)
            payment = world.bank.payments[key] if key is not None else None
            has = payment.amount - payment.refunded if payment and payment.status == "succeeded" else Decimal(0)
            rows = await self._booked(order)
            assert sum(rows) == has * 100, (found, payment)
            if payment is not None and payment.status == "succeeded":
                whole = payment.refunded == payment.amount
                assert found.status is (PaymentStatus.refunded if whole else PaymentStatus.posted)
        assert len(world.bank.payments) == len(world.bank.by_key)
        for charge in await history(world, charges.c.order_id != ""):
            key = world.bank.by_key.get(charge.order_id)  # none where the bank never heard of it
            taken = key is not None and world.bank.payments[key].status == "succeeded"
            assert (charge.status is ChargeStatus.done) == taken, charge

    async def _booked(self, order: PaymentOrder) -> list[int]:
        query = (
            select(booked)
            .join(postings, postings.c.external_id == booked.c.external_id)
            .where(postings.c.order_id == order.id, postings.c.posted_at.is_not(None))
        )
        rows = await self.world.database.read(lambda c: c.execute(query).all())
        return [row.amount if row.kind == "payment" else -row.amount for row in rows]


TestPayments = Payments.TestCase
TestPayments.settings = settings(
    max_examples=10,
    stateful_step_count=20,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
