"""A group with topics: what a bot may do there, what it is refused, and what it hears."""

from __future__ import annotations

from typing import Any

import pytest
from aiogram import Bot, methods
from aiogram.exceptions import TelegramBadRequest, TelegramForbiddenError, TelegramMigrateToChat, TelegramRetryAfter
from aiogram.types import ChatMemberAdministrator, ReactionTypeEmoji

from bot.sandbox import Impossible, Limits, Sandbox
from bot.sandbox.telegram import sending, topics
from bot.sandbox.telegram.forum import Forum
from bot.sandbox.telegram.limits import Throttle
from bot.sandbox.telegram.people import Person
from core.clock import ManualClock
from tests.sandbox.conftest import png


@pytest.fixture
def anna(sandbox: Sandbox) -> Person:
    return sandbox.telegram.person("Анна", "+79001112233")


@pytest.fixture
def forum(sandbox: Sandbox, anna: Person) -> Forum:
    made = sandbox.telegram.forum("Сотрудники", [anna])
    made.add_bot(anna)
    return made


async def test_a_topic_is_made_and_written_into(bot: Bot, forum: Forum, anna: Person) -> None:
    made = await bot.create_forum_topic(forum.chat.id, "№ 17", icon_color=0x6FB9F0)
    assert (made.name, made.icon_color) == ("№ 17", 0x6FB9F0)
    sent = await bot.send_message(forum.chat.id, "Карточка", message_thread_id=made.message_thread_id)
    assert sent.is_topic_message and sent.message_thread_id == made.message_thread_id
    assert sent.chat.is_forum
    general = await bot.send_message(forum.chat.id, "Всем")
    assert general.message_thread_id is None and not general.is_topic_message
    assert forum.texts(made.message_thread_id) == ["Карточка"] and forum.texts() == ["Всем"]
    answer = await bot.send_message(
        forum.chat.id,
        "Туда же",
        reply_parameters={"message_id": sent.message_id},  # type: ignore[arg-type]  # aiogram reads it
    )
    assert answer.message_thread_id == made.message_thread_id


async def test_its_life(bot: Bot, forum: Forum) -> None:
    made = await bot.create_forum_topic(forum.chat.id, "№ 17")
    where: dict[str, Any] = {"chat_id": forum.chat.id, "message_thread_id": made.message_thread_id}
    await bot.edit_forum_topic(**where, name="№ 17, решено")
    with pytest.raises(TelegramBadRequest, match="TOPIC_NOT_MODIFIED"):
        await bot.edit_forum_topic(**where, name="№ 17, решено")
    await bot.close_forum_topic(**where)
    with pytest.raises(TelegramBadRequest, match="TOPIC_NOT_MODIFIED"):
        await bot.close_forum_topic(**where)
    await bot.send_message(forum.chat.id, "В закрытую", message_thread_id=made.message_thread_id)
    await bot.reopen_forum_topic(**where)
    await bot.delete_forum_topic(**where)
    assert forum.topics == {} and forum.messages(made.message_thread_id) == []


async def test_a_topic_that_is_gone(bot: Bot, forum: Forum, anna: Person) -> None:
    made = await bot.create_forum_topic(forum.chat.id, "№ 17")
    forum.delete_topic(anna, made.message_thread_id)
    where: dict[str, Any] = {"chat_id": forum.chat.id, "message_thread_id": made.message_thread_id}
    with pytest.raises(TelegramBadRequest, match="message thread not found"):
        await bot.send_message(forum.chat.id, "x", message_thread_id=made.message_thread_id)
    for call in (bot.close_forum_topic, bot.reopen_forum_topic, bot.delete_forum_topic):
        with pytest.raises(TelegramBadRequest, match="TOPIC_ID_INVALID"):
            await call(**where)
    with pytest.raises(TelegramBadRequest, match="TOPIC_ID_INVALID"):
        await bot.edit_forum_topic(**where, name="x")


async def test_what_a_bot_without_the_right_is_refused(bot: Bot, forum: Forum, anna: Person) -> None:
    own = forum.make_topic(anna, "Обед")
    for rights in (None, frozenset({"can_pin_messages"})):
        forum.add_bot(anna, rights)
        with pytest.raises(TelegramBadRequest, match="not enough rights to create a topic"):
            await bot.create_forum_topic(forum.chat.id, "x")
        with pytest.raises(TelegramBadRequest, match="not enough rights"):
            await bot.edit_forum_topic(forum.chat.id, own.id, name="x")
        with pytest.raises(TelegramBadRequest, match="not enough rights"):
            await bot.delete_forum_topic(forum.chat.id, own.id)
    forum.close_topic(anna, own.id)
    with pytest.raises(TelegramBadRequest, match="TOPIC_CLOSED"):
        await bot.send_message(forum.chat.id, "x", message_thread_id=own.id)


async def test_what_no_bot_may(bot: Bot, forum: Forum, anna: Person, sandbox: Sandbox) -> None:
    with pytest.raises(TelegramBadRequest, match="name is too long"):
        await bot.create_forum_topic(forum.chat.id, "x" * 129)
    with pytest.raises(TelegramBadRequest, match="must be non-empty"):
        await bot.create_forum_topic(forum.chat.id, "  ")
    with pytest.raises(TelegramBadRequest, match="icon color"):
        await bot.create_forum_topic(forum.chat.id, "x", icon_color=1)
    anna.start()
    with pytest.raises(TelegramBadRequest, match="message thread not found"):
        await bot.send_message(anna.id, "x", message_thread_id=5)
    with pytest.raises(TelegramBadRequest, match="not a forum"):
        await bot.create_forum_topic(anna.id, "x")
    forum.bot_status = "left"
    with pytest.raises(TelegramForbiddenError):
        await bot.send_message(forum.chat.id, "x")
    with pytest.raises(TelegramForbiddenError):
        await bot.get_chat(forum.chat.id)


async def test_what_is_heard(bot: Bot, forum: Forum, anna: Person) -> None:
    await bot.get_updates()
    made = await bot.create_forum_topic(forum.chat.id, "№ 17")
    topic = made.message_thread_id
    said = forum.say(anna, "Ответ", topic)
    forum.send_photo(anna, png(), topic, "Вот")
    forum.send_document(anna, "акт.pdf", b"%PDF", topic)
    forum.say(anna, "Всем")
    forum.say(anna, "Кто я?", topic, anonymous=True)
    forum.edit(anna, said["message_id"], "Другой ответ")
    forum.close_topic(anna, topic)
    updates = (await bot.get_updates())[1:]
    heard = [update.message or update.edited_message for update in updates]
    assert all(heard)
    first, photo, document, general, hidden, edited, closed = [one for one in heard if one]
    assert first.message_thread_id == topic and first.is_topic_message
    assert first.reply_to_message and first.reply_to_message.forum_topic_created
    assert photo.photo and photo.caption == "Вот" and document.document
    assert general.message_thread_id is None
    assert hidden.sender_chat and hidden.sender_chat.id == forum.chat.id and hidden.from_user
    assert hidden.from_user.is_bot
    assert edited.text == "Другой ответ" and closed.forum_topic_closed


async def test_privacy_mode_hides_what_is_not_said_to_a_mere_member(bot: Bot, forum: Forum, anna: Person) -> None:
    forum.add_bot(anna, None)
    await bot.get_updates(offset=-1)
    topic = forum.make_topic(anna, "Обед").id
    forum.say(anna, "Между собой", topic)
    forum.say(anna, "/help", topic)
    assert [u.message.text for u in (await bot.get_updates())[1:] if u.message and u.message.text] == ["/help"]


async def test_who_is_who(bot: Bot, forum: Forum, anna: Person, sandbox: Sandbox) -> None:
    mine = await bot.get_chat_member(forum.chat.id, bot.id)
    assert isinstance(mine, ChatMemberAdministrator)
    assert mine.can_manage_topics and not mine.can_promote_members
    assert (await bot.get_chat_member(forum.chat.id, anna.id)).status == "member"
    stranger = sandbox.telegram.person("Борис", "+79001112244")
    assert (await bot.get_chat_member(forum.chat.id, stranger.id)).status == "left"
    assert (await bot.get_chat(forum.chat.id)).is_forum
    with pytest.raises(Impossible):
        forum.say(stranger, "Я свой")


async def test_reactions(bot: Bot, forum: Forum, anna: Person) -> None:
    said = forum.say(anna, "Ответ")
    await bot.set_message_reaction(forum.chat.id, said["message_id"], reaction=[ReactionTypeEmoji(emoji="👍")])
    assert forum.reactions.given == {said["message_id"]: "👍"}
    with pytest.raises(TelegramBadRequest, match="REACTION_INVALID"):
        await bot.set_message_reaction(forum.chat.id, said["message_id"], reaction=[ReactionTypeEmoji(emoji="✅")])
    with pytest.raises(TelegramBadRequest, match="message to react not found"):
        await bot.set_message_reaction(forum.chat.id, 1, reaction=[ReactionTypeEmoji(emoji="👍")])


async def test_twenty_messages_a_minute(sandbox: Sandbox, bot: Bot, forum: Forum, clock: ManualClock) -> None:
    sandbox.telegram.throttle = Throttle(Limits())
    for number in range(20):
        await bot.send_message(forum.chat.id, str(number))
        clock.move(clock.now().resolution)
    with pytest.raises(TelegramRetryAfter) as refused:
        await bot.send_message(forum.chat.id, "one too many")
    assert refused.value.retry_after >= 1


async def test_topics_are_switched_on_in_a_small_group(sandbox: Sandbox, bot: Bot, anna: Person) -> None:
    group = sandbox.telegram.group("Сотрудники", [anna])
    group.add_bot(anna)
    forum = group.turn_into_forum(anna)
    with pytest.raises(TelegramMigrateToChat) as refused:
        await bot.send_message(group.chat.id, "x")
    assert refused.value.migrate_to_chat_id == forum.chat.id
    with pytest.raises(TelegramMigrateToChat):
        await bot.get_chat_member(group.chat.id, bot.id)
    moved = [update.message for update in await bot.get_updates() if update.message]
    assert [one.migrate_to_chat_id for one in moved if one.migrate_to_chat_id] == [forum.chat.id]
    assert [one.migrate_from_chat_id for one in moved if one.migrate_from_chat_id] == [group.chat.id]


@pytest.mark.parametrize(
    ("method", "table"),
    [
        (methods.CreateForumTopic, topics.CREATE),
        (methods.EditForumTopic, topics.EDIT),
        (methods.CloseForumTopic, topics.TOPIC),
        (methods.ReopenForumTopic, topics.TOPIC),
        (methods.DeleteForumTopic, topics.TOPIC),
        (methods.GetChatMember, topics.MEMBER),
        (methods.SetMessageReaction, topics.REACT),
        (methods.SendMessage, sending.SEND_MESSAGE),
        (methods.SendPhoto, sending.SEND_PHOTO),
        (methods.SendDocument, sending.SEND_DOCUMENT),
    ],
)
def test_no_parameter_is_invented(method: Any, table: dict[str, str]) -> None:
    """By aiogram's own types, which are made from Telegram's documentation."""
    assert set(table) <= set(method.model_fields)
