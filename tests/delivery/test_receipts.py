"""What became of messages after they were sent: delivered, seen, failed, in whichever order it is told."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select

from core.clock import ManualClock
from core.database import Database
from core.delivery import outbox
from core.delivery.commit import Post
from core.delivery.messages import OutgoingMessage
from core.delivery.outbox import Sent
from core.delivery.tables import outbox as table
from handlers.receipts import OutboxReceipts

MINUTE = timedelta(minutes=1)


async def sent(database: Database, clock: ManualClock, token: str) -> None:
    post = Post("viber:a", OutgoingMessage((("hello", "plain"),)))
    row = await database.write(outbox.put, post, "cause", clock.now())
    await database.write(outbox.record, "one", [Sent(row, clock.now(), token)], set(), clock.now())


async def marks(database: Database) -> tuple[str, datetime | None, datetime | None]:
    query = select(table.c.status, table.c.delivered_at, table.c.seen_at)
    row = await database.read(lambda c: c.execute(query).one())
    return row.status, row.delivered_at, row.seen_at


async def test_delivered_then_seen_and_told_again(database: Database, clock: ManualClock) -> None:
    await sent(database, clock, "77")
    receipts, now = OutboxReceipts(database, "viber"), clock.now()
    await receipts.delivered("77", "a", now)
    assert await marks(database) == ("sent", now, None)
    await receipts.seen("77", "a", now + MINUTE)
    await receipts.delivered("77", "a", now + 2 * MINUTE)
    assert await marks(database) == ("sent", now, now + MINUTE)


async def test_seen_before_delivered(database: Database, clock: ManualClock) -> None:
    await sent(database, clock, "77")
    receipts, now = OutboxReceipts(database, "viber"), clock.now()
    await receipts.seen("77", "a", now)
    assert await marks(database) == ("sent", now, now)


async def test_somebody_elses_message_is_left_alone(database: Database, clock: ManualClock) -> None:
    await sent(database, clock, "77")
    receipts, now = OutboxReceipts(database, "viber"), clock.now()
    await receipts.delivered("77", "b", now)
    await receipts.failed("78", "a", "no")
    assert await marks(database) == ("sent", None, None)
    await receipts.failed("77", "a", "cannot be shown")
    assert (await marks(database))[0] == "failed"
