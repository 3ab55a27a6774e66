"""An appeal is a topic: everything that happens to it is seen there, in order, once, and nowhere else."""

from __future__ import annotations

from datetime import timedelta

from bot.sandbox.telegram.errors import ApiError, too_many
from bot.sandbox.telegram.people import Person
from core.appeals.models import AppealStatus
from handlers.desk.clockwork import AppealClockwork
from tests.group.conftest import AT_THE_DESK, REGISTRY, Rig
from tests.sandbox.conftest import png


async def test_a_new_appeal_is_a_topic_with_its_card(rig: Rig) -> None:
    anna = await rig.subscriber("Anna Petrova", "+79000000010")
    appeal = await rig.appeal(anna, "No internet", "Since the morning", account="7700100218")
    await rig.settle()
    topic = rig.topic(appeal)
    assert topic.name == f"🆕 No. {appeal.number} Anna P., Something does not work"
    card, *said = rig.forum.texts(topic.id)
    assert "Anna Petrova" in card and "7700100218" in card and "Answer by" in card
    assert "9000000010" not in card.replace(" ", "").replace("-", "")
    assert said == ["👤 No internet", "👤 Since the morning"]


async def test_what_comes_later_comes_into_the_same_topic(rig: Rig) -> None:
    anna = await rig.subscriber("Anna Petrova", "+79000000010")
    appeal = await rig.appeal(anna, "No internet")
    await rig.settle()
    await rig.write(appeal, "Still none")
    await rig.desk.reply(AT_THE_DESK, appeal.number, "We look into it")
    await rig.desk.note(AT_THE_DESK, appeal.number, "An angry one")
    await rig.settle()
    assert rig.said(appeal) == ["👤 No internet", "👤 Still none", "💬 Staff: We look into it"]
    assert len(rig.forum.topics) == 1


async def test_files_come_along(rig: Rig) -> None:
    anna = await rig.subscriber("Anna Petrova", "+79000000010")
    appeal = await rig.appeal(anna, "See the picture")
    files = [await rig.file(png()), await rig.file(b"%PDF-1.4", "act.pdf", "application/pdf")]
    await rig.desk.reply(AT_THE_DESK, appeal.number, "Here", files)
    await rig.settle()
    shown = rig.forum.messages(rig.topic(appeal).id)
    assert [name for one in shown for name in ("photo", "document") if name in one] == ["photo", "document"]
    assert shown[-1]["document"]["file_name"] == "act.pdf"


async def test_a_long_text_comes_whole(rig: Rig) -> None:
    anna = await rig.subscriber("Anna Petrova", "+79000000010")
    words = " ".join(f"word{n}" for n in range(900))
    appeal = await rig.appeal(anna, words)
    await rig.settle()
    assert "👤 " + words == " ".join(rig.said(appeal))


async def test_the_status_is_the_topics_name_and_lock(rig: Rig) -> None:
    anna = await rig.subscriber("Anna Petrova", "+79000000010")
    appeal = await rig.appeal(anna, "No internet")
    await rig.settle()
    await rig.desk.start(AT_THE_DESK, appeal.number)
    await rig.settle()
    assert rig.topic(appeal).name.startswith("🛠")
    await rig.desk.resolve(AT_THE_DESK, appeal.number, "The cable is replaced")
    await rig.settle()
    assert rig.topic(appeal).name.startswith("✅") and not rig.topic(appeal).closed
    assert rig.said(appeal)[-1] == "💬 Staff: The cable is replaced"
    assert "solved" in rig.forum.texts(rig.topic(appeal).id)[0]
    await rig.database.write(rig.services.appeals.confirm(appeal.id).apply)
    await rig.settle()
    assert rig.topic(appeal).name.startswith("🔒") and rig.topic(appeal).closed
    await rig.write(appeal, "It is broken again")
    await rig.settle()
    assert rig.topic(appeal).name.startswith("↩️") and not rig.topic(appeal).closed
    assert rig.said(appeal)[-1] == "👤 It is broken again"


async def test_a_topic_that_was_closed_by_hand_is_opened_when_there_is_something_new(rig: Rig, owner: Person) -> None:
    anna = await rig.subscriber("Anna Petrova", "+79000000010")
    appeal = await rig.appeal(anna, "No internet")
    await rig.settle()
    rig.forum.close_topic(owner, rig.topic(appeal).id)
    await rig.write(appeal, "Hello?")
    await rig.settle()
    assert not rig.topic(appeal).closed
    assert rig.said(appeal)[-1] == "👤 Hello?"


async def test_a_deleted_topic_is_made_anew_with_the_whole_thread(rig: Rig, owner: Person) -> None:
    anna = await rig.subscriber("Anna Petrova", "+79000000010")
    appeal = await rig.appeal(anna, "No internet")
    await rig.settle()
    gone = rig.topic(appeal).id
    rig.forum.delete_topic(owner, gone)
    await rig.write(appeal, "Hello?")
    await rig.settle()
    assert rig.topic(appeal).id != gone
    assert rig.said(appeal) == ["👤 No internet", "👤 Hello?"]


async def test_what_is_over_is_not_made_anew(rig: Rig, owner: Person) -> None:
    anna = await rig.subscriber("Anna Petrova", "+79000000010")
    appeal = await rig.appeal(anna, "No internet")
    await rig.settle()
    await rig.desk.resolve(AT_THE_DESK, appeal.number, "Done")
    await rig.settle()
    rig.forum.delete_topic(owner, rig.topic(appeal).id)
    await rig.database.write(rig.services.appeals.confirm(appeal.id).apply)
    await rig.settle()
    assert rig.forum.topics == {}


async def test_many_appeals_come_in_the_groups_own_pace_and_hold_up_nothing(rig: Rig) -> None:
    people = [await rig.subscriber(f"Person Number{n}", f"+7900000{n:04}") for n in range(12)]
    appeals = [await rig.appeal(person, f"Words of {person.name}", "And more") for person in people]
    await rig.settle()  # ends at once, though the group takes no more this minute
    assert 0 < len(rig.forum.texts(rig.topic(appeals[0]).id)) + len(rig.forum.texts(rig.topic(appeals[-1]).id)) < 6
    await rig.minutes(6)
    for person, appeal in zip(people, appeals, strict=True):
        assert rig.said(appeal) == [f"👤 Words of {person.name}", "👤 And more"]


async def test_a_flood_answer_is_waited_for(rig: Rig) -> None:
    anna = await rig.subscriber("Anna Petrova", "+79000000010")
    appeal = await rig.appeal(anna, "No internet", "At all")
    rig.sandbox.telegram.fail_next(too_many(40), method="sendMessage")
    await rig.settle()
    assert rig.forum.texts(rig.topic(appeal).id) == []
    await rig.minutes(0.5)
    assert rig.forum.texts(rig.topic(appeal).id) == []
    await rig.minutes(1)
    assert rig.said(appeal) == ["👤 No internet", "👤 At all"]


async def test_outages_are_waited_for(rig: Rig) -> None:
    anna = await rig.subscriber("Anna Petrova", "+79000000010")
    appeal = await rig.appeal(anna, "No internet")
    rig.sandbox.telegram.fail_next(ApiError(502, "Bad Gateway"), times=2, method="createForumTopic")
    await rig.minutes(1)
    assert rig.said(appeal) == ["👤 No internet"]


async def test_drafts_stay_with_their_author(rig: Rig) -> None:
    anna = await rig.subscriber("Anna Petrova", "+79000000010")
    _appeal, write = await rig.services.appeals.create(None, f"telegram:{anna.id}", "person", draft=True)
    await rig.database.write(write.apply)
    await rig.settle()
    assert rig.forum.topics == {}


async def test_the_general_topic_hears_of_what_is_new_and_what_is_late(rig: Rig) -> None:
    anna = await rig.subscriber("Anna Petrova", "+79000000010")
    first = await rig.appeal(anna, "No internet")
    second = await rig.appeal(anna, "No television")
    await rig.settle()
    rig.clock.move(timedelta(seconds=5))
    assert await rig.group.news.tick() == 2
    assert await rig.group.news.tick() == 0
    [told] = rig.forum.texts()
    assert f"No. {first.number}" in told and f"No. {second.number}" in told
    assert f"https://t.me/c/{str(rig.forum.chat.id).removeprefix('-100')}/{rig.topic(first).id}" in told
    thread = await rig.thread(first)
    assert thread.appeal.due_at is not None
    rig.clock.move(thread.appeal.due_at - rig.clock.now() + timedelta(minutes=1))
    await AppealClockwork(rig.database, rig.services, REGISTRY).tick()
    rig.clock.move(timedelta(seconds=5))
    await rig.group.news.tick()
    assert "the deadline has passed" in rig.forum.texts()[-1]
    assert (await rig.thread(first)).appeal.status is AppealStatus.acknowledged


async def test_the_card_shows_whose_it_is_and_how_it_was_rated(rig: Rig) -> None:
    anna = await rig.subscriber("Anna Petrova", "+79000000010")
    olga = rig.sandbox.telegram.person("Olga Sidorova", "+79000000200", "en")
    await rig.member(olga)
    appeal = await rig.appeal(anna, "No internet")
    await rig.settle()
    rig.forum.say(olga, "/take", rig.topic(appeal).id)
    await rig.settle()
    assert "Works on it: Olga Sidorova" in rig.forum.texts(rig.topic(appeal).id)[0]
    await rig.desk.change_kind(AT_THE_DESK, appeal.number, "finance")
    await rig.settle()
    assert "Bills, payments" in rig.topic(appeal).name
    await rig.desk.resolve(AT_THE_DESK, appeal.number, "Done")
    await rig.database.write(rig.services.appeals.rate(appeal.id, 4, "Quick").apply)
    await rig.settle()
    assert "Rated 4 of 5: Quick" in rig.forum.texts(rig.topic(appeal).id)[0]
    count = len(rig.forum.messages(rig.topic(appeal).id))
    await rig.group.mirror.bring(appeal.id)
    assert len(rig.forum.messages(rig.topic(appeal).id)) == count


async def test_a_bind_whose_answer_was_lost_is_no_wrong_code(rig: Rig) -> None:
    ivan = rig.sandbox.telegram.person("Ivan", "+79000000201", "en")
    rig.sandbox.telegram.fail_next(ApiError(502, "Bad Gateway"), method="sendMessage")
    await rig.member(ivan)
    await rig.minutes(0.5)
    assert [one.text for one in ivan.messages if one.who == "bot"] == [
        "You are Ivan for me now. What you write in an appeal's topic goes to the subscriber."
    ]
