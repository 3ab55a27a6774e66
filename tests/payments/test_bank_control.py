"""The bank's switches on the demo's panel do what they say."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.sandbox.bank.service import Card
from bot.sandbox.bank_control import BankControl
from bot.sandbox.shapes import Impossible, Json
from core.payments.models import PaymentStatus
from tests.payments.conftest import OTHER, OWN, World


@pytest.fixture
def control(world: World) -> BankControl:
    return BankControl(world.bank)


def choices(control: BankControl, name: str, param: str) -> list[str]:
    found: list[Json] = [one for one in control.describe() if one["name"] == name]
    [wanted] = [one for one in found[0]["params"] if one["name"] == param]
    return [one["value"] for one in wanted["choices"]]


async def test_every_state_of_the_bank_leads_to_one_payment(world: World, control: BankControl) -> None:
    for number, mode in enumerate(choices(control, "bank", "mode"), 1):
        assert str(control.switch({"mode": mode}))
        world.bank.faults.slow /= 1000  # a test does not wait
        order = await world.order(subscriber=mode)
        world.bank.act(await world.open(order), "pay")
        await world.settle()
        assert ((await world.load(order)).status is PaymentStatus.posted) == (mode != "lost")
        await world.pass_time(timedelta(minutes=2))
        assert (await world.load(order)).status is PaymentStatus.posted
        assert await world.booked() == 35000 * number


async def test_the_panel_shows_the_state(control: BankControl) -> None:
    for mode in choices(control, "bank", "mode"):
        control.switch({"mode": mode})
        lever = next(one for one in control.describe() if one["name"] == "bank")
        assert lever["params"][0]["default"] == mode


async def test_money_is_given_back_and_never_more(world: World, control: BankControl) -> None:
    assert control.describe()[1]["params"] == []
    order = await world.order((OWN, "100.01"), (OTHER, "50"))
    payment = await world.open(order)
    world.bank.act(payment, "pay")
    await world.settle()
    assert choices(control, "refund", "payment") == [payment.id]
    assert "75.01" in str(control.refund({"payment": payment.id, "share": "half"}))
    assert "75.00" in str(control.refund({"payment": payment.id, "share": "all"}))
    await world.settle()
    assert (await world.load(order)).status is PaymentStatus.refunded
    assert await world.booked() == await world.booked(OTHER) == 0
    with pytest.raises(Impossible):
        control.refund({"payment": payment.id, "share": "all"})
    assert control.describe()[1]["params"] == []


@pytest.mark.parametrize("given", [{}, {"payment": "x", "share": "all"}, {"mode": "sunny"}])
async def test_what_the_panel_never_sends(control: BankControl, given: dict[str, str]) -> None:
    with pytest.raises(Impossible):
        control.switch(given)
    with pytest.raises(Impossible):
        control.refund(given)


async def test_a_saved_card_that_stops_working(world: World, control: BankControl) -> None:
    assert next(one for one in control.describe() if one["name"] == "cards").get("params", []) == []
    card = world.bank.cards.setdefault("c1", Card("c1", "Mir •• 4444"))
    assert choices(control, "cards", "card") == ["c1"]
    for state in choices(control, "cards", "state"):
        assert str(control.card({"card": "c1", "state": state}))
        assert card.state == state
    for given in ({"card": "c2", "state": "ok"}, {"card": "c1", "state": "lost"}, {}):
        with pytest.raises(Impossible):
            control.card(given)
