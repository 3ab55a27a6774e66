"""Where am I signed in: chats are listed, closed one by one or all at once, and left."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Connection, Update, update

from core.subscribers.tables import chats
from fsm.action import encode
from fsm.actions import GoOn
from tests.flows.conftest import Register
from tests.support.dialogue import House, Person


@pytest.fixture
async def anna(person: Person, register: Register) -> str:
    return await register(person)


def _run(connection: Connection, statement: Update) -> None:
    connection.execute(statement)


@pytest.fixture
async def others(house: House, person: Person, anna: str) -> list[Person]:
    """Two more chats of Anna's, in Russian, opened later."""
    found = []
    for address, channel in (("51", "telegram"), ("52", "viber")):
        house.clock.move(timedelta(hours=1))
        other = Person(house, channel, address, language="ru", name=f"Phone {address}")
        await other.start()
        joined = update(chats).where(chats.c.chat_id == f"{channel}:{address}")
        await house.database.write(_run, joined.values(subscriber_id=anna, joined_at=house.clock.now()))
        await other.say("/menu")
        found.append(other)
    return found


async def test_the_list(person: Person, others: list[Person]) -> None:
    await person.say("/sessions")
    assert "Phone 51" in person.text
    assert "Phone 52" in person.text
    assert "this chat" in person.text
    assert "since 10 March 2026, 13:00" in person.text
    assert "last seen 10 March 2026, 14:00" in person.text


async def test_one_is_closed_and_told(person: Person, others: list[Person]) -> None:
    await person.say("/sessions")
    await person.press("Phone 51")
    assert "1 chat is closed" in person.text
    assert "Вход в этом чате завершён" in others[0].text
    await others[0].say("/profile")
    assert "номер мобильного" in others[0].text or "Вы согласны?" in others[0].text
    await others[1].say("/profile")
    assert "Anna Petrova" in others[1].text


async def test_a_closed_chat_may_come_back_at_once(person: Person, others: list[Person]) -> None:
    await person.say("/sessions")
    await person.press("Phone 51")
    await others[0].press("Войти снова")
    await others[0].press("Даю согласие")
    await others[0].share_contact("+79000000001")
    assert "С возвращением, Anna Petrova!" in others[0].text


async def test_all_others_are_closed(person: Person, others: list[Person]) -> None:
    await person.say("/sessions")
    await person.press("Close all but this one")
    assert "2 chats are closed" in person.text
    for other in others:
        assert "Вход в этом чате завершён" in other.text
    await person.press("Where am I signed in")
    assert "Phone" not in person.text
    assert "Close all but this one" not in person.labels


async def test_closing_twice(person: Person, others: list[Person]) -> None:
    await person.say("/sessions")
    payload = person.payload("Phone 51")
    await person.press_raw(payload)
    await person.press_raw(payload)
    assert len([message for message in others[0]._all() if "завершён" in message.text]) == 1


async def test_a_strangers_chat_cannot_be_closed(
    house: House, person: Person, others: list[Person], register: Register
) -> None:
    stranger = Person(house, "telegram", "99", name="Boris")
    await register(stranger, phone="+79000000002")
    await person.say("/sessions")
    payload = person.payload("Phone 51").replace("telegram:51", "telegram:99")
    await person.press_raw(payload)
    assert "closed already" in person.text
    await stranger.say("/profile")
    assert "Boris" in stranger.text


async def test_leaving_this_chat(house: House, person: Person, anna: str) -> None:
    await person.say("/sessions")
    await person.press("Sign out here")
    await person.press("No, stay")
    assert "Here since" in person.text
    await person.say("/sessions")
    await person.press("Sign out here")
    await person.press("Yes, sign out")
    assert "You are signed out" in person.text
    assert "← Back" not in person.labels
    await person.say("/profile")
    assert "Anna Petrova" not in person.text
    await person.say("/back")
    assert "+7 900" not in person.text
    assert await house.services.subscribers.by_phone("+79000000001") is not None


async def test_what_was_left_unfinished_is_not_offered_to_the_next_one(person: Person, anna: str) -> None:
    """A question parked by one person must not be gone on with after they have signed out."""
    await person.say("/person")
    await person.press("Leave a message")
    await person.say("My secret trouble")
    assert "+7 900 000-00-01" in person.text
    await person.say("/sessions")
    await person.press("Sign out here")
    await person.press("Yes, sign out")
    await person.press_raw(encode(GoOn()))
    assert "There is nothing to go on with." in person.text
    assert "+7 900 000-00-01" not in person.text
