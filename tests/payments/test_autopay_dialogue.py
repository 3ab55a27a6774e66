"""Auto-payment as people meet it, in both messengers: set up, announced, charged, refused, switched off."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from bot.sandbox.bank.service import BankPayment
from core.payments.autopay.models import Rule, RuleStatus
from core.payments.autopay.tables import rules
from core.payments.tables import orders
from fsm.action import encode
from fsm.actions import (
    OpenAccount,
    OpenAutopay,
)
from tests.payments.conftest import OTHER, Register, World
from tests.support.dialogue import Person

DAY = timedelta(days=1)


async def set_up(world: World, person: Person, account: str = OTHER, *, day: str = "15", act: str = "pay") -> None:
    """By day, with a new card: from the account's screen to the end of the payment that saves the card."""
    await person.press_raw(encode(OpenAccount(account)))
    await person.press("Auto-payment")
    await person.press("Set up auto-payment")
    await person.press("On a day of the month")
    await person.say(day)
    await person.press("3,000.00")
    assert "Please read what will happen" in person.text
    await person.press("I agree")
    assert "One payment, and auto-payment is on" in person.text
    await pay_link(world, act)


async def pay_link(world: World, act: str = "pay") -> BankPayment:
    """Follows the newest link."""
    query = select(orders.c.id).order_by(orders.c.created_at.desc(), orders.c.id.desc()).limit(1)
    order_id = await world.database.read(lambda c: c.execute(query).scalar_one())
    await world.web.post(f"/pay/{world.links.token(order_id)}")
    await world.settle()
    payment = world.bank.payments[world.bank.by_key[order_id]]
    world.bank.act(payment, act)
    await world.settle()
    return payment


async def the_rule(world: World) -> Rule:
    from core.payments.autopay import store

    [found] = await world.database.read(lambda c: store.find_rules(c, rules.c.status != "off"))
    return found


async def owe(world: World, account: str = OTHER, amount: int = 50000) -> None:
    """The billing charges something."""
    from sqlalchemy import update

    from core.billing.tables import accounts

    change = update(accounts).where(accounts.c.number == account).values(balance=accounts.c.balance - amount)
    await world.database.write(lambda c: c.execute(change))


async def until_announced(world: World, person: Person) -> None:
    """Hour by hour, as the job runs."""
    for _ in range(24 * 40):
        before = len(person._all())
        await world.pass_time(timedelta(hours=1))
        if len(person._all()) > before and "Auto-payment:" in person.text:
            return
    raise AssertionError(f"nothing was announced: {person.text}")


def charged(world: World) -> list[BankPayment]:
    return [one for one in world.bank.payments.values() if one.card and one.status == "succeeded"]


async def test_from_the_account_to_a_charge(world: World, person: Person, register: Register) -> None:
    await register(person, OTHER)
    await set_up(world, person)
    assert "Auto-payment is on" in "\n".join(one.text for one in person.said)
    assert await world.booked(OTHER) == 84000
    rule = await the_rule(world)
    assert rule.status is RuleStatus.active
    await owe(world)
    await until_announced(world, person)
    assert "500.00" in person.text and "Mir •• 4444" in person.text
    announced_at = world.clock.now()
    assert charged(world) == []
    await world.pass_time(timedelta(hours=23))
    assert charged(world) == []
    await world.pass_time(timedelta(hours=5))
    [payment] = charged(world)
    assert str(payment.amount) == "500.00"
    assert payment.paid_at is not None and payment.paid_at >= announced_at + DAY
    assert await world.booked(OTHER) == 84000 + 50000
    assert "Auto-payment:" in person.text and "is paid" in person.text
    assert "Nothing more to pay." in person.text
    await person.press_raw(encode(OpenAutopay(OTHER)))
    assert "charged" in person.text
    print(person.text, person.labels)
