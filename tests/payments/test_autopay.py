"""Auto-payment under load, faults and silence, on both databases: one charge for an occurrence, never by surprise."""

from __future__ import annotations

import asyncio
import json
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import Connection, Table, func, select

from bot.integrations.payments.autopay_voice import AutopayVoice
from bot.wiring_autopay import AutopayJob, build_job
from core.delivery.messages import OutgoingMessage
from core.delivery.tables import outbox
from core.errors import OutsideUnavailable
from core.housekeeping import tidy
from core.money import Money
from core.payments import store as payments
from core.payments.autopay import store
from core.payments.autopay.models import ChargeStatus, RuleStatus, SavedMeans, Why
from core.payments.autopay.tables import charges, means, rules
from core.payments.autopay.telling import Matter
from core.payments.models import PaymentOrder, PaymentStatus, TroubleKind
from core.payments.protocol import ProviderPayment
from core.payments.tables import orders
from core.reminders.people import facts_of
from handlers.channel import DeliveryError, TryLater
from tests.payments.autopays import a_card, a_rule, charged, history, owe, reload
from tests.payments.conftest import OPERATOR, OTHER, OWN, Register, World
from tests.support.dialogue import Person

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def database_address(database_url: str) -> str:
    """On SQLite and on PostgreSQL."""
    return database_url


@pytest.fixture
def person(world: World) -> Person:
    return Person(world.house, "telegram", "4242424242")


def other_process(world: World) -> AutopayJob:
    return build_job(world.house.database, world.house.services, world.house.registry)


def _count(connection: Connection, table: Table) -> int:
    return connection.execute(select(func.count()).select_from(table)).scalar_one()


async def announced(world: World) -> int:
    query = select(func.count()).where(outbox.c.turn_id.in_(select(charges.c.id)))
    return await world.database.read(lambda c: c.execute(query).scalar_one())


async def test_five_processes_announce_once_and_charge_once(world: World, person: Person, register: Register) -> None:
    await a_rule(world, await register(person, OTHER))
    jobs = [other_process(world) for _ in range(5)]
    await asyncio.gather(*(job.tick() for job in jobs))
    assert await announced(world) == 1
    await world.settle()
    world.clock.move(DAY + HOUR)
    await asyncio.gather(*(job.tick() for job in jobs))
    assert await world.database.read(lambda c: c.execute(select(func.count()).select_from(orders)).scalar_one()) == 1
    await asyncio.gather(world.settle(), world.settle())
    assert [str(one.amount) for one in charged(world)] == ["840.00"]
    assert await world.booked(OTHER) == 84000
    [charge] = await history(world)
    assert charge.status is ChargeStatus.done


async def test_one_that_cannot_be_weighed_or_begun_holds_up_no_other(
    world: World, person: Person, register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    subscriber = await register(person, OTHER, OWN)
    bad, good = await a_rule(world, subscriber), await a_rule(world, subscriber, OWN)
    await owe(world, OWN)
    tell, load, sick = AutopayVoice.tell, store.load_means, True

    def told(voice: AutopayVoice, connection: Connection, matter: Matter) -> int:
        if sick and matter.rule.id == bad.id:
            raise ValueError("nobody thought of this")
        return tell(voice, connection, matter)

    monkeypatch.setattr(AutopayVoice, "tell", told)
    await world.pass_time(HOUR)
    assert [(one.rule_id, one.status) for one in await history(world)] == [(good.id, ChargeStatus.announced)]
    sick = False
    await world.pass_time(HOUR + timedelta(minutes=5))
    assert {one.rule_id for one in await history(world)} == {bad.id, good.id}

    def loaded(connection: Connection, means_id: str) -> SavedMeans | None:
        if means_id == bad.means_id:
            raise ValueError("nobody thought of this either")
        return load(connection, means_id)

    monkeypatch.setattr(store, "load_means", loaded)
    await world.pass_time(DAY + HOUR)
    assert {one.rule_id: one.status for one in await history(world)} == {
        good.id: ChargeStatus.done,
        bad.id: ChargeStatus.announced,
    }


@pytest.mark.parametrize("fails", [1, 3, 8])
async def test_charged_and_then_500(world: World, person: Person, register: Register, fails: int) -> None:
    await a_rule(world, await register(person, OTHER))
    await world.pass_time(HOUR)
    world.bank.faults.fails_after_creating = fails
    world.bank.faults.repeat, world.bank.faults.reorder = 3, True
    for _ in range(30):
        await world.pass_time(HOUR)
    assert [one.taken for one in charged(world)] == [1]
    assert await world.booked(OTHER) == 84000


async def test_a_bank_that_takes_its_time(world: World, person: Person, register: Register) -> None:
    await a_rule(world, await register(person, OTHER))
    for card in world.bank.cards.values():
        card.state = "slow"
    await world.pass_time(HOUR)
    await world.pass_time(DAY + HOUR)
    assert charged(world) == []
    assert (await history(world))[0].status is ChargeStatus.charging
    await world.pass_time(HOUR)
    assert len(charged(world)) == 1
    assert (await history(world))[0].status is ChargeStatus.done


async def test_a_bank_that_never_says_what_it_did(
    world: World, person: Person, register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Within a day the key is asked again; after that it could charge a second time, and a person looks."""
    rule = await a_rule(world, await register(person, OTHER))
    await world.pass_time(HOUR)
    asked = []

    async def charge(order: PaymentOrder, reference: str, key: str) -> ProviderPayment:
        asked.append(key)
        raise OutsideUnavailable("no answer")

    monkeypatch.setattr(world.provider, "charge", charge)
    for _ in range(28):
        await world.pass_time(HOUR)
    assert len(asked) > 5
    assert len(set(asked)) == 1
    before = len(asked)
    for _ in range(40):
        await world.pass_time(HOUR)
    assert len(asked) > before
    [trouble] = await world.database.read(payments.open_troubles)
    assert trouble.kind is TroubleKind.unsure
    before = len(asked)
    for _ in range(10):
        await world.pass_time(DAY)
    assert len(asked) == before
    found = await reload(world, rule)
    assert (found.status, found.reason) == (RuleStatus.paused, Why.unsure)
    assert "being checked" in "\n".join(one.text for one in person._all())


async def test_the_bank_reports_another_sum(world: World, person: Person, register: Register) -> None:
    rule = await a_rule(world, await register(person, OTHER))
    await world.pass_time(HOUR)
    world.bank.faults.lies_about_amount = Decimal(1)
    await world.pass_time(DAY + HOUR)
    [row] = await world.database.read(lambda c: c.execute(select(orders)).all())
    assert row.status == PaymentStatus.aside.value
    assert (await reload(world, rule)).reason == Why.unsure
    assert await world.booked(OTHER) == 0
    for _ in range(10):
        await world.pass_time(DAY)
    assert len(charged(world)) == 1


async def test_two_people_pay_for_one_account(world: World, person: Person, register: Register) -> None:
    """A husband and a wife, the same debt, the same moment: it is charged once in all."""
    other = Person(world.house, "telegram", "777")
    one, two = await register(person, OTHER), await register(other, OTHER)
    await a_rule(world, one)
    await a_rule(world, two, chat="telegram:777")
    await world.pass_time(HOUR)
    assert len(await history(world)) == 2
    world.clock.move(DAY + HOUR)
    await asyncio.gather(*(other_process(world).tick() for _ in range(4)))
    await world.settle()
    for _ in range(6):
        await world.pass_time(HOUR)
    assert [str(one.amount) for one in charged(world)] == ["840.00"]
    assert sorted(one.status for one in await history(world)) == [ChargeStatus.done, ChargeStatus.skipped]


async def test_money_on_its_way_is_waited_for(world: World, person: Person, register: Register) -> None:
    subscriber = await register(person, OTHER)
    await a_rule(world, subscriber)
    await world.pass_time(HOUR)
    order = await world.order((OTHER, "840"), subscriber=subscriber, chat="telegram:4242424242")
    payment = await world.open(order)
    world.clock.move(DAY)
    book = world.billing.inner.post_payment

    async def slow(account: str, amount: Money, external_id: str, paid_at: datetime, method: str) -> None:
        raise OutsideUnavailable("the billing books nothing now")

    world.billing.inner.post_payment = slow  # type: ignore[method-assign]  # this very object's, for this test
    world.bank.act(payment, "pay")
    await world.settle()
    await world.pass_time(HOUR)
    assert charged(world) == []
    world.billing.inner.post_payment = book  # type: ignore[method-assign]  # as it was
    for _ in range(5):
        await world.pass_time(HOUR)
    assert charged(world) == []
    assert await world.booked(OTHER) == 84000
    assert (await history(world))[0].reason == Why.nothing_owed


async def test_somebody_is_at_the_banks_page_just_now(world: World, person: Person, register: Register) -> None:
    subscriber = await register(person, OTHER)
    await a_rule(world, subscriber)
    await world.pass_time(HOUR)
    world.clock.move(DAY)
    order = await world.order((OTHER, "840"), subscriber=subscriber, chat="telegram:4242424242")
    payment = await world.open(order)
    await world.pass_time(timedelta(minutes=15))
    assert charged(world) == []
    world.bank.act(payment, "pay")
    await world.settle()
    await world.pass_time(HOUR)
    assert charged(world) == []
    assert (await history(world))[0].reason == Why.nothing_owed


async def test_a_day_counts_from_when_the_announcement_was_heard(
    world: World, person: Person, register: Register
) -> None:
    await a_rule(world, await register(person, OTHER))

    def later(_address: str, _message: OutgoingMessage) -> DeliveryError | None:
        return TryLater("the messenger is away", 60.0)

    channel = world.house.channels["telegram"]
    usual, channel.failure = channel.failure, later
    for _ in range(8):
        await world.pass_time(HOUR)
    channel.failure = usual
    for _ in range(2):
        await world.pass_time(HOUR)
    assert await world.database.read(
        lambda c: c.execute(select(func.min(outbox.c.sent_at)).where(outbox.c.status == "sent")).scalar_one()
    )
    heard = world.clock.now()
    while world.clock.now() < heard + timedelta(hours=22):
        await world.pass_time(HOUR)
    assert charged(world) == []
    for _ in range(24):
        await world.pass_time(HOUR)
    assert len(charged(world)) == 1


async def test_announced_in_waking_hours_alone(world: World, person: Person, register: Register) -> None:
    """In the person's own zone: ten to twenty, on days off from eleven."""
    world.clock.move(timedelta(hours=11))  # 23:00 in Moscow
    await a_rule(world, await register(person, OTHER))
    while not await history(world):
        await world.pass_time(timedelta(minutes=30))
    assert world.clock.now().astimezone(OPERATOR.zone).hour == 10
    [charge] = await history(world)
    assert 10 <= charge.charge_at.astimezone(OPERATOR.zone).hour < 20
    assert charge.charge_at - charge.created_at >= DAY


@pytest.mark.parametrize("day", [15, 28, 31])
async def test_month_after_month(world: World, person: Person, register: Register, day: int) -> None:
    """Each month once, on its day or soon after; nothing where nothing is owed."""
    await a_rule(world, await register(person, OTHER), due_on=date(2026, 3, min(day, 28)))
    for number in range(24 * 33 // 6):
        if number == 60:
            await owe(world, minor=10000)
        await world.pass_time(timedelta(hours=6))
    made = [one for one in await history(world) if one.status is ChargeStatus.done]
    assert [one.occurrence for one in made][:1] == ["2026-03"]
    assert len({one.occurrence for one in await history(world)}) == len(await history(world))


async def test_what_a_retry_takes_counts_once(world: World, person: Person, register: Register) -> None:
    rule = await a_rule(world, await register(person, OTHER), limit="1000")
    [card] = world.bank.cards.values()
    await world.pass_time(HOUR)
    card.state = "funds"
    await world.pass_time(DAY + HOUR)
    card.state = "ok"
    for _ in range(60):
        await world.pass_time(HOUR)
    assert [str(one.amount) for one in charged(world)] == ["840.00"]
    await owe(world, minor=50000)
    for _ in range(80):
        await world.pass_time(HOUR)
    assert [str(one.amount) for one in charged(world)] == ["840.00", "160.00"]
    assert (await reload(world, rule)).status is RuleStatus.active


async def test_switched_off_by_the_operator(world: World, person: Person, register: Register) -> None:
    await a_rule(world, await register(person, OTHER))
    await world.pass_time(HOUR)
    world.autopay.on = False
    for _ in range(6):
        await world.pass_time(DAY)
    assert charged(world) == []
    world.autopay.on = True
    await world.pass_time(HOUR)
    assert charged(world) == []  # it would come out of the blue by now
    assert (await history(world))[0].reason == Why.late


async def test_no_reminder_of_what_will_be_charged(world: World, person: Person, register: Register) -> None:
    await a_rule(world, await register(person, OTHER))
    await world.pass_time(HOUR)
    facts = await world.database.read(facts_of, [OTHER, OWN], OPERATOR, world.clock.now())
    assert facts.charged == {OTHER: 84000}


async def test_shown_erased_and_removed(world: World, person: Person, register: Register) -> None:
    subscriber = await register(person, OTHER, OWN)
    card = await a_card(world, subscriber)
    await a_rule(world, subscriber, card=card)
    await a_rule(world, subscriber, OWN, card=card)
    await world.pass_time(HOUR)
    service = world.house.services.subscribers
    shown = (await service.export_data(subscriber))["payments"]["auto"]
    json.dumps(shown)
    assert [one["title"] for one in shown["saved_cards"]] == ["Mir •• 4444"]
    assert {one["account"] for one in shown["rules"]} == {OTHER, OWN}
    assert [one["announced"] for one in shown["charges"]] == ["840.00"]
    await world.database.write(service.erase(subscriber, "telegram:4242424242", "turn").apply)
    await world.settle()
    assert world.bank.cards == {}
    await world.pass_time(DAY + HOUR)
    assert charged(world) == []
    found = await world.database.read(lambda c: c.execute(select(rules)).all())
    assert {(row.status, row.reason, row.chat_id) for row in found} == {("off", "forgotten", "")}
    assert await world.database.read(lambda c: list(c.execute(select(means.c.title)).scalars())) == [""]
    world.clock.move(timedelta(days=366 * 4))
    await world.database.write(tidy, world.clock.now(), 3)
    for table in (charges, rules, means):
        assert await world.database.read(_count, table) == 0


async def test_forgotten_while_the_bank_is_being_asked(world: World, person: Person, register: Register) -> None:
    """Nobody knows whether it was made: it runs its course, and the billing gets what the bank took."""
    subscriber = await register(person, OTHER)
    await a_rule(world, subscriber)
    await world.pass_time(HOUR)
    world.clock.move(DAY + HOUR)
    await world.autopay.tick()
    service = world.house.services.subscribers
    await world.database.write(service.erase(subscriber, "telegram:4242424242", "turn").apply)
    await world.settle()
    await world.pass_time(HOUR)
    taken = sum(one.amount for one in charged(world))
    assert await world.booked(OTHER) == taken * 100
