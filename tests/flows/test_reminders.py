"""A reminder in the chat, and its buttons: at once, days later, and in the wrong hands."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import select, update

from bot.reminders import Reminders
from bot.wiring_reminders import build_reminders
from core.billing.breakable import BreakableBilling
from core.billing.tables import accounts
from core.reminders.policy import Policy
from core.reminders.tables import messages, muted, prefs
from fsm.action import encode
from fsm.actions import HavePaid, RemindIn, StopReminders
from tests.support.dialogue import House, Person

DEBTOR = "7700100101"
DAY = timedelta(days=1)

Remind = Callable[[], Awaitable[None]]


@pytest.fixture
def reminders(house: House) -> Reminders:
    service = house.services.reminders
    service.rules = replace(service.rules, policy=Policy(spread=timedelta(0)))  # due at once, not somewhere in the day
    return build_reminders(house.database, house.services, house.registry, payments=False)


@pytest.fixture
async def debtor(house: House, billing: BreakableBilling) -> str:
    """An account of the demo in debt by a bill."""
    owing = await billing.open_debts("", 1000)
    return next(one.number for one in owing if one.due is not None and one.debt.amount > 100)


@pytest.fixture
async def remind(house: House, reminders: Reminders, billing: BreakableBilling, debtor: str, person: Person) -> Remind:
    """Moves the clock to noon, three days before the due date, and lets everything run."""

    async def go() -> None:
        [overview] = await billing.overviews([debtor])
        assert overview.due is not None
        noon = house.clock.now().replace(hour=9, minute=0)
        house.clock.at = noon.replace(year=overview.due.year, month=overview.due.month, day=overview.due.day) - 3 * DAY
        # The person wrote an hour ago: in Viber, too, the message is free.
        person.seen = len(person._all())
        reminders.planned_at = None
        await settle(house, reminders, person)

    return go


async def settle(house: House, reminders: Reminders, person: Person) -> None:
    house.clock.move(timedelta(hours=-1))
    await person.say("/menu")
    house.clock.move(timedelta(hours=1))
    person.seen = len(person._all())
    await reminders.tick()
    await house.settle()
    await reminders.tick()


async def test_it_says_what_until_when_and_what_else(
    person: Person, register: Callable[..., Awaitable[str]], debtor: str, remind: Remind, house: House
) -> None:
    await register(person, debtor)
    await remind()
    assert "To pay" in person.text
    assert "3 days left" in person.text
    assert "What for:" in person.text
    assert "may be suspended from" in person.text
    assert {"✅ I have paid", "⏰ Tomorrow", "📅 Another day", "📋 Details", "🔕 Not of this account"} <= set(
        person.labels
    )
    sent = await house.database.read(lambda c: c.execute(select(messages.c.status, messages.c.channel)).all())
    assert [tuple(row) for row in sent] == [("sent", person.channel)]


async def test_the_month_in_figures(
    person: Person,
    register: Callable[..., Awaitable[str]],
    debtor: str,
    remind: Remind,
    reminders: Reminders,
    house: House,
) -> None:
    await register(person, debtor)
    await remind()
    house.clock.move(timedelta(hours=1))
    await reminders.tick()

    def figure(state: str) -> float | None:
        return REGISTRY.get_sample_value("abonent_reminders_month", {"state": state})

    assert [figure(state) for state in ("sent", "refused", "seen", "paid_within_3_days")] == [1, 0, 0, 0]


async def test_i_have_paid(
    person: Person,
    register: Callable[..., Awaitable[str]],
    debtor: str,
    remind: Remind,
    house: House,
    billing: BreakableBilling,
) -> None:
    await register(person, debtor)
    await remind()
    bell = person.message
    await person.press("I have paid")
    assert "does not show the payment yet" in person.text
    assert "Where the money may be" in person.text
    billing.mode = "down"
    await person.press("Check again")
    assert "not answering" in person.text
    billing.mode = "ok"
    house.clock.move(timedelta(minutes=1))
    await house.database.write(
        lambda c: c.execute(update(accounts).where(accounts.c.number == debtor).values(balance=0))
    )
    house.clock.move(5 * DAY)
    await person.press_on(bell, "I have paid")
    assert "Nothing is owed" in person.text


async def test_remind_me_tomorrow_from_the_middle_of_something(
    person: Person, register: Callable[..., Awaitable[str]], debtor: str, remind: Remind, house: House
) -> None:
    subscriber = await register(person, debtor)
    await remind()
    bell = person.message
    await person.say("/profile")
    await person.press("Name")
    await person.press_on(bell, "Tomorrow")
    assert "I will remind you on" in person.text
    asked = await house.database.read(
        lambda c: c.execute(select(prefs.c.asked_for).where(prefs.c.subscriber_id == subscriber)).scalar_one()
    )
    assert asked == house.clock.now().date() + DAY
    await person.press_on(bell, "Another day")
    await person.press(person.labels[3])
    assert "I will remind you on" in person.text


async def test_not_of_this_account_and_back(
    person: Person, register: Callable[..., Awaitable[str]], debtor: str, remind: Remind, house: House
) -> None:
    await register(person, debtor)
    await remind()
    await person.press("Not of this account")
    assert "any more" in person.text
    assert "the law asks for it" in person.text
    silent = await house.database.read(lambda c: list(c.execute(select(muted.c.account)).scalars()))
    assert silent == [debtor]
    await person.press("Do remind me")
    assert "again" in person.text
    silent = await house.database.read(lambda c: list(c.execute(select(muted.c.account)).scalars()))
    assert silent == []


async def test_somebody_elses_account_is_not_theirs(
    person: Person, register: Callable[..., Awaitable[str]], debtor: str, house: House
) -> None:
    await register(person)
    for action in (HavePaid(debtor), StopReminders(debtor), HavePaid("no such"), StopReminders("no such")):
        await person.press_raw(encode(action))
        assert "not linked to you" in person.text
    await person.press_raw(encode(RemindIn(9999)))
    assert "When shall I remind you?" in person.text
    assert await house.database.read(lambda c: c.execute(select(prefs)).all()) == []


async def test_settings(person: Person, register: Callable[..., Awaitable[str]], debtor: str, house: House) -> None:
    subscriber = await register(person, debtor)
    await person.say("/reminders")
    assert "Reminders of debts are on" in person.text
    assert "3 days before the due date" in person.text
    await person.press("How early")
    await person.press("5 days before")
    assert "5 days before the due date" in person.text
    await person.press("At what hour")
    await person.press("18:00")
    assert "about 18:00" in person.text
    await person.press("Where")
    assert "alone" in person.text
    await person.press("Back")
    await person.press("Which accounts")
    await person.press("✅")
    assert any(label.startswith("🔕") for label in person.labels)
    await person.press("Reminders")
    assert "Without reminders: 1 account" in person.text
    await person.press("Pause")
    await person.press(person.labels[0])
    assert "paused until" in person.text
    await person.press("Go on now")
    await person.press("Switch them off")
    assert "are off" in person.text
    kept = await house.services.reminders.prefs(subscriber)
    assert (kept.ahead, kept.hour, kept.paused_until, kept.debts, kept.muted) == (
        5,
        18,
        None,
        False,
        frozenset({debtor}),
    )
    await person.press("Switch them on")
    assert "are on" in person.text


async def test_which_messenger(person: Person, register: Callable[..., Awaitable[str]], house: House) -> None:
    subscriber = await register(person)
    other = "viber" if person.channel == "telegram" else "telegram"
    from core.subscribers.tables import chats

    values = {
        "chat_id": f"{other}:43",
        "channel": other,
        "address": "43",
        "subscriber_id": subscriber,
        "language": "en",
        "status": "active",
        "created_at": house.clock.now(),
    }
    await house.database.write(lambda c: c.execute(chats.insert(), values))
    await person.say("/reminders")
    await person.press("💬 Where")
    await person.press(other)
    assert f"Where: {other.capitalize()}" in person.text
    assert (await house.services.reminders.prefs(subscriber)).channel == other


async def test_words_where_a_button_is_expected(person: Person, register: Callable[..., Awaitable[str]]) -> None:
    await register(person, DEBTOR)
    for button in ("How early", "At what hour", "Which accounts", "Pause"):
        await person.say("/reminders")
        await person.press(button)
        await person.say("never")
        assert "choose" in person.text.casefold()


async def test_in_russian(person: Person, register: Callable[..., Awaitable[str]], debtor: str, remind: Remind) -> None:
    person.language = "ru"
    await register(person, debtor)
    await remind()
    assert "К оплате" in person.text
    assert "3 дня" in person.text
    assert "За что:" in person.text
