"""What staff write in a topic reaches the right person once, and whoever is not known reaches nobody."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from bot.sandbox.telegram.errors import ApiError, too_many
from bot.sandbox.telegram.people import Person
from core.appeals.models import AppealStatus, Author
from core.appeals.tables import appeal_messages
from core.staff import accounts, audit, binding
from core.staff.audit import Who
from tests.group.conftest import AT_THE_DESK, Rig
from tests.sandbox.conftest import png


@pytest.fixture
async def anna(rig: Rig) -> Person:
    return await rig.subscriber("Anna Petrova", "+79000000010")


@pytest.fixture
async def olga(rig: Rig) -> Person:
    person = rig.sandbox.telegram.person("Olga Sidorova", "+79000000200", "en")
    await rig.member(person)
    return person


def heard(person: Person) -> list[str]:
    return [bubble.text for bubble in person.messages if bubble.who == "bot"]


async def test_an_answer_goes_to_the_subscriber_and_is_not_told_twice(rig: Rig, anna: Person, olga: Person) -> None:
    appeal = await rig.appeal(anna, "No internet")
    await rig.settle()
    said = rig.forum.say(olga, "Try to restart it", rig.topic(appeal).id)
    await rig.settle()
    assert "Try to restart it" in heard(anna)[-1] and f"No. {appeal.number}" in heard(anna)[-1]
    assert rig.forum.reactions.given[said["message_id"]] == "👍"
    assert rig.said(appeal) == ["👤 No internet", "Try to restart it"]
    [_, words] = (await rig.thread(appeal)).messages
    assert words.author is Author.staff and words.staff_id
    assert rig.topic(appeal).name.startswith("🛠")


async def test_files_go_to_the_subscriber(rig: Rig, anna: Person, olga: Person) -> None:
    appeal = await rig.appeal(anna, "No internet")
    await rig.settle()
    rig.forum.send_photo(olga, png(), rig.topic(appeal).id, "Like this")
    rig.forum.send_document(olga, "act.pdf", b"%PDF-1.4 \n", rig.topic(appeal).id)
    await rig.settle()
    shown = [bubble for bubble in anna.messages if bubble.who == "bot"]
    assert [bool(bubble.picture) for bubble in shown].count(True) == 1
    assert [bubble.document["name"] for bubble in shown if bubble.document] == ["act.pdf"]
    assert "Like this" in "".join(heard(anna))
    assert len(rig.forum.reactions.given) == 2


async def test_what_cannot_be_sent_is_said_so(rig: Rig, anna: Person, olga: Person) -> None:
    appeal = await rig.appeal(anna, "No internet")
    await rig.settle()
    topic = rig.topic(appeal).id
    rig.forum.sticker(olga, topic)
    rig.forum.send_document(olga, "tool.exe", b"MZ" + b"\0" * 300, topic)
    rig.forum.send_document(olga, "large.pdf", b"%PDF" + b"\0" * 5_000_001, topic)
    rig.forum.say(olga, "x" * 3500, topic)
    rig.forum.say(olga, "/resolve", topic)
    rig.forum.say(olga, "/dance", topic)
    await rig.settle()
    answers = [text for text in rig.said(appeal) if "did not go out" in text or "nothing was sent" in text]
    assert len(answers) == 5
    assert any("/resolve" in text for text in rig.said(appeal))
    assert heard(anna) == []


async def test_commands(rig: Rig, anna: Person, olga: Person) -> None:
    appeal = await rig.appeal(anna, "No internet")
    await rig.settle()
    topic = rig.topic(appeal).id

    async def status() -> AppealStatus:
        return (await rig.thread(appeal)).appeal.status

    note = rig.forum.say(olga, "/note He is angry", topic)
    await rig.settle()
    assert heard(anna) == [] and rig.forum.reactions.given[note["message_id"]] == "✍"
    rig.forum.say(olga, f"/take@{rig.sandbox.telegram.bot['username']}", topic)
    await rig.settle()
    assert await status() is AppealStatus.in_progress
    assert (await rig.thread(appeal)).appeal.assignee
    rig.forum.say(olga, "/ask Which lamp is red?", topic)
    await rig.settle()
    assert await status() is AppealStatus.pending and "Which lamp is red?" in heard(anna)[-1]
    rig.forum.say(olga, "/resolve The port is switched on", topic)
    await rig.settle()
    assert await status() is AppealStatus.resolved and "The port is switched on" in heard(anna)[-1]
    assert f"No. {appeal.number}: ✅ solved" in rig.said(appeal)
    rig.forum.say(olga, "/reject No", topic)
    await rig.settle()
    assert "decided before" in rig.said(appeal)[-1]
    rig.forum.say(olga, "/help", topic)
    await rig.settle()
    assert "/resolve words" in rig.said(appeal)[-1]
    assert not any("He is angry" in text for text in heard(anna))
    done = [(one.what, one.detail, one.address) for one in await rig.database.read(audit.page) if one.detail]
    for what in ("note", "assigned", "asked", "resolved"):
        assert (what, f"No. {appeal.number}", "telegram") in done
    assert "rejected" not in [what for what, *_ in done], "what was refused was not done"


async def test_a_rejection_says_why(rig: Rig, anna: Person, olga: Person) -> None:
    appeal = await rig.appeal(anna, "A discount, please", kind="finance")
    await rig.settle()
    rig.forum.say(olga, "/reject There is none on this tariff", rig.topic(appeal).id)
    await rig.settle()
    assert "There is none on this tariff" in heard(anna)[-1]
    assert rig.topic(appeal).name.startswith("🚫")


async def test_a_closed_appeal_and_a_subscriber_who_left(rig: Rig, anna: Person, olga: Person) -> None:
    appeal = await rig.appeal(anna, "No internet")
    await rig.settle()
    await rig.desk.resolve(AT_THE_DESK, appeal.number, "Done")
    await rig.database.write(rig.services.appeals.confirm(appeal.id).apply)
    await rig.settle()
    rig.forum.administrators.add(olga.id)  # only they can write in a closed topic
    rig.forum.say(olga, "One more thing", rig.topic(appeal).id)
    await rig.settle()
    assert "is closed" in rig.said(appeal)[-1]
    await rig.desk.start(AT_THE_DESK, appeal.number)
    await rig.settle()
    anna.block()
    await rig.settle()
    rig.forum.say(olga, "Are you there?", rig.topic(appeal).id)
    await rig.settle()
    assert "no chat of the subscriber's can be reached" in rig.said(appeal)[-1]


async def test_each_answer_reaches_its_own_subscriber(rig: Rig, olga: Person) -> None:
    people = [await rig.subscriber(f"Person{n} Number", f"+7900000{n:04}") for n in range(6)]
    appeals = [await rig.appeal(person, f"Words {n}") for n, person in enumerate(people)]
    await rig.minutes(3)
    for turn in range(3):
        for number, appeal in enumerate(appeals):
            rig.forum.say(olga, f"Answer {turn} to {number}", rig.topic(appeal).id)
    await rig.minutes(2)
    for number, person in enumerate(people):
        answers = [text.split("\n\n")[1] for text in heard(person) if "Answer" in text.split("\n\n")[1]]
        assert answers == [f"Answer {turn} to {number}" for turn in range(3)]


async def test_a_stranger_reaches_nobody(rig: Rig, anna: Person) -> None:
    appeal = await rig.appeal(anna, "No internet")
    await rig.settle()
    mallory = rig.sandbox.telegram.person("Mallory", "+79000000666", "en")
    rig.forum.add(mallory)
    topic = rig.topic(appeal).id
    for words in ("I am the boss", "/resolve Go away", "/note x", "And more"):
        rig.forum.say(mallory, words, topic)
    rig.forum.send_photo(mallory, png(), topic)
    await rig.settle()
    assert heard(anna) == []
    thread = await rig.thread(appeal)
    assert thread.appeal.status is AppealStatus.acknowledged and len(thread.messages) == 1
    assert sum("I do not know you" in text for text in rig.said(appeal)) == 1


async def test_bots_and_hidden_administrators_reach_nobody(rig: Rig, anna: Person, olga: Person) -> None:
    appeal = await rig.appeal(anna, "No internet")
    await rig.settle()
    rig.forum.say(olga, "Who am I?", rig.topic(appeal).id, anonymous=True)
    bot = rig.sandbox.telegram.person("Spammer", "+79000000667", "en")
    bot.user["is_bot"] = True
    rig.forum.add(bot)
    rig.forum.say(bot, "Buy", rig.topic(appeal).id)
    await rig.settle()
    assert heard(anna) == []
    assert "I cannot see who" in rig.said(appeal)[-1]


async def test_whoever_left_the_staff_reaches_nobody(rig: Rig, anna: Person) -> None:
    ivan = rig.sandbox.telegram.person("Ivan", "+79000000201", "en")
    member = await rig.member(ivan)
    keeper = rig.sandbox.telegram.person("Keeper", "+79000000202", "en")
    await rig.member(keeper)
    appeal = await rig.appeal(anna, "No internet")
    await rig.settle()
    await rig.database.write(accounts.set_active, member.id, False)
    rig.forum.say(ivan, "My last words", rig.topic(appeal).id)
    await rig.settle()
    assert heard(anna) == []


async def test_an_edit_comes_too_late(rig: Rig, anna: Person, olga: Person) -> None:
    appeal = await rig.appeal(anna, "No internet")
    await rig.settle()
    said = rig.forum.say(olga, "Tomorow", rig.topic(appeal).id)
    await rig.settle()
    rig.forum.edit(olga, said["message_id"], "Tomorrow")
    await rig.settle()
    assert "has read it as it was" in rig.said(appeal)[-1]
    assert len(heard(anna)) == 1


async def test_general_is_for_talking(rig: Rig, anna: Person, olga: Person) -> None:
    appeal = await rig.appeal(anna, "No internet")
    await rig.settle()
    rig.forum.say(olga, "Who takes lunch?")
    rig.forum.say(olga, "/take")
    own = rig.forum.make_topic(olga, "Cakes")
    rig.forum.say(olga, "Who brings the cake?", own.id)
    await rig.settle()
    assert heard(anna) == []
    assert "This is no appeal's topic" in rig.forum.texts()[-1]
    assert rig.forum.texts(own.id) == ["Who brings the cake?"]
    assert len((await rig.thread(appeal)).messages) == 1


async def test_a_redelivered_update_is_taken_once(rig: Rig, anna: Person, olga: Person) -> None:
    appeal = await rig.appeal(anna, "No internet")
    await rig.settle()
    rig.forum.say(olga, "Once", rig.topic(appeal).id)
    [raw] = await rig.fetch()
    for _ in range(3):
        await rig.receiver.receive(raw)
    await rig.settle()
    assert sum("Once" in text for text in heard(anna)) == 1


async def test_killed_before_the_confirmation(rig: Rig, anna: Person, olga: Person) -> None:
    appeal = await rig.appeal(anna, "No internet")
    await rig.settle()
    said = rig.forum.say(olga, "Once", rig.topic(appeal).id)
    rig.sandbox.telegram.fail_next(ApiError(502, "Bad Gateway"), times=2, method="setMessageReaction")
    await rig.settle()
    rig.start()
    await rig.minutes(1)
    assert sum("Once" in text for text in heard(anna)) == 1
    assert rig.forum.reactions.given[said["message_id"]] == "👍"
    count = await rig.database.read(
        lambda c: c.execute(select(func.count()).where(appeal_messages.c.text == "Once")).scalar_one()
    )
    assert count == 1


async def test_a_group_without_reactions_is_answered_in_words(rig: Rig, anna: Person, olga: Person) -> None:
    rig.forum.reactions.allowed = frozenset("🔥")
    appeal = await rig.appeal(anna, "No internet")
    await rig.settle()
    rig.forum.say(olga, "Hello", rig.topic(appeal).id)
    await rig.settle()
    assert rig.said(appeal)[-1] == "👍"


# -- codes -------------------------------------------------------------------------------------------------------------


async def test_a_code_works_once(rig: Rig, anna: Person) -> None:
    ivan = rig.sandbox.telegram.person("Ivan", "+79000000201", "en")
    member = await rig.member(ivan, bind=False)
    code = await rig.database.write(binding.issue, member, Who("", "test"), rig.clock.now())
    ivan.say(f"/bind {code.lower().replace('-', ' ')}")
    await rig.settle()
    assert "You are Ivan for me now" in heard(ivan)[-1]
    other = rig.sandbox.telegram.person("Other", "+79000000203", "en")
    other.say(f"/bind {code}")
    await rig.settle()
    assert "wrong or too old" in heard(other)[-1]
    assert await rig.database.read(binding.member_of, str(other.id)) is None


async def test_a_code_in_the_group_is_taken_away_from_there(rig: Rig, anna: Person) -> None:
    ivan = rig.sandbox.telegram.person("Ivan", "+79000000201", "en")
    member = await rig.member(ivan, bind=False)
    code = await rig.database.write(binding.issue, member, Who("", "test"), rig.clock.now())
    rig.forum.say(ivan, f"/bind {code}")
    await rig.settle()
    assert not any(code in text for text in rig.forum.texts())
    assert "You are Ivan for me now" in rig.forum.texts()[-1]


async def test_a_code_grows_old(rig: Rig) -> None:
    ivan = rig.sandbox.telegram.person("Ivan", "+79000000201", "en")
    member = await rig.member(ivan, bind=False)
    code = await rig.database.write(binding.issue, member, Who("", "test"), rig.clock.now())
    rig.clock.move(timedelta(minutes=15))
    ivan.say(f"/bind {code}")
    await rig.settle()
    assert "wrong or too old" in heard(ivan)[-1]


async def test_guessing_ends_soon(rig: Rig) -> None:
    ivan = rig.sandbox.telegram.person("Ivan", "+79000000201", "en")
    member = await rig.member(ivan, bind=False)
    code = await rig.database.write(binding.issue, member, Who("", "test"), rig.clock.now())
    mallory = rig.sandbox.telegram.person("Mallory", "+79000000666", "en")
    for number in range(binding.TRIES):
        mallory.say(f"/bind AAAAA-AAA{number}2")
    mallory.say(f"/bind {code}")
    await rig.settle()
    assert "Too many wrong codes" in heard(mallory)[-1]
    assert await rig.database.read(binding.member_of, str(mallory.id)) is None
    ivan.say(f"/bind {code}")
    await rig.settle()
    assert "You are Ivan" in heard(ivan)[-1]


async def test_a_new_code_makes_the_old_one_worthless(rig: Rig) -> None:
    ivan = rig.sandbox.telegram.person("Ivan", "+79000000201", "en")
    member = await rig.member(ivan, bind=False)
    old = await rig.database.write(binding.issue, member, Who("", "test"), rig.clock.now())
    await rig.database.write(binding.issue, member, Who("", "test"), rig.clock.now())
    ivan.say(f"/bind {old}")
    ivan.say("/bind")
    await rig.settle()
    assert "wrong or too old" in heard(ivan)[-2] and "/bind ABCDE" in heard(ivan)[-1]


async def test_what_is_forwarded_neither_goes_out_nor_commands(rig: Rig, anna: Person, olga: Person) -> None:
    """Forwarded words are somebody else's: for colleagues, or a trap."""
    appeal = await rig.appeal(anna, "No internet")
    await rig.settle()
    topic = rig.topic(appeal).id
    mallory = rig.sandbox.telegram.person("Mallory", "+79000000666", "en")
    rig.forum.say(olga, "/resolve Nothing is wrong", topic, of=mallory)
    rig.forum.say(olga, "The engineers say he is a nuisance", topic, of=mallory)
    await rig.settle()
    assert heard(anna) == []
    assert (await rig.thread(appeal)).appeal.status is AppealStatus.acknowledged
    assert len([text for text in rig.said(appeal) if "forwarded" in text]) == 2


async def test_a_forwarded_code_binds_nobody(rig: Rig, anna: Person) -> None:
    ivan = rig.sandbox.telegram.person("Ivan", "+79000000201", "en")
    member = await rig.member(ivan, bind=False)
    code = await rig.database.write(binding.issue, member, Who("", "test"), rig.clock.now())
    mallory = rig.sandbox.telegram.person("Mallory", "+79000000666", "en")
    rig.forum.add(mallory)
    rig.forum.say(mallory, f"/bind {code}", of=ivan)
    await rig.settle()
    assert await rig.database.read(binding.member_of, str(mallory.id)) is None


async def test_a_role_that_is_mistyped_gives_no_other_right(rig: Rig, anna: Person, olga: Person) -> None:
    appeal = await rig.appeal(anna, "My flat, please", kind="link", account="7700100101")
    await rig.settle()
    rig.forum.say(olga, "/approve ovner", rig.topic(appeal).id)
    await rig.settle()
    assert "There is no role ovner" in rig.said(appeal)[-1] and "family" in rig.said(appeal)[-1]
    assert (await rig.thread(appeal)).appeal.status is AppealStatus.acknowledged


async def test_a_stranger_who_floods_the_bot_does_not_silence_the_group(rig: Rig, anna: Person, olga: Person) -> None:
    appeal = await rig.appeal(anna, "No internet")
    await rig.settle()
    mallory = rig.sandbox.telegram.person("Mallory", "+79000000666", "en")
    rig.sandbox.telegram.fail_next(too_many(600), method="sendMessage")  # to their own chat
    mallory.say("/bind AAAAA-AAAA2")
    await rig.settle()
    rig.forum.say(olga, "/take", rig.topic(appeal).id)
    await rig.settle()
    assert "in progress" in rig.said(appeal)[-1]
