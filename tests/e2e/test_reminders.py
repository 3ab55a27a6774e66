"""A debt comes to its person by itself: three days before the due date, in the morning and not at night, once."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from core.payments.tables import orders
from tests.e2e.world import Phone, World, open_world, sqlite_in

OWES, ACCOUNT = "+79000000002", "7700100218"
MOSCOW = ZoneInfo("Europe/Moscow")


async def go_to(world: World, moment: datetime) -> None:
    """Moves the clock, and lets the reminders do what their job does each minute."""
    await world.move(moment - world.clock.now())
    await world.program.reminders.tick()
    await world.send_what_is_due()


async def test_a_reminder_waits_for_the_morning_and_comes_once(world: World) -> None:
    anna = world.telegram(OWES)
    await anna.register()
    await anna.press("🔗 Link it")
    await anna.sees("✅")
    [owed] = await world.billing.overviews([ACCOUNT])
    assert owed.due is not None
    evening = datetime.combine(owed.due - timedelta(days=3), time(22), MOSCOW)
    anna.act()
    await go_to(world, evening)
    await anna.hears_nothing()
    await go_to(world, evening + timedelta(hours=10))  # 8 in the morning
    await anna.hears_nothing()
    await go_to(world, evening + timedelta(hours=21, minutes=59))  # the last minute of the allowed hours
    reminder = await anna.sees("To pay: {sum}", sum="")
    assert "840" in reminder.text
    await go_to(world, world.clock.now() + timedelta(seconds=30))
    assert len(anna.new) == 1
    await anna.press("✅ I have paid")
    await anna.sees("The billing does not show the payment yet.")
    anna.act()
    world.billing.mode = "down"
    await go_to(world, world.clock.now() + timedelta(days=3))
    await anna.hears_nothing()


async def noon_before(world: World, days: int) -> datetime:
    """Noon in Moscow, so many days before the bill falls due."""
    [owed] = await world.billing.overviews([ACCOUNT])
    assert owed.due is not None
    return datetime.combine(owed.due - timedelta(days=days), time(12), MOSCOW)


async def reminded(world: World, phone: Phone) -> None:
    """It is three days before the due date, and the allowed hours come to their end."""
    await go_to(world, await noon_before(world, 3))
    await go_to(world, world.clock.now() + timedelta(hours=7, minutes=59))
    reminder = await phone.sees("To pay: {sum}", sum="")
    assert "840" in reminder.text
    assert world.sandbox.viber.faults == []


@pytest.mark.parametrize("messenger", ["telegram", "viber"])
async def test_paid_from_the_reminder_and_nothing_more_comes(tmp_path: Path, messenger: str) -> None:
    async with open_world(sqlite_in(tmp_path), bank=True, reminder_budget=1000, reminder_viber_price="2.50") as world:
        anna = world.person(messenger, OWES)
        await anna.register()
        await anna.press("🔗 Link it")
        await anna.sees("✅")
        due = await noon_before(world, 0)
        anna.act()
        await reminded(world, anna)
        assert len(anna.new) == 1
        await anna.press("💳 Pay")
        ready = await anna.sees("The link holds until")  # one tap
        assert "7700 1002 18" in ready.text
        payer = await world.program.database.read(lambda c: c.execute(select(orders.c.subscriber_id)).scalar_one())
        [order] = await world.program.services.payments.of_subscriber(payer, 1)
        pressed = await world.http.post(world.program.services.payments.link(order))
        await world.http.post(pressed.headers["location"], data={"act": "pay"})
        await anna.sees("✅ Paid: {sum}. Thank you!", sum="840.00\u00a0RUB")
        anna.act()
        for days in (0, 3, 7, 12):
            await go_to(world, due + timedelta(days=days))
            await go_to(world, world.clock.now() + timedelta(hours=7, minutes=59))
            await anna.hears_nothing()


async def test_of_two_messengers_the_one_that_costs_nothing(tmp_path: Path) -> None:
    """Days after the last word Viber would cost; within a day of it, it is where the person was last."""
    async with open_world(sqlite_in(tmp_path)) as world:
        telegram, viber = world.telegram(OWES), world.viber(OWES)
        await telegram.register()
        await telegram.press("🔗 Link it")
        await telegram.sees("✅")
        await viber.prove_phone()
        await viber.sees("✅")
        telegram.act()
        viber.act()
        await reminded(world, telegram)
        await viber.hears_nothing()
        due = await noon_before(world, 0)
        await go_to(world, due - timedelta(hours=3))
        viber.say("/menu")
        await viber.sees("What would you like to know?")
        viber.act()
        telegram.act()
        await go_to(world, due + timedelta(hours=7, minutes=59))
        assert "840" in (await viber.sees("To pay: {sum}", sum="")).text
        await telegram.hears_nothing()
