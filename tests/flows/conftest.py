"""The real conversations on the demo's billing, which a test can slow down or switch off."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert

from bot.wiring import build_services, build_tasks, zone_finder
from core.billing.breakable import BreakableBilling
from core.billing.demo import fill_demo
from core.billing.embedded import EmbeddedBilling
from core.clock import ManualClock
from core.database import Database, metadata
from core.ids import new_id
from core.operator import Operator
from core.services import Services
from core.subscribers.codes import Way
from core.subscribers.links import add_link
from core.subscribers.models import Proof, Role
from core.subscribers.tables import chats, subscribers
from fsm.state import Registry
from handlers.worker import TaskHandler
from tests.support.dialogue import SECRET, House, Person, open_house

OPERATOR = Operator(name="Svyaz", languages=("en", "ru"))

Register = Callable[..., Awaitable[str]]


class Gateway:
    """Sends nothing and remembers everything; or fails as it is told."""

    def __init__(self) -> None:
        self.sent: list[dict[str, str]] = []
        self.failure: Exception | None = None

    async def send(self, to: str, subject: str, text: str, key: str) -> None:
        if self.failure is not None:
            raise self.failure
        self.sent.append({"to": to, "subject": subject, "text": text, "key": key})

    async def close(self) -> None:
        return None


@pytest.fixture(scope="session")
def registry() -> Registry:
    return Registry()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def billings() -> list[BreakableBilling]:
    """The house's billing, once there is a house: see ``billing``."""
    return []


@pytest.fixture
def gateways() -> dict[Way, Gateway]:
    """The ways by which codes are sent; take one away and this installation has none."""
    return {Way.sms: Gateway(), Way.email: Gateway()}


@pytest.fixture(scope="session")
def demo_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the demo's accounts, made once and copied for each test: that takes a tenth of the time."""
    file = tmp_path_factory.mktemp("demo") / "demo.db"

    async def fill() -> None:
        database = Database(f"sqlite+aiosqlite:///{file}")
        await database.write(metadata.create_all)
        now = ManualClock().now()
        await database.write(fill_demo, now.astimezone(OPERATOR.zone).date(), now=now)
        await database.close()

    # pytest-asyncio owns this thread's loop.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, fill()).result()
    return file


@pytest.fixture
async def house(
    tmp_path: Path,
    demo_file: Path,
    clock: ManualClock,
    registry: Registry,
    billings: list[BreakableBilling],
    gateways: dict[Way, Gateway],
) -> AsyncIterator[House]:
    def build(database: Database, clock: ManualClock) -> Services:
        billings.append(BreakableBilling(EmbeddedBilling(database, clock, live=True, zone=OPERATOR.zone)))
        return build_services(database, clock, OPERATOR, billings[0], secret_key=SECRET, code_ways=gateways.keys())

    def tasks(house: House) -> dict[str, TaskHandler]:
        names = {Way.sms: "sms", Way.email: "mail"}
        house.outside = {names[way]: gateway.sent for way, gateway in gateways.items()}
        return build_tasks(
            house.database, house.services, house.registry, gateways, house.channels, house.store, lambda: None
        )

    own = shutil.copy(demo_file, tmp_path / "own.db")
    async with open_house(
        f"sqlite+aiosqlite:///{own}",
        build=build,
        zone_of=zone_finder(OPERATOR),
        tasks=tasks,
        clock=clock,
        registry=registry,
        empty=False,
    ) as opened:
        yield opened


@pytest.fixture
def billing(house: House, billings: list[BreakableBilling]) -> BreakableBilling:
    return billings[0]


@pytest.fixture(params=["telegram", "viber"])
def person(house: House, request: pytest.FixtureRequest) -> Person:
    return Person(house, request.param, "42")


@pytest.fixture
def register(house: House) -> Register:
    """``await register(person, "7700100101", ..., role=Role.owner)``: a subscriber with links, without the dialogue."""

    async def make(
        person: Person,
        *numbers: str,
        phone: str = "+79000000001",
        role: Role = Role.owner,
        nicknames: dict[str, str] | None = None,
        region: str = "RU-MOW",
    ) -> str:
        now = house.clock.now()
        subscriber = new_id(now)
        chat = {
            "chat_id": f"{person.channel}:{person.address}",
            "channel": person.channel,
            "address": person.address,
            "subscriber_id": subscriber,
            "name": person.name,
            "language": person.language,
            "status": "active",
            "created_at": now,
            "joined_at": now,
        }
        await house.database.write(
            lambda c: c.execute(
                insert(subscribers).values(id=subscriber, phone=phone, name=person.name, region=region, created_at=now)
            )
        )
        await house.database.write(lambda c: c.execute(insert(chats).values(**chat)))
        for order, number in enumerate(numbers):
            link = {
                "id": new_id(now),
                "subscriber_id": subscriber,
                "account_number": number,
                "role": role.value,
                "nickname": (nicknames or {}).get(number, ""),
                "proof": Proof.phone.value,
                "created_at": now + timedelta(seconds=order),
            }
            await house.database.write(add_link, link)
        return subscriber

    return make
