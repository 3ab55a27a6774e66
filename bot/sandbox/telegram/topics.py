"""The Bot API's methods about topics of a forum, its members, and reactions."""

from __future__ import annotations

from typing import Any

from bot.sandbox.shapes import Json, utf16_length
from bot.sandbox.telegram.call import Call, Table
from bot.sandbox.telegram.errors import bad, too_many
from bot.sandbox.telegram.forum import Forum, Topic
from bot.sandbox.telegram.service import Chat, Telegram

CREATE: Table = {"chat_id": "chat", "name": "str", "icon_color": "int", "icon_custom_emoji_id": "str"}
EDIT: Table = {"chat_id": "chat", "message_thread_id": "int", "name": "str", "icon_custom_emoji_id": "str"}
TOPIC: Table = {"chat_id": "chat", "message_thread_id": "int"}
MEMBER: Table = {"chat_id": "chat", "user_id": "int"}
REACT: Table = {"chat_id": "chat", "message_id": "int", "reaction": "json", "is_big": "bool"}
COLORS = (0x6FB9F0, 0xFFD67E, 0xCB86DB, 0x8EEE98, 0xFF93B2, 0xFB6F5F)
LONGEST_NAME = 128  # characters
# core.telegram.org/bots/api#reactiontypeemoji, those that fit into one line here
_EMOJI = frozenset(
    "❤👍👎🔥🥰👏😁🤔🤯😱🤬😢🎉🤩🤮💩🙏👌🕊🤡🥱🥴😍🐳🌚🌭💯🤣⚡🍌🏆💔🤨😐🍓🍾💋🖕😈😴😭🤓👻👀🎃🙈😇😨🤝✍🤗🫡🎅🎄☃💅🤪🗿🆒💘🙉🦄😘💊🙊😎👾🤷😡"
)


def thread_of(telegram: Telegram, chat: Chat, call: Call, target: Json | None) -> Json:
    """Where in the chat a message of the bot's goes; a reply goes where its message is."""
    wanted = call.integer("message_thread_id")
    if wanted is None:
        wanted = target.get("message_thread_id") if target and target.get("is_topic_message") else None
        if wanted is None:
            return {}
    forum = telegram.forums.get(chat.id)
    topic = forum.topics.get(wanted) if forum is not None else None
    if forum is None or topic is None:
        raise bad("message thread not found")
    if topic.closed and not _may_manage(forum, topic):
        raise bad("TOPIC_CLOSED")
    return {"message_thread_id": topic.id, "is_topic_message": True}


def create(telegram: Telegram, call: Call) -> Json:
    forum = _forum(telegram, call)
    if "can_manage_topics" not in forum.bot_rights:
        raise bad("not enough rights to create a topic")
    color = call.integer("icon_color")
    if color is not None and color not in COLORS:
        raise bad("invalid topic icon color specified")
    if call.get("icon_custom_emoji_id"):
        raise bad("the sandbox has no custom emoji")
    wait = telegram.throttle.admit(forum.chat.id, True, telegram.clock.now())
    if wait:
        raise too_many(wait)
    topic = forum.new_topic(_name(call), color or COLORS[0], telegram.bot)
    return {"message_thread_id": topic.id, "name": topic.name, "icon_color": topic.color}


def edit(telegram: Telegram, call: Call) -> bool:
    forum, topic = _topic(telegram, call, "edit the topic")
    name = _name(call) if call.get("name") else topic.name
    if call.get("icon_custom_emoji_id"):
        raise bad("the sandbox has no custom emoji")
    if name == topic.name:
        raise bad("TOPIC_NOT_MODIFIED")
    forum.rename(topic, name, telegram.bot)
    return True


def close(telegram: Telegram, call: Call) -> bool:
    return _set_closed(telegram, call, True)


def reopen(telegram: Telegram, call: Call) -> bool:
    return _set_closed(telegram, call, False)


def _set_closed(telegram: Telegram, call: Call, closed: bool) -> bool:
    forum, topic = _topic(telegram, call, "close or reopen the topic")
    if topic.closed is closed:
        raise bad("TOPIC_NOT_MODIFIED")
    forum.set_closed(topic, closed, telegram.bot, tell=False)
    return True


def delete(telegram: Telegram, call: Call) -> bool:
    forum = _forum(telegram, call)
    topic = forum.topics.get(call.integer("message_thread_id") or 0)
    if topic is None:
        raise bad("TOPIC_ID_INVALID")
    if "can_delete_messages" not in forum.bot_rights:
        raise bad("not enough rights to delete the topic")
    forum.drop(topic)
    return True


def _topic(telegram: Telegram, call: Call, what: str) -> tuple[Forum, Topic]:
    forum = _forum(telegram, call)
    if call.integer("message_thread_id") is None:
        raise bad("invalid message thread identifier specified")
    topic = forum.topics.get(call.integer("message_thread_id") or 0)
    if topic is None:
        raise bad("TOPIC_ID_INVALID")
    if not _may_manage(forum, topic):
        raise bad(f"not enough rights to {what}")
    return forum, topic


def _may_manage(forum: Forum, topic: Topic) -> bool:
    return topic.by_bot or "can_manage_topics" in forum.bot_rights


def _forum(telegram: Telegram, call: Call) -> Forum:
    chat = telegram.chat_for_writing(call.get("chat_id"), counted=False)
    forum = telegram.forums.get(chat.id)
    if forum is None:
        raise bad("the chat is not a forum")
    return forum


def _name(call: Call) -> str:
    name = str(call.get("name") or "").strip()
    if not name:
        raise bad("topic name must be non-empty")
    # The real server cuts a longer name without a word; here it is a mistake to be seen.
    if utf16_length(name) > LONGEST_NAME:
        raise bad("topic name is too long")
    return name


def chat_member(telegram: Telegram, call: Call) -> Json:
    chat = telegram.find_chat(call.get("chat_id"))
    refusal = chat.may_write()
    if refusal and "migrate_to_chat_id" in refusal.parameters:
        raise refusal
    forum = telegram.forums.get(chat.id)
    user_id = call.integer("user_id")
    if user_id is None:
        raise bad("invalid user_id specified")
    if forum is not None:
        return forum.member_of(user_id)
    group = telegram.groups.get(chat.id)
    if group is None:
        raise bad("there are no members in the chat")
    inside = group.bot_inside if user_id == telegram.bot["id"] else any(one.id == user_id for one in group.members)
    user = telegram.bot if user_id == telegram.bot["id"] else telegram.people[user_id].user
    return {"user": user, "status": "member" if inside else "left"}


def react(telegram: Telegram, call: Call) -> bool:
    chat = telegram.chat_for_writing(call.get("chat_id"), counted=False)
    message_id = call.integer("message_id")
    if message_id is None or message_id not in chat.messages:
        raise bad("message to react not found")
    given: Any = call.get("reaction") or []
    if not isinstance(given, list) or len(given) > 1:
        raise bad("REACTIONS_TOO_MANY")
    emoji = [one.get("emoji") if isinstance(one, dict) and one.get("type") == "emoji" else None for one in given]
    forum = telegram.forums.get(chat.id)
    allowed = forum.reactions.allowed if forum is not None else None
    if any(one not in _EMOJI or (allowed is not None and one not in allowed) for one in emoji):
        raise bad("REACTION_INVALID")
    if forum is not None:
        forum.reactions.given.pop(message_id, None)
        if emoji:
            forum.reactions.given[message_id] = str(emoji[0])
    telegram.changed()
    return True
