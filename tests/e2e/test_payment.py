"""From "how much" to "paid, thank you" over real sockets: chat, our page, the bank's page, its notice, the chat."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select

from core.payments.tables import orders
from tests.e2e.world import World, open_world, sqlite_in

OWES = "+79000000002"


@pytest.mark.parametrize("messenger", ["telegram", "viber"])
async def test_paid_thank_you(tmp_path: Path, messenger: str) -> None:
    async with open_world(sqlite_in(tmp_path), bank=True) as world:
        anna = world.person(messenger, OWES)
        await anna.register()
        await anna.press("🔗 Link it")
        await anna.sees("✅")
        anna.say("/pay")
        await anna.sees("Account {number}", number="7700 1002 18")
        # A Viber button's words come without the spaces that hold a sum together.
        await anna.press("The debt: {sum}", sum="840.00\u00a0RUB" if messenger == "telegram" else "840.00 RUB")
        shown = await anna.sees("The link holds until")
        assert world.sandbox.viber.faults == [], shown.text
        [order] = await world.program.services.payments.of_subscriber(await _payer(world), 1)
        link = world.program.services.payments.link(order)
        assert "840" in (await world.http.get(link)).text
        pressed = await world.http.post(link)
        assert pressed.status_code == 303
        bank = pressed.headers["location"]
        assert bank.startswith(world.addresses.base_url)
        back = await world.http.post(bank, data={"act": "pay"})
        assert back.headers["location"].startswith(world.url)
        await anna.sees("✅ Paid: {sum}. Thank you!", sum="840.00\u00a0RUB")
        await anna.press("🧾 Receipt")
        assert "receipt-" in str(await anna.document())


async def _payer(world: World) -> str:
    query = select(orders.c.subscriber_id)
    found: str = await world.program.database.read(lambda c: c.execute(query).scalar_one())
    return found
