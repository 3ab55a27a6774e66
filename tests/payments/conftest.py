"""The real conversations, the real page and the sandbox's bank, all in one process; the bank can have a bad day."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import insert, select
from starlette.applications import Starlette
from starlette.routing import Route

from bot.integrations.payments.sandbox_bank import SandboxBank
from bot.sandbox.bank.server import BankServer
from bot.sandbox.bank.service import BANK_KEY, Bank, BankPayment
from bot.wiring import build_services, build_tasks, zone_finder
from bot.wiring_autopay import AutopayJob, build_job
from bot.wiring_payments import build_autopay, build_payments, payment_routes, payment_tasks
from core.billing.breakable import BreakableBilling
from core.billing.demo import fill_demo
from core.billing.embedded import EmbeddedBilling
from core.billing.tables import accounts, postings
from core.clock import ManualClock
from core.database import Database
from core.ids import new_id
from core.money import Money
from core.operator import Operator
from core.payments import store
from core.payments.autopay.models import AutopayTerms
from core.payments.links import PaymentLinks
from core.payments.models import PaymentLine, PaymentOrder
from core.payments.promises import PromiseTerms
from core.payments.protocol import PaymentProvider
from core.payments.service import PaymentTerms, sweep
from core.services import Services
from core.subscribers.links import add_link
from core.subscribers.models import Proof, Role
from core.subscribers.tables import chats, subscribers
from fsm.state import Registry
from handlers.worker import TaskHandler
from tests.support.dialogue import SECRET, House, Person, open_house

OPERATOR = Operator(name="Svyaz", languages=("en", "ru"))
BOTS = [("Telegram", "https://t.me/svyaz_bot"), ("Viber", "viber://pa?chatURI=svyaz")]
OURS, BANK = "http://127.0.0.1:7001", "http://127.0.0.1:7002"
OWN, OTHER, SUSPENDED, STRANGER = "7700100101", "7700100218", "7700100656", "7700100549"
"""Nothing owed; 840 roubles owed; suspended with 3523.50 owed; prepaid, 904.84 left."""

Register = Callable[..., Awaitable[str]]


def rub(amount: str) -> Money:
    from decimal import Decimal

    return Money(Decimal(amount), "RUB")


@dataclass
class World:
    """Our side and the bank's, and what a test asks of both."""

    house: House
    bank: Bank
    provider: SandboxBank
    links: PaymentLinks
    web: httpx.AsyncClient
    billing: BreakableBilling
    autopay: AutopayJob
    orders: list[PaymentOrder] = field(default_factory=list)

    @property
    def clock(self) -> ManualClock:
        return self.house.clock

    @property
    def database(self) -> Database:
        return self.house.database

    async def order(self, *parts: tuple[str, str], subscriber: str = "s", chat: str = "telegram:42") -> PaymentOrder:
        lines = [PaymentLine(account, rub(amount)) for account, amount in parts or ((OWN, "350"),)]
        order, write = self.house.services.payments.order(subscriber, chat, "sandbox", lines)
        await self.database.write(write.apply)
        self.orders.append(order)
        return order

    async def load(self, order: PaymentOrder) -> PaymentOrder:
        found = await self.database.read(store.load, order.id)
        assert found is not None
        return found

    async def open(self, order: PaymentOrder) -> BankPayment:
        """Presses the button on the page; the worker does the rest."""
        await self.web.post(f"/pay/{self.links.token(order.id)}")
        await self.settle()
        return self.bank.payments[self.bank.by_key[order.id]]

    async def settle(self) -> None:
        """Everything that is due now, on both sides."""
        while await self.house.worker.drain() + await self.house.sender.drain() + await self.bank.deliver_due():
            pass

    async def pass_time(self, by: timedelta) -> None:
        """Moves the clock; what has become due by then happens."""
        self.clock.move(by)
        for _ in range(50):
            planned = await self.database.write(sweep, self.clock.now())
            # What is only put off has been put off in the first round.
            decided = await self.autopay.tick()
            await self.settle()
            if not planned and not decided:
                return

    async def booked(self, account: str = OWN) -> int:
        """Minor units that the billing has booked by itself: payments less refunds."""
        rows = await self.database.read(
            lambda c: c.execute(select(postings).where(postings.c.account == account)).all()
        )
        return sum(row.amount if row.kind == "payment" else -row.amount for row in rows)

    async def balance(self, account: str = OWN) -> int:
        query = select(accounts.c.balance).where(accounts.c.number == account)
        balance: int = await self.database.read(lambda c: c.execute(query).scalar_one())
        return balance


@pytest.fixture(scope="session")
def registry() -> Registry:
    return Registry()


@pytest.fixture
def database_address(sqlite_url: str) -> str:
    return sqlite_url


@pytest.fixture
async def world(database_address: str, registry: Registry) -> AsyncIterator[World]:
    async with open_world(database_address, registry) as opened:
        yield opened


def open_world(url: str, registry: Registry, *more: PaymentProvider) -> _Opening:
    """``more``: ways to pay beside the sandbox's bank."""
    return _Opening(url, registry, more)


class _Opening:
    """An async context manager, so that a stateful test can open a world of its own."""

    def __init__(self, url: str, registry: Registry, more: Sequence[PaymentProvider] = ()) -> None:
        self._url = url
        self._registry = registry
        self._more = more

    async def __aenter__(self) -> World:
        clock = ManualClock()
        app = Starlette()
        to_us = httpx.AsyncClient(transport=httpx.ASGITransport(app))
        bank = Bank(clock, to_us, lambda: BANK)
        bank_app = Starlette(routes=BankServer(bank).routes())
        transport = httpx.ASGITransport(bank_app)
        provider = SandboxBank(f"{BANK}/bank", BANK_KEY, OURS, clock, "Svyaz", transport)
        providers: dict[str, PaymentProvider] = {one.name: one for one in (provider, *self._more)}
        links = PaymentLinks(SECRET, OURS)
        billings: list[BreakableBilling] = []

        def build(database: Database, clock: ManualClock) -> Services:
            billings.append(BreakableBilling(EmbeddedBilling(database, clock, live=True, zone=OPERATOR.zone)))
            terms = PaymentTerms(rub("10"), rub("50000"))
            promise = PromiseTerms(rub("3000"))
            payments = build_payments(database, clock, terms, links, providers, promise)
            autopay = build_autopay(database, clock, AutopayTerms(rub("3000")), providers)
            return build_services(
                database, clock, OPERATOR, billings[0], secret_key=SECRET, payments=payments, autopay=autopay
            )

        def tasks(house: House) -> dict[str, TaskHandler]:
            usual = build_tasks(
                house.database, house.services, house.registry, {}, house.channels, house.store, lambda: None
            )
            return usual | payment_tasks(house.database, house.services, house.registry, providers, links, lambda: None)

        self._house = open_house(
            self._url, build=build, zone_of=zone_finder(OPERATOR), tasks=tasks, clock=clock, registry=self._registry
        )
        house = await self._house.__aenter__()
        today = clock.now().astimezone(OPERATOR.zone).date()
        await house.database.write(fill_demo, today, now=clock.now())
        routes = payment_routes(house.database, house.services, providers, OURS, BOTS, lambda: None, patience=0)
        app.routes.extend(route for route in routes if isinstance(route, Route))
        web = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=OURS)
        self._closing = [to_us, web]
        self._provider = provider
        job = build_job(house.database, house.services, house.registry)
        return World(house, bank, provider, links, web, billings[0], job)

    async def __aexit__(self, *_: object) -> None:
        for client in self._closing:
            await client.aclose()
        await self._provider.close()
        await self._house.__aexit__(None, None, None)


@pytest.fixture(params=["telegram", "viber"])
def person(world: World, request: pytest.FixtureRequest) -> Person:
    return Person(world.house, request.param, "4242424242")


@pytest.fixture
def register(world: World) -> Register:
    """``await register(person, "7700100101", ...)``: a subscriber with links, without the dialogue."""

    async def make(person: Person, *numbers: str) -> str:
        return await add_person(world, person, *numbers)

    return make


async def add_person(world: World, person: Person, *numbers: str) -> str:
    """A subscriber who is signed in there, with links to these accounts; returns their id."""
    now = world.clock.now()
    subscriber = new_id(now)
    phone = "+79000000001" if person.address == "4242424242" else f"+7900{int(person.address):07}"
    person_row = {"id": subscriber, "phone": phone, "name": person.name, "region": "RU-MOW"}
    await world.database.write(lambda c: c.execute(insert(subscribers).values(**person_row, created_at=now)))
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
    await world.database.write(lambda c: c.execute(insert(chats).values(**chat)))
    for order, number in enumerate(numbers):
        link = {
            "id": new_id(now),
            "subscriber_id": subscriber,
            "account_number": number,
            "role": Role.owner.value,
            "nickname": "",
            "proof": Proof.phone.value,
            "created_at": now + timedelta(seconds=order),
        }
        await world.database.write(add_link, link)
    return subscriber
