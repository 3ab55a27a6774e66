"""What is kept: shown as a file, and deleted after two confirmations."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import select

from core.appeals.tables import appeal_messages, appeals
from core.delivery import blobs
from fsm.action import encode
from fsm.flows.privacy import ForgetMe, ShowData, Sure
from tests.flows.conftest import Register
from tests.support.dialogue import House, Person

PHONE, NUMBER = "+79000000001", "7700100101"


@pytest.fixture
async def member(person: Person, register: Register) -> Person:
    await register(person, NUMBER, nicknames={NUMBER: "Mother's flat"})
    return person


async def test_my_data_is_a_file(house: House, member: Person) -> None:
    await member.say("/privacy")
    await member.press("Show my data")
    file, question = member.said
    assert file.attachment is not None
    assert file.attachment.name == "my-data-2026-03-10.json"
    content, media_type = await house.database.read(blobs.load, file.attachment.blob)
    data = json.loads(content)
    assert media_type == "application/json"
    assert data["profile"]["phone"] == PHONE
    assert data["linked_accounts"][0]["nickname"] == "Mother's flat"
    assert "Your data" in question.text


async def test_my_data_is_mine_alone(house: House, member: Person, register: Register) -> None:
    await register(Person(house, "telegram", "9", name="Boris"), "7700100218", phone="+79000000002")
    await member.say("/privacy")
    await member.press("Show my data")
    file = member.said[0].attachment
    assert file is not None
    content, _ = await house.database.read(blobs.load, file.blob)
    for foreign in ("Boris", "+79000000002", "7700100218"):
        assert foreign not in content.decode()


async def forget(person: Person) -> None:
    await person.say("/privacy")
    await person.press("Forget me")
    await person.press("Delete")
    await person.press("Yes, delete for good")


async def test_forget_me(house: House, member: Person) -> None:
    await member.say("/privacy")
    await member.press("Forget me")
    assert "The law makes us keep for 3 years" in member.text
    await member.press("Delete")
    assert "cannot be undone" in member.text
    assert await house.services.subscribers.by_phone(PHONE) is not None
    await member.press("Yes, delete for good")
    assert "Your data are deleted" in member.text
    assert await house.services.subscribers.by_phone(PHONE) is None
    await member.say("/back")
    assert "Anna" not in member.text
    await member.say("/profile")
    assert "Do you agree?" in member.text  # consent is asked anew


async def test_what_was_written_and_not_sent_is_deleted_what_was_sent_is_kept(house: House, member: Person) -> None:
    for story in ("My neighbour listens to my calls", "The internet is down"):
        await member.say("/appeal")
        if "Write another one" in " ".join(member.labels):
            await member.press("Write another one")
        await member.press("Something else")
        await member.say(story)
        if story.startswith("The internet"):
            await member.press("Send")
    await forget(member)
    assert await house.database.read(lambda c: list(c.execute(select(appeal_messages.c.text)).scalars())) == [
        "The internet is down"
    ]
    assert len(await house.database.read(lambda c: c.execute(select(appeals.c.id)).all())) == 1


async def test_a_double_tap_does_not_confirm_twice(house: House, member: Person) -> None:
    await member.say("/privacy")
    await member.press("Forget me")
    question = member.message
    await member.press_on(question, "Delete")
    await member.press_on(question, "Delete")
    assert await house.services.subscribers.by_phone(PHONE) is not None


@pytest.mark.parametrize("steps", [[], ["Delete"]])
async def test_changing_ones_mind(house: House, member: Person, steps: list[str]) -> None:
    await member.say("/privacy")
    await member.press("Forget me")
    for step in steps:
        await member.press(step)
    await member.press("No, keep everything")
    assert "Show my data" in " ".join(member.labels)
    assert await house.services.subscribers.by_phone(PHONE) is not None


async def test_withdrawing_consent_deletes_too(house: House, member: Person) -> None:
    await member.say("/privacy")
    await member.press("Withdraw my consent")
    assert "Without it I may not keep your data" in member.text
    await member.press("Delete")
    await member.press("Yes, delete for good")
    assert await house.services.subscribers.by_phone(PHONE) is None
    consent = await house.services.subscribers.consent_in(f"{member.channel}:{member.address}")
    assert consent is not None
    assert consent.decision == "withdrawn"


async def test_signing_up_again_after_all(house: House, member: Person) -> None:
    await forget(member)
    await member.press("Sign up again")
    await member.press("I agree")
    await member.share_contact(PHONE)
    if member.channel == "viber":
        await member.say(member.code())
    assert "What is your name?" in member.text


async def test_an_unfinished_question_is_forgotten_too(member: Person) -> None:
    await member.say("/link")
    await forget(member)
    await member.say("/menu")
    assert "Continue" not in " ".join(member.labels)


async def test_somebody_who_is_not_registered(house: House, person: Person) -> None:
    await person.say("/privacy")
    assert "You are not signed in here" in person.text
    assert "Forget me" not in " ".join(person.labels)
    stamp = "0000"
    for forged in (ShowData(), ForgetMe(), Sure()):
        await person.press_raw(encode(forged, stamp))
        assert person.text


async def test_my_data_does_not_show_where_a_relatives_code_went(house: House, member: Person) -> None:
    await member.say("/link 7700100871")
    await member.press("Code to +7")
    sent_to = house.outside["sms"][-1]["to"]
    await member.say("/privacy")
    await member.press("Show my data")
    file = member.said[0].attachment
    assert file is not None
    content, _ = await house.database.read(blobs.load, file.blob)
    assert json.loads(content)["codes_sent"]
    assert sent_to not in content.decode()
