"""Paying by a QR code of bank details: nobody tells us of the money, and nothing is claimed about it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from bot.integrations.payments.gost_qr import BankTransfer
from core.payments import store
from core.payments.models import PaymentStatus
from fsm.action import encode
from fsm.actions import OpenPayment, OpenPayments
from fsm.flows.payment_order import CheckPayment
from fsm.state import Registry
from tests.payments.conftest import OTHER, Register, World, open_world
from tests.payments.test_gost_qr import DETAILS
from tests.support.dialogue import Person

DAYS = 4


@pytest.fixture
async def world(database_address: str, registry: Registry) -> AsyncIterator[World]:
    async with open_world(database_address, registry, BankTransfer(DETAILS, "For", timedelta(days=DAYS))) as opened:
        yield opened


async def scan(world: World, person: Person, register: Register) -> str:
    subscriber = await register(person, OTHER)
    await person.press_raw(encode(OpenPayment(OTHER)))
    await person.press("The debt")
    await person.press("QR code")
    assert person.message.attachment is not None
    assert "I cannot see it earlier" in person.text
    [order] = await world.house.services.payments.of_subscriber(subscriber)
    return order.id


async def test_it_waits_for_days_and_ends_without_a_word(world: World, person: Person, register: Register) -> None:
    order_id = await scan(world, person, register)
    said = person.text
    await world.pass_time(timedelta(days=DAYS) - timedelta(minutes=1))
    await person.press("The payment")
    assert "waiting for payment" in person.text
    assert "when the bank has passed it on" in person.text
    assert not any("Check now" in label for label in person.labels)
    shown = person.text
    await world.pass_time(timedelta(minutes=2))
    assert person.text == shown
    assert "expired" not in said + shown
    await person.press_raw(encode(OpenPayments()))
    await person.press("⌛")
    assert "nothing is lost" in person.text
    await person.press_raw(encode(CheckPayment(order_id)))
    assert "asked the bank" not in person.text


async def test_nobody_is_asked_again_and_again(world: World, person: Person, register: Register) -> None:
    order_id = await scan(world, person, register)
    for _ in range(10):
        await world.pass_time(timedelta(hours=12))
    order = await world.database.read(store.load, order_id)
    assert order is not None
    assert order.status is PaymentStatus.expired
    assert await world.database.read(store.attended, order_id) <= 2


async def test_called_off(world: World, person: Person, register: Register) -> None:
    await scan(world, person, register)
    await person.press("The payment")
    await person.press("Cancel the payment")
    await world.pass_time(timedelta(days=DAYS + 1))
    assert "The payment is cancelled" in person.text
