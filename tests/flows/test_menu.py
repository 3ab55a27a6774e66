"""The menu: where every way out leads, whatever is broken."""

from __future__ import annotations

import pytest

from core.billing.breakable import BreakableBilling
from fsm.action import encode
from fsm.actions import GoOn, OpenMenu
from tests.flows.conftest import Register
from tests.support.dialogue import House, Person

OWES = "7700100218"


async def test_a_subscribers_menu(person: Person, register: Register) -> None:
    await register(person, OWES)
    await person.say("/menu")
    assert person.text.startswith("Hello, Anna Petrova!")
    assert person.labels == [
        "💰 Balance & charges",
        "➕ Link an account",
        "✍️ Write to us",
        "📋 My appeals",
        "👤 Profile",
        "❓ Help",
        "🙋 A person",
    ]


async def test_a_guests_menu(person: Person) -> None:
    await person.say("/menu")
    assert "what you owe Svyaz" in person.text
    assert person.labels == [
        "🔑 Register or sign in",
        "✍️ Write to us",
        "❓ Help",
        "🙋 A person",
        "🌐 Язык · Language",
        "🛡 Privacy",
    ]


@pytest.mark.parametrize("registered", [True, False])
async def test_every_button_leads_somewhere(person: Person, register: Register, registered: bool) -> None:
    if registered:
        await register(person, OWES)
    await person.say("/menu")
    menu = person.message
    for label in person.labels:
        await person.press_on(menu, label)
        assert "does not work" not in person.text
        assert "earlier question" not in person.text
        assert "something went wrong" not in person.text
        assert not person.text.startswith("Hello, Anna")


async def test_it_comes_up_when_the_billing_is_down(
    person: Person, register: Register, billing: BreakableBilling
) -> None:
    await register(person, OWES)
    billing.mode = "down"
    await person.say("/start")
    assert "What would you like to know?" in person.text
    assert "not answering" not in person.text


async def test_going_on_where_one_stopped(person: Person) -> None:
    await person.start()
    await person.press("I agree" if "I agree" in " ".join(person.labels) else person.labels[0])
    stopped = person.text
    await person.say("/menu")
    assert "You stopped in the middle of something." in person.text
    await person.press("Continue where you stopped")
    assert person.text.split("\n\n")[-1] in stopped
    await person.say("/cancel")
    assert "Continue where you stopped" not in " ".join(person.labels)


async def test_nothing_to_go_on_with(person: Person, register: Register) -> None:
    await register(person, OWES)
    await person.say("/menu")
    await person.press_raw(encode(GoOn()))
    assert "nothing to go on with" in person.text
    assert "What would you like to know?" in person.text


async def test_words_that_are_no_button(person: Person, register: Register) -> None:
    await register(person, OWES)
    await person.say("/menu")
    await person.say("qwerty")
    assert "If none fits, ask a person." in person.text
    await person.say("help")
    assert "How can I help?" in person.text
    await person.say("menu")
    await person.say("balance & charges")
    assert "To pay: 840.00\u00a0RUB" in person.text


@pytest.mark.parametrize("words", ["How much do I owe?", "hello, balance"])
async def test_what_is_owed_in_ones_own_words(person: Person, register: Register, words: str) -> None:
    await register(person, OWES)
    await person.say("/menu")
    await person.say(words)
    assert "To pay: 840.00\u00a0RUB" in person.text


async def test_a_question_in_ones_own_words_is_answered_where_it_is_asked(person: Person, register: Register) -> None:
    await register(person, OWES)
    await person.say("/balance")
    await person.say("why was my internet blocked")
    assert "My service is suspended" in person.text
    await person.press("Back")
    assert "To pay: 840.00\u00a0RUB" in person.text
    await person.say("❓ Help")
    assert "How can I help?" in person.text


async def test_thanks_are_taken(person: Person, register: Register) -> None:
    await register(person, OWES)
    await person.say("/menu")
    await person.say("Thanks!")
    assert "You are welcome!" in person.text
    assert "did not understand" not in person.text


async def test_a_double_tap_and_a_restart(person: Person, register: Register, house: House) -> None:
    await register(person, OWES)
    await person.say("/menu")
    for _ in range(2):
        await person.press_raw(encode(OpenMenu()))
        assert "What would you like to know?" in person.text
        house.restart()
    count = len(person._all())
    assert (await person.again()).duplicate
    assert len(person._all()) == count


async def test_in_russian(person: Person, register: Register) -> None:
    person.language = "ru"
    await register(person, OWES)
    await person.say("меню")
    assert person.text.startswith("Здравствуйте, Anna Petrova!")
    assert "💰 Баланс и начисления" in person.labels
