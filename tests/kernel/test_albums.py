"""Files that were sent together are answered once, whatever happens between two of them; answers know their message."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from core.delivery import outbox
from core.delivery.outbox import Sent
from core.delivery.tables import outbox as rows
from fsm.event import File
from tests.support.dialogue import House, Person


@pytest.fixture
async def anna(house: House) -> Person:
    person = Person(house, "telegram", "42")
    await person.say("/pile")
    return person


def texts(person: Person, since: int) -> list[str]:
    return [message.text for message in person._all()[since:]]


async def moment(house: House) -> None:
    house.clock.move(timedelta(seconds=2))
    await house.settle()


async def test_an_album_is_answered_once(anna: Person) -> None:
    before = len(anna._all())
    await anna.send_album("a", "b", "c", "d")
    assert texts(anna, before) == ["4 kept"]


async def test_two_albums_are_answered_each(anna: Person) -> None:
    before = len(anna._all())
    await anna.send_album("a", "b")
    await anna.send_album("c", "d", album="another")
    assert texts(anna, before) == ["2 kept", "4 kept"]


async def test_single_files_are_answered_at_once(anna: Person) -> None:
    before = len(anna._all())
    await anna.send_file("a")
    await anna.send_file("b")
    assert texts(anna, before) == ["1 kept", "2 kept"]


async def test_what_was_wrong_with_one_of_them_is_not_lost(anna: Person) -> None:
    before = len(anna._all())
    for ref, caption in (("a", ""), ("b", "too large"), ("c", ""), ("d", "too large"), ("e", "")):
        await anna.send_file(ref, caption=caption, album="one")
    await moment(anna.house)
    assert texts(anna, before) == ["Not this one: too large.\n\n3 kept"]


async def test_files_that_nobody_wants_are_refused_once(anna: Person) -> None:
    await anna.say("/menu")
    before = len(anna._all())
    await anna.send_album(*"abcdefghij")
    assert len(texts(anna, before)) == 1
    assert "I cannot take a file here" in texts(anna, before)[0]


async def test_the_program_starts_anew_between_two_of_them(anna: Person) -> None:
    before = len(anna._all())
    await anna.send_file("a", album="one")
    anna.house.restart()
    await anna.send_file("b", album="one")
    await anna.again()  # the messenger did not hear that it was taken
    await moment(anna.house)
    assert texts(anna, before) == ["2 kept"]


async def test_a_late_one_edits_what_was_said(anna: Person, house: House) -> None:
    await anna.send_album("a", "b")
    told = house.channels["telegram"].ids[-1][2]
    before = len(anna._all())
    await anna.send_file("c", album="album-1")
    await moment(house)
    assert texts(anna, before) == ["3 kept"]
    assert anna.message.edits == told


async def test_a_late_one_edits_what_was_being_sent(anna: Person, house: House) -> None:
    await anna.send_file("a", album="one")
    house.clock.move(timedelta(seconds=2))
    [in_hand] = await house.database.write(outbox.claim, "another sender", house.clock.now(), 10)
    await anna.send_file("b", album="one")
    report = Sent(in_hand.id, house.clock.now(), "777")
    await house.database.write(outbox.record, "another sender", [report], ["telegram:42"], house.clock.now())
    await moment(house)
    assert (anna.message.text, anna.message.edits) == ("2 kept", "777")


async def test_a_late_one_does_not_edit_what_is_far_above(anna: Person, house: House) -> None:
    await anna.send_album("a", "b")
    await anna.say("Well?")
    await anna.send_file("c", album="album-1")
    await moment(house)
    assert (anna.message.text, anna.message.edits) == ("3 kept", "")


async def test_whatever_comes_next_does_not_overtake_the_answer(anna: Person) -> None:
    before = len(anna._all())
    await anna.send_file("a", album="one")
    await anna.send_file("b", album="one")
    await anna.say("Is it there?")
    assert texts(anna, before) == ["2 kept", "An answer to nothing.\n\n2 kept"]


async def test_nothing_waits_for_ever(anna: Person, house: House) -> None:
    await anna.send_album(*"abcdefghij")
    states = await house.database.read(lambda c: list(c.execute(select(rows.c.status)).scalars()))
    assert set(states) == {"sent", "dropped"}


async def test_an_answer_to_a_message_of_ours(house: House) -> None:
    for channel, said in (("telegram", "An answer to telegram:7 101."), ("viber", "An answer to nothing.")):
        person = Person(house, channel, "7")
        await person.say("/pile")
        await person.reply(person.message, "This one")
        assert said in person.text


async def test_a_file_may_answer_too(house: House) -> None:
    person = Person(house, "telegram", "7")
    await person.say("/pile")
    await person.do(File(ref="a", kind="photo"), reply_to="101")
    assert person.text == "1 kept"
