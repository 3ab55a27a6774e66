"""Registration as a dialogue, in both messengers: the straight way, and every way in which people leave it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta

import pytest
from sqlalchemy import RowMapping, Table, func, select

from bot.integrations.codes.gateway import Refused
from core.billing.breakable import BreakableBilling
from core.clock import ManualClock
from core.errors import OutsideUnavailable
from core.subscribers.codes import Way
from core.subscribers.tables import account_links, challenges, chats, consents, subscribers
from fsm.action import encode
from fsm.actions import OpenLinking
from tests.flows.conftest import Gateway
from tests.support.dialogue import House, Person

FAMILY = "+79000000010"  # three accounts in the demo's billing
NOBODY = "+79007654321"  # none


async def rows(house: House, table: Table) -> Sequence[RowMapping]:
    return await house.database.read(lambda c: c.execute(select(table)).mappings().all())


async def count(house: House, table: Table) -> int:
    return await house.database.read(lambda c: c.execute(select(func.count()).select_from(table)).scalar_one())


async def prove(person: Person, phone: str = FAMILY) -> None:
    """From the question about the phone to the proof, as each messenger does it."""
    await person.share_contact(phone)
    if person.channel == "viber":
        await person.say(person.code())


async def sign_up(person: Person, phone: str = FAMILY) -> None:
    await person.start()
    await person.press("I agree")
    await prove(person, phone)
    await person.press("Anna Petrova")
    await person.press("Moscow")


def assert_ways_out(person: Person) -> None:
    assert "☰ Menu" in person.labels
    assert "🙋 A person" in person.labels


async def test_the_straight_way(house: House, person: Person) -> None:
    await person.start()
    assert "consent" in person.text
    assert_ways_out(person)
    await person.press("I agree")
    assert "mobile number" in person.text
    assert person.message.asks_contact
    assert_ways_out(person)
    await prove(person)
    assert "What is your name?" in person.text
    assert_ways_out(person)
    await person.press("Anna Petrova")
    assert "where do you live" in person.text
    assert_ways_out(person)
    await person.press("Saint Petersburg")
    assert "Done, Anna Petrova!" in person.text
    assert "I found 3 accounts" in person.text
    assert_ways_out(person)
    await person.press("Link all 3")
    assert "3 accounts are linked" in person.text

    [subscriber] = await rows(house, subscribers)
    assert (subscriber["phone"], subscriber["name"], subscriber["region"]) == (FAMILY, "Anna Petrova", "RU-SPE")
    [consent] = await rows(house, consents)
    assert (consent["decision"], consent["version"]) == ("given", "2026-01")
    assert consent["subscriber_id"] == subscriber["id"]
    assert consent["decided_at"] == house.clock.now()
    assert {(row["role"], row["proof"]) for row in await rows(house, account_links)} == {("owner", "phone")}


async def test_a_person_who_types_everything(person: Person) -> None:
    await person.start()
    await person.say("i agree")
    await person.say("мой номер 8 (900) 000-00-10")
    assert "+7 900 000-00-10" in person.text
    code = person.code()
    await person.say(f"{code[:2]} {code[2:4]} {code[4:]}")
    await person.say("  Мария   Петровна ")
    await person.say("Екатеринбург")
    assert "Done, Мария Петровна!" in person.text


async def test_four_questions_at_most(person: Person) -> None:
    """Consent, phone, name, region: whatever else is asked is asked afterwards and may be left alone."""
    await sign_up(person, NOBODY)
    assert "Done" in person.text


async def test_consent_is_refused_and_given_later(house: House, person: Person) -> None:
    await person.start()
    await person.press("I do not agree")
    assert "I keep nothing about you" in person.text
    assert_ways_out(person)
    await person.press("changed my mind")
    assert "Do you agree?" in person.text
    await person.press("I agree")
    assert "mobile number" in person.text
    decisions = [row["decision"] for row in await rows(house, consents)]
    assert sorted(decisions) == ["given", "refused"]


async def test_consent_is_not_given_by_just_going_on(house: House, person: Person) -> None:
    await person.start()
    await person.share_contact(FAMILY)
    assert "press “I agree”" in person.text
    assert await count(house, subscribers) == 0


@pytest.mark.parametrize("channel", ["telegram", "viber"])
async def test_the_language_is_the_messengers_and_can_be_changed(house: House, channel: str) -> None:
    person = Person(house, channel, "5", language="ru-RU")
    await person.start()
    assert "Здравствуйте" in person.text
    await person.press("English")
    assert "Hello!" in person.text
    await person.press("I agree")
    assert "mobile number" in person.text
    [chat] = await rows(house, chats)
    assert chat["language"] == "en"


async def test_an_unknown_language_becomes_the_operators_first(house: House) -> None:
    person = Person(house, "telegram", "5", language="pt")
    await person.start()
    assert "Hello!" in person.text


# -- the phone ---------------------------------------------------------------------------------------------------------


async def test_somebody_elses_card_is_refused_with_a_reason(house: House, person: Person) -> None:
    await person.start()
    await person.press("I agree")
    await person.share_contact(FAMILY, own=False, by_button=False)
    assert "may be somebody else's" in person.text
    assert "mobile number" in person.text
    assert await count(house, subscribers) == 0
    assert await count(house, challenges) == 0


async def test_vibers_shared_number_is_no_proof(house: House) -> None:
    person = Person(house, "viber", "5")
    await person.start()
    await person.press("I agree")
    await person.share_contact("79000000010")
    assert "SMS with a code" in person.text
    assert house.outside["sms"][0]["to"] == FAMILY


async def test_telegrams_own_contact_needs_no_code(house: House) -> None:
    person = Person(house, "telegram", "5")
    await person.start()
    await person.press("I agree")
    await person.share_contact(FAMILY)
    assert "What is your name?" in person.text
    assert house.outside["sms"] == []


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("hello", "I need a phone number"),
        ("8900", "too short"),
        ("890000000012345", "too long"),
        ("+7 495 123-45-67", "not a mobile number"),
        ("+7 000 000 00 00", "no such number"),
    ],
)
async def test_a_wrong_number_is_refused_with_its_reason(person: Person, typed: str, reason: str) -> None:
    await person.start()
    await person.press("I agree")
    await person.say(typed)
    assert reason in person.text
    assert "mobile number" in person.text


async def test_before_the_proof_nobody_learns_whether_a_phone_is_known(house: House, person: Person) -> None:
    first = Person(house, "telegram", "1")
    await sign_up(first)
    said = []
    for address, phone in (("2", FAMILY), ("3", NOBODY)):
        asking = Person(house, person.channel, address)
        await asking.start()
        await asking.press("I agree")
        await asking.say(phone)
        said.append((re.sub(r"\+7[\d -]+\d", "PHONE", asking.text), asking.labels))
    assert said[0] == said[1]
    assert len(first.said) == 1  # and the first chat has heard nothing


# -- the code ----------------------------------------------------------------------------------------------------------


@pytest.fixture
async def waiting(person: Person) -> Person:
    """A person who is asked for the code."""
    await person.start()
    await person.press("I agree")
    await person.say(FAMILY)
    assert "6 digits" in person.text
    return person


async def test_wrong_codes_are_counted(waiting: Person) -> None:
    wrong = "000000" if waiting.code() != "000000" else "000001"
    for left in (4, 3, 2):
        await waiting.say(wrong)
        assert f"{left} tries left" in waiting.text
    await waiting.say(wrong)
    assert "1 try left" in waiting.text
    await waiting.say(wrong)
    assert "the last try" in waiting.text
    await waiting.say(waiting.code())  # too late for the right one
    assert "does not work any more" in waiting.text
    assert_ways_out(waiting)
    waiting.house.clock.move(timedelta(seconds=61))
    await waiting.press("Send a new code")
    await waiting.say(waiting.code())
    assert "What is your name?" in waiting.text


async def test_what_is_no_code_costs_nothing(waiting: Person) -> None:
    for _ in range(7):
        await waiting.say("when will it come?")
        assert "The code is 6 digits" in waiting.text
    await waiting.say(waiting.code())
    assert "What is your name?" in waiting.text


async def test_an_old_code_is_refused_and_a_new_one_is_sent(waiting: Person) -> None:
    old = waiting.code()
    waiting.house.clock.move(timedelta(minutes=5))
    await waiting.say(old)
    assert "too old" in waiting.text
    await waiting.press("Send a new code")
    assert "I have sent a new code." in waiting.text
    await waiting.say(waiting.code())
    assert "What is your name?" in waiting.text


async def test_a_new_code_is_not_sent_within_a_minute(waiting: Person) -> None:
    waiting.house.clock.move(timedelta(seconds=20))
    await waiting.press("Send a new code")
    assert "in 40 seconds" in waiting.text
    assert len(waiting.house.outside["sms"]) == 1


async def test_another_number_by_button_and_by_typing(waiting: Person) -> None:
    await waiting.press("Another number")
    assert "mobile number" in waiting.text
    await waiting.say(FAMILY)  # the same one again: its code is on the way already
    assert "a moment ago" in waiting.text
    await waiting.say(NOBODY)
    assert "+7 900 765-43-21" in waiting.text
    assert [sms["to"] for sms in waiting.house.outside["sms"]] == [FAMILY, NOBODY]
    await waiting.say(waiting.code())
    assert "What is your name?" in waiting.text


async def test_five_codes_a_day_and_the_limit_says_when_it_ends(waiting: Person) -> None:
    for _ in range(4):
        waiting.house.clock.move(timedelta(minutes=1))
        await waiting.press("Send a new code")
    waiting.house.clock.move(timedelta(minutes=1))
    await waiting.press("Send a new code")
    assert "Too many codes" in waiting.text
    assert "after 11 March 2026, 12:00" in waiting.text
    assert len(waiting.house.outside["sms"]) == 5
    assert_ways_out(waiting)
    await waiting.press("Another number")
    await waiting.say(NOBODY)
    assert "Too many codes" in waiting.text  # the chat's limit, too
    waiting.house.clock.at = ManualClock().at + timedelta(days=1)
    await waiting.say(NOBODY)
    assert "6 digits" in waiting.text


async def test_back_from_the_code_to_the_number(waiting: Person) -> None:
    await waiting.press("← Back")
    assert "mobile number" in waiting.text
    await waiting.press("← Back")
    assert "Do you agree?" in waiting.text


async def test_the_same_update_twice_sends_one_code(person: Person) -> None:
    await person.start()
    await person.press("I agree")
    await person.say(FAMILY)
    await person.again()
    assert len(person.house.outside["sms"]) == 1


async def test_a_double_tap_on_resend_sends_one_code(waiting: Person) -> None:
    waiting.house.clock.move(timedelta(minutes=2))
    question = waiting.message
    await waiting.press("Send a new code")
    await waiting.press_on(question, "Send a new code")
    assert len(waiting.house.outside["sms"]) == 2


@pytest.mark.parametrize("failure", [OutsideUnavailable("silent"), Refused("400")])
async def test_the_sms_gateway_is_down(
    person: Person, gateways: dict[Way, Gateway], clock: ManualClock, failure: Exception
) -> None:
    gateways[Way.sms].failure = failure
    await person.start()
    await person.press("I agree")
    await person.say(FAMILY)
    for _ in range(6):
        clock.move(timedelta(seconds=61))
        await person.house.settle()
    assert "could not send the SMS" in person.text
    assert_ways_out(person)
    gateways[Way.sms].failure = None
    await person.press("Try again")
    assert "mobile number" in person.text
    await person.say(FAMILY)
    await person.say(person.code())
    assert "What is your name?" in person.text


async def test_a_gateway_that_comes_back_sends_the_code_once(
    waiting: Person, gateways: dict[Way, Gateway], clock: ManualClock
) -> None:
    clock.move(timedelta(minutes=2))
    gateways[Way.sms].failure = OutsideUnavailable("silent")
    await waiting.press("Send a new code")
    gateways[Way.sms].failure = None
    clock.move(timedelta(seconds=5))
    await waiting.house.settle()
    assert len(waiting.house.outside["sms"]) == 2
    await waiting.say(waiting.code())
    assert "What is your name?" in waiting.text


# -- name and region ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "reason"),
    [("A", "too short"), ("12345", "looks like a number"), ("??", "no letters"), ("x" * 101, "too long")],
)
async def test_a_wrong_name_is_refused_with_its_reason(person: Person, typed: str, reason: str) -> None:
    await person.start()
    await person.press("I agree")
    await prove(person)
    await person.say(typed)
    assert reason in person.text
    assert "What is your name?" in person.text


async def test_a_messenger_without_a_name(house: House) -> None:
    person = Person(house, "telegram", "5", name="")
    await person.start()
    await person.press("I agree")
    await prove(person)
    assert person.labels == ["← Back", "☰ Menu", "🙋 A person"]
    await person.say("Anna")
    assert "where do you live" in person.text


async def test_regions_are_found_by_their_letters(house: House, person: Person) -> None:
    await person.start()
    await person.press("I agree")
    await prove(person, NOBODY)
    await person.press("Anna Petrova")
    await person.say("Atlantis")
    assert "do not know such a region" in person.text
    await person.say("Altai")
    assert {"Altai Republic", "Altai Territory"} <= set(person.labels)
    await person.press("Altai Territory")
    [subscriber] = await rows(house, subscribers)
    assert subscriber["region"] == "RU-ALT"


async def test_a_region_that_is_not_in_the_list(house: House, person: Person) -> None:
    await person.start()
    await person.press("I agree")
    await prove(person, NOBODY)
    await person.press("Anna Petrova")
    await person.press("It is not in the list")
    assert "Done" in person.text
    [subscriber] = await rows(house, subscribers)
    assert subscriber["region"] == ""


# -- accounts ----------------------------------------------------------------------------------------------------------


async def test_accounts_are_offered_without_the_flat(person: Person) -> None:
    await sign_up(person)
    assert "• 7700 1008 71, г. Тула, пр-т Ленина, д. 57" in person.text
    assert "кв." not in person.text
    await person.press("Choose")
    assert "г. Тула, пр-т Ленина, д. 57" in person.text
    assert "кв." not in person.text


async def test_a_plain_yes_is_taken_for_consent_and_not_for_more(house: House, person: Person) -> None:
    await person.start()
    await person.say("maybe")
    assert "Please press “I agree” or “I do not agree”." in person.text
    assert await count(house, consents) == 0
    await person.say("Yes!")
    assert "What is your mobile number?" in person.text


async def test_some_of_the_accounts(house: House, person: Person) -> None:
    await sign_up(person)
    await person.press("Choose")
    await person.press("7700 1008 71")
    await person.press("7700 1008 70")
    await person.press("7700 1008 70")
    assert "☑ 7700 1008 71" in " ".join(person.labels)
    await person.press("Link 1 account")
    assert "1 account is linked" in person.text
    assert [row["account_number"] for row in await rows(house, account_links)] == ["7700100871"]


async def test_none_of_the_accounts(house: House, person: Person) -> None:
    await sign_up(person)
    await person.press("Not now")
    assert "at any time" in person.text
    assert await count(house, account_links) == 0


async def test_a_double_tap_links_once(house: House, person: Person) -> None:
    await sign_up(person)
    offer = person.message
    await person.press_on(offer, "Link all")
    await person.press_on(offer, "Link all")
    assert await count(house, account_links) == 3


async def test_a_company_is_represented(house: House, person: Person) -> None:
    await sign_up(person, "+79000000020")
    assert "I found 8 accounts" in person.text
    await person.press("Link all 8")
    assert {row["role"] for row in await rows(house, account_links)} == {"representative"}


async def test_the_billing_is_down(house: House, person: Person, billing: BreakableBilling) -> None:
    billing.mode = "down"
    await sign_up(person)
    assert "Done, Anna Petrova!" in person.text
    assert "billing system is not answering" in person.text
    assert await count(house, subscribers) == 1
    assert "🔗 Link an account" in person.labels


async def test_the_billing_goes_down_before_linking(house: House, person: Person, billing: BreakableBilling) -> None:
    await sign_up(person)
    billing.mode = "down"
    await person.press("Link all 3")
    assert "not answering" in person.text
    assert await count(house, account_links) == 0
    billing.mode = "ok"
    house.clock.move(timedelta(minutes=1))
    await person.press("Link all 3")
    assert await count(house, account_links) == 3


async def test_what_was_wanted_comes_first(person: Person) -> None:
    await person.press_raw(encode(OpenLinking("7700100763")))
    assert "First I need to know who you are" in person.text
    await person.press("I agree")
    await prove(person, NOBODY)
    await person.press("Anna Petrova")
    await person.press("Moscow")
    assert person.labels[0] == "▶ Link account 7700 1007 63"
    await person.press("Link account 7700 1007 63")
    assert "7700100763" in person.text


# -- leaving and coming back -------------------------------------------------------------------------------------------


async def test_a_restart_in_the_middle(house: House, person: Person) -> None:
    await person.start()
    house.restart()
    await person.press("I agree")
    house.restart()
    await prove(person)
    house.restart()
    await person.press("Anna Petrova")
    house.restart()
    await person.press("Moscow")
    assert "Done, Anna Petrova!" in person.text


async def test_after_a_week_it_goes_on_where_it_stopped(house: House, person: Person) -> None:
    await person.start()
    await person.press("I agree")
    await prove(person)
    house.clock.move(timedelta(days=7))
    house.restart()
    await person.say("/start")
    assert "You stopped here" in person.text
    assert "What is your name?" in person.text
    await person.say("Anna")
    assert "where do you live" in person.text


async def test_after_a_week_it_starts_over(house: House, person: Person) -> None:
    await person.start()
    await person.press("I agree")
    await prove(person)
    house.clock.move(timedelta(days=7))
    await person.say("/start")
    await person.press("Start over")
    assert "mobile number" in person.text  # consent was given, and stands
    assert await count(house, subscribers) == 0


async def test_a_new_document_asks_for_consent_anew(house: House, person: Person) -> None:
    await person.start()
    await person.press("I agree")
    object.__setattr__(house.services, "operator", _with_version(house, "2027-01"))
    await person.say("/cancel")
    await person.press("Register or sign in")
    assert "Do you agree?" in person.text


def _with_version(house: House, version: str) -> object:
    from dataclasses import replace

    return replace(house.services.operator, privacy_version=version)


async def test_the_menu_and_back_to_the_question(person: Person) -> None:
    await person.start()
    await person.press("I agree")
    await prove(person)
    await person.press("☰ Menu")
    assert "What is your name?" not in person.text
    await person.press("Continue where you stopped")
    assert "What is your name?" in person.text


async def test_cancel(house: House, person: Person) -> None:
    await person.start()
    await person.press("I agree")
    await person.say("/cancel")
    assert "Cancelled" in person.text
    assert await count(house, subscribers) == 0


async def test_an_old_button_does_not_answer_another_question(person: Person) -> None:
    await person.start()
    first = person.message
    await person.press("I agree")
    await prove(person)
    await person.press_on(first, "I do not agree")
    assert "earlier question" in person.text
    assert "What is your name?" in person.text


async def test_things_that_nobody_asked_for(person: Person) -> None:
    await person.start()
    await person.press("I agree")
    for act in (person.send_sticker, person.send_file):
        await act()
        assert "share your phone number with the button" in person.text


async def test_somebody_who_is_registered_is_not_asked_again(person: Person) -> None:
    await sign_up(person)
    await person.say("/register")
    assert "signed in here already" in person.text


# -- without an SMS gateway --------------------------------------------------------------------------------------------


class TestWithoutSms:
    """Registration says plainly what is possible."""

    @pytest.fixture
    def gateways(self) -> dict[Way, Gateway]:
        return {}

    async def test_telegram_has_its_contact(self, house: House) -> None:
        person = Person(house, "telegram", "5")
        await person.start()
        await person.press("I agree")
        assert "SMS" not in person.text
        await person.say(FAMILY)
        assert "I cannot send SMS here" in person.text
        await person.share_contact(FAMILY)
        assert "What is your name?" in person.text

    async def test_viber_offers_a_person(self, house: House) -> None:
        person = Person(house, "viber", "5")
        await person.start()
        await person.press("I agree")
        assert "not possible in this messenger" in person.text
        assert_ways_out(person)
        await person.share_contact(FAMILY)
        assert "I cannot send SMS here" in person.text


async def test_an_attempt_that_was_left_halfway_does_no_harm_later(house: House, person: Person) -> None:
    await person.start()
    await person.press("I agree")
    await prove(person, NOBODY)
    await person.press("☰ Menu")  # the question about the name waits
    house.clock.move(timedelta(minutes=2))
    menu = person.message
    await person.press("Register or sign in")
    await prove(person, NOBODY)
    await person.press("Anna Petrova")
    await person.press("Moscow")
    assert "Done, Anna Petrova!" in person.text
    await person.press("☰ Menu")
    assert "Continue where you stopped" not in " ".join(person.labels)
    await person.press_on(menu, "Continue where you stopped")
    assert "nothing to go on with" in person.text
    assert await count(house, subscribers) == 1


async def test_without_consent_not_even_the_name_is_kept(house: House, person: Person) -> None:
    await person.start()
    assert [row["name"] for row in await rows(house, chats)] == ["Anna Petrova"]
    await person.press("I do not agree")
    assert [row["name"] for row in await rows(house, chats)] == [""]
