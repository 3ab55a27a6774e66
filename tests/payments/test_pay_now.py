"""One tap to a ready payment: from an account and from a reminder, days later, twice, and in the wrong hands."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import insert, select, update

from core.billing.tables import accounts
from core.errors import Stale
from core.payments import store
from core.payments.models import PaymentLine, PaymentOrder, PaymentStatus
from core.payments.tables import orders
from core.reminders.tables import reminders
from core.subscribers.tables import account_links, chats
from fsm.action import encode
from fsm.actions import AnotherSum, AnotherWay, OpenAccount, PayAgain, PayNow
from tests.payments.conftest import OTHER, OWN, STRANGER, SUSPENDED, Register, World, rub
from tests.support.dialogue import Person

REMINDER = "reminder00000001"


async def all_orders(world: World) -> list[PaymentOrder]:
    query = select(orders.c.id).order_by(orders.c.created_at, orders.c.id)
    ids = await world.database.read(lambda c: list(c.execute(query).scalars()))
    found = [await world.database.read(store.load, order_id) for order_id in ids]
    return [one for one in found if one is not None]


async def remind(world: World, subscriber: str, *numbers: str) -> None:
    """A message that spoke of these accounts."""
    now = world.clock.now()
    rows = [
        {
            "subscriber_id": subscriber,
            "account": number,
            "bill": now.date(),
            "stage": "d-3",
            "status": "sent",
            "due_at": now,
            "planned_at": now,
            "message_id": REMINDER,
        }
        for number in numbers
    ]
    await world.database.write(lambda c: c.execute(insert(reminders), rows))


async def test_three_taps_from_how_much_to_the_bank(world: World, person: Person, register: Register) -> None:
    await register(person, OTHER)
    await person.press_raw(encode(OpenAccount(OTHER)))
    assert "840" in person.text
    await person.press("Pay")  # the first
    [link] = [button for button in person.buttons if button.url]  # the second opens our page
    page = await world.web.get(link.url)
    assert page.status_code == 200
    assert page.text.count("<form") + page.text.count('class="pay"') >= 1
    [order] = await all_orders(world)
    pressed = await world.web.post(f"/pay/{world.links.token(order.id)}", follow_redirects=False)  # the third
    await world.settle()
    assert pressed.status_code < 400
    payment = world.bank.payments[world.bank.by_key[order.id]]
    world.bank.act(payment, "pay")
    await world.settle()
    assert "Thank you" in person.text


async def test_all_accounts_of_a_reminder_from_the_middle_of_something(
    world: World, person: Person, register: Register
) -> None:
    subscriber = await register(person, OWN, OTHER, SUSPENDED)
    await remind(world, subscriber, OTHER, SUSPENDED)
    world.clock.move(timedelta(days=9))
    await person.say("/profile")
    await person.press("Name")
    await person.press_raw(encode(PayNow(reminder=REMINDER)))
    [order] = await all_orders(world)
    assert [line.account for line in order.lines] == [OTHER, SUSPENDED]
    assert order.amount == rub("840") + rub("3523.50")
    assert "holds until" in person.text
    assert person.message.attachment is not None
    assert "✏️ Another sum" in person.labels


async def test_a_double_tap_and_another_day_make_one_payment(world: World, person: Person, register: Register) -> None:
    await register(person, OTHER)
    await person.press_raw(encode(PayNow(OTHER)))
    await person.press_raw(encode(PayNow(OTHER)))
    world.clock.move(timedelta(hours=20))
    await person.press_raw(encode(PayNow(OTHER)))
    [order] = await all_orders(world)
    await world.open(order)
    await person.press_raw(encode(PayNow(OTHER)))
    assert len(await all_orders(world)) == 1
    await world.pass_time(timedelta(hours=5))  # the link is over
    await person.press_raw(encode(PayNow(OTHER)))
    assert [one.status for one in await all_orders(world)] == [PaymentStatus.expired, PaymentStatus.created]


async def test_paid_meanwhile(world: World, person: Person, register: Register) -> None:
    subscriber = await register(person, OTHER)
    await remind(world, subscriber, OTHER)
    await world.database.write(
        lambda c: c.execute(update(accounts).where(accounts.c.number == OTHER).values(balance=0))
    )
    await person.press_raw(encode(PayNow(reminder=REMINDER)))
    assert "Nothing is owed any more" in person.text
    assert await all_orders(world) == []


async def test_the_debt_has_changed(world: World, person: Person, register: Register) -> None:
    await register(person, OTHER)
    await person.press_raw(encode(PayNow(OTHER)))
    world.clock.move(timedelta(days=1))
    await world.database.write(
        lambda c: c.execute(update(accounts).where(accounts.c.number == OTHER).values(balance=-50000))
    )
    await person.press_raw(encode(PayNow(OTHER)))
    assert [one.amount for one in await all_orders(world)] == [rub("840"), rub("500")]


async def test_money_that_the_billing_does_not_know_yet_is_not_asked_for_again(
    world: World, person: Person, register: Register
) -> None:
    await register(person, OTHER)
    await person.press_raw(encode(PayNow(OTHER)))
    [order] = await all_orders(world)
    payment = await world.open(order)
    world.billing.mode = "down"
    world.bank.act(payment, "pay")
    await world.settle()
    await person.press_raw(encode(PayNow(OTHER)))
    assert "on its way" in person.text
    world.billing.mode = "ok"
    await world.pass_time(timedelta(minutes=40))
    await person.press_raw(encode(PayNow(OTHER)))
    assert "Nothing is owed" in person.text
    assert len(await all_orders(world)) == 1
    await person.say("/balance")
    assert "(through this bot)" in person.text, "no provider's internal name is shown"


async def test_while_the_billing_is_silent_the_sum_is_asked(world: World, person: Person, register: Register) -> None:
    await register(person, OTHER)
    world.billing.mode = "down"
    await person.press_raw(encode(PayNow(OTHER)))
    assert "not answering" in person.text
    assert await all_orders(world) == []


async def test_a_strangers_account_and_reminder(world: World, person: Person, register: Register) -> None:
    await register(person, OWN)
    await remind(world, "somebody", OWN, OTHER)
    for forged in (PayNow(STRANGER), PayNow(reminder=REMINDER), PayNow(), PayNow(reminder="no such")):
        await person.press_raw(encode(forged))
        assert "not linked to you" in person.text
    assert await all_orders(world) == []


async def test_another_sum_takes_the_place_of_the_first(world: World, person: Person, register: Register) -> None:
    await register(person, OTHER)
    await person.press_raw(encode(PayNow(OTHER)))
    world.clock.move(timedelta(minutes=1))
    await person.press("Another sum")
    await person.say("100")
    assert [(one.amount, one.status) for one in await all_orders(world)] == [
        (rub("840"), PaymentStatus.cancelled),
        (rub("100"), PaymentStatus.created),
    ]
    world.clock.move(timedelta(minutes=1))
    await person.press("Another sum")
    await person.press("The debt")
    assert [one.amount for one in await all_orders(world)] == [rub("840"), rub("100"), rub("840")]
    world.clock.move(timedelta(minutes=1))
    await person.press("Another sum")
    await person.press("The debt")  # the same again: nothing new
    assert [one.status for one in await all_orders(world)] == [
        PaymentStatus.cancelled,
        PaymentStatus.cancelled,
        PaymentStatus.created,
    ]


async def test_another_sum_and_way_of_somebody_elses_payment(world: World, person: Person, register: Register) -> None:
    await register(person, OWN)
    foreign = await world.order(subscriber="another")
    for forged in (AnotherSum(foreign.id), AnotherWay(foreign.id), AnotherWay("nothing")):
        await person.press_raw(encode(forged))
        assert "do not know this payment" in person.text


async def test_two_chats_at_once_make_one_payment(world: World, person: Person, register: Register) -> None:
    subscriber = await register(person, OTHER)
    payments = world.house.services.payments
    parts = (PaymentLine(OTHER, rub("840")),)
    guard = payments.alone(subscriber, "sandbox", parts)  # another chat has looked, and found nothing
    await person.press_raw(encode(PayNow(OTHER)))
    with pytest.raises(Stale, match="open already"):  # so it looks again
        await world.database.write(guard.apply)


async def test_a_link_that_is_over_leads_to_a_new_one(world: World, person: Person, register: Register) -> None:
    await register(person, OTHER)
    await person.press_raw(encode(PayNow(OTHER)))
    [first] = await all_orders(world)
    path = f"/pay/{world.links.token(first.id)}"
    assert "New link" not in (await world.web.get(path)).text
    await world.pass_time(timedelta(hours=25))
    page = (await world.web.get(f"{path}?lang=en")).text
    assert "New link in Telegram" in page
    assert f"https://t.me/svyaz_bot?start=again_{first.id}" in page
    assert f"viber://pa?chatURI=svyaz&amp;context=again_{first.id}" in page
    assert "expired" in person.text
    await person.start(f"again_{first.id}")
    [_over, second] = await all_orders(world)
    assert second.amount == rub("840")
    assert "holds until" in person.text


async def test_paying_again_from_the_chat_is_one_tap(world: World, person: Person, register: Register) -> None:
    await register(person, OTHER)
    await person.press_raw(encode(PayNow(OTHER)))
    [first] = await all_orders(world)
    payment = await world.open(first)
    world.bank.act(payment, "decline")
    await world.settle()
    world.clock.move(timedelta(minutes=1))
    await person.press("Pay again")
    assert [one.status for one in await all_orders(world)] == [PaymentStatus.cancelled, PaymentStatus.created]
    await person.press_raw(encode(PayAgain(first.id)))
    assert len(await all_orders(world)) == 2


async def test_paying_a_strangers_account_again(world: World, person: Person, register: Register) -> None:
    subscriber = await register(person, OWN)
    order, write = world.house.services.payments.order(
        subscriber, f"{person.channel}:{person.address}", "sandbox", [PaymentLine(STRANGER, rub("200"), own=False)]
    )
    await world.database.write(write.apply)
    await world.pass_time(timedelta(hours=25))
    await person.press_raw(encode(PayAgain(order.id)))
    again = (await all_orders(world))[-1]
    assert (again.lines, again.status) == (order.lines, PaymentStatus.created)
    foreign = await world.order(subscriber="another")
    await person.press_raw(encode(PayAgain(foreign.id)))
    assert "do not know this payment" in person.text


async def test_thanks_come_where_it_was_asked_for_last(world: World, person: Person, register: Register) -> None:
    """Made ready in one messenger, asked for again in the other: one payment, and the thanks are not missed."""
    subscriber = await register(person, OTHER)
    other = Person(world.house, "viber" if person.channel == "telegram" else "telegram", "777")
    row = {
        "chat_id": f"{other.channel}:777",
        "channel": other.channel,
        "address": "777",
        "name": "",
        "status": "active",
    }
    row |= {"subscriber_id": subscriber, "language": "en", "name": "", "status": "active"}
    joined = {"created_at": world.clock.now(), "joined_at": world.clock.now()}
    await world.database.write(lambda c: c.execute(insert(chats).values(**row, **joined)))
    await person.press_raw(encode(PayNow(OTHER)))
    await other.press_raw(encode(PayNow(OTHER)))
    [order] = await all_orders(world)
    payment = await world.open(order)
    world.bank.act(payment, "pay")
    await world.settle()
    assert "Thank you" in other.text


async def test_a_right_that_was_taken_away_shows_no_debt(world: World, person: Person, register: Register) -> None:
    await register(person, OWN, OTHER)
    await person.press_raw(encode(PayNow(OTHER)))
    [order] = await all_orders(world)
    await world.database.write(lambda c: c.execute(update(account_links).values(ended_at=world.clock.now())))
    await person.press_raw(encode(AnotherSum(order.id)))
    assert "840" not in " ".join([person.text, *person.labels])
