"""A way to a person, in both messengers: a message that is kept from its first word, numbered, and answered."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from core.appeals import queries
from core.appeals.models import Actor, AppealStatus, Author, Thread
from core.appeals.staff import NotPossible
from core.appeals.tables import appeals
from core.subscribers.models import Proof, Role
from fsm.action import encode
from fsm.actions import OpenAppeal, OpenPerson
from handlers.channel import Fetched, TryLater
from handlers.desk.acts import StaffDesk
from tests.flows.conftest import OPERATOR, Register
from tests.support.dialogue import House, Person

ANNA = Actor("s1", "Anna", "desk")
JPEG = b"\xff\xd8\xff\xe0" + b"a photo of a router" * 10


@pytest.fixture
def desk(house: House) -> StaffDesk:
    return StaffDesk(house.database, house.services, house.registry)


async def threads(house: House) -> list[Thread]:
    ids = await house.database.read(
        lambda c: list(c.execute(select(appeals.c.id).order_by(appeals.c.number)).scalars())
    )
    found = [await house.database.read(queries.load, one) for one in ids]
    return [one for one in found if one is not None]


async def write(person: Person, *words: str) -> None:
    await person.press_raw(encode(OpenPerson()))
    await person.press("Leave a message")
    for one in words:
        await person.say(one)


async def test_a_subscriber_writes_to_staff(house: House, person: Person, register: Register, desk: StaffDesk) -> None:
    me = await register(person)
    await write(person, "The internet is down", "since morning")
    assert "2 messages are kept" in person.text and "+7 900 000-00-01" in person.text
    assert await desk.waiting() == [], "staff see what was sent"
    await person.press("Send")
    assert "No. 1" in person.text and "answers here" in person.text
    [thread] = await threads(house)
    assert [message.text for message in thread.messages] == ["The internet is down", "since morning"]
    assert (thread.appeal.status, thread.appeal.subscriber_id) == (AppealStatus.acknowledged, me)
    assert thread.appeal.contact == "+79000000001"
    assert [one.number for one in await desk.waiting()] == [1]


async def test_a_stranger_leaves_a_phone(house: House, person: Person) -> None:
    await write(person, "I cannot register")
    await person.press("Send")
    assert "Which phone" in person.text
    await person.say("no idea")
    assert "cannot read this as a phone number" in person.text
    await person.say("8 (900) 000-00-09")
    assert "No. 1" in person.text and "+7 900 000-00-09" in person.text
    assert (await threads(house))[0].appeal.contact == "+79000000009"


async def test_a_stranger_needs_no_phone(house: House, person: Person) -> None:
    await write(person, "Hello?")
    await person.press("Send")
    await person.press("Answer me here")
    assert "No. 1" in person.text
    assert (await threads(house))[0].appeal.contact == ""


async def test_another_phone_by_a_contact(house: House, person: Person, register: Register) -> None:
    await register(person)
    await write(person, "Call my son")
    await person.press("Change")
    await person.press("phone for a call")
    assert "Now it is +7 900 000-00-01" in person.text
    await person.share_contact("79000000010", own=False, by_button=False)
    assert "If a call is needed: +7 900 000-00-10" in person.text
    await person.press("Send")
    assert (await threads(house))[0].appeal.contact == "+79000000010"


async def test_every_word_is_kept_before_it_is_sent(house: House, person: Person, register: Register) -> None:
    await register(person)
    await write(person, "Half a sentence")
    house.restart()
    await person.say("/menu")
    await person.press_raw(encode(OpenPerson()))
    await person.press("Go on with my message")
    assert "1 message is kept" in person.text
    await person.say("and the other half")
    await person.press("Send")
    assert [message.text for message in (await threads(house))[0].messages] == ["Half a sentence", "and the other half"]


async def test_what_is_thrown_away_is_gone(house: House, person: Person, register: Register) -> None:
    await register(person)
    await write(person, "Never mind")
    await person.press("Delete")
    assert "nobody has seen it" in person.text
    assert await threads(house) == []


async def test_duplicate_double_tap_and_stale_button(house: House, person: Person, register: Register) -> None:
    await register(person)
    await write(person, "Hello")
    await person.again()
    ready = person.message
    assert "1 message is kept" in person.text
    await person.press_on(ready, "Send")
    await person.press_on(ready, "Send")
    await person.press_on(ready, "Delete")
    assert "No. 1" in person.text
    [thread] = await threads(house)
    assert thread.appeal.status is AppealStatus.acknowledged and len(thread.messages) == 1


async def test_wrong_input_is_answered(house: House, person: Person, register: Register) -> None:
    await register(person)
    await write(person)
    await person.send_sticker()
    assert "send a photo or a document" in person.text
    await person.say("/cancel")
    assert "Cancelled" in person.text
    assert await threads(house) == []


async def test_from_the_middle_of_a_form_and_back(house: House, person: Person, register: Register) -> None:
    await register(person)
    await person.say("/link")
    await person.press("A person")
    await person.press("Leave a message")
    await person.say("I do not know my number")
    await person.press("Send")
    await person.say("/person")
    await person.press("Continue where you stopped")
    assert "Which account" in person.text


async def test_the_phone_of_the_support(house: House, person: Person) -> None:
    await person.press_raw(encode(OpenPerson()))
    assert "By phone" not in person.text
    operator = replace(OPERATOR, support_phone="+78005553535", support_hours="8:00-22:00")
    house.services = replace(house.services, operator=operator)
    house.restart()
    await person.press_raw(encode(OpenPerson()))
    assert "By phone: +7 800 555-35-35, 8:00-22:00" in person.text


async def test_staff_answer_and_the_talk_goes_on(
    house: House, person: Person, register: Register, desk: StaffDesk
) -> None:
    await register(person)
    await write(person, "What is this charge?")
    await person.press("Send")
    assert await desk.ask(ANNA, 1, "It is for a call to <b>Peru</b>.") == 1
    await house.settle()
    assert "A question about your appeal No. 1" in person.text and "<b>Peru</b>" in person.text
    await person.press("See it")
    assert "waits for your answer" in person.text and "What is this charge?" in person.text
    await person.press("Write")
    assert "call to <b>Peru</b>" in person.text, "what staff have asked stands above the answer"
    await person.say("I never called Peru.")
    assert "Added to appeal No. 1" in person.text
    [thread] = await threads(house)
    assert [message.author for message in thread.messages] == [Author.subscriber, Author.staff, Author.subscriber]
    assert thread.appeal.status is AppealStatus.in_progress
    await person.press("See the appeal")
    await person.press("My appeals")
    assert "No. 1" in person.text


async def test_both_messengers_show_one_history(house: House, register: Register) -> None:
    telegram, viber = Person(house, "telegram", "1"), Person(house, "viber", "2")
    me = await register(telegram)
    await write(telegram, "Hello")
    await telegram.press("Send")
    await viber.start()
    await house.database.write(
        lambda c: c.exec_driver_sql(f"UPDATE chats SET subscriber_id = '{me}' WHERE chat_id = 'viber:2'")
    )
    await viber.say("/appeals")
    assert "No. 1" in viber.text


async def test_another_persons_request_stays_theirs(house: House, person: Person, register: Register) -> None:
    other = Person(house, "viber" if person.channel == "telegram" else "telegram", "77")
    await register(person)
    await register(other, phone="+79000000002")
    await write(person, "My secret")
    await person.press("Send")
    [thread] = await threads(house)
    await other.press_raw(encode(OpenAppeal(thread.appeal.id)))
    assert "cannot find this appeal" in other.text and "secret" not in other.text
    nobody = Person(house, person.channel, "78")
    await nobody.press_raw(encode(OpenAppeal(thread.appeal.id)))
    assert "cannot find this appeal" in nobody.text


async def test_numbers_count_up(house: House, register: Register) -> None:
    """Many people at the same moment: each gets a number of their own."""
    import asyncio

    people = [Person(house, "telegram", str(100 + order)) for order in range(12)]
    await asyncio.gather(*(write(person, "Hello") for person in people))
    numbers = [thread.appeal.number for thread in await threads(house)]
    assert len(numbers) == 12 == len(set(numbers))


# -- files -------------------------------------------------------------------------------------------------------------


async def test_a_photo_is_kept(house: House, person: Person, register: Register) -> None:
    await register(person)
    house.channels[person.channel].files["file-1"] = Fetched(JPEG, "application/octet-stream")
    await write(person)
    await person.send_file(caption="This lamp is red")
    assert "1 message is kept" in person.text
    [thread] = await threads(house)
    [message] = thread.messages
    assert (message.text, message.file_name) == ("This lamp is red", "photo.jpg")
    assert await house.store.get(message.blob) == JPEG and message.media_type == "image/jpeg"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (JPEG + b"\0" * 5_000_000, "larger than 5 MB"),
        (b"MZ" + b"\0" * 200, "only pictures, PDF and office documents"),
        (None, "could not get the file photo.jpg"),
    ],
)
async def test_a_file_that_cannot_be_kept(
    house: House, person: Person, register: Register, data: bytes | None, said: str
) -> None:
    await register(person)
    if data is not None:
        house.channels[person.channel].files["file-1"] = Fetched(data, "image/jpeg")
    await write(person, "Look:")
    await person.send_file()
    assert any(said in message.text for message in person.said)
    assert (await threads(house))[0].messages[1].blob == ""
    await person.say("Sorry")
    assert "3 messages are kept" in person.text


async def test_a_messenger_that_is_away_is_asked_again(
    house: House, person: Person, register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    await register(person)
    channel = house.channels[person.channel]
    calls = 0

    async def fetch(ref: str, max_bytes: int) -> Fetched:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise TryLater("the network is away")
        return Fetched(JPEG, "image/jpeg")

    monkeypatch.setattr(channel, "fetch", fetch)
    await write(person)
    await person.send_file()
    assert (await threads(house))[0].messages[0].blob == ""
    house.clock.move(timedelta(seconds=2))
    await house.settle()
    assert (await threads(house))[0].messages[0].blob != ""


# -- requests for an account -------------------------------------------------------------------------------------------


async def asks_for(person: Person, number: str) -> None:
    await person.say("/link")
    await person.say(number)
    await person.press("Ask our staff")
    await person.press("Send as it is")


async def test_staff_approve_a_link(house: House, person: Person, register: Register, desk: StaffDesk) -> None:
    me = await register(person)
    owner = Person(house, "viber" if person.channel == "telegram" else "telegram", "77", language="ru")
    await register(owner, "7700101553", phone="+79000000015")
    await asks_for(person, "Д-11553/22")
    assert await desk.approve(ANNA, 1) == 1
    await house.settle()
    assert "Account 7700 1015 53 is linked" in person.text
    assert "сотрудники проверили" in owner.text and "Anna Petrova" in owner.text
    [link] = await house.services.links.of_subscriber(me)
    assert (link.account_number, link.role, link.proof) == ("7700101553", Role.family, Proof.staff)
    with pytest.raises(NotPossible, match="decided before"):
        await desk.approve(ANNA, 1)
    await owner.press("Отозвать доступ")
    await owner.press("Отозвать")
    assert await house.services.links.of_subscriber(me) == []


async def test_staff_refuse_a_link(house: House, person: Person, register: Register, desk: StaffDesk) -> None:
    me = await register(person)
    await asks_for(person, "555000111")
    with pytest.raises(NotPossible, match="reason"):
        await desk.refuse(ANNA, 1, "  ")
    with pytest.raises(NotPossible, match="knows no account"):
        await desk.approve(ANNA, 1)
    assert await desk.refuse(ANNA, 1, "There is no such account.") == 1
    await house.settle()
    assert "There is no such account." in person.text and "could not link" in person.text
    assert await house.services.links.of_subscriber(me) == []
    await person.press("See the appeal")
    assert "refused" in person.text


async def test_staff_see_no_drafts(house: House, person: Person, register: Register, desk: StaffDesk) -> None:
    await register(person)
    await write(person, "Not yet")
    with pytest.raises(NotPossible, match="no appeal"):
        await desk.reply(ANNA, 1, "I read your thoughts")
    with pytest.raises(NotPossible):
        await desk.reply(ANNA, 7, "Hello")


async def test_files_have_a_limit(house: House, person: Person) -> None:
    """Anybody may write, so that the files of one chat must not fill the operator's disk."""
    house.channels[person.channel].files["file-1"] = Fetched(JPEG, "image/jpeg")
    await write(person, "Look at these")
    for _ in range(10):
        await person.send_file()
    assert "11 messages are kept" in person.text and "10 files" in person.text
    await person.send_file()
    assert "10 files are the most" in person.text and "11 messages are kept" in person.text
    await person.press("Send")
    await person.press("Answer me here")
    for _ in range(10):
        await person.send_file()
    assert "10 files are the most" in person.text
    assert len((await threads(house))[0].messages) == 11, "as many again only after an answer"
    for _ in range(2):
        await write(person, "One more")
        for _ in range(10):
            await person.send_file()
        await person.press("Send")
    assert "no more files today" in [message.text for message in person._all()][-2]
