"""Whoever wants no word of payments that have arrived gets none, and hears of everything else."""

from __future__ import annotations

from decimal import Decimal

from core.payments.models import PaymentStatus
from core.reminders import prefs
from tests.payments.conftest import OTHER, Register, World
from tests.support.dialogue import Person


async def test_paid_is_not_told_to_whom_switched_it_off(world: World, person: Person, register: Register) -> None:
    subscriber = await register(person, OTHER)
    await world.database.write(prefs.change(subscriber, receipts=False).apply)
    chat = f"{person.channel}:{person.address}"
    order = await world.order((OTHER, "100"), subscriber=subscriber, chat=chat)
    payment = await world.open(order)
    world.bank.act(payment, "pay")
    await world.settle()
    assert (await world.load(order)).status is PaymentStatus.posted
    assert not any("Paid" in message.text for message in person.said)
    world.bank.refund(payment, Decimal(100))
    await world.settle()
    assert "Money was given back" in person.text
