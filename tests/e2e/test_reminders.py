"""A debt comes to its person by itself: three days before the due date, in the morning and not at night, once."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from tests.e2e.world import World

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
