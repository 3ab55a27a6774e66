"""A world of people on each database, and a sender of notices whose words a test can read."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from core.billing.tables import services
from core.clock import ManualClock
from core.database import Database, metadata
from core.delivery.messages import OutgoingMessage
from core.delivery.tables import outbox
from core.delivery.writes import Write
from core.notices import store
from core.notices.gate import NoticeGate
from core.notices.models import Audience, Draft, Notice, NoticeStatus
from core.notices.sending import NoticeSender
from core.notices.tables import people
from core.operator import Operator
from core.reminders.assess import Rules
from core.reminders.models import Kind
from core.reminders.policy import Policy
from tests.reminders.world import Debtor, World, deliver, fill, outbox_texts

NOON = datetime(2026, 3, 17, 9, 0, tzinfo=UTC)  # a Tuesday, 12:00 in Moscow
LANGUAGES = ("ru", "en")


def compose(notice: Notice, language: str) -> tuple[OutgoingMessage, Sequence[Write]]:
    spoken, text = notice.words(language, LANGUAGES)
    return OutgoingMessage(((f"{notice.id} {spoken} {text}", "plain"),)), ()


@dataclass
class Town:
    """People, and what the operator does."""

    world: World

    @property
    def database(self) -> Database:
        return self.world.database

    @property
    def clock(self) -> ManualClock:
        return self.world.clock

    async def people(self, *all_of_them: Debtor) -> None:
        await self.database.write(fill, all_of_them, self.clock.now())

    async def tariff(self, number: str, tariff: str) -> None:
        row = {"account": number, "id": "s", "name": "Internet", "tariff": tariff, "price": 50_000}
        await self.database.write(lambda c: c.execute(services.insert(), row))

    async def draft(self, kind: Kind = Kind.news, texts: dict[str, str] | None = None, **more: Any) -> int:
        paid, until = more.pop("paid", False), more.pop("until", None)
        audience = Audience(**(more or {"everyone": True}))
        draft = Draft(kind, texts or {"en": "hello"}, audience, paid, until)
        return await self.database.write(store.add, draft, LANGUAGES, self.clock.now())

    async def send(self, kind: Kind = Kind.news, texts: dict[str, str] | None = None, **more: Any) -> int:
        number = await self.draft(kind, texts, **more)
        await self.database.write(store.start, number, self.clock.now())
        return number

    def sender(self, most: int = 10**9) -> NoticeSender:
        world = self.world
        return NoticeSender(self.database, self.clock, world.billing, world.rules, compose, most=most)

    async def run(self) -> None:
        """Writes what is due, takes it as sent, and learns of it."""
        await self.sender().run()
        await self.database.write(deliver, self.clock.now())
        await self.sender().run()

    async def gate(self) -> list[str | None]:
        """What the gate says of each message that waits."""
        gate = NoticeGate(self.database, self.clock, self.world.rules)
        causes = await self.database.read(
            lambda c: list(c.execute(select(outbox.c.turn_id).where(outbox.c.status == "pending")).scalars())
        )
        return [await gate(cause) for cause in causes]

    async def refuse(self, reason: str) -> None:
        """The messenger, or the gate, refuses everything that waits."""
        await self.database.write(
            lambda c: c.execute(
                update(outbox).where(outbox.c.status == "pending").values(status="failed", reason=reason)
            )
        )

    async def texts(self) -> list[tuple[str, str]]:
        return await self.database.read(outbox_texts)

    async def record(self) -> dict[str, tuple[str, str]]:
        rows = await self.database.read(lambda c: c.execute(select(people)).all())
        return {row.subscriber_id: (row.status, row.reason) for row in rows}

    async def status(self, number: int) -> NoticeStatus:
        return (await self.database.read(store.load, number)).status


@pytest.fixture
async def town(database_url: str) -> AsyncIterator[Town]:
    database = Database(database_url)
    await database.write(metadata.create_all)
    rules = Rules(Operator(languages=LANGUAGES), Policy(spread=timedelta(0)))
    yield Town(World(database, ManualClock(NOON), rules))
    await database.close()
