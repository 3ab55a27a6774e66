"""What becomes of an appeal as its author sees it: answers, a decision, back to work, a rating, silence, a delay."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from sqlalchemy import update

from core.appeals.files import register as known_file
from core.appeals.models import Appeal, AppealStatus, Author
from core.appeals.staff import KeptFile
from core.appeals.tables import appeals
from core.delivery.messages import OutgoingMessage
from core.subscribers.models import Snapshot
from fsm.action import Action, encode
from fsm.actions import (
    AnswerAppeal,
    ConfirmAppeal,
    GuessAppeal,
    OpenAppeal,
    OpenHelp,
    OpenMenu,
    RateAppeal,
    ReturnAppeal,
    WithdrawAppeal,
    WriteAppeal,
)
from fsm.event import File, Press, Text
from handlers.desk.acts import StaffDesk
from tests.flows.appeal_world import ANNA, JPEG, clockwork_of, desk_of, may_send_photos, only, sent, threads, words
from tests.flows.conftest import Register
from tests.support.dialogue import House, Person

DAY = timedelta(days=1)


@pytest.fixture
def desk(house: House) -> StaffDesk:
    return desk_of(house)


@pytest.fixture
async def person(person: Person, register: Register) -> Person:
    """A subscriber whose appeal No. 1 is with staff, and who has gone on to something else."""
    await register(person)
    await sent(person, "Something else", "My box is broken")
    await person.say("/menu")
    return person


async def hears(house: House, person: Person, act: Awaitable[int]) -> OutgoingMessage:
    assert await act == 1
    await house.settle()
    return person.message


async def now(house: House) -> Appeal:
    return (await only(house)).appeal


# -- a decision --------------------------------------------------------------------------------------------------------


async def test_solved_and_rated(house: House, person: Person, desk: StaffDesk) -> None:
    told = await hears(house, person, desk.resolve(ANNA, 1, "We changed the box."))
    assert "is solved" in told.text and "We changed the box." in told.text
    house.clock.move(3 * DAY)
    await person.say("/help")
    await person.press_on(told, "Yes, solved")
    assert "No. 1 is closed" in person.text
    rating = next(row for row in person.message.rows if len(row) == 5)
    assert [button.label for button in rating] == ["1⭐", "2⭐", "3⭐", "4⭐", "5⭐"]
    asked = person.message
    await person.press("5⭐")
    assert "⭐⭐⭐⭐⭐ Thank you!" in person.text and "Return to work" not in " ".join(person.labels)
    await person.say("Anna was very kind")
    appeal = await now(house)
    assert (appeal.status, appeal.rating, appeal.rating_words) == (AppealStatus.closed, 5, "Anna was very kind")
    await person.press_on(asked, "4⭐")
    await person.press_on(told, "Yes, solved")
    assert "is closed" in person.text and "How did we do" not in person.text
    appeal = await now(house)
    assert (appeal.rating, appeal.rating_words) == (4, "Anna was very kind"), "another figure keeps the words"
    await person.press("See the appeal")
    assert "Your rating: ⭐⭐⭐⭐" in person.text


async def test_not_solved(house: House, person: Person, desk: StaffDesk) -> None:
    told = await hears(house, person, desk.resolve(ANNA, 1, "Fixed."))
    house.clock.move(2 * DAY)
    await person.press_on(told, "No, return to work")
    assert "What is still wrong?" in person.text
    await person.say("Спасибо")  # somebody who was asked what is wrong means it
    assert "No. 1 is back at work" in person.text and "We answer by" in person.text
    await person.say("It blinks")
    assert "Added to appeal No. 1" in person.text
    thread = await only(house)
    assert (thread.appeal.status, thread.appeal.reopened) == (AppealStatus.reopened, 1)
    assert words(thread) == ["My box is broken", "Fixed.", "Спасибо", "It blinks"]


async def test_returned_with_a_photo_or_without_a_word(house: House, person: Person, desk: StaffDesk) -> None:
    may_send_photos(person)
    told = await hears(house, person, desk.reject(ANNA, 1, "It is not ours."))
    assert "was refused" in told.text
    await person.press_on(told, "No, return to work")
    await person.send_file(caption="Your name is on it")
    assert "back at work" in person.text
    assert (await only(house)).messages[-1].blob
    told = await hears(house, person, desk.reject(ANNA, 1, "Still not."))
    await person.press_on(told, "No, return to work")
    await person.press("Return it without a word")
    assert "back at work" in person.text
    assert (await now(house)).status is AppealStatus.reopened


async def test_a_low_rating_offers_a_way_back(house: House, person: Person, desk: StaffDesk) -> None:
    told = await hears(house, person, desk.resolve(ANNA, 1, "Done."))
    await person.press_on(told, "Yes, solved")
    await person.press("2⭐")
    assert "What could be better?" in person.text
    await person.press("Return to work")
    await person.say("It broke again")
    assert (await now(house)).status is AppealStatus.reopened


async def test_a_word_long_after_the_rating_is_another_matter(house: House, person: Person, desk: StaffDesk) -> None:
    told = await hears(house, person, desk.resolve(ANNA, 1, "Done."))
    await person.press_on(told, "Yes, solved")
    await person.press("5⭐")
    house.clock.move(2 * DAY)
    await person.say("The internet is down")
    assert "What is it about?" in person.text and "“The internet is down”" in person.text
    first, second = await threads(house)
    assert first.appeal.rating_words == "" and words(second) == ["The internet is down"]


async def test_thanks_do_not_return_it_to_work(house: House, person: Person, desk: StaffDesk) -> None:
    await hears(house, person, desk.resolve(ANNA, 1, "Done."))
    await person.press("See it")
    await person.say("Спасибо большое!")
    assert "You are welcome" in person.text
    await person.say("ок")
    assert "If it is solved, press “✅ Yes, solved”" in person.text
    assert (await now(house)).status is AppealStatus.resolved


async def test_no_longer_needed(house: House, person: Person, desk: StaffDesk) -> None:
    told = await hears(house, person, desk.reply(ANNA, 1, "We will look at it."))
    await person.press_on(told, "No longer needed")
    assert "no answer is needed" in person.text
    assert (await now(house)).status is AppealStatus.closed
    await person.press_on(told, "No longer needed")
    assert "no answer is needed" in person.text
    await person.press("It is needed after all")
    await person.say("It broke again")
    assert (await now(house)).status is AppealStatus.reopened


# -- more words --------------------------------------------------------------------------------------------------------


async def test_write_back_days_later_from_another_question(house: House, person: Person, desk: StaffDesk) -> None:
    told = await hears(house, person, desk.ask(ANNA, 1, "Which lamp is red?"))
    house.clock.move(4 * DAY)
    house.restart()
    await person.say("/link")
    await person.press_on(told, "Write back")
    assert "“Which lamp is red?”" in person.text
    await person.say("The left one")
    assert "Added to appeal No. 1" in person.text and "We answer by" in person.text
    assert (await now(house)).status is AppealStatus.in_progress
    await person.press("Continue where you stopped")
    assert "Which account" in person.text


async def test_a_reply_goes_into_its_appeal_and_the_talk_stays(house: House, person: Person, desk: StaffDesk) -> None:
    told = await hears(house, person, desk.ask(ANNA, 1, "Which lamp is red?"))
    await person.say("/link")
    before = len((await only(house)).messages)
    await person.reply(told, "The left one")
    added = len((await only(house)).messages) - before
    if person.channel == "viber":  # it says nothing of replies
        assert added == 0
        return
    assert added == 1 and "Added to appeal No. 1" in person.text and "Which account" in person.text
    await person.again()
    assert len((await only(house)).messages) == before + 1
    await person.say("7700100101")
    assert "Added" not in person.text, "the next words are an answer to the question"


async def test_a_reply_to_any_message_about_it(house: House, register: Register) -> None:
    """Not only to what staff said: to "it has a number", to the thread. What the message says now is what counts."""
    person = Person(house, "telegram", "42")
    await register(person)
    await sent(person, "Something else")
    assert "has No. 1" in person.text
    await person.say("/help")
    await person.do(Text("One more thing"), reply_to="999999")  # the message whose button was pressed
    assert "Added to appeal No. 1" in person.text and "How can I help" in person.text
    await person.say("/appeals")
    thread = "999998"
    await person.do(Press(person.payload("No. 1")), message_id=thread)
    await person.say("/language")
    await person.do(Text("And another"), reply_to=thread)
    assert words(await only(house)) == ["It is broken", "One more thing", "And another"]
    await person.do(Press(encode(OpenMenu())), message_id=thread)
    assert person.message.edits == thread
    await person.do(Text("Into the blue"), reply_to=thread)
    assert len((await only(house)).messages) == 3, "the message is the menu by now"


async def test_an_answer_that_is_simply_typed(house: House, person: Person, desk: StaffDesk) -> None:
    """Viber does not say what somebody answers to, and few people look for a button."""
    await hears(house, person, desk.ask(ANNA, 1, "Which lamp is red?"))
    await person.say("left")
    assert "Is it an answer in appeal No. 1?" in person.text and "“Which lamp is red?”" in person.text
    await person.say("the upper one")
    assert "“left the upper one”" in person.text
    await person.press("Yes, send it there")
    assert "Added to appeal No. 1" in person.text
    thread = await only(house)
    assert words(thread)[-1] == "left\nthe upper one" and thread.appeal.status is AppealStatus.in_progress
    await person.say("/menu")
    await person.say("my internet is suspended")
    assert "Is it an answer" not in person.text, "nobody waits for anything, and there is a ready answer"


async def test_typed_words_that_are_no_answer(house: House, person: Person, desk: StaffDesk) -> None:
    await hears(house, person, desk.ask(ANNA, 1, "Which lamp is red?"))
    await person.say("сколько я должен")
    assert "Is it an answer" not in person.text
    await person.say("/menu")
    await person.say("why is my sum wrong")
    await person.press("No, it is something else")
    assert "Is it an answer" not in person.text and "bill" in person.text
    assert (await now(house)).status is AppealStatus.pending
    await person.say("/link")
    await person.say("no idea of the number")
    assert "Is it an answer" not in person.text, "a question of another conversation is not left for it"


async def test_words_after_a_decision(house: House, person: Person, desk: StaffDesk) -> None:
    await hears(house, person, desk.resolve(ANNA, 1, "We changed the box."))
    await person.say("blinks")
    await person.say("да")
    assert "back at work" in person.text
    await hears(house, person, desk.resolve(ANNA, 1, "We changed it once more."))
    await person.say("/menu")
    house.clock.move(4 * DAY)
    await person.say("blinks")
    assert "did not understand" in person.text, "after days it may be anything"


async def test_a_photo_that_staff_asked_for(house: House, person: Person, desk: StaffDesk) -> None:
    may_send_photos(person)
    await person.send_file()
    assert "cannot take a file here" in person.text
    await hears(house, person, desk.ask(ANNA, 1, "Show me the box."))
    await person.send_file()
    assert "Added to appeal No. 1" in person.text and "Hello, Anna" in person.text
    assert (await only(house)).messages[-1].blob


async def test_an_album_in_reply(house: House, register: Register, desk: StaffDesk) -> None:
    person = Person(house, "telegram", "42")
    await register(person)
    may_send_photos(person)
    await sent(person, "Something else")
    await hears(house, person, desk.ask(ANNA, 1, "Show me"))
    number = house.channels["telegram"].ids[-1][2]
    await person.say("/menu")
    before = len(person._all())
    for _ in range(3):
        await person.do(File("file-1", "photo", "a.jpg", album="x"), reply_to=number)
    house.clock.move(timedelta(seconds=2))
    await house.settle()
    assert len(person._all()) == before + 1 and person.text.count("Added to appeal No. 1") == 1
    assert len((await only(house)).messages) == 5


async def test_a_reply_to_what_is_long_over(house: House, register: Register, desk: StaffDesk) -> None:
    person = Person(house, "telegram", "42")
    await register(person)
    await sent(person, "Something else")
    told = await hears(house, person, desk.resolve(ANNA, 1, "Done."))
    await person.press_on(told, "Yes, solved")
    house.clock.move(15 * DAY)
    await person.say("/help")
    await person.reply(told, "It is broken again")
    assert len((await only(house)).messages) == 2
    late = next(message for message in person.said if "closed a while ago" in message.text)
    assert "How can I help?" in person.text
    await person.press_on(late, "A new appeal about this")
    await person.press("Something else")
    await person.say("It is broken again")
    assert "This follows appeal No. 1." in words((await threads(house))[1])[0]


@pytest.mark.parametrize("button", ["Write back", "No, return to work"])
async def test_after_the_term(house: House, person: Person, desk: StaffDesk, button: str) -> None:
    asked = await hears(house, person, desk.ask(ANNA, 1, "Well?"))
    told = await hears(house, person, desk.resolve(ANNA, 1, "Done."))
    house.clock.move(15 * DAY)
    await person.press_on(asked if button == "Write back" else told, button)
    assert "closed a while ago" in person.text and "for 14 days" in person.text
    await person.press("A new appeal about this")
    await person.press("A question")
    await person.say("It is back")
    await person.press("Send")
    first, second = await threads(house)
    assert second.appeal.kind == "consultation" and words(second) == ["This follows appeal No. 1.\n\nIt is back"]
    assert first.appeal.reopened == 0


async def test_the_term_ends_while_somebody_writes(house: House, person: Person, desk: StaffDesk) -> None:
    told = await hears(house, person, desk.resolve(ANNA, 1, "Done."))
    await person.press_on(told, "No, return to work")
    house.clock.move(15 * DAY)
    await person.say("Still broken")
    assert "closed a while ago" in person.text
    assert (await now(house)).status is AppealStatus.resolved


async def test_a_thread_has_an_end(house: House, person: Person) -> None:
    for number in range(99):
        appeal = await now(house)
        await house.database.write(house.services.appeals.append(appeal.id, f"and {number}").apply)
    await person.press_raw(encode(AnswerAppeal((await now(house)).id)))
    await person.say("One more")
    assert "very long already" in person.text
    assert len((await only(house)).messages) == 100


# -- my appeals --------------------------------------------------------------------------------------------------------


async def test_my_appeals(house: House, person: Person, desk: StaffDesk) -> None:
    await sent(person, "A claim", "Second")
    await sent(person, "Thank somebody", "Third")
    await desk.resolve(ANNA, 3, "Thank you!")
    await house.settle()
    await person.press("Yes, solved")
    await person.say("/menu")
    await person.press("My appeals")
    assert "No. 2: A claim" in person.text and "with our staff, we answer by" in person.text
    assert "No. 3" not in person.text
    await person.press("Closed: 1")
    assert "No. 3: Thank somebody" in person.text and "No. 1" not in person.text
    await person.press("Those that are open: 2")
    await person.press("No. 1")
    assert "My box is broken" in person.text
    await person.say("And it hums")
    assert "Added to appeal No. 1" in person.text


async def test_pages_of_the_list_and_of_a_thread(house: House, register: Register, desk: StaffDesk) -> None:
    person = Person(house, "viber", "42")
    await register(person)
    for number in range(8):
        await sent(person, "Thank somebody", f"Story {number}")
    await person.say("/appeals")
    assert "No. 8" in person.text and "No. 2" not in person.text
    await person.press("Older")
    assert "No. 2" in person.text and "No. 8" not in person.text
    await person.press("Newer")
    for number in range(9):
        await desk.reply(ANNA, 8, f"{number} " + "word " * 120)
    await house.settle()
    await person.press("See it")
    assert "8 word" in person.text and "Story 7" not in person.text
    for _ in range(2):
        await person.press("Earlier")
    assert "Story 7" in person.text and "8 word" not in person.text
    await person.press("Later")
    assert "Story 7" not in person.text


async def test_files_can_be_opened(house: House, person: Person, desk: StaffDesk) -> None:
    may_send_photos(person)
    appeal = await now(house)
    await person.press_raw(encode(AnswerAppeal(appeal.id)))
    await person.send_file(caption="The box")
    key = await house.store.put(b"%PDF-1.4 a plan")
    await house.database.write(known_file(key, "application/pdf", 15, house.clock.now()).apply)
    await desk.reply(ANNA, 1, "Here is the plan", [KeptFile(key, "plan.pdf", "application/pdf", 15)])
    await house.settle()
    await person.press("See it")
    assert "📎 plan.pdf" in person.labels and "📎 photo.jpg" in person.labels
    shown = person.message
    await person.press("plan.pdf")
    files = [message.attachment for message in person.said if message.attachment]
    assert [(one.name, one.kind) for one in files] == [("plan.pdf", "document")]
    await person.press_on(shown, "photo.jpg")
    files = [message.attachment for message in person.said if message.attachment]
    assert [one.kind for one in files] == ["picture"] and await house.store.get(files[0].blob) == JPEG


async def test_notes_of_staff_are_never_shown(house: House, person: Person, desk: StaffDesk) -> None:
    await desk.note(ANNA, 1, "A difficult man")
    appeal = await now(house)
    await person.press_raw(encode(OpenAppeal(appeal.id)))
    await person.press_raw(encode(AnswerAppeal(appeal.id)))
    assert not any("difficult" in message.text for message in person._all())


async def test_link_requests_stand_among_them(house: House, person: Person, desk: StaffDesk) -> None:
    await person.say("/link")
    await person.say("555000111")
    await person.press("Ask our staff")
    await person.press("Send as it is")
    await person.say("/appeals")
    assert "No. 2: link account 555000111" in person.text
    told = await hears(house, person, desk.refuse(ANNA, 2, "No such account."))
    await person.press_on(told, "Write back")
    assert "returns it to work" in person.text
    await person.say("Please look again")
    assert "back at work" in person.text


async def test_in_another_language(house: House, person: Person, desk: StaffDesk) -> None:
    await person.say("/language")
    await person.press("Русский")
    told = await hears(house, person, desk.resolve(ANNA, 1, "Починили."))
    assert "Обращение № 1 решено" in told.text
    await person.press("Нет, вернуть в работу")
    await person.say("Опять мигает")
    assert "снова в работе" in person.text
    await person.say("мои обращения")
    assert "№ 1: Сообщение сотруднику" in person.text and "возвращено в работу" in person.text


# -- somebody else's ---------------------------------------------------------------------------------------------------

FORGED: list[Callable[[str], Action]] = [
    OpenAppeal,
    AnswerAppeal,
    ConfirmAppeal,
    ReturnAppeal,
    WithdrawAppeal,
    lambda appeal_id: RateAppeal(appeal_id, 1),
    lambda appeal_id: WriteAppeal("", appeal_id),
    lambda appeal_id: GuessAppeal(appeal_id, "mine"),
]


async def test_nobody_touches_anothers_appeal(
    house: House, person: Person, register: Register, desk: StaffDesk
) -> None:
    other = Person(house, "viber" if person.channel == "telegram" else "telegram", "77")
    await register(other, phone="+79000000002")
    stranger = Person(house, person.channel, "78")
    for decide in (None, desk.resolve):
        if decide is not None:
            await decide(ANNA, 1, "My secret decision")
        before = await only(house)
        for somebody in (other, stranger):
            for action in FORGED:
                await somebody.press_raw(encode(action(before.appeal.id)))
                await somebody.say("Mine now, is it not")
                assert "secret" not in somebody.text and "box" not in somebody.text
        mine = next(one for one in await threads(house) if one.appeal.id == before.appeal.id)
        assert mine == before
        drafts = [one for one in await threads(house) if one.appeal.id != before.appeal.id]
        assert not any("No. 1" in text for one in drafts for text in words(one))
        for one in drafts:
            await house.database.write(house.services.appeals.drop(one.appeal.id).apply)


async def test_figures_that_no_button_says(house: House, person: Person, desk: StaffDesk) -> None:
    await desk.resolve(ANNA, 1, "Done.")
    appeal = await now(house)
    for rating in (0, 6, -1, 10**9):
        await person.press_raw(encode(RateAppeal(appeal.id, rating)))
        assert "is not there" not in person.text and "Done." in person.text
    assert (await now(house)).rating is None


# -- at the same moment ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("label", "meanwhile", "said"),
    [
        ("Yes, solved", "closed", "is closed"),
        ("Yes, solved", "started", "at work again"),
        ("No, return to work", "closed", "What is still wrong"),
        ("No, return to work", "started", "at work already"),
    ],
)
async def test_a_button_that_somebody_was_faster_than(
    house: House, person: Person, desk: StaffDesk, label: str, meanwhile: str, said: str
) -> None:
    told = await hears(house, person, desk.resolve(ANNA, 1, "Done."))
    appeal = await now(house)
    if meanwhile == "closed":
        await house.database.write(house.services.appeals.confirm(appeal.id).apply)
    else:
        await desk.start(ANNA, 1)
        await house.settle()
    await person.press_on(told, label)
    assert said in person.text


async def between(house: House, monkeypatch: pytest.MonkeyPatch, act: Callable[[], Awaitable[object]]) -> None:
    """``act`` happens once, after the next turn has read and before it is committed."""
    engine = house.engine
    step = engine.step
    acted: list[int] = []

    async def slowly(snapshot: Snapshot, *rest: object) -> object:
        decided = await step(snapshot, *rest)  # type: ignore[arg-type]  # as the engine takes them
        if not acted:
            acted.append(1)
            await act()
        return decided

    monkeypatch.setattr(engine, "step", slowly)


async def test_staff_decide_while_somebody_withdraws(
    house: House, person: Person, desk: StaffDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = await hears(house, person, desk.reply(ANNA, 1, "Wait."))
    await between(house, monkeypatch, lambda: desk.resolve(ANNA, 1, "Done after all."))
    await person.press_on(told, "No longer needed")
    texts = " ".join(message.text for message in person.said)
    assert "have decided meanwhile" in texts and "Done after all." in texts
    assert (await now(house)).status is AppealStatus.resolved


async def test_staff_take_it_up_while_somebody_confirms(
    house: House, person: Person, desk: StaffDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = await hears(house, person, desk.resolve(ANNA, 1, "Done."))
    await between(house, monkeypatch, lambda: desk.start(ANNA, 1))
    await person.press_on(told, "Yes, solved")
    assert any("at work again" in message.text for message in person.said)
    assert (await now(house)).status is AppealStatus.in_progress


async def test_staff_close_while_somebody_writes(
    house: House, person: Person, desk: StaffDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The words are not lost: they return it to work."""
    told = await hears(house, person, desk.ask(ANNA, 1, "Well?"))
    await person.press_on(told, "Write back")
    await between(house, monkeypatch, lambda: desk.resolve(ANNA, 1, "Nobody answers."))
    await person.say("Here I am")
    thread = await only(house)
    assert thread.appeal.status is AppealStatus.reopened and words(thread)[-1] == "Here I am"


async def test_two_chats_send_one_draft(
    house: House, register: Register, desk: StaffDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is sent from elsewhere between reading and writing: once, and nothing fails."""
    person = Person(house, "telegram", "42")
    await register(person)
    await person.say("/appeal")
    await person.press("Something else")
    await person.say("Once")
    draft = await now(house)
    service = house.services.appeals
    await between(house, monkeypatch, lambda: house.database.write(service.send(draft.id, "").apply))
    await person.press("Send")
    assert "was sent: it is appeal No. 1" in person.text
    assert (await now(house)).status is AppealStatus.acknowledged


# -- time --------------------------------------------------------------------------------------------------------------


async def test_silence_closes_it_after_a_warning(house: House, person: Person, desk: StaffDesk) -> None:
    clockwork = clockwork_of(house)
    await hears(house, person, desk.resolve(ANNA, 1, "Done."))
    house.clock.move(5 * DAY)
    assert await clockwork.tick() == 1
    await house.settle()
    warned = person.message
    assert "closes on" in warned.text and "Yes, solved" in " ".join(person.labels)
    house.clock.move(2 * DAY)
    assert await clockwork.tick() == 1
    assert await clockwork.tick() == 0
    await house.settle()
    assert "Appeal No. 1 is closed" in person.text and "How did we do" in person.text
    closed = person.message
    await person.press_on(warned, "Yes, solved")
    assert "is closed" in person.text
    await person.press_on(closed, "3⭐")
    assert "Return to work" in " ".join(person.labels)
    await person.press_on(closed, "Return to work")
    await person.say("Wait!")
    assert (await now(house)).status is AppealStatus.reopened


async def test_a_question_that_nobody_answers(house: House, person: Person, desk: StaffDesk) -> None:
    clockwork = clockwork_of(house)
    await hears(house, person, desk.ask(ANNA, 1, "Which box?"))
    house.clock.move(5 * DAY)
    await clockwork.tick()
    await house.settle()
    assert "wait for your answer" in person.text
    await person.press("Write back")
    await person.say("The white one")
    house.clock.move(2 * DAY)
    thread = await only(house)
    assert thread.appeal.status is AppealStatus.in_progress and thread.messages[-1].author is Author.subscriber


async def test_an_apology_for_a_delay(house: House, person: Person) -> None:
    house.clock.move(5 * DAY)
    await clockwork_of(house).tick()
    await house.settle()
    assert "takes longer than we promised" in person.text and "You will hear from us by" in person.text
    assert person.labels.count("🙋 A person") == 1
    await person.press("Write back")
    await person.say("I am waiting")
    assert "Added to appeal No. 1" in person.text


async def test_an_appeal_of_a_newer_version(house: House, person: Person) -> None:
    """A kind that is no longer in the operator's file still has a name and a way on."""
    appeal = await now(house)
    await house.database.write(lambda c: c.execute(update(appeals).values(kind="retired")))
    await person.press_raw(encode(OpenAppeal(appeal.id)))
    assert "No. 1: retired" in person.text
    await person.press_raw(encode(OpenHelp()))
    assert "How can I help?" in person.text
