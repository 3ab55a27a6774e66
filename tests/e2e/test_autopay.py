"""Auto-payment over real sockets, the clock moved as on the demo's panel: set up, announced, charged, switched off."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from core.billing.tables import accounts
from core.payments.autopay.tables import rules
from tests.e2e.world import PATIENCE, Phone, World, open_world, sqlite_in

OWES = "+79000000002"


@pytest.mark.parametrize("messenger", ["telegram", "viber"])
async def test_the_account_pays_itself(tmp_path: Path, messenger: str) -> None:
    async with open_world(sqlite_in(tmp_path), bank=True, autopay=True) as world:
        anna = world.person(messenger, OWES)
        await anna.register()
        await anna.press("🔗 Link it")
        await anna.sees("✅")
        anna.say("/autopay")
        await anna.press("➕ Set up auto-payment")
        await anna.press("📈 When the debt has grown")
        await anna.sees("From which debt on shall I pay it?")
        anna.say("300")
        await anna.sees("How much a month at most?")
        anna.say("2000")
        await anna.sees("Please read what will happen")
        await anna.press("✅ I agree")
        await anna.sees("One payment, and auto-payment is on")
        assert world.sandbox.viber.faults == []
        await _pay(world)
        await anna.sees("✅ Auto-payment is on")
        await _owe(world, 50000)
        await _until(world, anna, "⏰ Auto-payment", timedelta(hours=1))
        assert world.sandbox.viber.faults == []
        assert not [one for one in world.sandbox.bank.payments.values() if one.card]
        await _until(world, anna, "is paid", timedelta(hours=13))
        [charge] = [one for one in world.sandbox.bank.payments.values() if one.card]
        assert str(charge.amount) == "500.00"
        await _owe(world, 50000)
        await _until(world, anna, "⏰ Auto-payment", timedelta(hours=13))
        await anna.press("⏹ Switch auto-payment off")
        await anna.sees("⏹ Auto-payment is off")
        anna.act()
        for _ in range(3):
            await world.move(timedelta(days=1))
            await world.program.scheduler.get_job("autopay").func()
        assert len([one for one in world.sandbox.bank.payments.values() if one.card]) == 1
        await anna.hears_nothing()


async def _pay(world: World) -> None:
    """Follows the link to the bank's page, which remembers the card."""
    subscriber = await world.program.database.read(lambda c: c.execute(rules.select()).one().subscriber_id)
    [order] = await world.program.services.payments.of_subscriber(subscriber, 1)
    pressed = await world.http.post(world.program.services.payments.link(order))
    bank = pressed.headers["location"]
    assert "Запомнить эту карту" in (await world.http.get(bank)).text
    await world.http.post(bank, data={"act": "pay", "keep": "1"})


async def _owe(world: World, minor: int) -> None:
    change = update(accounts).where(accounts.c.number == "7700100218").values(balance=accounts.c.balance - minor)
    await world.program.database.write(lambda c: c.execute(change))


async def _until(world: World, anna: Phone, said: str, by: timedelta) -> None:
    """Moves the clock until it is said; the program's own job does the rest."""
    anna.act()

    def there() -> bool:
        return any(said in bubble.text for bubble in anna.new)

    for _ in range(60):
        if await _within(world, there, 0.3):
            return
        await world.move(by)
        await world.program.scheduler.get_job("autopay").func()  # at once, instead of within five seconds
    await anna.until(there, said)


async def _within(world: World, condition: Callable[[], bool], seconds: float) -> bool:
    try:
        await world.sandbox.until(condition, min(seconds, PATIENCE))
    except TimeoutError:
        return False
    return True
