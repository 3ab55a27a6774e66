"""The desk on a database of its own, and browsers that are signed in to it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy import Connection, insert, select
from starlette.applications import Starlette

from bot.integrations.files import content_type
from bot.wiring import build_services
from bot.wiring_desk import build_desk
from core.appeals.files import FileStore, register
from core.appeals.models import Appeal, Author
from core.appeals.records import add_message
from core.billing.breakable import BreakableBilling
from core.billing.demo import fill_demo
from core.billing.embedded import EmbeddedBilling
from core.clock import ManualClock
from core.database import Database
from core.operator import Operator
from core.staff.audit import Who
from core.staff.models import Member, StaffRole
from core.staff.passwords import Passwords
from core.subscribers.tables import chats, subscribers
from fsm.state import Registry
from handlers.desk.acts import StaffDesk
from handlers.desk.desk import Desk
from handlers.desk.routes import desk_routes
from migrations.models import metadata

ADDRESS = "https://desk.test"
PASSWORD = "correct-horse-battery"
CHEAP = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1),))
CSRF = re.compile(r'name="csrf" value="([^"]+)"')


@dataclass
class Seat:
    """A browser at the desk. Posts as a browser does: with the page's token and where it came from."""

    http: httpx.AsyncClient
    member: Member | None = None
    csrf: str = ""

    async def get(self, path: str, **kwargs: object) -> httpx.Response:
        return await self.http.get(path, **kwargs)  # type: ignore[arg-type]  # handed on as it is

    async def post(self, path: str, data: dict[str, str] | None = None, **kwargs: object) -> httpx.Response:
        headers = {"Origin": ADDRESS, "Sec-Fetch-Site": "same-origin"} | kwargs.pop("headers", {})  # type: ignore[operator]  # headers are a dict
        return await self.http.post(path, data={"csrf": self.csrf} | (data or {}), headers=headers, **kwargs)  # type: ignore[arg-type]  # handed on

    async def log_in(self, login: str, password: str = PASSWORD) -> httpx.Response:
        answer = await self.post("/desk/login", {"login": login, "password": password})
        if answer.status_code == 303:
            found = CSRF.search((await self.get("/desk/me")).text)
            self.csrf = found[1] if found else ""
        return answer


@dataclass
class Room:
    """The desk and its staff."""

    desk: Desk
    app: Starlette
    clock: ManualClock
    database: Database
    billing: BreakableBilling

    def browser(self, language: str = "en", host: str = "203.0.113.7") -> Seat:
        transport = httpx.ASGITransport(app=self.app, client=(host, 40000))
        headers = {"Accept-Language": language}
        return Seat(httpx.AsyncClient(transport=transport, base_url=ADDRESS, headers=headers))

    async def hire(self, login: str, role: StaffRole = StaffRole.agent, name: str = "") -> Member:
        member, _password = await self.desk.office.add(Who("", "test"), login, name or login.title(), role, PASSWORD)
        return member

    async def seat(self, role: StaffRole, login: str = "", name: str = "") -> Seat:
        """Somebody of that role, signed in."""
        login = login or f"the-{role}"
        member = await self.hire(login, role, name)
        seat = self.browser()
        seat.member = member
        assert (await seat.log_in(login)).status_code == 303
        return seat

    async def person(self, number: int = 1, name: str = "Anna Petrova", language: str = "en") -> str:
        """A subscriber with a chat in Telegram. Returns their id."""
        subscriber_id, now = f"person{number:010}", self.clock.now()
        row = {
            "id": subscriber_id,
            "phone": f"+7900000{number:04}",
            "name": name,
            "region": "RU-MOW",
            "created_at": now,
        }
        chat = {
            "chat_id": f"telegram:{number}",
            "channel": "telegram",
            "address": str(number),
            "subscriber_id": subscriber_id,
            "name": name,
            "language": language,
            "status": "active",
            "created_at": now,
        }

        def keep(connection: Connection) -> None:
            connection.execute(insert(subscribers), row)
            connection.execute(insert(chats), chat)

        await self.database.write(keep)
        return subscriber_id

    async def appeal(
        self, text: str = "The internet is down", kind: str = "technical", *, number: int = 1, account: str = ""
    ) -> Appeal:
        """Somebody's appeal, sent; the person is made when they are not there."""
        subscriber_id, appeals = f"person{number:010}", self.desk.services.appeals
        if (
            await self.database.read(lambda c: c.execute(select(subscribers).filter_by(id=subscriber_id)).first())
            is None
        ):
            await self.person(number)
        appeal, create = await appeals.create(
            subscriber_id,
            f"telegram:{number}",
            kind,
            account_number=account,
            contact=f"+7900000{number:04}",
            draft=True,
        )
        for write in (create, appeals.append(appeal.id, text), appeals.send(appeal.id, appeal.contact)):
            await self.database.write(write.apply)
        return await self.now(appeal.number)

    async def now(self, number: int) -> Appeal:
        return (await self.desk.acts.show(number)).appeal

    async def file(self, appeal: Appeal, data: bytes, name: str, media_type: str = "") -> str:
        """A file that the subscriber sent. Returns the message's id."""
        key = await self.desk.store.put(data)
        kept = register(
            key, media_type or content_type(data) or "application/octet-stream", len(data), self.clock.now()
        )
        await self.database.write(kept.apply)
        return await self.database.write(
            add_message, appeal.id, Author.subscriber, "", self.clock.now(), file_name=name, blob=key
        )


OPERATOR = Operator(name="Svyaz", languages=("en", "ru"), support_phone="+74950000000")


@pytest.fixture
async def room(database_url: str, tmp_path: Path) -> AsyncIterator[Room]:
    clock = ManualClock()
    database = Database(database_url)
    await database.write(metadata.create_all)
    billing = BreakableBilling(EmbeddedBilling(database, clock, live=True))
    services = build_services(database, clock, OPERATOR, billing, secret_key="a-secret-for-tests-that-is-long-enough")
    await database.write(fill_demo, clock.now().date(), OPERATOR.currency, now=clock.now())
    acts = StaffDesk(database, services, Registry())
    desk = build_desk(database, services, acts, FileStore(tmp_path / "files"), ADDRESS, Passwords(CHEAP))
    yield Room(desk, Starlette(routes=desk_routes(desk)), clock, database, billing)
    await database.close()
