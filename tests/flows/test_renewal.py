"""A new version of the consent document: asked of everybody who is signed in, and nobody loses what they were doing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import Connection, insert, select

from core.ids import new_id
from core.subscribers.tables import consents
from fsm.action import encode
from fsm.renewal import AskConsent
from tests.flows.conftest import OPERATOR, Register
from tests.support.dialogue import House, Person

NUMBER = "7700100101"


def agreed(subscriber: str, chat: str, version: str, house: House, days: int = 300) -> Callable[[Connection], None]:
    row = {
        "id": new_id(house.clock.now()),
        "chat_id": chat,
        "subscriber_id": subscriber,
        "document": "personal-data",
        "version": version,
        "decision": "given",
        "decided_at": house.clock.now() - timedelta(days=days),
    }
    return lambda connection: connection.execute(insert(consents).values(**row)).close()


@pytest.fixture
async def anna(house: House, person: Person, register: Register) -> str:
    """Signed in, having agreed to last year's document."""
    subscriber = await register(person, NUMBER)
    chat = f"{person.channel}:{person.address}"
    await house.database.write(agreed(subscriber, chat, "2025-01", house))
    return subscriber


async def decisions(house: House, subscriber: str) -> list[tuple[str, str]]:
    def read(connection: Connection) -> list[tuple[str, str]]:
        query = select(consents.c.version, consents.c.decision).where(consents.c.subscriber_id == subscriber)
        return [(row.version, row.decision) for row in connection.execute(query.order_by(consents.c.decided_at))]

    return await house.database.read(read)


async def test_asked_before_anything_is_shown(house: House, person: Person, anna: str) -> None:
    await person.say("/balance")
    assert "new version" in person.text
    assert OPERATOR.privacy_version in person.text
    assert "7700" not in person.text
    await person.press("I agree")
    assert "7700 1001 01" in person.text  # what was asked for
    assert await decisions(house, anna) == [("2025-01", "given"), (OPERATOR.privacy_version, "given")]
    await person.say("/profile")
    assert "Anna Petrova" in person.text


async def test_what_was_being_done_is_kept(person: Person, anna: str) -> None:
    """The address that was typed counts: after the consent the code is asked for."""
    await person.say("/email")
    await person.press("I agree")
    assert "Type an e-mail address." in person.text
    await person.say("anna@example.org")
    assert "anna@example.org" in person.text


async def test_an_answer_given_before_the_question_is_not_lost(
    house: House, person: Person, register: Register
) -> None:
    subscriber = await register(person, NUMBER)
    await person.say("/email")
    await house.database.write(agreed(subscriber, f"{person.channel}:{person.address}", "2025-01", house))
    await person.say("anna@example.org")
    assert "new version" in person.text
    await house.settle()
    await person.press("I agree")
    assert "anna@example.org" in person.text
    await person.say(person.code("mail"))
    assert "is confirmed" in person.text


async def test_refusal_is_respected_and_may_be_taken_back(house: House, person: Person, anna: str) -> None:
    await person.say("/menu")
    await person.press("I do not agree")
    assert "I show nothing of your accounts" in person.text
    assert await decisions(house, anna) == [("2025-01", "given"), (OPERATOR.privacy_version, "refused")]
    for command in ("/balance", "/profile", "/menu", "/start"):
        await person.say(command)
        assert "new version" in person.text
        assert "Anna" not in person.text
    await person.press("I agree")
    assert "Anna" in person.text


async def test_whoever_does_not_agree_gets_help_a_person_and_deletion(person: Person, anna: str) -> None:
    await person.say("/menu")
    await person.say("/help")
    assert "new version" not in person.text
    await person.say("/person")
    assert "A person will help you." in person.text
    await person.say("/privacy")
    await person.press("Forget me")
    await person.press("Delete")
    await person.press("Yes, delete for good")
    assert "Your data are deleted." in person.text


async def test_words_and_old_buttons_ask_again(person: Person, anna: str) -> None:
    await person.say("/menu")
    await person.say("what?")
    assert "I agree" in person.text
    await person.say("I agree")  # typed instead of pressed
    assert "Hello" in person.text


async def test_consent_in_one_chat_is_enough(house: House, person: Person, anna: str) -> None:
    await house.database.write(agreed(anna, "viber:another", OPERATOR.privacy_version, house, days=1))
    await person.say("/menu")
    assert "Hello" in person.text


async def test_a_button_of_an_old_message(person: Person, register: Register) -> None:
    await register(person, NUMBER)
    await person.say("/menu")
    await person.press_raw(encode(AskConsent()))
    assert "nothing new to agree to" in person.text
