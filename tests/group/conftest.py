"""The staff's group against the sandbox's Telegram: real Bot API calls over HTTP, a clock that stands still."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiogram import Bot
from sqlalchemy import insert

from bot.integrations.helpdesk.tasks import SyncAppeal
from bot.sandbox import Limits, Sandbox, build_sandbox, running
from bot.sandbox.telegram.forum import Forum, Topic
from bot.sandbox.telegram.people import Person
from bot.wiring import build_services
from bot.wiring_group import StaffGroup, build_group
from core.appeals.files import FileStore, register
from core.appeals.life import SYNC
from core.appeals.models import Actor, Appeal, Thread
from core.appeals.records import load
from core.appeals.rules import AppealRules
from core.appeals.staff import KeptFile
from core.billing.embedded import EmbeddedBilling
from core.clock import ManualClock
from core.database import Database, metadata
from core.delivery.writer import Writer
from core.ids import new_id
from core.operator import Operator
from core.services import Services
from core.staff import accounts, binding
from core.staff.audit import Who
from core.staff.models import Member, StaffRole
from core.subscribers.snapshots import SnapshotReader
from core.subscribers.tables import chats, subscribers
from fsm.engine import Engine
from fsm.state import Registry
from handlers.desk.acts import StaffDesk
from handlers.sender import Sender
from handlers.telegram.client import RawUpdates, make_bot
from handlers.telegram.outbound import TelegramChannel
from handlers.telegram.receiver import Receiver
from handlers.turn import Turns
from handlers.worker import Worker
from tests.support.dialogue import SECRET, sqlite_url

OPERATOR = Operator(name="Northline", languages=("en", "ru"))
REGISTRY = Registry()


class Config:
    """Just enough of the settings."""

    def __init__(self, group: str) -> None:
        self.telegram_staff_group = group


@dataclass
class Rig:
    """A program that serves one group, and can be started anew at any moment."""

    sandbox: Sandbox
    database: Database
    clock: ManualClock
    bot: Bot
    store: FileStore
    forum: Forum
    configured: str
    services: Services
    writer: Writer
    offset: int = 0
    on_call: list[Callable[[str], Awaitable[None]]] = field(default_factory=list)
    desk: StaffDesk = field(init=False)
    group: StaffGroup = field(init=False)
    worker: Worker = field(init=False)
    sender: Sender = field(init=False)
    receiver: Receiver = field(init=False)

    def __post_init__(self) -> None:
        self.start()

    def start(self) -> None:
        """Everything that lives in memory is made anew."""
        channel = TelegramChannel(self.bot, self._blob)
        self.desk = StaffDesk(self.database, self.services, REGISTRY)
        config: Any = Config(self.configured)
        group = build_group(
            config, {"telegram": channel}, self.database, self.services, self.desk, self.store, lambda: None
        )
        assert group is not None
        self.group = group
        self.worker = Worker(self.database, self.clock, {SYNC: SyncAppeal([group.mirror]), **group.tasks})
        engine = Engine(REGISTRY, self.services, lambda _subscriber: OPERATOR.zone)
        self.sender = Sender(self.database, self.clock, {"telegram": channel}, engine.fallback)
        turns = Turns(
            engine, SnapshotReader(self.database), self.writer, self.clock, {"telegram": channel.capabilities}
        )
        self.receiver = Receiver(
            self.bot,
            channel,
            turns,
            self.clock,
            group_line=lambda _language: "I serve in private chats.",
            staff=group.door,
            username=self.sandbox.telegram.bot["username"],
        )

    async def _blob(self, key: str) -> bytes:
        return await self.store.get(key)

    # -- the program's own steps -----------------------------------------------------------------------------------

    async def fetch(self) -> list[dict[str, Any]]:
        return await self.bot(RawUpdates(offset=self.offset or None, limit=100, timeout=0)) or []

    async def settle(self) -> None:
        """Takes what has come, does what is due, sends what is to be sent; until nothing is left."""
        while True:
            updates = await self.fetch()
            for raw in updates:
                await self.receiver.receive(raw)
                self.offset = raw["update_id"] + 1
            done = await self.worker.drain() + await self.sender.drain()
            if not updates and not done:
                return

    async def minutes(self, number: float = 1) -> None:
        """Time passes, and everything is done that it brings."""
        for _ in range(int(number * 6)):
            self.clock.move(timedelta(seconds=10))
            await self.settle()

    # -- people ----------------------------------------------------------------------------------------------------

    async def subscriber(self, name: str, phone: str) -> Person:
        """Somebody registered, with a Telegram chat."""
        person = self.sandbox.telegram.person(name, phone, "en")
        person.met = True
        now = self.clock.now()
        values = {
            "id": new_id(now),
            "name": name,
            "phone": phone,
            "created_at": now,
        }
        chat = {
            "chat_id": f"telegram:{person.id}",
            "channel": "telegram",
            "address": str(person.id),
            "language": "en",
            "name": name,
            "status": "active",
            "subscriber_id": values["id"],
            "created_at": now,
            "joined_at": now,
        }

        def act(connection: Any) -> None:
            connection.execute(insert(subscribers), values)
            connection.execute(insert(chats), chat)

        await self.database.write(act)
        return person

    async def appeal(self, person: Person, *texts: str, kind: str = "technical", account: str = "") -> Appeal:
        """Sent, with these words, and not mirrored yet."""
        chat = f"telegram:{person.id}"
        subscriber = await self.database.read(
            lambda c: c.execute(chats.select().where(chats.c.chat_id == chat)).one().subscriber_id
        )
        made, write = await self.services.appeals.create(
            subscriber, chat, kind, contact=person.phone, account_number=account, draft=True
        )
        await self.database.write(write.apply)
        for text in texts:
            await self.write(made, text)
        await self.database.write(self.services.appeals.send(made.id, person.phone).apply)
        return made

    async def write(self, appeal: Appeal, text: str) -> None:
        """The subscriber writes on."""
        await self.database.write(self.services.appeals.append(appeal.id, text).apply)

    async def thread(self, appeal: Appeal) -> Thread:
        found = await self.database.read(load, appeal.id)
        assert found is not None
        return found

    async def member(self, person: Person, *, role: StaffRole = StaffRole.agent, bind: bool = True) -> Member:
        """One of the staff, in the group, and known to the bot."""
        now = self.clock.now()

        def act(connection: Any) -> tuple[Member, str]:
            made = accounts.add(connection, f"login{person.id}", person.name, role, "x", "", now)
            return made, binding.issue(connection, made, Who("", "test"), now)

        member, code = await self.database.write(act)
        self.forum.add(person)
        if bind:
            person.say(f"/bind {code}")
            await self.settle()
        return member

    async def file(self, data: bytes, name: str = "photo.png", media_type: str = "image/png") -> KeptFile:
        key = await self.store.put(data)
        await self.database.write(register(key, media_type, len(data), self.clock.now()).apply)
        return KeptFile(key, name, media_type, len(data))

    def topic(self, appeal: Appeal) -> Topic:
        return self.forum.named(f"No. {appeal.number} ")

    def said(self, appeal: Appeal) -> list[str]:
        """What can be read in the appeal's topic below its card."""
        return self.forum.texts(self.topic(appeal).id)[1:]


AT_THE_DESK = Actor("", "Olga", "desk")


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def sandbox(clock: ManualClock) -> Sandbox:
    return build_sandbox(clock, limits=Limits(chat_burst=None, total_per_second=None))


@pytest.fixture
def owner(sandbox: Sandbox) -> Person:
    return sandbox.telegram.person("Boss", "+79000000100", "en")


@pytest.fixture
def forum(sandbox: Sandbox, owner: Person) -> Forum:
    found = sandbox.telegram.forum("Staff", [owner])
    found.administrators.add(owner.id)
    found.add_bot(owner)
    return found


@pytest.fixture
async def rig(sandbox: Sandbox, forum: Forum, clock: ManualClock, tmp_path: Path) -> AsyncIterator[Rig]:
    async with running(sandbox, deliver=False) as addresses:
        database = Database(sqlite_url(tmp_path))
        await database.write(metadata.create_all)
        bot = make_bot(sandbox.telegram.token, addresses.telegram_api_url)
        services = build_services(
            database,
            clock,
            OPERATOR,
            EmbeddedBilling(database, clock),
            secret_key=SECRET,
            appeals=AppealRules(mirrored=True),
        )
        async with Writer(database) as writer:
            store = FileStore(tmp_path / "files")
            made = Rig(sandbox, database, clock, bot, store, forum, str(forum.chat.id), services, writer)
            await made.settle()
            await made.group.news.tick()
            yield made
        sandbox.close()
        session = getattr(bot.session, "_session", None)
        if session is not None:
            await session.close()
        await database.close()
