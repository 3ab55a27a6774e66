"""Appeals of a subscriber beside a Zammad: everything real between the two but the messengers."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import httpx
from sqlalchemy import Connection, insert, select
from starlette.applications import Starlette

from bot.integrations.helpdesk.tasks import CatchUp, LookAround, SyncAppeal, TakeTicket
from bot.integrations.helpdesk.zammad import ZammadDesk
from bot.integrations.helpdesk.zammad_client import ZammadClient
from bot.integrations.helpdesk.zammad_intake import ZammadIntake
from bot.integrations.helpdesk.zammad_speech import Listener
from bot.integrations.helpdesk.zammad_states import parse_states
from bot.integrations.helpdesk.zammad_words import AgentWords
from bot.wiring import build_services
from bot.wiring_helpdesk import find_person
from core.appeals import helpdesk_calls as calls
from core.appeals import life, records
from core.appeals import mirror_records as book
from core.appeals.files import FileStore, register
from core.appeals.helpdesk import Counterpart
from core.appeals.helpdesk_calls import TAKE, Call
from core.appeals.kinds import PERSON
from core.appeals.life import SYNC
from core.appeals.mirror import Mirror
from core.appeals.models import Actor, Appeal, Author, Thread
from core.appeals.records import add_message
from core.appeals.rules import AppealRules
from core.appeals.service import AppealService
from core.billing.embedded import EmbeddedBilling
from core.clock import ManualClock
from core.database import Database, metadata
from core.delivery.tables import outbox, tasks
from core.operator import Operator
from core.subscribers.tables import chats, subscribers
from fsm.state import Registry
from handlers.desk.acts import StaffDesk
from handlers.helpdesk.webhook import zammad_route
from handlers.worker import Worker
from tests.helpdesk.doubles.zammad import SECRET, TOKEN, Letter, Zammad

PATIENCE = 0.3  # seconds: what hangs in the double hangs until it is stopped
AGENT = Actor(name="Anna", via="desk")
EVA = "eva0000000000001"


@dataclass
class House:
    database: Database
    clock: ManualClock
    zammad: Zammad
    store: FileStore
    desk: StaffDesk
    helpdesk: ZammadDesk
    mirror: Mirror
    intake: ZammadIntake
    worker: Worker
    look: LookAround
    catch_up: CatchUp
    rules: AppealRules
    service: AppealService
    http: httpx.AsyncClient
    made: list[Appeal] = field(default_factory=list)

    # -- the subscriber ----------------------------------------------------------------------------------------------

    async def appeal(self, *texts: str, kind: str = PERSON, subscriber: str | None = EVA, chat: str = "") -> Appeal:
        where = chat or f"telegram:{subscriber or 'guest'}"
        appeal, write = await self.service.create(subscriber, where, kind, contact="+79161234567", draft=True)
        await self.database.write(write.apply)
        for text in texts:
            await self.says(appeal, text)
        await self.database.write(self.service.send(appeal.id, "+79161234567").apply)
        self.made.append(appeal)
        return await self.now(appeal)

    async def says(self, appeal: Appeal, text: str) -> None:
        self.clock.move(timedelta(seconds=1))
        await self.database.write(self.service.append(appeal.id, text).apply)

    async def sends_file(self, appeal: Appeal, name: str, data: bytes, media_type: str) -> None:
        key = await self.store.put(data)
        now = self.clock.now()

        def write(connection: Connection) -> None:
            register(key, media_type, len(data), now).apply(connection)
            found = life.locked(connection, appeal.id)
            assert found is not None
            add_message(connection, appeal.id, Author.subscriber, "", now, file_name=name, blob=key)
            life.heard(connection, found, self.rules, now)

        await self.database.write(write)

    # -- what came of it ---------------------------------------------------------------------------------------------

    async def thread(self, appeal: Appeal) -> Thread:
        found = await self.database.read(records.load, appeal.id)
        assert found is not None
        return found

    async def now(self, appeal: Appeal) -> Appeal:
        return (await self.thread(appeal)).appeal

    async def counterpart(self, appeal: Appeal) -> Counterpart:
        found = await self.database.read(book.load, "zammad", appeal.id)
        assert found is not None
        return found

    async def ticket(self, appeal: Appeal) -> int:
        return int((await self.counterpart(appeal)).remote_id)

    async def staff_said(self, appeal: Appeal) -> list[str]:
        """What stands in the thread as staff's words, in order; a file by its name."""
        thread = await self.thread(appeal)
        return [one.text or one.file_name for one in thread.messages if one.author is Author.staff]

    async def heard(self, chat: str = f"telegram:{EVA}") -> list[str]:
        """What lies in the outbox for a chat, as it is sent."""

        def load(connection: Connection) -> list[str]:
            query = select(outbox.c.message).where(outbox.c.chat_id == chat).order_by(outbox.c.id)
            return list(connection.execute(query).scalars())

        return await self.database.read(load)

    # -- time and the network ----------------------------------------------------------------------------------------

    async def work(self, rounds: int = 40) -> None:
        """Until nothing is left that could be done, however many tries and minutes it takes."""
        for _ in range(rounds):
            done = await self.worker.drain()
            if not done:
                if not await self.database.read(_waiting):
                    return
                self.clock.move(timedelta(seconds=30))
        raise AssertionError("there is no end to the tasks")

    async def later(self) -> None:
        """The jobs that catch up with everything that went wrong."""
        self.clock.move(timedelta(minutes=6))
        await self.look()
        await self.catch_up()
        await self.work()

    async def deliver(self, letters: Sequence[Letter] | None = None) -> list[int]:
        """Zammad's calls reach our web server; their statuses."""
        sent = self.zammad.take_letters() if letters is None else letters
        answers = [await self.http.post("/helpdesk/zammad", content=one.body, headers=one.headers) for one in sent]
        return [answer.status_code for answer in answers]


def _waiting(connection: Connection) -> int:
    query = select(tasks.c.id).where(tasks.c.status == "pending")
    return len(connection.execute(query).all())


@contextlib.asynccontextmanager
async def open_house(database_url: str, folder: Path, states: str = "") -> AsyncIterator[House]:
    clock = ManualClock()
    database = Database(database_url)
    await database.write(metadata.create_all)
    operator = Operator(languages=("en", "ru"))
    rules = AppealRules(mirrored=True)
    services = build_services(
        database,
        clock,
        operator,
        EmbeddedBilling(database, clock, live=True, zone=operator.zone),
        secret_key="s" * 40,
        appeals=rules,
    )
    await database.write(_people, clock)
    store = FileStore(folder / "files")
    desk = StaffDesk(database, services, Registry())
    async with Zammad(clock).running() as zammad:
        client = ZammadClient(zammad.url, TOKEN, time_limit=PATIENCE)
        words = AgentWords(operator, rules.kinds)
        helpdesk = ZammadDesk(
            client,
            clock,
            group="Users",
            states=parse_states(states),
            find_person=find_person(database, operator),
            words=words,
        )
        mirror = Mirror(database, clock, helpdesk, store.get)
        intake = ZammadIntake(database, clock, helpdesk, desk, Listener(client, database, clock, store), words)
        worker = Worker(database, clock, {SYNC: SyncAppeal([mirror]), TAKE: TakeTicket(intake)})

        async def keep(call: Call, body: bytes) -> bool:
            return await database.write(calls.keep, "zammad", call, body, clock.now())

        app = Starlette(routes=[zammad_route(SECRET, keep)])
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://abonent") as http:
            yield House(
                database,
                clock,
                zammad,
                store,
                desk,
                helpdesk,
                mirror,
                intake,
                worker,
                LookAround(database, clock, client, worker.wake),
                CatchUp(database, clock, ["zammad"], worker.wake),
                rules,
                services.appeals,
                http,
            )
        await client.close()
    await database.close()


def _people(connection: Connection, clock: ManualClock) -> None:
    now = clock.now()
    for number, who in enumerate((EVA, "max0000000000001")):
        connection.execute(
            insert(subscribers),
            {
                "id": who,
                "phone": f"+7916000000{number}",
                "name": '<script>alert("x")</script> Eva' if who == EVA else "Max",
                "region": "",
                "created_at": now,
            },
        )
        connection.execute(
            insert(chats),
            {
                "chat_id": f"telegram:{who}",
                "channel": "telegram",
                "address": who,
                "subscriber_id": who,
                "language": "en",
                "status": "active",
                "created_at": now,
            },
        )
