"""The sender's patience: limits of a chat and of a whole bot, back-off, and leases that run out."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import insert, select

from core.clock import ManualClock
from core.database import Database
from core.delivery.commit import Post, outbox_row
from core.delivery.messages import OutgoingMessage, Priority
from core.delivery.outbox import LEASE
from core.delivery.tables import outbox
from handlers.channel import DeliveryError, TryLater, Undeliverable
from handlers.pace import Pace
from handlers.sender import PATIENCE, Sender
from tests.support.dialogue import TELEGRAM, VIBER, FakeChannel


def message(text: str) -> OutgoingMessage:
    return OutgoingMessage(((text, "plain"),))


class Mailroom:
    """A sender with two messengers, and what lies in its outbox."""

    def __init__(self, database: Database, clock: ManualClock, paces: dict[str, Pace] | None = None) -> None:
        self.database = database
        self.clock = clock
        self.telegram = FakeChannel("telegram", TELEGRAM)
        self.viber = FakeChannel("viber", VIBER)
        channels = {"telegram": self.telegram, "viber": self.viber}
        self.sender = Sender(database, clock, channels, lambda _language, turn: message(f"sorry, {turn}"), paces)

    async def put(self, chat: str, *texts: str, priority: Priority = Priority.reply) -> None:
        rows = [outbox_row(Post(chat, message(text), priority), "turn", self.clock.now()) for text in texts]
        await self.database.write(lambda c: c.execute(insert(outbox), rows))

    def fails(self, error: DeliveryError | None) -> None:
        self.telegram.failure = lambda _address, _message: error

    @property
    def delivered(self) -> list[str]:
        return [message.text for _address, message in self.telegram.delivered]

    async def statuses(self) -> list[str]:
        return await self.database.read(
            lambda c: list(c.execute(select(outbox.c.status).order_by(outbox.c.id)).scalars())
        )


@pytest.fixture
def post(database: Database, clock: ManualClock) -> Mailroom:
    return Mailroom(database, clock)


async def test_a_chat_that_asks_to_wait_does_not_hold_up_the_others(post: Mailroom) -> None:
    post.telegram.failure = lambda address, _message: TryLater("429", 30) if address == "1" else None
    await post.put("telegram:1", "a", "b")
    await post.put("telegram:2", "c")
    await post.sender.drain()
    assert post.delivered == ["c"]
    post.fails(None)
    post.clock.move(timedelta(seconds=29))
    await post.sender.drain()
    assert post.delivered == ["c"]
    post.clock.move(timedelta(seconds=1))
    await post.sender.drain()
    assert post.delivered == ["c", "a", "b"]


async def test_a_bot_that_is_told_to_wait_rests_as_a_whole(post: Mailroom) -> None:
    tries = []

    def refuse(address: str, _message: OutgoingMessage) -> DeliveryError:
        tries.append(address)
        return TryLater("429", 30, whole_channel=True)

    post.telegram.failure = refuse
    await post.put("telegram:1", "a")
    await post.put("telegram:2", "b")
    await post.sender.drain()
    first = len(tries)
    await post.put("telegram:3", "c")
    await post.put("viber:1", "v")
    await post.sender.drain()
    assert len(tries) == first
    assert [m.text for _address, m in post.viber.delivered] == ["v"]
    post.fails(None)
    post.clock.move(timedelta(seconds=30))
    await post.sender.drain()
    assert sorted(post.delivered) == ["a", "b", "c"]


async def test_pauses_double_until_patience_ends(post: Mailroom) -> None:
    post.fails(TryLater("network"))
    await post.put("telegram:1", "a")
    for pause in (1, 2, 4, 8, 16):
        assert await post.sender.drain() == 1
        post.clock.move(timedelta(seconds=pause - 0.5))
        assert await post.sender.drain() == 0
        post.clock.move(timedelta(seconds=0.5))
    post.clock.move(PATIENCE)
    await post.sender.drain()
    assert (await post.statuses())[0] == "failed"


@pytest.mark.parametrize(("priority", "said"), [(Priority.reply, ["sorry, turn"]), (Priority.bulk, [])])
async def test_only_a_reply_is_answered_for(post: Mailroom, priority: Priority, said: list[str]) -> None:
    post.telegram.failure = lambda _address, m: Undeliverable("ugly") if m.text == "a" else None
    await post.put("telegram:1", "a", priority=priority)
    await post.sender.drain()
    assert post.delivered == said


async def test_a_fallback_has_no_fallback(post: Mailroom) -> None:
    post.fails(Undeliverable("ugly"))
    await post.put("telegram:1", "a")
    await post.sender.drain()
    assert await post.statuses() == ["failed", "failed"]


async def test_a_fault_of_ours_is_put_aside(post: Mailroom) -> None:
    def fault(_address: str, message: OutgoingMessage) -> DeliveryError | None:
        if message.text == "a":
            raise RuntimeError("cannot be drawn")
        return None

    post.telegram.failure = fault
    await post.put("telegram:1", "a", "b")
    await post.sender.drain()
    assert sorted(post.delivered) == ["b", "sorry, turn"]


async def test_a_messenger_that_is_switched_off(post: Mailroom) -> None:
    await post.put("pigeon:1", "a")
    await post.sender.drain()
    assert await post.statuses() == ["failed"]


async def test_nothing_is_sent_after_the_lease(database: Database, clock: ManualClock) -> None:
    post = Mailroom(database, clock)

    def slow(_address: str, _message: OutgoingMessage) -> DeliveryError | None:
        clock.move(LEASE)
        return None

    post.telegram.failure = slow
    await post.put("telegram:1", "a", "b")
    await post.sender._send_chat(*(await post.sender._claim())[0])
    assert post.delivered == ["a"]
    assert await post.statuses() == ["sent", "pending"]
    post.fails(None)
    await post.sender.drain()
    assert post.delivered == ["a", "b"]


async def test_a_gate_that_fails_holds_up_nobody(database: Database, clock: ManualClock) -> None:
    """A reminder whose right to go out cannot be found out waits its turn; it neither goes out nor blocks the chat."""
    post = Mailroom(database, clock)
    asked: list[str] = []

    async def gate(cause: str) -> str | None:
        asked.append(cause)
        if len(asked) == 1:
            raise RuntimeError("the database has gone away")
        return None

    channels = {"telegram": post.telegram}
    post.sender = Sender(database, clock, channels, lambda _language, turn: message(f"sorry, {turn}"), gate=gate)
    await post.put("telegram:1", "reminder", priority=Priority.bulk)
    await post.sender.drain()
    assert post.delivered == []
    clock.move(timedelta(seconds=2))
    await post.sender.drain()
    assert post.delivered == ["reminder"]


class Time:
    """Passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


async def test_pace_lets_a_second_burst_and_then_keeps_the_rate() -> None:
    time = Time()
    pace = Pace(10, monotonic=time, sleep=time.sleep)
    for _ in range(10):
        await pace.turn()
    assert time.now == 0
    for _ in range(20):
        await pace.turn()
    assert time.now == pytest.approx(2.0)


async def test_pace_leaves_room_for_replies() -> None:
    time = Time()
    pace = Pace(10, monotonic=time, sleep=time.sleep)
    for _ in range(8):
        await pace.turn(bulk=True)
    assert time.now == 0
    await pace.turn()
    await pace.turn()
    assert time.now == 0
    await pace.turn(bulk=True)
    assert time.now == pytest.approx(0.3)
