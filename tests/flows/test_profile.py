"""The profile as a dialogue, in both messengers: name, region, phone, e-mail, language, archive."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.integrations.codes.gateway import Refused
from core.clock import ManualClock
from core.subscribers.codes import Way
from core.subscribers.models import Subscriber
from tests.flows.conftest import Gateway, Register
from tests.support.dialogue import House, Person

PHONE = "+79000000001"


@pytest.fixture
async def member(person: Person, register: Register) -> Person:
    await register(person)
    await person.say("/profile")
    return person


async def known(house: House, phone: str = PHONE) -> Subscriber:
    found = await house.services.subscribers.by_phone(phone)
    assert found is not None
    return found


async def test_it_shows_what_is_known(member: Person) -> None:
    for shown in ("Anna Petrova", "+7 900 000-00-01", "E-mail: none", "Moscow", "English", "10 March 2026"):
        assert shown in member.text
    assert "☰ Menu" in member.labels


async def test_another_name(house: House, member: Person) -> None:
    await member.press("Name")
    await member.say("1")
    assert "no letters" in member.text
    await member.say("Мария")
    assert "you are Мария" in member.text
    await member.press("My profile")
    assert "Мария" in member.text
    assert (await known(house)).name == "Мария"


async def test_a_name_is_left_as_it_was(house: House, member: Person) -> None:
    await member.press("Name")
    await member.press("← Back")
    assert "Here since" in member.text
    await member.press("Name")
    await member.say("/cancel")
    assert (await known(house)).name == "Anna Petrova"


async def test_another_region_changes_the_hour(house: House, member: Person) -> None:
    await member.press("Region")
    await member.say("Владивосток")
    assert "Primor" in member.text
    assert (await known(house)).region == "RU-PRI"
    await member.press("My profile")
    await member.press("My actions")
    assert "10 March 2026, 19:00" in member.text  # noon in Moscow


async def test_an_unknown_region(house: House, member: Person) -> None:
    await member.press("Region")
    await member.say("Atlantis")
    assert "do not know such a region" in member.text
    await member.press("Moscow Region")
    assert (await known(house)).region == "RU-MOS"


# -- e-mail ------------------------------------------------------------------------------------------------------------


async def test_an_address_is_confirmed_by_a_code(house: House, member: Person) -> None:
    await member.press("E-mail")
    await member.say("anna")
    assert "does not look like" in member.text
    await member.say("anna@mail.ru")
    assert "anna@mail.ru" in member.text
    assert (await known(house)).email is None
    await member.say("000000" if member.code("mail") != "000000" else "000001")
    assert "4 tries left" in member.text
    await member.say(member.code("mail"))
    assert "is confirmed" in member.text
    assert (await known(house)).email == "anna@mail.ru"


async def test_an_address_is_changed_and_removed(house: House, member: Person) -> None:
    for address in ("anna@mail.ru", "maria@mail.ru"):
        await member.say("/email")
        await member.say(address)
        await member.say(member.code("mail"))
    assert (await known(house)).email == "maria@mail.ru"
    await member.say("/email")
    await member.press("Remove m•••@mail.ru")
    assert "no e-mail address" in member.text
    assert (await known(house)).email is None


async def test_a_corrected_address(house: House, member: Person) -> None:
    await member.press("E-mail")
    await member.say("anna@mial.ru")
    await member.say("anna@mail.ru")
    await member.say(member.code("mail"))
    assert (await known(house)).email == "anna@mail.ru"


async def test_a_code_for_a_phone_does_not_confirm_an_address(house: House, member: Person) -> None:
    await member.press("Phone")
    await member.say("+79007654321")
    stolen = member.code("sms")
    await member.say("/email")
    await member.say("anna@mail.ru")
    if stolen != member.code("mail"):
        await member.say(stolen)
        assert "not the code" in member.text


async def test_a_letter_that_cannot_be_sent(member: Person, gateways: dict[Way, Gateway], clock: ManualClock) -> None:
    gateways[Way.email].failure = Refused("550")
    await member.press("E-mail")
    await member.say("anna@mail.ru")
    assert "could not send the letter" in member.text
    gateways[Way.email].failure = None
    await member.press("Try again")
    await member.say("anna@mail.ru")
    await member.say(member.code("mail"))
    assert "is confirmed" in member.text


# -- phone -------------------------------------------------------------------------------------------------------------


async def test_another_phone_by_code(house: House, member: Person) -> None:
    before = await known(house)
    await member.press("Phone")
    await member.say("8 900 765 43 21")
    await member.say(member.code())
    assert "+7 900 765-43-21" in member.text
    assert (await known(house, "+79007654321")).id == before.id
    assert await house.services.subscribers.by_phone(PHONE) is None
    warned = house.outside["sms"][-1]
    assert warned["to"] == PHONE
    assert "was changed to" in warned["text"]
    assert "65432" not in warned["text"].replace(" ", "").replace("-", "")  # the new number is masked
    assert "ask a person" in warned["text"]


async def test_no_word_to_the_number_that_stays(house: House, member: Person) -> None:
    before = len(house.outside["sms"])
    await member.press("Phone")
    await member.say(PHONE)
    assert len(house.outside["sms"]) == before


async def test_another_phone_by_contact(house: House, member: Person) -> None:
    await member.press("Phone")
    await member.share_contact("+79007654321")
    if member.channel == "viber":
        await member.say(member.code())
    assert "Done" in member.text
    assert (await known(house, "+79007654321")).name == "Anna Petrova"


async def test_a_strangers_card_does_not_change_the_phone(house: House, member: Person) -> None:
    await member.press("Phone")
    await member.share_contact("+79007654321", own=False, by_button=False)
    assert "may be somebody else's" in member.text
    assert await house.services.subscribers.by_phone("+79007654321") is None


async def test_a_phone_of_somebody_else(house: House, member: Person, register: Register) -> None:
    await register(Person(house, "telegram", "9"), phone="+79007654321")
    await member.press("Phone")
    await member.say("+79007654321")
    assert "code" in member.text  # nothing is told before the proof
    await member.say(member.code())
    assert "another profile with this number" in member.text
    assert (await known(house)).name == "Anna Petrova"


async def test_the_wrong_code_does_not_change_the_phone(house: House, member: Person) -> None:
    await member.press("Phone")
    await member.say("+79007654321")
    await member.say("000000" if member.code() != "000000" else "000001")
    assert "not the code" in member.text
    house.clock.move(timedelta(minutes=6))
    await member.say(member.code())
    assert "too old" in member.text
    assert await house.services.subscribers.by_phone("+79007654321") is None


# -- language ----------------------------------------------------------------------------------------------------------


async def test_another_language(member: Person) -> None:
    await member.press("Language")
    await member.press("Русский")
    assert "по-русски" in member.text
    await member.say("/profile")
    assert "Телефон" in member.text


async def test_the_language_is_changed_in_the_middle_of_a_question(member: Person) -> None:
    await member.press("Name")
    await member.say("/language")
    await member.press("Русский")
    await member.press("Продолжить")
    await member.say("Мария")
    assert "Теперь буду обращаться к вам так: Мария" in member.text


async def test_the_language_before_registration(person: Person) -> None:
    await person.say("/language")
    await person.press("Русский")
    await person.say("/start")
    assert "Здравствуйте" in person.text


async def test_a_forged_language(member: Person) -> None:
    await member.press("Language")
    payload = member.payload("Русский")
    await member.press_raw(payload.replace('"ru"', '"xx"'))
    assert "Which language" in member.text


# -- archive -----------------------------------------------------------------------------------------------------------


async def test_the_archive_turns_its_pages(house: House, member: Person) -> None:
    await member.press("My actions")
    assert "nothing here yet" in member.text
    for number in range(10):
        await member.say("/profile")
        await member.press("Name")
        await member.say(f"Anna {'I' * (number + 1)}")
        house.clock.move(timedelta(minutes=1))
    await member.say("/profile")
    await member.press("My actions")
    assert "Name changed: Anna IIIIIIIIII" in member.text
    assert "Name changed: Anna II\n" not in member.text
    await member.press("Older")
    assert "Name changed: Anna II\n" in member.text
    assert "Older →" not in member.labels
    await member.press("Newer")
    assert "Name changed: Anna IIIIIIIIII" in member.text


@pytest.mark.parametrize("command", ["/profile", "/sessions", "/email"])
async def test_a_stranger_registers_first(person: Person, command: str) -> None:
    await person.say(command)
    assert "Do you agree?" in person.text
