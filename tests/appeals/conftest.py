"""A house of appeals on each database: the subscriber's service, the staff's desk, and a clock that stands still."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import insert, select

from bot.wiring import build_services
from core.appeals.models import Actor, Appeal, AppealStatus, Author, Thread
from core.appeals.records import load
from core.appeals.rules import AppealRules
from core.appeals.service import AppealService
from core.billing.demo import fill_demo
from core.billing.embedded import EmbeddedBilling
from core.clock import ManualClock
from core.database import Database
from core.delivery.messages import OutgoingMessage, decode_message
from core.delivery.tables import outbox
from core.delivery.writes import Write, insert_new
from core.ids import new_id
from core.operator import Operator
from core.services import Services
from core.subscribers.tables import chats, subscribers
from fsm.state import Registry
from handlers.desk.acts import StaffDesk
from handlers.desk.clockwork import AppealClockwork
from migrations.models import metadata

OPERATOR = Operator(name="Svyaz", languages=("en", "ru"))
ANNA = Actor("s1", "Anna", "desk")
BORIS = Actor("s2", "Boris", "desk")
CHAT = "telegram:1"


@dataclass
class Office:
    """Everything that an appeal passes through, without a messenger."""

    database: Database
    clock: ManualClock
    services: Services
    desk: StaffDesk
    clockwork: AppealClockwork

    @property
    def appeals(self) -> AppealService:
        return self.services.appeals

    async def do(self, *writes: Write) -> None:
        def apply(connection: Any) -> None:
            for write in writes:
                write.apply(connection)

        await self.database.write(apply)

    async def subscriber(self, *chat_ids: str, phone: str = "+79000000001", language: str = "en") -> str:
        """Somebody registered, in these chats."""
        now = self.clock.now()
        person = new_id(now)
        made = {"id": person, "phone": phone, "name": "Anna", "region": "RU-MOW", "created_at": now}
        await self.database.write(lambda c: c.execute(insert(subscribers), made))
        for chat_id in chat_ids:
            channel, _, address = chat_id.partition(":")
            chat = {
                "chat_id": chat_id,
                "channel": channel,
                "address": address,
                "subscriber_id": person,
                "name": "Anna",
                "language": language,
                "status": "active",
                "created_at": now,
                "joined_at": now,
            }
            await self.do(insert_new("chat", chats, chat))
        return person

    async def appeal(
        self, subscriber_id: str | None = None, kind: str = "technical", *words: str, chat_id: str = CHAT
    ) -> Appeal:
        """One that was sent, with these words in it."""
        appeal, create = await self.appeals.create(subscriber_id, chat_id, kind, draft=True)
        said = [self.appeals.append(appeal.id, one) for one in words or ("It is broken",)]
        await self.do(create, *said, self.appeals.send(appeal.id, "+79000000001", region="RU-MOW"))
        return await self.now(appeal.id)

    async def thread(self, appeal_id: str) -> Thread:
        found = await self.database.read(load, appeal_id)
        assert found is not None
        return found

    async def now(self, appeal_id: str) -> Appeal:
        return (await self.thread(appeal_id)).appeal

    async def status(self, appeal_id: str) -> AppealStatus:
        return (await self.now(appeal_id)).status

    async def words(self, appeal_id: str, author: Author) -> list[str]:
        return [message.text for message in (await self.thread(appeal_id)).messages if message.author is author]

    async def posted(self, chat_id: str = CHAT) -> list[OutgoingMessage]:
        """What lies in the outbox for a chat, the oldest first."""
        query = select(outbox.c.message).where(outbox.c.chat_id == chat_id).order_by(outbox.c.id)
        return [decode_message(one) for one in await self.database.read(lambda c: list(c.execute(query).scalars()))]


@pytest.fixture(scope="session")
def registry() -> Registry:
    return Registry()


@pytest.fixture
def rules() -> AppealRules:
    return AppealRules(mirrored=True)


@pytest.fixture
async def office(database_url: str, registry: Registry, rules: AppealRules) -> AsyncIterator[Office]:
    database, clock = Database(database_url), ManualClock()
    await database.write(metadata.create_all)
    now = clock.now()
    await database.write(fill_demo, now.astimezone(OPERATOR.zone).date(), now=now)
    billing = EmbeddedBilling(database, clock, live=True, zone=OPERATOR.zone)
    secret = "a-secret-for-tests-that-is-long-enough"
    services = build_services(database, clock, OPERATOR, billing, secret_key=secret, appeals=rules)
    desk, clockwork = StaffDesk(database, services, registry), AppealClockwork(database, services, registry)
    yield Office(database, clock, services, desk, clockwork)
    await database.close()
