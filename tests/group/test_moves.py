"""The group's own life: it moves to another id, loses its rights, is not a forum yet; and the check that says so."""

from __future__ import annotations

from typing import Any

import pytest

from bot.sandbox.telegram.groups import Group
from bot.sandbox.telegram.people import Person
from bot.settings import SettingsError, load
from core.staff import group as remembered
from tests.group.conftest import Rig


@pytest.fixture
async def small(rig: Rig, owner: Person) -> Group:
    """A small group that the settings name, before topics are switched on."""
    made = rig.sandbox.telegram.group("Staff", [owner])
    made.add_bot(owner)
    rig.configured = str(made.chat.id)
    rig.start()
    await rig.settle()
    return made


async def test_a_group_that_moves_is_followed(rig: Rig, small: Group, owner: Person) -> None:
    anna = await rig.subscriber("Anna Petrova", "+79000000010")
    appeal = await rig.appeal(anna, "No internet")
    forum = small.turn_into_forum(owner)
    forum.add_bot(owner)
    rig.forum = forum
    await rig.minutes(1)
    assert await rig.database.read(remembered.moved_to, rig.configured) == str(forum.chat.id)
    assert rig.said(appeal) == ["👤 No internet"]


async def test_a_move_is_noticed_by_a_call_too(rig: Rig, small: Group, owner: Person) -> None:
    forum = small.turn_into_forum(owner)
    forum.add_bot(owner)
    rig.forum = forum
    rig.sandbox.telegram.queue.clear()
    anna = await rig.subscriber("Anna Petrova", "+79000000010")
    appeal = await rig.appeal(anna, "No internet")
    await rig.settle()
    assert rig.said(appeal) == ["👤 No internet"]
    ivan = rig.sandbox.telegram.person("Ivan", "+79000000201", "en")
    await rig.member(ivan)
    forum.say(ivan, "We look into it", rig.topic(appeal).id)
    await rig.settle()
    assert "We look into it" in anna.last.text


async def test_topics_of_another_group_are_never_written_into(rig: Rig, owner: Person) -> None:
    """The operator names another group: a topic there with the same number is another appeal's."""
    anna = await rig.subscriber("Anna Petrova", "+79000000010")
    first = await rig.appeal(anna, "No internet")
    await rig.settle()
    other = rig.sandbox.telegram.forum("New staff", [owner])
    other.add_bot(owner)
    strange = other.make_topic(owner, "Lunch")
    other.topics[rig.topic(first).id] = strange  # the same number
    rig.forum, rig.configured = other, str(other.chat.id)
    rig.start()
    await rig.write(first, "Hello?")
    await rig.settle()
    assert rig.said(first) == ["👤 No internet", "👤 Hello?"]
    assert other.texts(strange.id) == []


async def test_nothing_is_lost_while_the_bot_has_no_rights(rig: Rig, owner: Person) -> None:
    anna = await rig.subscriber("Anna Petrova", "+79000000010")
    rig.forum.add_bot(owner, rights=None)
    appeal = await rig.appeal(anna, "No internet")
    await rig.minutes(1)
    assert rig.forum.topics == {}
    rig.forum.add_bot(owner)
    await rig.minutes(2)
    assert rig.said(appeal) == ["👤 No internet"]


async def levels(rig: Rig) -> list[tuple[str, str]]:
    return [(finding.level, finding.text) for finding in await rig.group.examine()]


async def test_the_check_says_what_is_wrong(rig: Rig, owner: Person) -> None:
    assert await levels(rig) == [("ok", "The staff's group has topics, and the bot may manage them.")]
    rig.forum.add_bot(owner, rights=frozenset({"can_pin_messages"}))
    assert [level for level, _text in await levels(rig)] == ["problem", "warning"]
    rig.forum.add_bot(owner, rights=None)
    assert "is no administrator" in (await levels(rig))[0][1]
    rig.forum.bot_status = "left"
    assert "is not in the staff's group" in (await levels(rig))[0][1]


async def test_the_check_of_a_small_group_and_of_none(rig: Rig, small: Group, owner: Person) -> None:
    assert any("has no topics" in text for _level, text in await levels(rig))
    small.turn_into_forum(owner)
    assert "has another id now" in (await levels(rig))[0][1]
    rig.configured = "-1009999999999"
    rig.start()
    assert "there is no such group" in (await levels(rig))[0][1]


@pytest.mark.parametrize("wrong", ["staff", "100123", "-", "@staff", "-12a"])
def test_only_a_groups_number_is_taken(wrong: str) -> None:
    given: dict[str, Any] = {"secret_key": "x" * 40, "telegram_token": "1:a", "telegram_staff_group": wrong}
    with pytest.raises(SettingsError):
        load(_env_file=None, **given)


def test_a_group_without_telegram_is_a_mistake() -> None:
    with pytest.raises(SettingsError, match="ABONENT_TELEGRAM_TOKEN is missing"):
        load(
            _env_file=None, secret_key="abcdefghijklmnopqrstuvwxyz0123456789ABCD", telegram_staff_group="-1001234567890"
        )
