"""Paying as people meet it, in both messengers: from "how much" to "paid, thank you"."""

from __future__ import annotations

import time
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from core.payments import store
from core.payments.models import PaymentOrder, PaymentStatus
from core.payments.tables import orders
from fsm.action import encode
from fsm.actions import OpenPayment, OpenPaymentOrder, OpenPayments, OpenPromise, OpenReceipt
from fsm.payment_words import read_amount
from tests.payments.conftest import OTHER, OWN, STRANGER, SUSPENDED, Register, World
from tests.support.dialogue import Person


async def last_order(world: World) -> PaymentOrder:
    query = select(orders.c.id).order_by(orders.c.created_at.desc(), orders.c.id.desc()).limit(1)
    order_id = await world.database.read(lambda c: c.execute(query).scalar_one())
    found = await world.database.read(store.load, order_id)
    assert found is not None
    return found


async def pay(world: World, act: str = "pay") -> PaymentOrder:
    """The person follows the link and presses something on the bank's page."""
    order = await last_order(world)
    payment = await world.open(order)
    world.bank.act(payment, act)
    await world.settle()
    return await world.load(order)


async def test_the_debt_of_the_only_account_in_three_taps(world: World, person: Person, register: Register) -> None:
    await register(person, OTHER)
    await person.press_raw(encode(OpenPayment()))
    await person.press("The debt")
    assert "To pay" in person.text
    assert person.message.attachment is not None  # the QR code
    [link] = [button for button in person.buttons if button.url]
    assert link.url == world.links.url((await last_order(world)).id)
    order = await pay(world)
    assert order.status is PaymentStatus.posted
    assert "Paid" in person.text
    assert "Nothing more to pay." in person.text


async def test_several_accounts_at_once(world: World, person: Person, register: Register) -> None:
    await register(person, OWN, OTHER)
    await person.press_raw(encode(OpenPayment()))
    assert "Which accounts" in person.text
    chosen = [label for label in person.labels if label.startswith("☑️")]
    for label in [one for one in person.labels if one.startswith("⬜️")]:
        await person.press(label)
    assert len([one for one in person.labels if one.startswith("☑️")]) == 2
    assert len(chosen) <= 2
    await person.press("Continue: 2 accounts")
    await person.press("Until next month's end")
    await pay(world)
    assert await world.booked(OWN) + await world.booked(OTHER) > 0


@pytest.mark.parametrize(("typed", "minor"), [("500", 50000), ("1 234,50 руб.", 123450), ("349.5", 34950)])
async def test_a_typed_sum(world: World, person: Person, register: Register, typed: str, minor: int) -> None:
    await register(person, OWN)
    await person.press_raw(encode(OpenPayment(OWN)))
    await person.say(typed)
    assert (await last_order(world)).amount.minor == minor


async def test_sums_that_cannot_be_paid_are_refused_with_words(
    world: World, person: Person, register: Register
) -> None:
    await register(person, OWN)
    await person.press_raw(encode(OpenPayment(OWN)))
    await person.say("5")
    assert "smallest" in person.text
    await person.say("1000000")
    assert "largest" in person.text
    await person.say("five hundred")
    assert "could not read" in person.text


async def test_a_strangers_account_shows_no_balance(world: World, person: Person, register: Register) -> None:
    await register(person, OWN)
    await person.press_raw(encode(OpenPayment(STRANGER)))
    assert "debt" not in person.text.casefold()
    await person.press_raw(encode(OpenPayment()))
    await register_stranger(person)
    await person.say("200")
    order = await pay(world)
    assert [line.own for line in order.lines] == [False]
    assert await world.booked(STRANGER) == 20000
    assert "On the account now" not in person.text
    assert "Still to pay" not in person.text


async def register_stranger(person: Person) -> None:
    """Goes to the question for a number, from wherever that is offered."""
    await person.press_raw(encode(OpenPayment("0000")))
    if any("Somebody" in label for label in person.labels):
        await person.press("Somebody")
    await person.say(STRANGER)


async def test_declined_by_the_bank(world: World, person: Person, register: Register) -> None:
    await register(person, OTHER)
    await person.press_raw(encode(OpenPayment(OTHER)))
    await person.press("The debt")
    await pay(world, "decline")
    assert "did not go through" in person.text
    assert "Pay again" in " ".join(person.labels)


async def test_called_off_by_the_person(world: World, person: Person, register: Register) -> None:
    await register(person, OTHER)
    await person.press_raw(encode(OpenPayment(OTHER)))
    await person.press("The debt")
    await person.press("Cancel the payment")
    assert "cancelled" in person.text
    assert (await last_order(world)).status is PaymentStatus.cancelled


async def test_called_off_after_it_was_opened(world: World, person: Person, register: Register) -> None:
    await register(person, OTHER)
    await person.press_raw(encode(OpenPayment(OTHER)))
    await person.press("The debt")
    payment = await world.open(await last_order(world))
    await person.press("Cancel the payment")
    assert payment.status == "cancelled"
    assert (await last_order(world)).status is PaymentStatus.cancelled
    await world.pass_time(timedelta(days=2))
    assert "The payment is cancelled" in person.text  # and nothing was said after that


async def test_money_that_was_faster_than_calling_off(world: World, person: Person, register: Register) -> None:
    await register(person, OTHER)
    await person.press_raw(encode(OpenPayment(OTHER)))
    await person.press("The debt")
    payment = await world.open(await last_order(world))
    payment.status, payment.paid_at = "succeeded", world.clock.now()
    await person.press("Cancel the payment")
    assert (await last_order(world)).status is PaymentStatus.posted
    assert "Thank you" in person.text


async def test_the_service_comes_back(world: World, person: Person, register: Register) -> None:
    await register(person, SUSPENDED)
    await person.press_raw(encode(OpenPayment(SUSPENDED)))
    await person.say("20000")
    await pay(world)
    assert "works again" in person.text


async def test_while_the_billing_is_slow_the_person_hears_that_the_money_is_there(
    world: World, person: Person, register: Register
) -> None:
    await register(person, OWN)
    await person.press_raw(encode(OpenPayment(OWN)))
    await person.say("100")
    world.billing.mode = "down"
    await pay(world)
    assert "received" in person.text
    world.billing.mode = "ok"
    await world.pass_time(timedelta(minutes=40))
    assert "Paid" in person.text


async def test_the_list_and_the_receipt(world: World, person: Person, register: Register) -> None:
    await register(person, OWN)
    await person.press_raw(encode(OpenPayment(OWN)))
    await person.say("100")
    order = await pay(world)
    await person.press("Receipt")
    documents = [one.attachment for one in person.said if one.attachment is not None]
    assert [one.name for one in documents] == [f"receipt-{order.id}.pdf"]
    await person.press_raw(encode(OpenPayments()))
    assert "paid" in person.text


async def test_nobody_sees_somebody_elses_payment(world: World, person: Person, register: Register) -> None:
    await register(person, OWN)
    foreign = await world.order(subscriber="another")
    for action in (OpenPaymentOrder(foreign.id), OpenReceipt(foreign.id)):
        await person.press_raw(encode(action))
        assert "do not know this payment" in person.text


async def test_the_refund_is_told(world: World, person: Person, register: Register) -> None:
    await register(person, OWN)
    await person.press_raw(encode(OpenPayment(OWN)))
    await person.say("100")
    order = await pay(world)
    world.bank.refund(world.bank.payments[order.provider_payment_id], Decimal(40))
    await world.settle()
    assert "given back" in person.text


async def test_the_end_of_the_link_is_told(world: World, person: Person, register: Register) -> None:
    await register(person, OWN)
    await person.press_raw(encode(OpenPayment(OWN)))
    await person.say("100")
    await world.pass_time(timedelta(hours=25))
    assert "expired" in person.text


async def test_a_promised_payment_once_in_thirty_days(world: World, person: Person, register: Register) -> None:
    await register(person, OTHER)
    await person.press_raw(encode(OpenPromise(OTHER)))
    await person.press("Yes, please")
    assert "in force until" in person.text
    await person.press_raw(encode(OpenPromise(OTHER)))
    assert "The next is possible from" in person.text
    world.clock.move(timedelta(days=32))
    await person.press_raw(encode(OpenPromise(OTHER)))
    assert "Yes, please" in " ".join(person.labels)


async def test_a_double_tap_on_a_promise_gives_one(world: World, person: Person, register: Register) -> None:
    await register(person, OTHER)
    await person.press_raw(encode(OpenPromise(OTHER)))
    offer = person.message
    await person.press_on(offer, "Yes, please")
    await person.press_on(offer, "Yes, please")
    assert len(await world.house.services.payments.promises.of_account(OTHER)) == 1


@pytest.mark.parametrize(
    ("typed", "amount"),
    [
        ("500", "500"),
        ("500 р", "500"),
        ("500р 20коп", "500.20"),
        ("1 234,50", "1234.50"),
        ("1,234.50", "1234.50"),
        ("1.234,50", "1234.50"),
        ("1234.5 RUB", "1234.5"),
        ("₽ 90", "90"),
        ("１２３", "123"),
        ("12,345", "12345"),
    ],
)
def test_sums_in_any_spelling(typed: str, amount: str) -> None:
    found = read_amount(typed, "RUB")
    assert found is not None
    assert found.amount == Decimal(amount)


@pytest.mark.parametrize("typed", ["", "пятьсот", "-5", "1,2,3", "5 6", "1e5", "1.234.5", "0x10", "12,34,56", "9" * 30])
def test_sums_that_may_mean_two_things_are_not_guessed(typed: str) -> None:
    assert read_amount(typed, "RUB") is None


def test_a_sum_of_thousands_of_spaces_keeps_nobody_waiting() -> None:
    begun = time.perf_counter()
    assert read_amount("1" + " " * 7000 + "x", "RUB") is None
    assert time.perf_counter() - begun < 0.1
