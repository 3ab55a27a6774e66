"""One phone in two messengers: the same person, and the first chat can cut the second one off."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from core.subscribers.tables import subscribers
from fsm.action import encode
from fsm.actions import NotMe
from tests.flows.conftest import Register
from tests.support.dialogue import House, Person

PHONE = "+79000000010"
NUMBERS = ("7700100870", "7700100871")


@pytest.fixture
async def first(person: Person, register: Register) -> Person:
    """Registered an hour ago, in either messenger, with two of the three accounts."""
    await register(person, *NUMBERS, phone=PHONE)
    person.house.clock.move(timedelta(hours=1))
    return person


@pytest.fixture
def second(house: House, first: Person) -> Person:
    """The other messenger."""
    other = "viber" if first.channel == "telegram" else "telegram"
    return Person(house, other, "43", language="ru", name="Аня")


async def sign_in(person: Person, phone: str = PHONE) -> None:
    await person.start()
    await person.press("Даю согласие" if person.language == "ru" else "I agree")
    await person.share_contact(phone)
    if person.channel == "viber":
        await person.say(person.code())


async def test_the_same_phone_is_the_same_person(house: House, first: Person, second: Person) -> None:
    await sign_in(second)
    assert "С возвращением, Anna Petrova!" in second.text
    assert "Привязано 2 счёта" in second.text
    assert "7700 1008 72" in second.text  # the third one is offered
    assert await house.database.read(lambda c: c.execute(select(func.count()).select_from(subscribers)).scalar()) == 1


async def test_the_first_chat_hears_of_it_in_its_own_language(first: Person, second: Person) -> None:
    await sign_in(second)
    messenger = {"telegram": "Telegram", "viber": "Viber"}[second.channel]
    assert f"Your number was used to sign in to {messenger}" in first.text
    assert "🚫 It was not me" in first.labels


async def test_it_was_not_me(house: House, first: Person, second: Person) -> None:
    await sign_in(second)
    await first.press("It was not me")
    assert "cut off" in first.text
    assert "11 March 2026, 13:00" in first.text
    assert "Владелец номера сообщил" in second.text

    await second.say("/menu")
    assert "Anna" not in second.text
    await second.say("/profile")
    assert "приостановлен" in second.text
    assert "11 марта 2026, 13:00" in second.text
    assert any("🙋" in label for label in second.labels)

    house.clock.move(timedelta(hours=24))
    await second.press("Войти")
    assert "номер мобильного" in second.text


async def test_it_was_me_after_all(first: Person, second: Person) -> None:
    await sign_in(second)
    await first.press("It was not me")
    await first.press("It was me after all")
    assert "can sign in again" in first.text
    await second.say("/register")
    assert "номер мобильного" in second.text


async def test_cutting_off_twice(first: Person, second: Person) -> None:
    await sign_in(second)
    notice = first.message
    await first.press_on(notice, "It was not me")
    await first.press_on(notice, "It was not me")
    assert "closed already" in first.text


async def test_the_button_works_in_the_middle_of_a_question(first: Person, second: Person) -> None:
    await first.say("/link")
    await sign_in(second)
    await first.press("It was not me")
    assert "cut off" in first.text


async def test_a_newcomer_cannot_throw_out_the_first_chat(house: House, first: Person, second: Person) -> None:
    await sign_in(second)
    await second.press_raw(encode(NotMe(f"{first.channel}:{first.address}")))
    assert "Более нового чата" in second.text
    await first.say("/profile")
    assert "Anna Petrova" in first.text


async def test_nobody_cuts_off_a_strangers_chat(house: House, first: Person, register: Register) -> None:
    stranger = Person(house, "telegram", "99", name="Boris")
    await register(stranger, phone="+79000000002")
    await first.press_raw(encode(NotMe("telegram:99")))
    assert "closed already" in first.text
    await stranger.say("/profile")
    assert "Boris" in stranger.text


async def test_what_the_cut_off_chat_was_doing_is_gone(first: Person, second: Person) -> None:
    await sign_in(second)
    await second.say("/profile")
    await second.press("Имя")
    await first.press("It was not me")
    await second.say("Злодей")
    assert "приостановлен" in second.text
    await first.say("/profile")
    assert "Anna Petrova" in first.text


async def test_registered_elsewhere_while_the_questions_were_answered(house: House) -> None:
    """Two chats prove the same new phone; the one that finishes later finds itself already somebody."""
    one, two = Person(house, "telegram", "1"), Person(house, "telegram", "2", name="Anna II")
    for person in (one, two):
        await person.start()
        await person.press("I agree")
        await person.share_contact(PHONE)
    await one.press("Anna Petrova")
    await one.press("Moscow")
    await two.press("Anna II")
    await two.press("Moscow")
    assert "Welcome back, Anna Petrova!" in two.text
    assert "Your number was used to sign in" in one.text


async def test_an_old_proof_does_not_open_what_somebody_has_registered_since(house: House) -> None:
    """Whoever once held the number and stopped halfway must not get in among the new holder's accounts."""
    former, holder = Person(house, "telegram", "1", name="Former"), Person(house, "telegram", "2")
    for person in (former, holder):
        await person.start()
        await person.press("I agree")
        await person.share_contact(PHONE)
    await holder.press("Anna Petrova")
    await holder.press("Moscow")
    house.clock.move(timedelta(hours=1))
    await former.press("Former")
    await former.press("Moscow")
    assert "prove once more" in former.text
    assert "Anna" not in former.text
    await former.press("Sign in")
    assert "mobile number" in former.text


async def test_a_proof_does_not_last_for_ever(house: House) -> None:
    person = Person(house, "telegram", "1")
    await person.start()
    await person.press("I agree")
    await person.share_contact(PHONE)
    house.clock.move(timedelta(days=30))
    await person.press("Anna Petrova")
    await person.press("Moscow")
    assert "prove once more" in person.text
