"""The desk on a database of its own, and browsers that are signed in to it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

import httpx
import pytest
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from starlette.applications import Starlette

from core.clock import ManualClock
from core.database import Database
from core.operator import Operator
from core.staff.audit import Who
from core.staff.doors import Doors
from core.staff.models import Member, StaffRole
from core.staff.office import Office
from core.staff.passwords import Passwords
from handlers.desk.desk import Desk
from handlers.desk.routes import desk_routes
from handlers.desk.security import Cookies
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


Hire = Callable[..., Awaitable[Seat]]


@pytest.fixture
async def room(database_url: str) -> AsyncIterator[Room]:
    clock = ManualClock()
    database = Database(database_url)
    await database.write(metadata.create_all)
    hasher = Passwords(CHEAP)
    desk = Desk(
        database=database,
        clock=clock,
        operator=Operator(name="Svyaz", languages=("en", "ru")),
        doors=Doors(database, clock, hasher),
        office=Office(database, clock, hasher),
        cookies=Cookies(ADDRESS),
    )
    yield Room(desk, Starlette(routes=desk_routes(desk)), clock, database)
    await database.close()
