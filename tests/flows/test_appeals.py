"""Writing to the staff, in both messengers: what it is about, the story with its files, a summary, sent."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from core.appeals.kinds import parse_kinds
from core.appeals.models import AppealStatus
from core.subscribers.models import Role
from fsm.action import ANYWHERE, STAMP, Action, encode
from fsm.actions import OpenAppeal, WriteAppeal
from fsm.event import File, Press
from fsm.flows.appeal import Answer, ChangeWhat, Discard, PickKind, Send
from tests.flows.appeal_world import breaks, may_send_photos, only, sent, threads, words
from tests.flows.conftest import Register
from tests.support.dialogue import House, Person

OWES, OTHER = "7700100218", "7700100101"


# -- the shortest way --------------------------------------------------------------------------------------------------


async def test_kind_text_sent(house: House, person: Person, register: Register) -> None:
    """Whoever is angry and types gets through with two presses."""
    me = await register(person, OWES)
    await person.say("/menu")
    await person.press("Write to us")
    await person.press("Something does not work")
    assert "What does not work, and since when?" in person.text
    await person.say("The internet is down since morning!!!")
    assert "1 message is kept" in person.text and "The internet is down" in person.text
    assert "Account 7700 1002 18" in person.text, "the only account is the one that is meant"
    await person.press("Send")
    assert "Your appeal has No. 1" in person.text and "We answer by" in person.text
    thread = await only(house)
    appeal = thread.appeal
    assert (appeal.status, appeal.kind, appeal.subscriber_id) == (AppealStatus.acknowledged, "technical", me)
    assert (appeal.account_number, appeal.contact, appeal.region) == (OWES, "+79000000001", "RU-MOW")
    assert words(thread) == ["The internet is down since morning!!!"]


@pytest.mark.parametrize(
    ("label", "code"),
    [
        ("Something does not work", "technical"),
        ("Bills, payments, documents", "finance"),
        ("A claim", "claim"),
        ("This chat and my account", "cabinet"),
        ("A question", "consultation"),
        ("Thank somebody", "gratitude"),
        ("Something else", "person"),
    ],
)
async def test_each_kind(house: House, register: Register, label: str, code: str) -> None:
    person = Person(house, "telegram", "42")
    await register(person)
    await sent(person, label)
    assert "No. 1" in person.text
    assert (await only(house)).appeal.kind == code


async def test_whoever_writes_before_choosing_is_not_stopped(house: House, person: Person, register: Register) -> None:
    await register(person)
    await person.say("/appeal")
    await person.say("Nobody answers the phone")
    assert "“Nobody answers the phone”" in person.text
    await person.press("A claim")
    assert "1 message is kept" in person.text
    await person.press("Send")
    thread = await only(house)
    assert (thread.appeal.kind, words(thread)) == ("claim", ["Nobody answers the phone"])


async def test_words_that_nobody_understands_become_an_appeal(house: House, person: Person, register: Register) -> None:
    await register(person)
    await person.say("/menu")
    await person.say("My neighbours drill holes at night")
    assert "no ready answer" in person.text
    await person.press("Send my words to staff")
    assert "“My neighbours drill holes at night”" in person.text
    await person.press("Something else")
    await person.press("Send")
    assert words(await only(house)) == ["My neighbours drill holes at night"]


async def test_a_ready_answer_that_does_not_help(house: House, person: Person) -> None:
    await person.say("/menu")
    await person.say("the internet is down since morning")
    assert "suspended" in person.text
    await person.press("Send my words to staff")
    await person.press("Something does not work")
    assert "“the internet is down since morning”" in person.text


async def test_short_words_are_not_taken_for_a_story(person: Person) -> None:
    await person.say("/menu")
    await person.say("asdf")
    assert "did not understand" in person.text


# -- questions ---------------------------------------------------------------------------------------------------------


async def test_questions_one_by_one(house: House, person: Person, register: Register) -> None:
    await register(person, OWES, OTHER, nicknames={OTHER: "Mother's flat"})
    await person.say("/appeal")
    await person.press("Something does not work")
    await person.say("No signal")
    await person.press("2 more questions")
    assert "Which account" in person.text
    await person.press("Mother's flat")
    assert "Where is it?" in person.text
    await person.say("Lenina  1,\nflat 2")
    assert "Where is it? (address, flat) Lenina 1, flat 2" in person.text and "7700 1001 01" in person.text
    assert "question" not in " ".join(person.labels)
    await person.press("Send")
    appeal = (await only(house)).appeal
    assert (appeal.account_number, dict(appeal.fields)) == (OTHER, {"address": "Lenina 1, flat 2"})


async def test_questions_may_be_left_out(house: House, person: Person, register: Register) -> None:
    await register(person, OWES, OTHER)
    await person.say("/appeal")
    await person.press("Something does not work")
    await person.say("No signal")
    await person.press("2 more questions")
    await person.press("Not about an account")
    await person.press("Leave it out")
    await person.press("Send")
    appeal = (await only(house)).appeal
    assert (appeal.account_number, dict(appeal.fields)) == ("", {})


async def test_an_account_that_is_typed(house: House, person: Person, register: Register) -> None:
    await register(person, OWES, OTHER)
    await person.say("/appeal")
    await person.press("A question")
    await person.say("How much is it?")
    await person.press("1 more question")
    await person.say("I do not know")
    assert "cannot read this as an account number" in person.text
    await person.share_contact("79000000010", own=False)
    assert "do not need a phone number here" in person.text
    await person.say("7700 1001-01")
    assert "Account 7700 1001 01" in person.text
    await person.press("Send")
    assert (await only(house)).appeal.account_number == OTHER


async def test_a_file_may_answer_a_question(house: House, person: Person, register: Register) -> None:
    await register(person)
    may_send_photos(person)
    await person.say("/appeal")
    await person.press("A claim")
    await person.say("A cable lies in my way")
    await person.press("question")
    await person.send_file()
    assert "Which account" in person.text, "the photo is kept and the question stands"
    await person.press("Not about an account")
    await person.say("x" * 301)
    assert "at most 300 characters" in person.text
    await person.say("An apology")
    assert "1 file" in person.text and "An apology" in person.text


async def test_from_an_account(house: House, person: Person, register: Register) -> None:
    await register(person, OWES, OTHER)
    await person.press_raw(encode(WriteAppeal(OTHER)))
    await person.press("A question")
    await person.say("What is this?")
    assert "7700 1001 01" in person.text
    await person.press("Send")
    assert (await only(house)).appeal.account_number == OTHER


async def test_everything_can_be_changed(house: House, person: Person, register: Register) -> None:
    await register(person, OWES)
    await person.say("/appeal")
    await person.press("Bills")
    await person.say("I paid twice")
    for what, said in (("account", "900 900 1"), ("For which period", "March"), ("phone", "+7 900 000-00-33")):
        await person.press("Change")
        await person.press(what)
        await person.say(said)
    assert "Account 9009 001" in person.text and "March" in person.text and "+7 900 000-00-33" in person.text
    await person.press("Change")
    await person.press("Write it anew")
    assert "What would you like to clear up" in person.text
    await person.say("I paid three times")
    assert "1 message is kept" in person.text
    await person.press("Change")
    await person.press("What it is about")
    await person.press("A claim")
    assert "March" not in person.text, "the claim does not ask for a period"
    await person.press("Send")
    thread = await only(house)
    appeal = thread.appeal
    assert words(thread) == ["I paid three times"]
    assert (appeal.kind, appeal.account_number, appeal.contact) == ("claim", "9009001", "+79000000033")
    assert dict(appeal.fields) == {}


async def test_a_stranger_is_asked_for_a_phone_once(house: House, person: Person) -> None:
    await person.say("/menu")
    await person.press("Write to us")
    await person.press("A question")
    await person.say("Do you serve my street?")
    await person.press("Send")
    await person.say("nothing like a phone")
    assert "cannot read this as a phone number" in person.text
    await person.say("8 900 000-00-09")
    assert "No. 1" in person.text and "+7 900 000-00-09" in person.text
    await sent(person, "A question", "And the next one?")
    assert "No. 2" in person.text
    assert [one.appeal.contact for one in await threads(house)] == ["+79000000009"] * 2


KINDS = """
[broken]
title = { en = "Broken", ru = "Сломалось" }
account = "no"
[[broken.fields]]
code = "address"
title = { en = "Your address", ru = "Ваш адрес" }
required = true
[[broken.fields]]
code = "colour"
title = "What colour is the lamp?"
"""


async def test_the_operators_own_kinds_and_what_they_require(house: House, person: Person, register: Register) -> None:
    rules = replace(house.services.appeals.rules, kinds=parse_kinds(KINDS))
    house.services.appeals.rules = rules
    await register(person)
    await person.say("/appeal")
    assert [label for label in person.labels if "Broken" in label] == ["Broken"]
    await person.press("Broken")
    await person.say("It smokes")
    assert not any("Send" in label for label in person.labels), "not before the address is known"
    await person.press("A person")
    await person.press("Send it to a person")
    assert "Your address" in person.text and not any("Leave it out" in label for label in person.labels)
    await person.do(stamped(person, Answer("")))
    assert "Your address" in person.text
    await person.say("Lenina 1")
    assert "Your address Lenina 1" in person.text
    await person.press("Send")
    assert dict((await only(house)).appeal.fields) == {"address": "Lenina 1"}


async def test_long_answers_never_break_a_screen(house: House, person: Person, register: Register) -> None:
    many = "\n".join(f'[[long.fields]]\ncode = "f{n}"\ntitle = "{"Question " * 20}"' for n in range(12))
    kinds = parse_kinds('[long]\ntitle = "Long"\n' + many)
    house.services.appeals.rules = replace(house.services.appeals.rules, kinds=kinds)
    await register(person)
    await person.say("/appeal")
    await person.press("Long")
    await person.say("x" * 4000)
    await person.press("12 more questions")
    for _ in range(12):
        await person.say("y" * 300)
    assert "1 message is kept" in person.text
    await person.press("Send")
    await person.press("See it")
    assert "No. 1: Long" in person.text


# -- known failures ----------------------------------------------------------------------------------------------------


async def test_a_known_failure_is_told_first(house: House, person: Person, register: Register) -> None:
    await register(person, region="RU-MOW")
    await breaks(house, "Elsewhere", "RU-SPE")
    await breaks(house, "A cable is cut in Tverskaya", "RU-MOW", until=house.clock.now() + timedelta(hours=3))
    await person.say("/appeal")
    await person.press("Something does not work")
    assert "A cable is cut in Tverskaya" in person.text and "Elsewhere" not in person.text
    assert "Expected to work again by" in person.text
    await person.press("Then I will wait")
    assert await threads(house) == []
    await person.say("/appeal")
    await person.press("A question")
    assert "cable" not in person.text, "of another matter nothing is said"
    await person.say("/appeal")
    await person.press("Something does not work")
    await person.press("Write all the same")
    await person.say("It smells of fire too")
    await person.press("Send")
    assert "No. 1" in person.text


async def test_words_typed_at_a_known_failure_are_kept(house: House, person: Person, register: Register) -> None:
    await register(person, region="RU-MOW")
    await breaks(house, "Everything is down")
    await person.say("/appeal")
    await person.press("Something does not work")
    await person.say("Mine is another matter")
    assert "1 message is kept" in person.text


# -- nothing is lost ---------------------------------------------------------------------------------------------------


async def test_kept_from_the_first_word_through_a_restart(house: House, person: Person, register: Register) -> None:
    await register(person)
    await person.say("/appeal")
    await person.press("A claim")
    await person.say("First")
    house.restart()
    await person.say("Second")
    await person.press("Menu")
    house.restart()
    await person.press("Continue where you stopped")
    assert "2 messages are kept" in person.text
    await person.press("A person")
    assert "“First”" in person.text
    await person.press("Go on with my message")
    await person.say("Third")
    await person.press("Send")
    thread = await only(house)
    assert (thread.appeal.kind, words(thread)) == ("claim", ["First", "Second", "Third"])


async def test_a_person_gets_what_was_written_so_far(house: House, person: Person, register: Register) -> None:
    await register(person)
    await person.say("/appeal")
    await person.press("A claim")
    await person.say("I have had enough")
    await person.press("A person")
    await person.press("Send it to a person")
    assert "No. 1" in person.text
    assert words(await only(house)) == ["I have had enough"]


async def test_a_second_draft_is_not_lost(house: House, person: Person, register: Register) -> None:
    await register(person)
    await person.say("/appeal")
    await person.press("A claim")
    await person.say("First matter")
    await person.say("/appeal")
    assert "not sent yet" in person.text and "“First matter”" in person.text
    await person.press("Write another one")
    await person.press("A question")
    await person.say("Second matter")
    await person.press("Send")
    assert "No. 2" in person.text
    await person.press("The other message, not sent")
    assert "First matter" in person.text
    await person.press("Send")
    assert [one.appeal.status for one in await threads(house)] == [AppealStatus.acknowledged] * 2
    await person.say("/appeal")
    assert "What is it about?" in person.text


async def test_drafts_have_a_limit(house: House, person: Person, register: Register) -> None:
    await register(person)
    for number in range(5):
        await person.say("/appeal")
        if number:
            await person.press("Write another one")
        await person.say(f"Matter {number}")
    await person.say("/appeal")
    await person.press("Write another one")
    await person.say("One too many")
    assert "5 messages that are not sent" in person.text
    assert len(await threads(house)) == 5


async def test_ten_appeals_a_day(house: House, register: Register) -> None:
    person = Person(house, "telegram", "42")
    await register(person)
    for _ in range(10):
        await sent(person, "Thank somebody")
    await sent(person, "Thank somebody")
    assert "written a lot today" in person.text
    house.clock.move(timedelta(days=1, seconds=1))
    await person.press("Send")
    assert "No. 11" in person.text


async def test_sent_from_one_screen_and_stale_on_another(house: House, person: Person, register: Register) -> None:
    await register(person)
    await person.say("/appeal")
    await person.press("Thank somebody")
    await person.say("Ivan from the office")
    await person.press("Menu")
    menu = person.message
    await person.press("A person")
    await person.press("Send it to a person")
    await person.press_on(menu, "Continue where you stopped")
    assert "nothing to go on with" in person.text or "was sent: it is appeal No. 1" in person.text
    assert len(await threads(house)) == 1


async def test_double_tap_redelivery_and_old_buttons(house: House, person: Person, register: Register) -> None:
    await register(person)
    await person.say("/appeal")
    await person.press("Thank somebody")
    await person.say("Ivan")
    await person.again()
    ready = person.message
    await person.press_on(ready, "Send")
    await person.again()
    await person.press_on(ready, "Send")
    await person.press_on(ready, "Delete")
    await person.press_on(ready, "Change")
    assert "No. 1" in person.text
    thread = await only(house)
    assert words(thread) == ["Ivan"] and thread.appeal.status is AppealStatus.acknowledged


async def test_cancel_and_back(house: House, person: Person, register: Register) -> None:
    await register(person)
    await person.say("/appeal")
    await person.press("A claim")
    await person.press("Back")
    assert "What is it about?" in person.text
    await person.press("A question")
    await person.say("Something")
    await person.press("Change")
    await person.press("Back")
    assert "1 message is kept" in person.text
    await person.say("/cancel")
    assert "Cancelled" in person.text
    await person.say("/appeals")
    assert "Not sent yet" in person.text and "“Something”" in person.text, "a cancelled question loses no words"
    await person.press("Go on with what is not sent")
    await person.press("Delete")
    assert "nobody has seen it" in person.text and await threads(house) == []


# -- files -------------------------------------------------------------------------------------------------------------


async def test_an_album_is_answered_once(house: House, register: Register) -> None:
    person = Person(house, "telegram", "42")
    await register(person)
    may_send_photos(person)
    await person.say("/appeal")
    await person.press("Something does not work")
    before = len(person._all())
    await person.send_album(*["file-1"] * 5)
    assert len(person._all()) == before + 1
    assert "5 messages are kept" in person.text and "5 files" in person.text
    await person.send_album(*["file-1"] * 7, album="another")
    assert len(person._all()) == before + 2
    assert "10 files are the most" in person.text and "10 files" in person.text
    assert person.text.count("the most") == 1
    await person.press("Send")
    thread = await only(house)
    assert len(thread.messages) == 10 and all(message.blob for message in thread.messages)


async def test_a_file_that_says_it_is_too_large(house: House, person: Person, register: Register) -> None:
    await register(person)
    await person.say("/appeal")
    await person.press("Thank somebody")
    await person.do(File(ref="file-1", kind="document", name="film.mp4", size=5_000_001))
    assert "larger than 5 MB" in person.text
    assert await threads(house) == []


async def test_a_refused_file_leads_back(house: House, person: Person, register: Register) -> None:
    await register(person)
    await person.say("/appeal")
    await person.press("Thank somebody")
    await person.say("See the picture")
    await person.send_file("gone")
    refused = next(message for message in person.said if "could not get the file" in message.text)
    await person.say("/menu")
    await person.press_on(refused, "To my appeal")
    assert "2 messages are kept" in person.text
    await person.press("Send")
    await person.say("/menu")
    await person.press_on(refused, "To my appeal")
    assert "No. 1" in person.text and "with our staff" in person.text


# -- forged ------------------------------------------------------------------------------------------------------------


async def test_forged_buttons_of_the_form(house: House, person: Person, register: Register) -> None:
    await register(person, OWES, OTHER, role=Role.family)
    await person.press_raw(encode(WriteAppeal("7700101553", "nobody's")))
    await person.do(stamped(person, PickKind("link")))
    await person.do(stamped(person, PickKind("nonsense")))
    assert "What is it about?" in person.text
    await person.press("A question")
    await person.say("Well?")
    await person.do(stamped(person, Answer("7700101553")))
    await person.press("1 more question")
    await person.do(stamped(person, Answer("7700101553")))
    assert "Which account" in person.text, "somebody else's account is no answer by a button"
    await person.press("Not about an account")
    await person.press("Change")
    await person.do(stamped(person, ChangeWhat("nonsense")))
    assert "What shall I change?" in person.text
    await person.press("Back")
    await person.press("Send")
    assert (await only(house)).appeal.account_number == ""


async def test_somebody_elses_draft(house: House, person: Person, register: Register) -> None:
    other = Person(house, "viber" if person.channel == "telegram" else "telegram", "77")
    await register(person)
    await register(other, phone="+79000000002")
    await person.say("/appeal")
    await person.say("My secret")
    [draft] = await threads(house)
    await other.press_raw(encode(OpenAppeal(draft.appeal.id)))
    assert "cannot find this appeal" in other.text
    for forged in (Send(), Discard()):
        await other.press_raw(encode(forged))
    assert (await only(house)).appeal.status is AppealStatus.draft


def stamped(person: Person, action: Action) -> Press:
    """A button that this question could have, and does not."""
    stamps = [one.payload[:STAMP] for one in person.buttons if not one.payload.startswith(ANYWHERE)]
    return Press(encode(action, stamps[0] if stamps else ANYWHERE))
