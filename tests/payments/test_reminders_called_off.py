"""A debt that is paid here is not reminded of: in the same commit in which "paid" is said."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, insert, select, update

from core.delivery.tables import outbox
from core.payments.models import PaymentStatus
from core.reminders.tables import reminders
from core.subscribers.tables import chats
from fsm.action import encode
from fsm.actions import OpenPayment
from tests.payments.conftest import OTHER, OWN, SUSPENDED, Register, World
from tests.support.dialogue import Person


@pytest.fixture
def database_address(database_url: str) -> str:
    return database_url


async def planned(world: World, subscriber: str, *numbers: str) -> None:
    now = world.clock.now()
    line = {"subscriber_id": subscriber, "bill": now.date(), "stage": "ahead", "status": "planned"}
    rows = [line | {"account": one, "due_at": now + timedelta(days=1), "planned_at": now} for one in numbers]
    await world.database.write(lambda c: c.execute(insert(reminders), rows))


async def record(world: World) -> dict[str, tuple[str, str]]:
    rows = await world.database.read(lambda c: c.execute(select(reminders)).all())
    return {row.account: (row.status, row.reason) for row in rows}


async def test_reminders_of_a_paid_debt_are_called_off(world: World, person: Person, register: Register) -> None:
    subscriber = await register(person, OTHER, SUSPENDED)
    await planned(world, subscriber, OTHER, SUSPENDED)
    await person.press_raw(encode(OpenPayment(OTHER)))
    await person.press("The debt")
    [payment] = [await world.open(order) for order in await world.house.services.payments.of_subscriber(subscriber)]
    world.bank.act(payment, "pay")
    together: list[tuple[bool, bool]] = []
    commit = world.house.database.write

    async def watched(fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        result = await commit(fn, *args, **kwargs)
        together.append(await world.database.read(seen))
        return result

    def seen(connection: Connection) -> tuple[bool, bool]:
        said = connection.execute(select(outbox.c.message).where(outbox.c.message.contains("Thank you!"))).all()
        query = select(reminders.c.status).where(reminders.c.account == OTHER)
        return bool(said), connection.execute(query).scalar_one() == "cancelled"

    world.database.write = watched  # type: ignore[method-assign]  # this very object's, for this test
    await world.settle()
    assert "Paid" in person.text
    assert (False, False) in together
    assert all(said == called_off for said, called_off in together)
    assert await record(world) == {OTHER: ("cancelled", "paid"), SUSPENDED: ("planned", "")}


async def test_a_part_of_the_debt_leaves_the_reminder(world: World, person: Person, register: Register) -> None:
    subscriber = await register(person, OTHER)
    await planned(world, subscriber, OTHER)
    order = await world.order((OTHER, "100"), subscriber=subscriber)
    world.bank.act(await world.open(order), "pay")
    await world.settle()
    assert (await world.load(order)).status is PaymentStatus.posted
    assert await record(world) == {OTHER: ("planned", "")}


async def test_whoever_signed_out_where_they_asked_is_told_where_they_are(
    world: World, person: Person, register: Register
) -> None:
    subscriber = await register(person, OWN)
    old = {"chat_id": "telegram:77", "channel": "telegram", "address": "77", "language": "en", "status": "active"}
    row = old | {"name": "Anna", "created_at": world.clock.now(), "subscriber_id": subscriber}
    await world.database.write(lambda c: c.execute(insert(chats).values(**row)))
    order = await world.order(subscriber=subscriber, chat="telegram:77")
    payment = await world.open(order)
    signed_out = update(chats).where(chats.c.chat_id == "telegram:77").values(subscriber_id=None)
    await world.database.write(lambda c: c.execute(signed_out))
    world.bank.act(payment, "pay")
    await world.settle()
    said = await world.database.read(lambda c: c.execute(select(outbox.c.chat_id)).scalars().all())
    assert set(said) == {f"{person.channel}:{person.address}"}
