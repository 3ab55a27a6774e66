"""Whatever people do in whatever order: an answer, a way to the menu, no apology, and nobody else's data."""

from __future__ import annotations

import asyncio
import random
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, func, insert, select, update

from bot.wiring import build_services, build_tasks, zone_finder
from core.appeals import life
from core.appeals.models import Actor, AppealStatus, Author
from core.appeals.records import add_message
from core.appeals.tables import appeals
from core.billing import tables as billing_tables
from core.billing.breakable import BreakableBilling
from core.billing.demo import fill_demo
from core.billing.embedded import EmbeddedBilling
from core.clock import ManualClock
from core.database import Database
from core.errors import OutsideUnavailable
from core.operator import Operator
from core.services import Services
from core.subscribers.codes import Way
from core.subscribers.links import add_link
from core.subscribers.tables import chats, subscribers
from fsm.state import Registry
from handlers.worker import TaskHandler
from tests.kernel.conftest import toy_services
from tests.properties.deeds import Deed, deeds
from tests.properties.people import Company, Failures, Someone
from tests.properties.wander import wander
from tests.support.dialogue import SECRET, House, Person, open_house

OPERATOR = Operator(name="Svyaz", languages=("en", "ru"))

APPEALS = [f"appeal{number}" for number in range(6)]


@asynccontextmanager
async def toys(url: str) -> AsyncIterator[Company]:
    zone = ZoneInfo("Europe/Moscow")
    async with open_house(
        url, build=toy_services, zone_of=lambda _subscriber: zone, registry=Registry("tests.kernel.toy")
    ) as house:
        people = [
            Someone(Person(house, channel, address), "+79000000001")
            for channel, address in (("telegram", "1"), ("viber", "2"))
        ]
        yield Company(house, people, {}, ["1", "x" * 40], avoid="t.break")


class Gateway:
    """Keeps what was sent; fails while it is broken."""

    def __init__(self) -> None:
        self.sent: list[dict[str, str]] = []
        self.broken = False

    async def send(self, to: str, subject: str, text: str, key: str) -> None:
        if self.broken:
            raise OutsideUnavailable("gateway")
        self.sent.append({"to": to, "text": text})

    async def close(self) -> None:
        return None


@asynccontextmanager
async def abonent(url: str) -> AsyncIterator[Company]:
    """The real conversations on the demo's billing: two subscribers with accounts, a second chat, two strangers."""
    gateways = {Way.sms: Gateway(), Way.email: Gateway()}
    billings: list[BreakableBilling] = []

    def build(database: Database, clock: ManualClock) -> Services:
        billings.append(BreakableBilling(EmbeddedBilling(database, clock, live=True, zone=OPERATOR.zone)))
        return build_services(database, clock, OPERATOR, billings[0], secret_key=SECRET, code_ways=gateways.keys())

    def tasks(house: House) -> dict[str, TaskHandler]:
        house.outside = {"sms": gateways[Way.sms].sent, "mail": gateways[Way.email].sent}
        return build_tasks(
            house.database, house.services, house.registry, gateways, house.channels, house.store, lambda: None
        )

    def break_billing(broken: bool) -> None:
        billings[0].mode = "down" if broken else "ok"

    def break_gateways(broken: bool) -> None:
        for gateway in gateways.values():
            gateway.broken = broken

    async with open_house(url, build=build, zone_of=zone_finder(OPERATOR), tasks=tasks) as house:
        numbers = await house.database.write(_plant, house)
        zoya = frozenset({"Zoyaqq", "zoyaqq@", "Nickzz", "Storyzz", *_marks(numbers[:2])})
        boris = frozenset({"Borisqq", "borisqq@", "Nickbb", "Storybb", *_marks(numbers[2:4])})
        phones = await house.database.read(_phones, numbers)
        people = [
            Someone(Person(house, "telegram", "901", "en", "Zoyaqq"), phones[0], zoya),
            Someone(Person(house, "viber", "902", "ru", "Borisqq"), phones[2], boris),
            Someone(Person(house, "viber", "903", "ru", "Zoyaqq"), phones[0], zoya),
            Someone(Person(house, "telegram", "904", "ru", "Stranger"), phones[4], frozenset(_marks(numbers[4:5]))),
            Someone(Person(house, "telegram", "905", "en", "Nobody"), "+79990000000"),
        ]
        links = ["link0", "link1", "link2", "link3"]
        chat_ids = ["telegram:901", "viber:902", "viber:903"]
        failures: Failures = {"billing": break_billing, "gateways": break_gateways}
        yield Company(house, people, failures, [*numbers, *links, *chat_ids, *APPEALS, "", "7"])


def _marks(numbers: list[str]) -> list[str]:
    return [f"mark{number}" for number in numbers]


def _phones(connection: Connection, numbers: list[str]) -> list[str]:
    table = billing_tables.accounts
    found = {row.number: row.phone for row in connection.execute(select(table.c.number, table.c.phone))}
    return [found[number] for number in numbers]


def _plant(connection: Connection, house: House) -> list[str]:
    """Fills the billing and marks everything in it that belongs to one account, so that a leak can be seen."""
    now = house.clock.now()
    table = billing_tables.accounts
    if not connection.execute(select(func.count()).select_from(table)).scalar_one():
        fill_demo(connection, now.astimezone(OPERATOR.zone).date(), now=now)
        mark = "mark" + table.c.number
        connection.execute(update(table).values(holder_name=mark, address=mark))
        for kind in (billing_tables.services, billing_tables.charges):
            name = kind.c.name if "name" in kind.c else kind.c.service
            connection.execute(update(kind).values({name.name: name + " mark" + kind.c.account}))
    rows = connection.execute(select(table.c.number, table.c.phone).order_by(table.c.number)).all()
    by_phone: dict[str, list[str]] = {}
    for row in rows:
        by_phone.setdefault(row.phone, []).append(row.number)
    lonely = [(numbers[0], phone) for phone, numbers in by_phone.items() if len(numbers) == 1 and phone]
    several = [(numbers, phone) for phone, numbers in by_phone.items() if len(numbers) == 2 and phone]
    first, second = (several[0][0], several[1][0]) if len(several) > 1 else ([n for n, _p in lonely[1:3]], [])
    if not second:
        second = [n for n, _p in lonely[3:5]]
    numbers = [*first, *second, lonely[0][0]]
    phones = {row.number: row.phone for row in rows}
    for place, (who, chat) in enumerate((("Zoyaqq", ("telegram", "901", "en")), ("Borisqq", ("viber", "902", "ru")))):
        own = numbers[place * 2 : place * 2 + 2]
        values = {"id": f"sub{place}", "phone": phones[own[0]], "name": who, "region": "RU-MOW", "created_at": now}
        connection.execute(insert(subscribers).values(**values, email=f"{who.lower()}@example.org"))
        channel, address, language = chat
        chat_row = {"chat_id": f"{channel}:{address}", "channel": channel, "address": address, "language": language}
        chat_row |= {"subscriber_id": f"sub{place}", "name": who, "status": "active"}
        connection.execute(insert(chats), {**chat_row, "created_at": now, "joined_at": now})
        for order, number in enumerate(own):
            nickname = ("Nickzz", "Nickbb")[place] if order == 0 else ""
            link = {"id": f"link{place * 2 + order}", "subscriber_id": f"sub{place}", "account_number": number}
            add_link(connection, {**link, "role": "owner", "nickname": nickname, "proof": "phone", "created_at": now})
        _plant_appeals(connection, house, place, f"{channel}:{address}")
    return numbers


def _plant_appeals(connection: Connection, house: House, place: int, chat_id: str) -> None:
    """Three for each subscriber, so that people find them and forged buttons name them: open, decided, a draft."""
    rules, now = house.services.appeals.rules, house.clock.now()
    story = ("Storyzz", "Storybb")[place]
    for order, appeal_id in enumerate(APPEALS[place * 3 : place * 3 + 3]):
        values = {"id": appeal_id, "number": place * 3 + order + 1, "subscriber_id": f"sub{place}", "chat_id": chat_id}
        values |= {"kind": "claim", "status": AppealStatus.draft.value, "created_at": now, "updated_at": now}
        connection.execute(insert(appeals).values(**values))
        add_message(connection, appeal_id, Author.subscriber, story, now)
        appeal = life.locked(connection, appeal_id)
        if order == 2 or appeal is None:
            continue
        appeal = life.sent(connection, appeal, rules, now)
        if order == 1:
            life.settled(connection, appeal, rules, Actor(), AppealStatus.resolved, f"{story}: done", now)


async def _play(opened: AbstractAsyncContextManager[Company], played: list[Deed]) -> None:
    async with opened as company:
        for deed in played:
            await deed(company)


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    # In memory where the system has such a place: hundreds of databases are made here.
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as made:
        yield Path(made)


def _fresh(folder: Path) -> str:
    place = folder / "house"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    return f"sqlite+aiosqlite:///{place / 'abonent.db'}"


_slow = [HealthCheck.too_slow, HealthCheck.data_too_large]
_any = st.lists(deeds, min_size=30, max_size=30)


@settings(max_examples=40, suppress_health_check=_slow)
@given(played=_any)
def test_toy_flows(folder: Path, played: list[Deed]) -> None:
    asyncio.run(_play(toys(_fresh(folder)), played))


@pytest.mark.slow
@settings(max_examples=25, suppress_health_check=_slow)
@given(played=_any)
def test_real_flows(folder: Path, played: list[Deed]) -> None:
    asyncio.run(_play(abonent(_fresh(folder)), played))


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_wandering_through_the_real_flows(folder: Path, seed: int) -> None:
    async def play() -> None:
        async with abonent(_fresh(folder)) as company:
            await wander(company, random.Random(seed), 400)

    asyncio.run(play())


def test_a_deed_can_fail(folder: Path) -> None:
    """The checks see what they are to see: a message with another's name in it is caught."""

    async def leak() -> None:
        async with toys(_fresh(folder)) as company:
            company.people[1].secrets = frozenset({"What is your name?"})
            await company.people[0].person.start()
            company._look()

    with pytest.raises(AssertionError, match="was shown"):
        asyncio.run(leak())
