"""Kills the process at each step of a payment, from the press on the page to the refund, and lets another go on."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from sqlalchemy import Connection, func, insert, select

from core.billing.demo import fill_demo
from core.billing.tables import postings as booked
from core.clock import ManualClock
from core.database import Database, metadata
from core.delivery.tables import outbox, tasks
from core.payments import store
from core.payments.links import PaymentLinks
from core.payments.models import PaymentLine, PaymentOrder, PaymentStatus
from core.payments.tables import postings, troubles
from core.subscribers.tables import chats, subscribers
from tests.durability.messenger import Nursery, Orders, every_step_of
from tests.payments.conftest import OPERATOR, OTHER, OURS, OWN, rub
from tests.payments.kills.outside import BankOutside
from tests.support.dialogue import SECRET

pytestmark = pytest.mark.slow

STEPS = {
    "asked",
    "answered, not heard",
    "after apply",
    "before claim",
    "after claim",
    "before POST payments",
    "after POST payments",
    "before _opened",
    "after _opened",
    "before booking",
    "after booking",
    "before booking back",
    "after booking back",
    "after _keep",
    "before GET payment",
    "after GET payment",
    "before _settle",
    "after _settle",
    "before _posted",
    "after _posted",
    "before _schedule",
    "after _schedule",
    "before finish",
    "after finish",
    "about to send",
    "sent, not recorded",
}
PAUSE = 400.0  # seconds: past all leases, and few orders an hour


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    opened = Nursery("tests.payments.kills.child")
    yield opened
    opened.close()


def test_killed_between_any_two_steps(database_url: str, nursery: Nursery) -> None:
    every = every_step_of(database_url)
    outside, links = BankOutside(), PaymentLinks(SECRET, OURS)
    with TemporaryDirectory() as folder, outside.listening(Path(folder) / "s") as socket:
        asyncio.run(_prepare(database_url, outside.clock))
        seen: set[str] = set()
        made: list[str] = []
        shift, survived, twice = 0.0, False, 0
        while not survived:
            order_id = f"{len(made):016}"
            asyncio.run(_order(database_url, order_id, outside.clock))
            made.append(order_id)
            outside.pressed = {f"/pay/{links.token(order_id)}": order_id}
            told = len(outside.texts)
            step = 1 + (len(made) - 1) * every
            outside.kill_at_step(step)
            status = nursery.run(Orders(database_url, socket, shift))
            assert status in (0, -9)
            survived = status == 0
            seen.update(outside.steps)
            killed_at, in_flight = outside.steps[-1], outside.in_flight
            outside.spare()
            shift += PAUSE
            outside.clock.move(timedelta(seconds=PAUSE))
            assert nursery.run(Orders(database_url, socket, shift)) == 0
            try:
                asyncio.run(_check(database_url, made, outside))
                news = outside.texts[told:]
                thanks = [text for text in news if "Thank you" in text]
                back = [text for text in news if "given back" in text]
                assert thanks, news
                assert back, news
                # A message may come twice if nobody wrote down that it was sent, and only then.
                again = len(news) - 2
                assert again == 0 or (again == 1 and in_flight), news
                twice += again
            except AssertionError as error:
                error.add_note(f"killed at step {step}: {killed_at}")
                raise
    assert seen >= STEPS, f"never reached: {STEPS - seen}"
    assert twice or every > 1, "the kill between sending and writing that down was never met"


async def _prepare(url: str, clock: ManualClock) -> None:
    now = clock.now()
    chat = {"chat_id": "telegram:42", "channel": "telegram", "address": "42", "language": "en", "status": "active"}

    def fill(connection: Connection) -> None:
        metadata.create_all(connection)
        fill_demo(connection, now.astimezone(OPERATOR.zone).date(), now=now)
        connection.execute(insert(subscribers).values(id="s", created_at=now))
        connection.execute(insert(chats).values(**chat, name="Anna", subscriber_id="s", created_at=now))

    database = Database(url)
    await database.write(fill)
    await database.close()


async def _order(url: str, order_id: str, clock: ManualClock) -> None:
    now = clock.now()
    lines = (PaymentLine(OWN, rub("100")), PaymentLine(OTHER, rub("50.50")))
    until = now + timedelta(hours=24)
    order = PaymentOrder(
        order_id, "s", "telegram:42", "sandbox", rub("150.50"), lines, PaymentStatus.created, now, until
    )
    database = Database(url)
    await database.write(store.add_order, order, until)
    await database.close()


async def _check(url: str, made: list[str], outside: BankOutside) -> None:
    """Everything is paid once, booked once, partly given back once; and nothing waits."""

    def read(connection: Connection) -> None:
        for order_id in made[-3:]:
            order = store.load(connection, order_id)
            assert order is not None
            assert (order.status, order.refunded) == (PaymentStatus.posted, rub("40"))
            known = [(one.account, one.kind.value, one.amount.minor) for one in store.postings_of(connection, order)]
            assert known == [(OWN, "payment", 10000), (OTHER, "payment", 5050), (OWN, "refund", 4000)]
        ids = set(connection.execute(select(postings.c.external_id)).scalars())
        in_billing = select(booked.c.external_id).where(booked.c.external_id.in_(ids))
        assert sorted(connection.execute(in_billing).scalars()) == sorted(ids)
        assert len(ids) == 3 * len(made)
        assert connection.execute(select(func.count()).select_from(troubles)).scalar_one() == 0
        assert connection.execute(select(func.count()).where(tasks.c.status != "done")).scalar_one() == 0
        assert connection.execute(select(func.count()).where(outbox.c.status != "sent")).scalar_one() == 0

    database = Database(url)
    await database.read(read)
    await database.close()
    assert len(outside.bank.payments) == len(made)
    assert {payment.taken for payment in outside.bank.payments.values()} == {1}
