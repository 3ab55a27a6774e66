"""Payments among a person's data: shown, made nameless, and removed when nothing makes the operator keep them."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from sqlalchemy import select

from core.delivery import blobs
from core.housekeeping import tidy
from core.payments.models import PaymentStatus
from core.payments.tables import notices, orders, promises
from fsm.action import encode
from fsm.actions import OpenPrivacy, OpenPromise
from tests.payments.conftest import OTHER, OWN, Register, World
from tests.support.dialogue import Person

YEARS = 3


@pytest.fixture
def database_address(database_url: str) -> str:
    return database_url


async def forget(person: Person) -> None:
    await person.press_raw(encode(OpenPrivacy()))
    await person.press("Forget me")
    await person.press("Delete")
    await person.press("Yes, delete for good")
    assert "Your data are deleted" in person.text


async def ordered(world: World, person: Person, subscriber: str) -> str:
    """A paid order; its id."""
    chat = f"{person.channel}:{person.address}"
    order = await world.order((OWN, "100"), (OTHER, "50.50"), subscriber=subscriber, chat=chat)
    world.bank.act(await world.open(order), "pay")
    await world.settle()
    return order.id


async def test_my_data_shows_my_payments_and_nobody_elses(world: World, person: Person, register: Register) -> None:
    subscriber = await register(person, OWN, OTHER)
    number = await ordered(world, person, subscriber)
    await world.order(subscriber="another")
    await person.press_raw(encode(OpenPromise(OTHER)))
    await person.press("Yes, please")
    await person.press_raw(encode(OpenPrivacy()))
    await person.press("Show my data")
    file = next(one.attachment for one in person.said if one.attachment is not None)
    content, _ = await world.database.read(blobs.load, file.blob)
    shown = json.loads(content)["payments"]
    [order] = shown["orders"]
    assert (order["number"], order["status"], order["amount"], order["currency"]) == (number, "posted", "150.50", "RUB")
    assert order["accounts"] == [{"account": OWN, "amount": "100.00"}, {"account": OTHER, "amount": "50.50"}]
    [promise] = shown["promised"]
    assert (promise["account"], promise["status"]) == (OTHER, "granted")


async def test_forget_me_leaves_payments_without_a_person(world: World, person: Person, register: Register) -> None:
    subscriber = await register(person, OWN, OTHER)
    number = await ordered(world, person, subscriber)
    await forget(person)
    rows = await world.database.read(lambda c: c.execute(select(orders)).all())
    assert [(row.id, row.status, row.amount, row.chat_id, row.confirmation) for row in rows] == [
        (number, "posted", 15050, "", "")
    ]
    told = await world.database.read(lambda c: c.execute(select(notices)).all())
    assert [(row.body, row.payment, row.status) for row in told] == [("", "", "done")]
    assert person.address not in str(rows)


async def test_what_is_not_paid_yet_is_stopped(world: World, person: Person, register: Register) -> None:
    subscriber = await register(person, OWN)
    chat = f"{person.channel}:{person.address}"
    unopened = await world.order(subscriber=subscriber, chat=chat)
    opened = await world.order(subscriber=subscriber, chat=chat)
    payment = await world.open(opened)
    await forget(person)
    await world.settle()
    assert (await world.load(unopened)).status is PaymentStatus.cancelled
    assert not (await world.load(opened)).payable(world.clock.now())
    assert payment.status == "cancelled"
    assert "Your data are deleted" in person.text  # nothing more was said


async def test_money_that_comes_after_forgetting_is_booked_and_told_to_nobody(
    world: World, person: Person, register: Register
) -> None:
    subscriber = await register(person, OWN)
    order = await world.order(subscriber=subscriber, chat=f"{person.channel}:{person.address}")
    payment = await world.open(order)
    world.bank.faults.lost = True
    world.bank.act(payment, "pay")
    await forget(person)
    await world.pass_time(timedelta(hours=1))
    assert (await world.load(order)).status is PaymentStatus.posted
    assert await world.booked() == 35000
    assert "Your data are deleted" in person.text


async def test_housekeeping(world: World, person: Person, register: Register) -> None:
    subscriber = await register(person, OWN, OTHER)
    paid = await ordered(world, person, subscriber)
    theirs = await world.order(subscriber="another")
    world.bank.act(await world.open(theirs), "pay")
    await world.settle()
    await world.order(subscriber="another")  # never opened
    await person.press_raw(encode(OpenPromise(OTHER)))
    await person.press("Yes, please")
    await world.pass_time(timedelta(days=40))
    await forget(person)

    async def left() -> set[str]:
        return set(await world.database.read(lambda c: c.execute(select(orders.c.id)).scalars().all()))

    assert len(await left()) == 3
    await world.database.write(tidy, world.clock.now(), YEARS)
    assert len(await left()) == 3
    world.clock.move(timedelta(days=380))
    removed = await world.database.write(tidy, world.clock.now(), YEARS)
    assert removed["payments"] == 1
    assert await left() == {paid, theirs.id}
    world.clock.move(timedelta(days=366 * YEARS))
    await world.database.write(tidy, world.clock.now(), YEARS)
    assert await left() == {theirs.id}
    assert not await world.database.read(lambda c: c.execute(select(promises)).all())
