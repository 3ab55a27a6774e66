"""Rules of auto-payment without the conversation that makes them, and what became of their charges."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import insert, select, update

from bot.sandbox.bank.service import BankPayment, Card
from core.billing.tables import accounts
from core.ids import new_id
from core.payments.autopay import store
from core.payments.autopay.models import Charge, Draft, Rule, Trigger
from core.payments.autopay.tables import charges, means, rules
from tests.payments.conftest import OTHER, World, rub


async def a_card(world: World, subscriber: str) -> str:
    """A card that the bank keeps, and its id here."""
    now = world.clock.now()
    reference, means_id = new_id(now), new_id(now)
    world.bank.cards[reference] = Card(reference, f"Mir •• {4444 + len(world.bank.cards)}")
    row = {
        "id": means_id,
        "subscriber_id": subscriber,
        "provider": "sandbox",
        "reference": reference,
        "title": world.bank.cards[reference].title,
        "order_id": new_id(now),
        "created_at": now,
    }
    await world.database.write(lambda c: c.execute(insert(means), row))
    return means_id


async def a_rule(
    world: World,
    subscriber: str,
    account: str = OTHER,
    *,
    due_on: date | None = None,
    limit: str = "3000",
    card: str = "",
    chat: str = "telegram:4242424242",
) -> Rule:
    """At a debt of 100, or on a day of the month."""
    by_day = due_on is not None
    draft = Draft(
        account,
        Trigger.day if by_day else Trigger.debt,
        rub(limit),
        day=due_on.day if due_on is not None else 0,
        threshold=None if by_day else rub("100"),
    )
    write = world.house.services.autopay.begin(subscriber, chat, draft, card or await a_card(world, subscriber), due_on)
    await world.database.write(write.apply)
    found = await world.house.services.autopay.rule_for(subscriber, account)
    assert found is not None
    return found


async def reload(world: World, rule: Rule) -> Rule:
    found = await world.database.read(store.load_rule, rule.id)
    assert found is not None
    return found


async def history(world: World, *which: Any) -> list[Charge]:
    """The oldest first."""
    query = select(charges.c.id).where(*which).order_by(charges.c.created_at, charges.c.id)
    ids = await world.database.read(lambda c: list(c.execute(query).scalars()))
    found = [await world.database.read(store.load_charge, one) for one in ids]
    return [one for one in found if one is not None]


async def owe(world: World, account: str = OTHER, minor: int = 50000) -> None:
    """The billing charges something, or forgives it."""
    change = update(accounts).where(accounts.c.number == account).values(balance=accounts.c.balance - minor)
    await world.database.write(lambda c: c.execute(change))


def charged(world: World) -> list[BankPayment]:
    """What the bank has taken from kept cards."""
    return [one for one in world.bank.payments.values() if one.card and one.status == "succeeded"]


living = rules.c.status != "off"
