"""Kills the process at each step of an auto-payment, from the announcement to the booking, and lets another go on."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from sqlalchemy import Connection, func, insert, select, update
from sqlalchemy.engine import make_url

from bot.sandbox.bank.service import Card
from core.billing.tables import accounts
from core.billing.tables import postings as booked
from core.database import Database
from core.delivery.tables import outbox, tasks
from core.payments.autopay.tables import charges, means, rules
from core.payments.tables import orders, troubles
from core.subscribers.tables import account_links
from tests.durability.messenger import Nursery, Orders
from tests.payments.conftest import OTHER
from tests.payments.kills.outside import BankOutside
from tests.payments.kills.test_kills import PAUSE, _prepare

pytestmark = pytest.mark.slow

DAY = timedelta(days=2).total_seconds()  # at the same hour: nothing is announced at night
ALL = bool(os.environ.get("ABONENT_ALL_KILLS"))
EVERY = {"sqlite": 1 if ALL else 8, "postgresql": 1 if ALL else 24}
"""A round has five lives: each eighth or 24th step; `make test-kills` takes them all."""

OWED = 10000  # minor units in each round
STEPS = {
    "announcing": {"after claim_rules", "before _weigh", "after _weigh", "about to send", "sent, not recorded"},
    "charging": {
        "after claim_charges",
        "before _begin",
        "after _begin",
        "before POST payments",
        "after POST payments",
        "before _charged",
        "after _charged",
        "before booking",
        "after booking",
        "before _posted",
        "after _posted",
        "about to send",
        "sent, not recorded",
    },
}


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    opened = Nursery("tests.payments.kills.child")
    yield opened
    opened.close()


@pytest.mark.parametrize("phase", ["announcing", "charging"])
def test_killed_between_any_two_steps(database_url: str, nursery: Nursery, phase: str) -> None:
    """Each round: more is owed, a day is announced, a day passes, it is charged; one of the lives ends early."""
    every = EVERY[make_url(database_url).get_backend_name()]
    outside = BankOutside(autopay=True)
    with TemporaryDirectory() as folder, outside.listening(Path(folder) / "s") as socket:
        asyncio.run(_prepare(database_url, outside.clock))
        asyncio.run(_switch_on(database_url, outside))
        seen: set[str] = set()
        shift, survived, rounds = 0.0, False, 0

        def live(after: float, *, kill_at: int = 0) -> bool:
            """Whether the process came to its end."""
            nonlocal shift
            shift += after
            outside.clock.move(timedelta(seconds=after))
            if kill_at:
                outside.kill_at_step(kill_at)
            status = nursery.run(Orders(database_url, socket, shift))
            assert status in ((0, -9) if kill_at else (0,))
            return status == 0

        while not survived:
            rounds += 1
            step = 1 + (rounds - 1) * every
            asyncio.run(_owe(database_url))
            told = len(outside.texts)
            if phase == "charging":
                live(DAY)  # announced in peace
            survived = live(DAY, kill_at=step)
            seen.update(outside.steps)
            killed_at, in_flight = outside.steps[-1], outside.in_flight
            outside.spare()
            live(PAUSE)
            if phase == "announcing":
                live(DAY)
            live(DAY)
            try:
                asyncio.run(_check(database_url, outside, rounds))
                news = outside.texts[told:]
                again = len(news) - 2  # the announcement, and "is paid"
                assert again == 0 or (again == 1 and in_flight), news
                assert "Auto-payment: 100.00" in news[0].replace("\u00a0", " ")
                assert "is paid" in news[-1]
            except AssertionError as error:
                error.add_note(f"killed at step {step}: {killed_at}")
                raise
    assert seen >= STEPS[phase], f"never reached: {STEPS[phase] - seen}"


async def _switch_on(url: str, outside: BankOutside) -> None:
    now = outside.clock.now()
    outside.bank.cards["card"] = Card("card", "Mir •• 4444")
    link = {"id": "l", "subscriber_id": "s", "account_number": OTHER, "role": "owner", "nickname": "", "proof": "phone"}
    card = {"id": "m", "subscriber_id": "s", "provider": "sandbox", "reference": "card", "title": "Mir •• 4444"}
    rule = {"id": "r", "subscriber_id": "s", "account": OTHER, "chat_id": "telegram:42", "means_id": "m"}
    terms = {"trigger": "debt", "currency": "RUB", "threshold": 5000, "month_limit": 90_000_00, "status": "active"}

    def fill(connection: Connection) -> None:
        connection.execute(insert(account_links).values(**link, created_at=now))
        connection.execute(insert(means).values(**card, order_id="o", created_at=now))
        connection.execute(insert(rules).values(**rule, **terms, look_at=now, created_at=now))
        connection.execute(update(accounts).where(accounts.c.number == OTHER).values(balance=0))

    database = Database(url)
    await database.write(fill)
    await database.close()


async def _owe(url: str) -> None:
    more = update(accounts).where(accounts.c.number == OTHER).values(balance=accounts.c.balance - OWED)
    database = Database(url)
    await database.write(lambda c: c.execute(more))
    await database.close()


async def _check(url: str, outside: BankOutside, rounds: int) -> None:
    """Charged once a round, booked once, nothing owed; and nothing waits."""

    def read(connection: Connection) -> None:
        made = connection.execute(select(charges)).all()
        assert [row.status for row in made] == ["done"] * rounds
        statuses = connection.execute(select(orders.c.status)).scalars()
        assert list(statuses) == ["posted"] * rounds
        assert connection.execute(select(func.sum(booked.c.amount))).scalar_one() == OWED * rounds
        assert connection.execute(select(accounts.c.balance).where(accounts.c.number == OTHER)).scalar_one() == 0
        assert connection.execute(select(func.count()).select_from(troubles)).scalar_one() == 0
        assert connection.execute(select(func.count()).where(tasks.c.status != "done")).scalar_one() == 0
        assert connection.execute(select(func.count()).where(outbox.c.status != "sent")).scalar_one() == 0

    database = Database(url)
    await database.read(read)
    await database.close()
    assert len(outside.bank.payments) == rounds
    assert {payment.taken for payment in outside.bank.payments.values()} == {1}
