"""What the engine gives to every conversation, on both databases and in both messengers' abilities."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, select

from core.delivery.tables import conversations, inbox, outbox
from core.subscribers.tables import chats
from fsm.action import encode
from fsm.actions import Back, OpenMenu
from fsm.event import Blocked, Opened, Press, Text, Unblocked
from handlers.channel import ChatGone, TryLater, Undeliverable
from tests.support.dialogue import House, Person


async def test_first_word_begins_registration(person: Person) -> None:
    await person.start()
    assert "What is your name?" in person.text
    assert "☰ Menu" in person.labels
    assert "🙋 A person" in person.labels


async def test_happy_path(person: Person, house: House) -> None:
    await person.start()
    await person.say("Ann")
    assert "Ann, your phone?" in person.text
    assert person.message.asks_contact
    await person.share_contact("+79000000001")
    assert "Got it." in person.text
    assert "Ann +79000000001?" in person.text
    await person.press("Save")
    assert [m.text for m in person.said] == ["Your file", "Saved: Ann"]
    stored = await house.database.read(lambda c: c.execute(select(chats.c.name)).scalar_one())
    assert stored == "Ann"


async def test_wrong_answer_asks_again_with_the_reason(person: Person) -> None:
    await person.start()
    await person.say("A")
    assert "That is too short." in person.text
    assert "What is your name?" in person.text


async def test_redelivered_update_is_taken_once(person: Person, house: House) -> None:
    await person.start()
    await person.say("Ann")
    count = len(person._all())
    done = await person.again()
    assert done.duplicate
    assert len(person._all()) == count


async def test_redelivered_opening_is_welcomed_again(house: House) -> None:
    viber = Person(house, "viber", "42")
    await viber.start()
    first = viber.message
    done = await viber.again()
    assert done.duplicate
    assert done.welcome == first


async def test_back_goes_one_question_back(person: Person) -> None:
    await person.start()
    await person.say("Ann")
    await person.press("Back")
    assert "What is your name?" in person.text
    assert "← Back" not in person.labels


async def test_nothing_before_a_settled_state(person: Person) -> None:
    await person.start()
    await person.say("Ann")
    await person.share_contact("+79000000001")
    await person.press("Save")
    assert "← Back" not in person.labels
    await person.say("/back")
    assert "The menu" in person.text


async def test_button_of_an_earlier_question_explains_itself(person: Person) -> None:
    await person.start()
    old = person.message
    await person.say("Bob")
    await person.share_contact("+79000000001")
    await person.press_on(old, "Call me Ann")
    assert "earlier question" in person.text
    assert "Bob +79000000001?" in person.text


async def test_double_tap_changes_nothing(person: Person) -> None:
    await person.start()
    old = person.message
    await person.press_on(old, "Call me Ann")
    assert "Ann, your phone?" in person.text
    done = await person.press_on(old, "Call me Ann")
    if person.channel == "telegram":
        assert done.toast == "Done already."
        assert person.said == []
    else:
        assert "Ann, your phone?" in person.text


async def test_a_button_that_led_here_long_ago_explains_itself(person: Person, house: House) -> None:
    await person.start()
    old = person.message
    await person.press_on(old, "Call me Ann")
    house.clock.move(timedelta(minutes=1))
    done = await person.press_on(old, "Call me Ann")
    assert done.toast == ""
    assert "earlier question" in person.text


async def test_forged_button(person: Person) -> None:
    await person.start()
    for payload in (
        "",
        "x",
        "----",
        '----["nope"]',
        '----{"a":1}',
        "----[]",
        '0000["t.take"]',
        "\ud83d" * 3,
        "----[[1]]",
    ):
        await person.press_raw(payload)
        assert "What is your name?" in person.text


async def test_typed_label_is_a_press(person: Person) -> None:
    await person.start()
    await person.say("/menu")
    await person.say("rename")
    assert "What is your name?" in person.text


async def test_unexpected_things_are_answered(person: Person) -> None:
    await person.start()
    for act in (person.send_sticker(), person.send_file(), person.edit("x"), person.share_contact("+7900")):
        await act
        assert "Type your name." in person.text
    await person.say("/nonsense")
    assert "I do not know the command /nonsense" in person.text


async def test_a_fault_is_apologised_for_and_not_repeated(person: Person, house: House) -> None:
    await person.start()
    await person.press("Menu")
    done = await person.press("Break")
    assert not done.duplicate
    assert "something went wrong" in person.text
    again = await person.again()
    assert again.duplicate
    await person.press("Menu")
    assert "The menu" in person.text


async def test_outside_system_down_is_explained(person: Person) -> None:
    await person.start()
    await person.press("Menu")
    await person.press("Unplug")
    assert "not answering right now" in person.text


async def test_leaving_and_going_on(person: Person) -> None:
    await person.start()
    await person.say("Ann")
    await person.press("Menu")
    assert "The menu" in person.text
    await person.press_raw('----["goon"]')
    assert "Ann, your phone?" in person.text


async def test_start_in_the_middle_offers_to_start_over(person: Person, house: House) -> None:
    await person.start()
    await person.say("Ann")
    house.clock.move(timedelta(days=7))
    house.restart()
    await person.start()
    assert "You stopped here" in person.text
    assert "Ann, your phone?" in person.text
    await person.press("Start over")
    assert "What is your name?" in person.text


async def test_cancel_leads_to_the_menu(person: Person) -> None:
    await person.start()
    await person.say("отмена")
    assert "Cancelled." in person.text
    assert "The menu" in person.text


async def test_subscribers_only(person: Person, house: House) -> None:
    await person.start("secret_1")
    assert "What is your name?" in person.text


async def test_unknown_stored_state_restarts_politely(person: Person, house: House) -> None:
    await person.start()
    await house.database.write(lambda c: c.execute(conversations.update().values(state='{"state":["toy.Gone",{}]}')))
    await person.say("hello")
    assert "begin from the menu" in person.text


async def test_blocked_and_back(person: Person, house: House) -> None:
    await person.start()
    await person.do(Blocked())
    assert person.said == []
    status = await house.database.read(lambda c: c.execute(select(chats.c.status)).scalar_one())
    assert status == "gone"
    await person.do(Unblocked())
    status = await house.database.read(lambda c: c.execute(select(chats.c.status)).scalar_one())
    assert status == "active"


async def test_edit_in_place_only_below_own_words(house: House) -> None:
    person = Person(house, "telegram", "7")
    await person.start()
    await person.do(Press(encode(OpenMenu())), message_id="500000")
    assert person.message.edits == "500000"
    await person.do(Text("hello"), message_id="500001")
    assert person.message.edits == ""
    await person.do(Press(encode(OpenMenu())), message_id="500000")
    assert person.message.edits == ""


async def test_temporary_failure_keeps_order(person: Person, house: House) -> None:
    channel = house.channels[person.channel]
    await person.start()
    channel.failure = lambda _address, _message: TryLater("network", 5)
    await person.say("Ann")
    await person.press_raw(encode(Back()))
    assert person.said == []
    channel.failure = lambda _address, _message: None
    await house.settle()
    assert person.said == []
    house.clock.move(timedelta(seconds=6))
    await house.settle()
    texts = [m.text for m in person._all()]
    assert "Ann, your phone?" in texts[-2]
    assert "What is your name?" in texts[-1]


async def test_a_message_that_cannot_be_sent_is_put_aside(person: Person, house: House) -> None:
    channel = house.channels[person.channel]
    await person.start()
    channel.failure = lambda _address, message: Undeliverable("too ugly") if "your phone" in message.text else None
    await person.say("Ann")
    assert "could not show it here" in person.text
    rows = await house.database.read(
        lambda c: c.execute(select(outbox.c.status, outbox.c.reason).where(outbox.c.status == "failed")).all()
    )
    assert [tuple(row) for row in rows] == [("failed", "too ugly")]


async def test_a_lost_chat_drops_what_waits(person: Person, house: House) -> None:
    channel = house.channels[person.channel]
    await person.start()
    channel.failure = lambda _address, _message: ChatGone("blocked")
    await person.say("Ann")
    waiting = await house.database.read(
        lambda c: c.execute(select(func.count()).select_from(outbox).where(outbox.c.status == "pending")).scalar_one()
    )
    assert waiting == 0
    channel.failure = lambda _address, _message: None
    await person.say("/menu")
    assert "The menu" in person.text


async def test_opened_again_shows_where_we_are(house: House) -> None:
    viber = Person(house, "viber", "9")
    await viber.start()
    await viber.say("Ann")
    done = await viber.do(Opened(""))
    assert done.welcome is not None
    assert "Ann, your phone?" in done.welcome.text


async def test_inbox_remembers_each_update(person: Person, house: House) -> None:
    await person.start()
    await person.say("Ann")
    count = await house.database.read(lambda c: c.execute(select(func.count()).select_from(inbox)).scalar_one())
    assert count == 2
