"""Auto-payment as people meet it, in both messengers: set up, announced, charged, refused, switched off."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from bot.sandbox.bank.service import BankPayment
from core.billing.tables import accounts
from core.errors import OutsideUnavailable
from core.payments.autopay import store
from core.payments.autopay.models import Charge, ChargeStatus, Rule, RuleStatus, Why
from core.payments.autopay.tables import charges, means, rules
from core.payments.tables import orders
from core.subscribers.tables import chats
from fsm.action import encode
from fsm.actions import (
    OpenAccount,
    OpenAutopay,
    OpenCards,
    OpenPayment,
    OpenPaymentOrder,
    OpenProfile,
    PayNow,
    ResumeAutopay,
    SetUpAutopay,
    SkipCharge,
    StopAutopay,
)
from tests.payments.conftest import OTHER, OWN, STRANGER, Register, World
from tests.support.dialogue import Person

DAY = timedelta(days=1)


async def set_up(world: World, person: Person, account: str = OTHER, *, day: str = "15", act: str = "pay") -> None:
    """By day, with a new card: from the account's screen to the end of the payment that saves the card."""
    await person.press_raw(encode(OpenAccount(account)))
    await person.press("Auto-payment")
    await person.press("Set up auto-payment")
    await person.press("On a day of the month")
    await person.say(day)
    await person.press("3,000.00")
    assert "Please read what will happen" in person.text
    await person.press("I agree")
    assert "One payment, and auto-payment is on" in person.text
    await pay_link(world, act)


async def pay_link(world: World, act: str = "pay") -> BankPayment:
    """Follows the newest link; a charge has none."""
    charged = select(charges.c.order_id).where(charges.c.order_id.is_not(None))
    links = select(orders.c.id).where(orders.c.id.not_in(charged))
    query = links.order_by(orders.c.created_at.desc(), orders.c.id.desc()).limit(1)
    order_id = await world.database.read(lambda c: c.execute(query).scalar_one())
    await world.web.post(f"/pay/{world.links.token(order_id)}")
    await world.settle()
    payment = world.bank.payments[world.bank.by_key[order_id]]
    world.bank.act(payment, act)
    await world.settle()
    return payment


async def the_rule(world: World) -> Rule:
    [found] = await world.database.read(lambda c: store.find_rules(c, rules.c.status != "off"))
    return found


async def owe(world: World, account: str = OTHER, amount: int = 50000) -> None:
    """The billing charges something."""
    change = update(accounts).where(accounts.c.number == account).values(balance=accounts.c.balance - amount)
    await world.database.write(lambda c: c.execute(change))


async def until_announced(world: World, person: Person) -> None:
    """Hour by hour, as the job runs."""
    for _ in range(24 * 40):
        before = len(person._all())
        await world.pass_time(timedelta(hours=1))
        if len(person._all()) > before and "Auto-payment:" in person.text:
            return
    raise AssertionError(f"nothing was announced: {person.text}")


def charged(world: World) -> list[BankPayment]:
    return [one for one in world.bank.payments.values() if one.card and one.status == "succeeded"]


async def history(world: World) -> list[Charge]:
    """The oldest first."""
    query = select(charges.c.id).order_by(charges.c.created_at, charges.c.id)
    ids = await world.database.read(lambda c: list(c.execute(query).scalars()))
    found = [await world.database.read(store.load_charge, one) for one in ids]
    return [one for one in found if one is not None]


async def ready_to_charge(world: World, person: Person, register: Register, account: str = OTHER) -> None:
    """A charge of 500 is announced for tomorrow."""
    await register(person, account)
    await set_up(world, person, account)
    await owe(world, account)
    await until_announced(world, person)


async def test_from_the_account_to_a_charge(world: World, person: Person, register: Register) -> None:
    await register(person, OTHER)
    await set_up(world, person)
    assert "Auto-payment is on" in "\n".join(one.text for one in person.said)
    assert await world.booked(OTHER) == 84000
    assert (await the_rule(world)).status is RuleStatus.active
    await owe(world)
    await until_announced(world, person)
    assert "500.00" in person.text
    assert "Mir •• 4444" in person.text
    announced_at = world.clock.now()
    await world.pass_time(timedelta(hours=23))
    assert charged(world) == []
    await world.pass_time(timedelta(hours=5))
    [payment] = charged(world)
    assert str(payment.amount) == "500.00"
    assert payment.paid_at is not None
    assert payment.paid_at >= announced_at + DAY
    assert await world.booked(OTHER) == 84000 + 50000
    assert "is paid" in person.text
    assert "Nothing more to pay." in person.text
    await person.press_raw(encode(OpenAutopay(OTHER)))
    assert "500.00 RUB, charged" in person.text.replace("\u00a0", " ")
    assert "Next charge: 15 April 2026" in person.text


async def test_the_page_says_what_is_agreed_to(world: World, person: Person, register: Register) -> None:
    await register(person, OTHER)
    await person.press_raw(encode(SetUpAutopay(OTHER)))
    await person.press("On a day of the month")
    await person.press("The last day")
    await person.say("2000")
    assert "its last day" in person.text
    assert "By paying you agree" in person.text
    await person.press("I agree")
    [link] = [button.url for button in person.buttons if button.url]
    assert person.message.attachment is None  # nothing that somebody else could scan
    page = await world.web.get(link, headers={"Accept-Language": "en"})
    assert "kept for auto-payment" in page.text


@pytest.mark.parametrize("typed", ["0", "29", "31", "-5", "tomorrow", "1.5", "٣"])
async def test_days_that_not_each_month_has(world: World, person: Person, register: Register, typed: str) -> None:
    await register(person, OTHER)
    await person.press_raw(encode(SetUpAutopay(OTHER)))
    await person.press("On a day of the month")
    await person.say(typed)
    assert "from 1 to 28" in person.text


async def test_sums_that_cannot_be(world: World, person: Person, register: Register) -> None:
    await register(person, OTHER)
    await person.press_raw(encode(SetUpAutopay(OTHER)))
    await person.press("When the debt has grown")
    for wrong, said in (("5", "10.00"), ("a lot", "could not read"), ("-5", "could not read")):
        await person.say(wrong)
        assert said in person.text
    await person.say("400")
    await person.say("1")
    assert "at least" in person.text
    await person.press("← Back")
    assert "From which debt on" in person.text
    assert await world.database.read(lambda c: c.execute(select(rules)).all()) == []


async def test_a_prepaid_account_is_topped_up(world: World, person: Person, register: Register) -> None:
    await register(person, STRANGER)  # 904.84 are left
    await person.press_raw(encode(OpenAccount(STRANGER)))
    await person.press("Auto-payment")
    await person.press("Set up")
    await person.press("When little money is left")
    await person.say("1000")
    await person.press("300.00")
    await person.press("3,000.00")
    assert "When less than 1,000.00" in person.text.replace("\u00a0", " ")
    await person.press("I agree, pay")
    await pay_link(world)
    before = await world.balance(STRANGER)
    await world.pass_time(timedelta(hours=1))
    assert "Auto-payment: 300.00" in person.text
    await world.pass_time(timedelta(hours=25))
    assert await world.balance(STRANGER) == before + 30000


async def test_at_a_debt_and_never_above_the_limit(world: World, person: Person, register: Register) -> None:
    await register(person, OTHER)
    await person.press_raw(encode(SetUpAutopay(OTHER)))
    await person.press("When the debt has grown")
    await person.say("400")
    await person.say("700")
    await person.press("I agree")
    await pay_link(world)
    await owe(world, amount=30000)
    await world.pass_time(DAY)
    assert await history(world) == []  # less than 400
    await owe(world, amount=70000)
    await until_announced(world, person)
    assert "1,000.00" in person.text.replace("\u00a0", " ")
    assert "limit" in person.text
    await world.pass_time(timedelta(hours=30))
    [payment] = charged(world)
    assert str(payment.amount) == "700.00"
    await owe(world, amount=70000)
    for _ in range(5):
        await world.pass_time(DAY)
    assert len(charged(world)) == 1
    assert "limit is used up" in "\n".join(one.text for one in person._all())
    for _ in range(25):
        await world.pass_time(DAY)
    assert [str(one.amount) for one in charged(world)] == ["700.00", "700.00"]  # in the next month


async def test_not_this_time(world: World, person: Person, register: Register) -> None:
    await ready_to_charge(world, person, register)
    told = person.message
    await person.press("Not this time")
    assert "Nothing is charged this time" in person.text
    await person.press_on(told, "Not this time")  # the old button once more
    assert "cancelled" in person.text
    for _ in range(10):
        await world.pass_time(DAY)
    assert charged(world) == []
    assert [(one.status, one.reason) for one in await history(world)] == [(ChargeStatus.cancelled, Why.person)]
    assert (await the_rule(world)).status is RuleStatus.active


async def test_off_in_one_tap(world: World, person: Person, register: Register) -> None:
    await ready_to_charge(world, person, register)
    told = person.message
    await person.press("Switch auto-payment off")
    assert "Auto-payment is off" in person.text
    assert "Nothing more is charged." in person.text
    await person.again()  # the messenger brings it once more
    await person.press_on(told, "Switch auto-payment off")
    assert "Auto-payment is off" in person.text
    for _ in range(40):
        await world.pass_time(DAY)
    assert charged(world) == []
    await person.press_raw(encode(OpenAutopay(OTHER)))
    assert "Set up auto-payment" in " ".join(person.labels)


async def test_off_while_the_bank_is_being_asked(world: World, person: Person, register: Register) -> None:
    await ready_to_charge(world, person, register)
    rule = await the_rule(world)
    world.clock.move(timedelta(hours=26))
    await world.autopay.tick()  # begun; the worker has not looked yet
    assert (await history(world))[0].status is ChargeStatus.charging
    await person.press_raw(encode(StopAutopay(rule.id)))
    said = "\n".join(one.text for one in person.said)
    assert "500.00" in said
    assert "is at the bank already" in said
    assert "is paid" in said  # and what became of it
    assert len(charged(world)) == 1
    for _ in range(40):
        await owe(world, amount=100)
        await world.pass_time(DAY)
    assert len(charged(world)) == 1
    assert (await history(world))[0].status is ChargeStatus.done


async def test_no_to_a_charge_that_the_bank_is_being_asked_for(
    world: World, person: Person, register: Register
) -> None:
    await ready_to_charge(world, person, register)
    world.clock.move(timedelta(hours=26))
    await world.autopay.tick()
    await person.press_raw(encode(SkipCharge((await history(world))[0].id)))
    assert "cannot be stopped any more" in "\n".join(one.text for one in person.said)
    assert len(charged(world)) == 1


async def test_paid_by_hand_meanwhile(world: World, person: Person, register: Register) -> None:
    await ready_to_charge(world, person, register)
    await owe(world, amount=-50000)
    await world.pass_time(timedelta(hours=26))
    assert charged(world) == []
    assert "There is nothing to pay any more" in person.text


async def test_less_is_owed_by_then(world: World, person: Person, register: Register) -> None:
    await ready_to_charge(world, person, register)
    await owe(world, amount=-20000)
    await world.pass_time(timedelta(hours=26))
    assert [str(one.amount) for one in charged(world)] == ["300.00"]


async def test_more_is_owed_by_then(world: World, person: Person, register: Register) -> None:
    await ready_to_charge(world, person, register)
    await owe(world, amount=20000)
    await world.pass_time(timedelta(hours=26))
    assert [str(one.amount) for one in charged(world)] == ["500.00"]


async def test_no_money_on_the_card(world: World, person: Person, register: Register) -> None:
    await ready_to_charge(world, person, register)
    [card] = world.bank.cards.values()
    card.state = "funds"
    await world.pass_time(timedelta(hours=26))
    assert "not enough money" in person.text
    assert "try once more" in person.text
    card.state = "ok"
    await world.pass_time(timedelta(hours=40))
    assert len(charged(world)) == 1
    assert "is paid" in person.text
    tried = await history(world)
    assert [(one.status, one.tries) for one in tried] == [(ChargeStatus.done, 2)]


async def test_refused_too_often(world: World, person: Person, register: Register) -> None:
    await ready_to_charge(world, person, register)
    [card] = world.bank.cards.values()
    card.state = "funds"
    for _ in range(100):
        await world.pass_time(DAY)
    assert "Auto-payment is paused" in person.text
    assert [one.tries for one in await history(world)] == [2, 2, 2]
    assert charged(world) == []
    card.state = "ok"
    await person.press("Auto-payment")
    await person.press("Switch on again")
    assert "is on again" in person.text
    await until_announced(world, person)
    await world.pass_time(timedelta(hours=30))
    assert len(charged(world)) == 1


async def test_the_bank_wants_the_person(world: World, person: Person, register: Register) -> None:
    await ready_to_charge(world, person, register)
    next(iter(world.bank.cards.values())).state = "holder"
    await world.pass_time(timedelta(hours=26))
    assert "confirm" in person.text
    await person.press("Pay now")
    assert "500.00" in " ".join(person.labels) + person.text
    for _ in range(5):
        await world.pass_time(DAY)
    assert len([one for one in world.bank.payments.values() if one.card]) == 1


async def test_the_card_is_gone_for_good(world: World, person: Person, register: Register) -> None:
    await ready_to_charge(world, person, register)
    next(iter(world.bank.cards.values())).state = "gone"
    await world.pass_time(timedelta(hours=26))
    assert "choose another card" in person.text
    assert world.bank.cards == {}  # the bank was told to forget it
    rule = await the_rule(world)
    assert (rule.status, rule.reason) == (RuleStatus.paused, Why.means_gone)
    await person.press_raw(encode(ResumeAutopay(rule.id)))
    assert (await the_rule(world)).status is RuleStatus.paused
    await person.press("Change it")
    await person.press("On a day")
    await person.press("20")
    await person.press("3,000.00")
    await person.press("I agree")
    await pay_link(world)
    assert (await the_rule(world)).status is RuleStatus.active


async def test_the_bank_does_not_keep_the_card(world: World, person: Person, register: Register) -> None:
    await register(person, OTHER)
    await person.press_raw(encode(SetUpAutopay(OTHER)))
    await person.press("On a day")
    await person.press("20")
    await person.press("3,000.00")
    await person.press("I agree")
    order_id = await world.database.read(lambda c: c.execute(select(orders.c.id)).scalar_one())
    await world.web.post(f"/pay/{world.links.token(order_id)}")
    await world.settle()
    world.bank.act(world.bank.payments[world.bank.by_key[order_id]], "pay", keep=False)
    await world.settle()
    assert "Auto-payment is not on" in "\n".join(one.text for one in person._all())
    assert await world.booked(OTHER) == 84000
    assert await world.database.read(lambda c: c.execute(select(means)).all()) == []


async def test_nobody_pays_the_link(world: World, person: Person, register: Register) -> None:
    await register(person, OTHER)
    await set_up(world, person, act="decline")
    await world.pass_time(DAY)
    assert await world.database.read(store.find_rules, rules.c.status != "off") == []
    await person.press_raw(encode(OpenAutopay()))
    assert "Set up auto-payment" in " ".join(person.labels)


async def test_off_before_the_card_is_kept(world: World, person: Person, register: Register) -> None:
    await register(person, OTHER)
    await person.press_raw(encode(SetUpAutopay(OTHER)))
    await person.press("On a day")
    await person.press("20")
    await person.press("3,000.00")
    await person.press("I agree")
    await person.press_raw(encode(StopAutopay((await the_rule(world)).id)))
    await pay_link(world)
    assert world.bank.cards == {}
    assert await world.booked(OTHER) == 84000
    await person.press_raw(encode(OpenCards()))
    assert "No card is saved" in person.text


async def test_a_provider_that_is_away_hears_of_a_forgotten_card_when_it_is_back(
    world: World, person: Person, register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    await register(person, OTHER)
    await set_up(world, person)
    forget = world.provider.forget

    async def away(reference: str) -> None:
        raise OutsideUnavailable("maintenance")

    monkeypatch.setattr(world.provider, "forget", away)
    await person.press_raw(encode(OpenCards()))
    await person.press("Forget")
    await person.press("Yes, forget it")
    for _ in range(30):
        await world.pass_time(timedelta(minutes=20))
    assert world.bank.cards != {}
    monkeypatch.setattr(world.provider, "forget", forget)
    for _ in range(6):
        await world.pass_time(timedelta(minutes=20))
    assert world.bank.cards == {}


async def test_nobody_pays_twice_while_the_bank_takes_its_time(
    world: World, person: Person, register: Register
) -> None:
    await ready_to_charge(world, person, register)
    next(iter(world.bank.cards.values())).state = "slow"
    await world.pass_time(timedelta(hours=26))
    assert (await history(world))[0].status is ChargeStatus.charging
    await person.press_raw(encode(PayNow(OTHER)))
    assert "Auto-payment is asking the bank" in person.text
    await world.pass_time(timedelta(hours=1))
    assert len(charged(world)) == 1


async def test_a_card_is_forgotten_while_the_bank_is_being_asked(
    world: World, person: Person, register: Register
) -> None:
    """Nobody is told that nothing more is charged while something may be."""
    await ready_to_charge(world, person, register)
    world.clock.move(timedelta(hours=26))
    await person.press_raw(encode(OpenCards()))
    await person.press("Forget")
    await world.autopay.tick()  # begun; the worker has not looked yet
    assert (await history(world))[0].status is ChargeStatus.charging
    await person.press("Yes, forget it")
    said = "\n".join(one.text for one in person.said)
    assert "is forgotten." in said and "is not charged any more" not in said
    assert "500.00" in said and "is at the bank already" in said


async def test_a_second_account_from_the_same_card(world: World, person: Person, register: Register) -> None:
    await register(person, OTHER, OWN)
    await set_up(world, person)
    await person.press_raw(encode(SetUpAutopay()))
    await person.press("7700 1001 01")
    await person.press("On a day")
    await person.press("20")
    await person.press("3,000.00")
    assert "From which card?" in person.text
    await person.press("Mir •• 4444")
    confirm = person.message
    await person.press("Switch on")
    assert "Auto-payment is on" in person.text
    await person.press_on(confirm, "Switch on")  # a double tap makes no second rule
    assert len(await world.database.read(store.find_rules, rules.c.status != "off")) == 2
    await person.press_raw(encode(OpenCards()))
    assert "7700 1001 01" in person.text
    await person.press("Forget")
    assert "2 accounts" in person.text
    await person.press("Yes, forget it")
    assert "is forgotten" in person.text
    assert world.bank.cards == {}
    found = await world.database.read(store.find_rules, rules.c.status != "off")
    assert [one.status for one in found] == [RuleStatus.paused, RuleStatus.paused]


async def test_offered_with_thanks_for_a_payment(world: World, person: Person, register: Register) -> None:
    await register(person, OTHER)
    await person.press_raw(encode(OpenPayment(OTHER)))
    await person.press("The debt")
    await pay_link(world)
    assert "Thank you" in person.text
    await person.press("Pay it automatically")
    assert "When is it to be paid?" in person.text


async def test_shown_where_people_look_for_it(world: World, person: Person, register: Register) -> None:
    await register(person, OTHER)
    for action in (OpenProfile(), OpenAccount(OTHER)):
        await person.press_raw(encode(action))
        assert "🔁 Auto-payment" in person.labels
    await person.say("/payments")
    await person.say("/autopay")
    assert "one tap switches it off" in person.text


async def test_the_charge_among_the_payments(world: World, person: Person, register: Register) -> None:
    await ready_to_charge(world, person, register)
    world.clock.move(timedelta(hours=26))
    await world.autopay.tick()
    order = (await history(world))[0].order_id
    await person.press_raw(encode(OpenPaymentOrder(order)))
    shown = "\n".join(one.text for one in person.said)
    assert "Charged by auto-payment" in shown
    assert "Cancel the payment" not in " ".join(person.labels)


async def test_nobody_touches_somebody_elses(world: World, person: Person, register: Register) -> None:
    await ready_to_charge(world, person, register)
    rule, charge = await the_rule(world), (await history(world))[0]
    stranger = Person(world.house, person.channel, "777")
    await register(stranger, OWN)
    for action in (StopAutopay(rule.id), SkipCharge(charge.id), ResumeAutopay(rule.id), OpenAutopay(OTHER)):
        await stranger.press_raw(encode(action))
        assert "7700 1002 18" not in stranger.text
    assert (await the_rule(world)).status is RuleStatus.active
    assert (await history(world))[0].status is ChargeStatus.announced


async def test_the_billing_is_silent(world: World, person: Person, register: Register) -> None:
    await ready_to_charge(world, person, register)
    world.billing.mode = "down"
    await world.pass_time(timedelta(hours=30))
    assert charged(world) == []
    world.billing.mode = "ok"
    await world.pass_time(timedelta(hours=1))
    assert len(charged(world)) == 1


async def test_silent_for_too_long(world: World, person: Person, register: Register) -> None:
    await ready_to_charge(world, person, register)
    world.billing.mode = "down"
    for _ in range(6):
        await world.pass_time(DAY)
    world.billing.mode = "ok"
    await world.pass_time(timedelta(hours=1))
    assert charged(world) == []
    assert "could not be done in time" in person.text


async def test_unlinked(world: World, person: Person, register: Register) -> None:
    await ready_to_charge(world, person, register)
    rule = await the_rule(world)
    write = world.house.services.links.unlink(rule.subscriber_id, OTHER)
    await world.database.write(write.apply)
    found = await world.database.read(store.load_rule, rule.id)
    assert found is not None
    assert (found.status, found.reason) == (RuleStatus.off, Why.unlinked)
    await world.pass_time(timedelta(hours=30))
    assert charged(world) == []


async def test_signed_out_everywhere(world: World, person: Person, register: Register) -> None:
    await ready_to_charge(world, person, register)
    rule = await the_rule(world)
    await person.say("/sessions")
    await person.press("Sign out here")
    for label in ("Yes", "Sign out"):
        if any(label in one for one in person.labels):
            await person.press(label)
            break
    found = await world.database.read(store.load_rule, rule.id)
    assert found is not None
    assert (found.status, found.reason) == (RuleStatus.off, Why.signed_out)
    await world.pass_time(timedelta(hours=30))
    assert charged(world) == []


async def test_the_chat_is_blocked(world: World, person: Person, register: Register) -> None:
    """Nobody can be told: nothing is charged."""
    await ready_to_charge(world, person, register)
    await world.database.write(lambda c: c.execute(update(chats).values(status="gone")))
    await world.pass_time(timedelta(hours=30))
    assert charged(world) == []
    assert (await the_rule(world)).reason == Why.no_chat
