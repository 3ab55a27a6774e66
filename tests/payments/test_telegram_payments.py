"""Paying in the chat itself, against the emulated Telegram: asked in time, credited once, and only on its word."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import insert, select

from bot.integrations.payments.telegram_payments import TelegramCashier, TelegramPayments
from bot.sandbox import Limits, Sandbox, build_sandbox, running
from bot.sandbox.telegram.people import Person
from bot.wiring import build_services, build_tasks, zone_finder
from bot.wiring_payments import build_payments, payment_tasks, telegram_cashier
from core.billing.demo import fill_demo
from core.billing.embedded import EmbeddedBilling
from core.billing.tables import postings
from core.clock import ManualClock
from core.database import Database
from core.money import Money
from core.payments import store
from core.payments.links import PaymentLinks
from core.payments.models import PaymentLine, PaymentOrder, PaymentStatus, TroubleKind
from core.payments.service import PaymentTerms, sweep
from core.payments.tables import notices
from core.services import Services
from core.subscribers.tables import chats, subscribers
from fsm.event import Event
from fsm.state import Registry
from handlers.intake import NotCommitted, TurnDone
from handlers.telegram.cashier import Checkout
from handlers.telegram.client import make_bot
from handlers.telegram.outbound import TelegramChannel
from handlers.telegram.receiver import Receiver
from handlers.telegram.units import from_units, to_units
from handlers.worker import TaskHandler
from tests.payments.conftest import OPERATOR, OURS, OWN, rub
from tests.payments.contract import UnaskedContract
from tests.payments.doubles.server import Faults
from tests.support.dialogue import SECRET, House, open_house

PAYMENT_TOKEN = "381764678:TEST:100037"


class Nobody:
    """No conversation hears of payments."""

    async def take(self, event: Event) -> TurnDone:
        return TurnDone()


@dataclass
class Shop:
    house: House
    sandbox: Sandbox
    person: Person
    channel: TelegramChannel
    receiver: Receiver
    cashier: TelegramCashier
    providers: dict[str, TelegramPayments]

    async def order(self, amount: str = "350") -> PaymentOrder:
        lines = [PaymentLine(OWN, rub(amount))]
        order, write = self.house.services.payments.order("s", f"telegram:{self.person.id}", "telegram", lines)
        await self.house.database.write(write.apply)
        return order

    async def invoice(self) -> PaymentOrder:
        """Orders, and sends what the outbox holds to Telegram."""
        order = await self.order()
        await self.work()
        said = self.house.channels["telegram"].delivered[-1][1]
        assert said.invoice is not None
        await self.channel.deliver(str(self.person.id), said)
        return order

    async def work(self) -> None:
        while await self.house.worker.drain() + await self.house.sender.drain():
            pass

    async def bring(self, *, times: int = 1) -> None:
        """Telegram brings what waits, each as often as said, until nothing more comes of it."""
        queue = self.sandbox.telegram.queue
        while waiting := queue.pending(self.sandbox.clock.now()):
            for update in waiting:
                for _ in range(times):
                    await self.receiver.receive(update.body)
                queue.confirm(update)
        await self.work()

    async def load(self, order: PaymentOrder) -> PaymentOrder:
        found = await self.house.database.read(store.load, order.id)
        assert found is not None
        return found

    async def booked(self) -> list[int]:
        query = select(postings.c.amount).where(postings.c.account == OWN)
        return await self.house.database.read(lambda c: list(c.execute(query).scalars()))


@pytest.fixture
async def shop(sqlite_url: str, registry: Registry) -> AsyncIterator[Shop]:
    clock = ManualClock()
    sandbox = build_sandbox(clock, limits=Limits.off())
    provider = TelegramPayments("Svyaz")
    providers = {provider.name: provider}
    links = PaymentLinks(SECRET, OURS)

    def build(database: Database, clock: ManualClock) -> Services:
        billing = EmbeddedBilling(database, clock, live=True, zone=OPERATOR.zone)
        payments = build_payments(database, clock, PaymentTerms(rub("10"), rub("50000")), links, providers)
        return build_services(database, clock, OPERATOR, billing, secret_key=SECRET, payments=payments)

    def tasks(house: House) -> dict[str, TaskHandler]:
        usual = build_tasks(
            house.database, house.services, house.registry, {}, house.channels, house.store, lambda: None
        )
        return usual | payment_tasks(house.database, house.services, house.registry, providers, links, lambda: None)

    opening = open_house(
        sqlite_url, build=build, zone_of=zone_finder(OPERATOR), tasks=tasks, clock=clock, registry=registry
    )
    async with opening as house, running(sandbox, deliver=False) as addresses:
        await house.database.write(fill_demo, clock.now().astimezone(OPERATOR.zone).date(), now=clock.now())
        person = sandbox.telegram.person("Анна", "+79000000001")
        person.start()
        sandbox.telegram.queue.clear()
        row: dict[str, Any] = {"chat_id": f"telegram:{person.id}", "channel": "telegram", "address": str(person.id)}
        row |= {"language": "ru", "status": "active", "created_at": clock.now(), "name": "", "subscriber_id": "s"}
        await house.database.write(lambda c: c.execute(insert(subscribers).values(id="s", created_at=clock.now())))
        await house.database.write(lambda c: c.execute(insert(chats).values(**row)))
        bot = make_bot(sandbox.telegram.token, addresses.telegram_api_url)
        channel = TelegramChannel(bot, _no_blob, PAYMENT_TOKEN)
        cashier = telegram_cashier(house.database, clock, OPERATOR, lambda: None)
        receiver = Receiver(bot, channel, Nobody(), clock, group_line=str, cashier=cashier)
        yield Shop(house, sandbox, person, channel, receiver, cashier, providers)
        await receiver.close()
        await channel.close()


async def _no_blob(key: str) -> bytes:
    raise KeyError(key)


async def test_from_the_invoice_to_the_thanks(shop: Shop) -> None:
    order = await shop.invoice()
    bubble = shop.person.last
    assert "Svyaz" in bubble.text
    assert bubble.labels == ["Заплатить 350.00 RUB"]
    shop.person.press(bubble.labels[0])
    await shop.bring()
    assert (await shop.load(order)).status is PaymentStatus.posted
    assert await shop.booked() == [35000]
    _address, thanks = shop.house.channels["telegram"].delivered[-1]
    assert "Спасибо" in thanks.text or "Thank you" in thanks.text


async def test_the_same_word_many_times_is_money_once(shop: Shop) -> None:
    order = await shop.invoice()
    shop.person.pay()
    await shop.bring(times=3)
    assert (await shop.load(order)).status is PaymentStatus.posted
    assert await shop.booked() == [35000]


async def test_yes_alone_is_no_money(shop: Shop) -> None:
    """The card may still be refused after the bot has agreed."""
    order = await shop.invoice()
    asked = Checkout("q", order.id, 35000, "RUB", "ru")
    assert await shop.cashier.may_pay(asked) == ""
    assert (await shop.load(order)).status is PaymentStatus.open
    assert await shop.booked() == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"amount": 35001}, "cannot be paid"),
        ({"currency": "KZT"}, "cannot be paid"),
        ({"payload": "ffffffffffffffff"}, "cannot be paid"),
        ({"payload": "' OR 1=1 --"}, "cannot be paid"),
    ],
)
async def test_a_checkout_that_agrees_with_no_order(shop: Shop, change: dict[str, Any], said: str) -> None:
    order = await shop.invoice()
    fields: dict[str, Any] = {
        "query_id": "q",
        "payload": order.id,
        "amount": 35000,
        "currency": "RUB",
        "language": "en",
    } | change
    assert said in await shop.cashier.may_pay(Checkout(**fields))


async def test_an_invoice_whose_time_is_over(shop: Shop) -> None:
    order = await shop.invoice()
    shop.sandbox.clock.move(timedelta(hours=25))  # type: ignore[attr-defined]  # the fixture's clock is a ManualClock
    shop.person.pay()
    await shop.bring()
    (checkout,) = shop.sandbox.telegram.checkouts.values()
    assert "Деньги не списаны" in checkout.refusal
    assert await shop.booked() == []
    await shop.house.database.write(sweep, shop.house.clock.now())
    await shop.work()
    assert (await shop.load(order)).status is PaymentStatus.expired


async def test_an_invoice_is_paid_once(shop: Shop) -> None:
    order = await shop.invoice()
    shop.person.pay()
    await shop.bring()
    assert "уже оплачен" in await shop.cashier.may_pay(Checkout("q", order.id, 35000, "RUB", "ru"))


async def test_a_second_payment_all_the_same_is_put_aside(shop: Shop) -> None:
    """Two people were both asked for a card before either was charged."""
    order = await shop.invoice()
    bill = next(iter(shop.sandbox.telegram.bills.values()))
    shop.person.charged(bill)
    shop.person.charged(bill)
    await shop.bring()
    assert (await shop.load(order)).status is PaymentStatus.posted
    assert await shop.booked() == [35000]
    troubles = await shop.house.database.read(store.open_troubles)
    assert [trouble.kind for trouble in troubles] == [TroubleKind.second]


@pytest.mark.parametrize(
    ("lie", "kind"), [({"amount": 1}, TroubleKind.amount), ({"currency": "KZT"}, TroubleKind.currency)]
)
async def test_another_sum_than_ordered_is_put_aside(shop: Shop, lie: dict[str, Any], kind: TroubleKind) -> None:
    order = await shop.invoice()
    bill = next(iter(shop.sandbox.telegram.bills.values()))
    for name, value in lie.items():
        setattr(bill, name, value)
    shop.person.charged(bill)
    await shop.bring()
    assert (await shop.load(order)).status is PaymentStatus.aside
    assert await shop.booked() == []
    troubles = await shop.house.database.read(store.open_troubles)
    assert [trouble.kind for trouble in troubles] == [kind]


@pytest.mark.parametrize("payload", ["ffffffffffffffff", "' OR 1=1 --", ""])
async def test_money_for_an_order_that_is_not_here_is_put_aside(
    shop: Shop, payload: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A database that was put back to an older copy; a bot whose token another program has used."""
    await shop.invoice()
    bill = next(iter(shop.sandbox.telegram.bills.values()))
    monkeypatch.setattr(bill, "payload", payload)
    before = alarms()
    shop.person.charged(bill)
    await shop.bring(times=2)
    assert await shop.booked() == []
    [trouble] = await shop.house.database.read(store.open_troubles)
    assert trouble.kind is TroubleKind.order
    assert "350" in trouble.said
    assert alarms() == before + 1
    assert await shop.house.database.read(lambda c: c.execute(select(notices.c.status)).scalar_one()) == "aside"


async def test_money_for_an_invoice_of_before_the_way_was_switched_off(shop: Shop) -> None:
    order = await shop.invoice()
    shop.providers.clear()
    shop.person.charged(next(iter(shop.sandbox.telegram.bills.values())))
    await shop.bring()
    assert (await shop.load(order)).status is PaymentStatus.posted
    assert await shop.booked() == [35000]


def alarms() -> float:
    return REGISTRY.get_sample_value("abonent_payment_troubles_total", {"provider": "telegram", "kind": "order"}) or 0.0


async def test_money_that_cannot_be_written_down_comes_again(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    order = await shop.invoice()
    shop.person.charged(next(iter(shop.sandbox.telegram.bills.values())))
    (update,) = shop.sandbox.telegram.queue.pending(shop.sandbox.clock.now())

    async def away(*_: object) -> bool:
        raise OSError("the database is away")

    with monkeypatch.context() as broken:
        broken.setattr(shop.cashier, "_keep", away)
        for _ in range(5):
            with pytest.raises(NotCommitted):
                await shop.receiver.receive(update.body)
    await shop.bring()
    assert (await shop.load(order)).status is PaymentStatus.posted


async def test_a_question_that_cannot_be_decided_is_a_no(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    await shop.invoice()

    async def away(*_: object) -> None:
        raise OSError("the database is away")

    monkeypatch.setattr(shop.cashier, "_load", away)
    shop.person.pay()
    await shop.bring()
    (checkout,) = shop.sandbox.telegram.checkouts.values()
    assert "через минуту" in checkout.refusal
    assert await shop.booked() == []


@pytest.mark.parametrize(
    ("amount", "currency", "units"),
    [("10.01", "RUB", 1001), ("500", "JPY", 500), ("5", "ISK", 5), ("5", "RSD", 500), ("5", "AMD", 500)],
)
def test_sums_in_telegrams_units(amount: str, currency: str, units: int) -> None:
    money = Money(Decimal(amount), currency)
    assert to_units(money) == units
    assert from_units(units, currency) == money


def test_a_sum_that_does_not_exist_is_not_rounded() -> None:
    with pytest.raises(ValueError):
        from_units(550, "ALL")


@dataclass
class TelegramRig:
    clock: ManualClock
    provider: TelegramPayments
    faults: Faults
    secrets: tuple[str, ...] = ()


class TestTelegramPayments(UnaskedContract):
    @pytest.fixture
    def rig(self) -> TelegramRig:
        return TelegramRig(ManualClock(), TelegramPayments("О" * 50), Faults())
