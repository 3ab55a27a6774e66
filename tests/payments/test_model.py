"""Any interleaving of payers, notices, faults and kills: in the end the billing has what the bank has, each once."""

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

from core.billing.models import AccountNumber
from core.billing.tables import postings as booked
from core.delivery import tasks
from core.errors import OutsideUnavailable
from core.money import Money
from core.payments.models import FINISHED, PaymentOrder, PaymentStatus
from core.payments.service import sweep
from core.payments.tables import postings
from fsm.state import Registry
from tests.payments.conftest import OTHER, OWN, World, open_world
from tests.support.dialogue import sqlite_url

T = TypeVar("T")
_registry = Registry()


class Payments(RuleBasedStateMachine):
    """Orders are picked by their place in ``world.orders``, modulo their number."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.folder = Path(tempfile.mkdtemp())
        self.lost_answers = 0
        self.world: World

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
        for days in (1, 1, 1, 1, 1, 7, 31):
            await world.pass_time(timedelta(minutes=45))
            await world.pass_time(timedelta(days=days))
        for order in world.orders:
            found = await world.load(order)
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
