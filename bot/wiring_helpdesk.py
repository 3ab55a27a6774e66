"""Puts other helpdesks together: who is told of appeals, how their agents' answers come back, and what was missed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from sqlalchemy import Connection, select
from starlette.routing import BaseRoute

from bot.integrations.helpdesk.tasks import CatchUp, LookAround, SyncAppeal, TakeTicket
from bot.integrations.helpdesk.zammad import FindPerson, Person, ZammadDesk
from bot.integrations.helpdesk.zammad_check import examine_zammad
from bot.integrations.helpdesk.zammad_client import ZammadClient
from bot.integrations.helpdesk.zammad_intake import ZammadIntake
from bot.integrations.helpdesk.zammad_speech import Listener
from bot.integrations.helpdesk.zammad_states import parse_states
from bot.integrations.helpdesk.zammad_words import AgentWords
from bot.scheduler import add_job
from bot.settings import Settings
from core.appeals import helpdesk_calls as calls
from core.appeals.files import FileStore
from core.appeals.helpdesk import Helpdesk
from core.appeals.helpdesk_calls import TAKE, Call
from core.appeals.life import SYNC
from core.appeals.mirror import Mirror
from core.appeals.models import Appeal
from core.database import Database
from core.operator import Operator
from core.services import Services
from core.subscribers.tables import subscribers
from handlers.desk.acts import StaffDesk
from handlers.edge import Finding
from handlers.helpdesk.webhook import zammad_route
from handlers.worker import TaskHandler


@dataclass(frozen=True)
class Helpdesks:
    """Those that are switched on. ``others`` are built elsewhere (Telegram's staff group)."""

    mirrors: Sequence[Mirror] = ()
    tasks: dict[str, TaskHandler] = field(default_factory=dict)
    routes: Sequence[BaseRoute] = ()
    jobs: Sequence[tuple[str, timedelta, Callable[[], Awaitable[object]]]] = ()
    examine: Sequence[Callable[[], Awaitable[Sequence[Finding]]]] = ()
    close: Sequence[Callable[[], Awaitable[None]]] = ()

    def schedule(self, scheduler: AsyncIOScheduler) -> None:
        for name, every, job in self.jobs:
            add_job(scheduler, name, every, job)


def build_helpdesks(
    settings: Settings,
    database: Database,
    services: Services,
    desk: StaffDesk,
    store: FileStore,
    wake_worker: Callable[[], None],
    others: Sequence[Mirror] = (),
) -> Helpdesks:
    clock = services.clock
    tasks: dict[str, TaskHandler] = {}
    routes: list[BaseRoute] = []
    jobs: list[tuple[str, timedelta, Callable[[], Awaitable[object]]]] = []
    examine: list[Callable[[], Awaitable[Sequence[Finding]]]] = []
    desks: list[Helpdesk] = []
    if settings.zammad_url:
        words = AgentWords(services.operator, services.appeals.kinds)
        client = ZammadClient(settings.zammad_url, settings.zammad_token.get_secret_value())
        states = parse_states(settings.zammad_states)
        zammad = ZammadDesk(
            client,
            clock,
            group=settings.zammad_group,
            states=states,
            find_person=find_person(database, services.operator),
            words=words,
        )
        listener = Listener(client, database, clock, store)
        tasks[TAKE] = TakeTicket(ZammadIntake(database, clock, zammad, desk, listener, words))
        jobs.append(("zammad", timedelta(minutes=2), LookAround(database, clock, client, wake_worker)))
        desks.append(zammad)
        if secret := settings.zammad_webhook_secret.get_secret_value():
            routes.append(zammad_route(secret, _keeper(database, services, wake_worker)))

        async def look() -> Sequence[Finding]:
            return await examine_zammad(client, settings.zammad_group, states, signed=bool(secret))

        examine.append(look)
    mirrors = [*others, *(Mirror(database, clock, one, store.get) for one in desks)]
    if not mirrors:
        return Helpdesks()
    tasks[SYNC] = SyncAppeal(mirrors)
    names = [one.name for one in mirrors]
    jobs.append(("helpdesks", timedelta(minutes=1), CatchUp(database, clock, names, wake_worker)))
    return Helpdesks(mirrors, tasks, routes, jobs, examine, [one.close for one in desks])


def find_person(database: Database, operator: Operator) -> FindPerson:
    """The ticket's customer: the subscriber as registered, with the phone that the appeal names."""

    def load(connection: Connection, subscriber_id: str) -> tuple[str, str]:
        query = select(subscribers.c.name, subscribers.c.phone).where(subscribers.c.id == subscriber_id)
        row = connection.execute(query).first()
        return (row.name or "", row.phone or "") if row is not None else ("", "")

    async def find(appeal: Appeal) -> Person:
        name, phone = "", ""
        if appeal.subscriber_id is not None:
            name, phone = await database.read(load, appeal.subscriber_id)
        return Person(name, appeal.contact or phone)

    return find


def _keeper(
    database: Database, services: Services, wake_worker: Callable[[], None]
) -> Callable[[Call, bytes], Awaitable[bool]]:
    async def keep(call: Call, body: bytes) -> bool:
        fresh = await database.write(calls.keep, "zammad", call, body, services.clock.now())
        wake_worker()
        return fresh

    return keep
