"""A message of several parts: whatever stops it in the middle, a retry goes on with the part that is missing."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import insert, select, update

from core.clock import ManualClock
from core.database import Database
from core.delivery.commit import Post, outbox_row
from core.delivery.messages import OutgoingMessage
from core.delivery.outbox import LEASE
from core.delivery.progress import Progress, read
from core.delivery.tables import outbox
from handlers.channel import Capabilities, Delivered, DeliveryError, Fetched, TryLater, Undeliverable
from handlers.parts import Parts
from handlers.sender import Sender

WORDS = "one two three"


class InParts:
    """Says each word as a message of its own; the parts named in ``stops`` fail once, in the order given."""

    name = "telegram"
    capabilities = Capabilities(edits=False, vouches_for_contact=False, toasts=False, files_by_url=False)

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.stops: dict[str, list[BaseException]] = {}

    async def deliver(self, address: str, message: OutgoingMessage, parts: Parts | None = None) -> Delivered:
        parts = parts or Parts()
        words = message.text.split()
        last = ""
        for word in words:
            last = await parts.send(partial(self._say, word), more=word != words[-1])
        return Delivered(last, parts.billing_status)

    async def _say(self, word: str) -> Delivered:
        if self.stops.get(word):
            raise self.stops[word].pop(0)
        self.heard.append(word)
        return Delivered(f"id-{word}", 5 if word == "one" else 1)

    async def fetch(self, ref: str, max_bytes: int) -> Fetched:
        raise Undeliverable("nothing here")

    async def close(self) -> None:
        """Nothing to close."""


@pytest.fixture
def channel() -> InParts:
    return InParts()


def sender(database: Database, clock: ManualClock, channel: InParts) -> Sender:
    return Sender(database, clock, {"telegram": channel}, lambda _language, turn: OutgoingMessage(((turn, "plain"),)))


async def put(database: Database, clock: ManualClock) -> None:
    row = outbox_row(Post("telegram:1", OutgoingMessage(((WORDS, "plain"),))), "turn", clock.now())
    await database.write(lambda c: c.execute(insert(outbox), [row]))


@pytest.mark.parametrize("failing", [["one"], ["two"], ["three"], ["two", "two", "three"]])
async def test_a_retry_goes_on_where_it_stopped(
    database: Database, clock: ManualClock, channel: InParts, failing: list[str]
) -> None:
    for word in failing:
        channel.stops.setdefault(word, []).append(TryLater("busy", 1))
    await put(database, clock)
    for _ in range(len(failing) + 1):
        await sender(database, clock, channel).drain()
        clock.move(timedelta(seconds=2))
    assert channel.heard == WORDS.split()
    row = await database.read(lambda c: c.execute(select(outbox)).one())
    assert (row.status, row.message_id, row.billing_status) == ("sent", "id-three", 5)


async def test_killed_between_two_parts(database: Database, clock: ManualClock, channel: InParts) -> None:
    channel.stops["three"] = [asyncio.CancelledError()]
    await put(database, clock)
    with pytest.raises(asyncio.CancelledError):
        await sender(database, clock, channel).drain()
    clock.move(LEASE + timedelta(seconds=1))
    await sender(database, clock, channel).drain()
    assert channel.heard == WORDS.split()


async def test_a_part_that_can_never_be_sent(database: Database, clock: ManualClock, channel: InParts) -> None:
    error: DeliveryError = Undeliverable("refused")
    channel.stops["two"] = [error]
    await put(database, clock)
    await sender(database, clock, channel).drain()
    assert channel.heard == ["one", "turn"]  # the reply that could not be shown is spoken of


async def test_what_cannot_be_read_counts_for_nothing(database: Database, clock: ManualClock, channel: InParts) -> None:
    await put(database, clock)
    await database.write(lambda c: c.execute(update(outbox).values(progress="{")))
    await sender(database, clock, channel).drain()
    assert channel.heard == WORDS.split()
    assert read(None) == Progress()
