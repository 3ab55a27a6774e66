"""A payment reaches the billing once, whatever the bank and the network do."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from core.delivery.tables import tasks
from core.payments import store
from core.payments.models import PaymentStatus, TroubleKind
from core.payments.tables import notices
from tests.payments.conftest import OTHER, OWN, World


@pytest.fixture
def database_address(database_url: str) -> str:
    """On SQLite and on PostgreSQL."""
    return database_url


async def test_paid_once_and_posted_once(world: World) -> None:
    before = await world.balance()
    order = await world.order()
    payment = await world.open(order)
    world.bank.act(payment, "pay")
    await world.settle()
    assert (await world.load(order)).status is PaymentStatus.posted
    assert await world.booked() == 35000
    assert await world.balance() == before + 35000


async def test_a_notice_that_comes_five_times_counts_once(world: World) -> None:
    world.bank.faults.repeat = 5
    order = await world.order()
    world.bank.act(await world.open(order), "twice")
    await world.settle()
    assert await world.booked() == 35000
    stored = await world.database.read(lambda c: c.execute(select(notices)).all())
    assert sorted(row.repeats for row in stored) == [4, 4]


async def test_without_any_notice_the_bank_is_asked(world: World) -> None:
    world.bank.faults.lost = True
    order = await world.order()
    world.bank.act(await world.open(order), "pay")
    await world.settle()
    assert await world.booked() == 0
    await world.pass_time(timedelta(minutes=2))
    assert await world.booked() == 35000


async def test_opened_at_the_bank_once_though_it_answers_500(world: World) -> None:
    world.bank.faults.fails_after_creating = 2
    order = await world.order()
    await world.web.post(f"/pay/{world.links.token(order.id)}")
    await world.settle()
    assert (await world.load(order)).status is PaymentStatus.opening
    await world.pass_time(timedelta(minutes=2))
    assert (await world.load(order)).status is PaymentStatus.open
    assert len(world.bank.payments) == 1


async def test_a_notice_that_comes_before_our_own_answer(world: World) -> None:
    world.bank.faults.fails_after_creating = 1
    order = await world.order()
    await world.web.post(f"/pay/{world.links.token(order.id)}")
    await world.settle()
    [payment] = world.bank.payments.values()
    assert (await world.load(order)).provider_payment_id == ""
    world.bank.act(payment, "pay")
    await world.settle()
    assert (await world.load(order)).status is PaymentStatus.posted
    assert await world.booked() == 35000


async def test_pressing_twice_makes_one_payment(world: World) -> None:
    order = await world.order()
    for _ in range(3):
        await world.web.post(f"/pay/{world.links.token(order.id)}")
    await world.settle()
    await world.web.post(f"/pay/{world.links.token(order.id)}")
    await world.settle()
    assert len(world.bank.payments) == 1


async def test_money_that_comes_after_the_end_is_taken_all_the_same(world: World) -> None:
    order = await world.order()
    payment = await world.open(order)
    payment.late_at = world.clock.now() + timedelta(hours=30)
    await world.pass_time(timedelta(hours=25))
    assert (await world.load(order)).status is PaymentStatus.expired
    await world.pass_time(timedelta(hours=6))
    assert (await world.load(order)).status is PaymentStatus.posted
    assert await world.booked() == 35000


async def test_what_is_not_paid_in_time_is_stopped_at_the_bank(world: World) -> None:
    order = await world.order()
    payment = await world.open(order)
    await world.pass_time(timedelta(hours=25))
    assert (await world.load(order)).status is PaymentStatus.expired
    assert payment.status == "cancelled"
    assert await world.booked() == 0


async def test_another_sum_is_put_aside_and_never_credited(world: World) -> None:
    world.bank.faults.lies_about_amount = Decimal("0.01")
    order = await world.order()
    world.bank.act(await world.open(order), "pay")
    await world.settle()
    assert (await world.load(order)).status is PaymentStatus.aside
    [trouble] = await world.database.read(store.open_troubles)
    assert trouble.kind is TroubleKind.amount
    assert "350.01" in trouble.said
    await world.pass_time(timedelta(days=3))
    assert await world.booked() == 0
    assert len(await world.database.read(store.open_troubles)) == 1


async def test_another_account_is_put_aside(world: World) -> None:
    order = await world.order()
    payment = await world.open(order)
    payment.accounts = [OTHER]
    world.bank.act(payment, "pay")
    await world.settle()
    [trouble] = await world.database.read(store.open_troubles)
    assert trouble.kind is TroubleKind.account
    assert await world.booked() == await world.booked(OTHER) == 0


async def test_several_accounts_get_their_parts(world: World) -> None:
    order = await world.order((OWN, "100"), (OTHER, "250.50"))
    world.bank.act(await world.open(order), "pay")
    await world.settle()
    assert (await world.booked(), await world.booked(OTHER)) == (10000, 25050)


async def test_refunds_are_posted_part_by_part_and_once(world: World) -> None:
    order = await world.order((OWN, "100"), (OTHER, "50"))
    payment = await world.open(order)
    world.bank.act(payment, "pay")
    await world.settle()
    world.bank.refund(payment, Decimal(120))
    world.bank.faults.repeat = 3
    await world.settle()
    assert (await world.booked(), await world.booked(OTHER)) == (0, 3000)
    world.bank.refund(payment, Decimal(30))
    await world.settle()
    assert (await world.booked(), await world.booked(OTHER)) == (0, 0)
    assert (await world.load(order)).status is PaymentStatus.refunded


async def test_a_refund_without_a_notice_is_found(world: World) -> None:
    order = await world.order()
    payment = await world.open(order)
    world.bank.act(payment, "pay")
    await world.settle()
    world.bank.faults.lost = True
    world.bank.refund(payment, Decimal(350))
    await world.pass_time(timedelta(days=1, minutes=1))
    assert await world.booked() == 0
    assert (await world.load(order)).status is PaymentStatus.refunded


async def test_while_the_billing_is_away_the_money_waits(world: World) -> None:
    world.billing.mode = "down"
    order = await world.order()
    world.bank.act(await world.open(order), "pay")
    await world.settle()
    assert (await world.load(order)).status is PaymentStatus.paid
    await world.pass_time(timedelta(hours=2))
    assert await world.booked() == 0
    world.billing.mode = "ok"
    await world.pass_time(timedelta(hours=1))
    assert (await world.load(order)).status is PaymentStatus.posted
    assert await world.booked() == 35000


async def test_a_declined_payment_can_still_be_paid_if_the_bank_says_so(world: World) -> None:
    order = await world.order()
    payment = await world.open(order)
    world.bank.act(payment, "decline")
    await world.settle()
    assert (await world.load(order)).status is PaymentStatus.cancelled
    payment.status = "pending"
    world.bank.act(payment, "pay")
    await world.settle()
    assert await world.booked() == 35000


async def test_no_task_fails(world: World) -> None:
    order = await world.order()
    world.bank.act(await world.open(order), "pay")
    await world.settle()
    failed = select(func.count()).where(tasks.c.status == "failed")
    assert await world.database.read(lambda c: c.execute(failed).scalar_one()) == 0
