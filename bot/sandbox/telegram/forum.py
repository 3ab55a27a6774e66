"""A supergroup with topics: people of the staff who write in them, and the bot among them as an administrator."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from bot.sandbox.shapes import Bubble, Impossible, Json
from bot.sandbox.telegram.errors import ApiError, bad, forbidden
from bot.sandbox.telegram.media import photo_of_person, sent_file
from bot.sandbox.telegram.people import Person, command_entities, member
from bot.sandbox.telegram.screen import bubble
from bot.sandbox.telegram.service import Chat, Telegram

RIGHTS = frozenset({"can_manage_topics", "can_delete_messages", "can_pin_messages"})
"""What the bot is given when it is made an administrator here; the rest of an administrator's rights is false."""

_ALL_RIGHTS = (
    "can_manage_chat", "can_delete_messages", "can_manage_video_chats", "can_restrict_members", "can_promote_members",
    "can_change_info", "can_invite_users", "can_post_stories", "can_edit_stories", "can_delete_stories",
    "can_pin_messages", "can_manage_topics", "can_send_welcome_messages",
)  # fmt: skip
ANONYMOUS: Json = {"id": 1087968824, "is_bot": True, "first_name": "Group", "username": "GroupAnonymousBot"}
"""Who writes for an administrator that hides: a real constant of Telegram's."""


@dataclass(slots=True)
class Topic:
    """``id`` is that of the service message that made it, and the message_thread_id of all that is in it."""

    id: int
    name: str
    color: int
    by_bot: bool
    closed: bool = False


@dataclass(slots=True)
class Reactions:
    """What the bot has put under messages; `allowed` None: any of Telegram's emoji."""

    given: dict[int, str] = field(default_factory=dict)
    allowed: frozenset[str] | None = None


class Forum:
    """Telegram's rules: an administrator hears everything, another bot only what is said to it."""

    def __init__(self, telegram: Telegram, chat_id: int, title: str, members: Iterable[Person]) -> None:
        self.telegram = telegram
        self.members = {person.id: person for person in members}
        self.administrators: set[int] = set()
        self.topics: dict[int, Topic] = {}
        self.reactions = Reactions()
        self.bot_status = "left"
        self.bot_rights: frozenset[str] = frozenset()
        raw = {"id": chat_id, "type": "supergroup", "title": title, "is_forum": True}
        self.chat = Chat(raw, may_write=self._may_write)

    def _may_write(self) -> ApiError | None:
        inside = self.bot_status in ("member", "administrator")
        return None if inside else forbidden("bot was kicked from the supergroup chat")

    # --- what the owner of the group does

    def add_bot(self, by: Person, rights: frozenset[str] | None = RIGHTS) -> None:
        """Brings the bot in; as an administrator with these rights, or (None) as anybody."""
        old = self._bot_member()
        self.bot_status = "administrator" if rights is not None else "member"
        self.bot_rights = rights or frozenset()
        change = {
            "chat": self.chat.raw,
            "from": by.user,
            "date": self.telegram.stamp(),
            "old_chat_member": old,
            "new_chat_member": self._bot_member(),
        }
        self.telegram.publish("my_chat_member", change, self.chat.id)

    def add(self, person: Person) -> None:
        self.members[person.id] = person
        self.telegram.changed()

    def remove(self, person: Person) -> None:
        self.members.pop(person.id, None)
        self.telegram.changed()

    # --- what the members do

    def say(
        self,
        by: Person,
        text: str,
        topic: int | None = None,
        *,
        reply_to: int | None = None,
        anonymous: bool = False,
        of: Person | None = None,
    ) -> Json:
        """Writes in a topic, or (None) in General; the Message object. ``of``: whose message is forwarded there."""
        if not text.strip():
            raise Impossible("an empty message cannot be sent")
        text = text.strip()
        origin = {"type": "user", "date": self.telegram.stamp(), "sender_user": of.user} if of is not None else None
        forwarded = {"forward_origin": origin} if origin is not None else {}
        return self._post(by, {"text": text} | command_entities(text) | forwarded, topic, reply_to, anonymous)

    def send_photo(self, by: Person, data: bytes, topic: int | None = None, caption: str | None = None) -> Json:
        return self._post(by, photo_of_person(self.telegram, data, caption), topic)

    def send_document(
        self, by: Person, name: str, data: bytes, topic: int | None = None, caption: str | None = None
    ) -> Json:
        return self._post(by, sent_file(self.telegram, name, data, caption), topic)

    def sticker(self, by: Person, topic: int | None = None) -> Json:
        file_id, stored = self.telegram.keep_file("CAAC", "sticker.webp", b"RIFF")
        kind = {"type": "regular", "width": 512, "height": 512, "is_animated": False, "is_video": False}
        shown = {"file_id": file_id, "file_unique_id": f"u{file_id[4:]}", "file_size": len(stored.data)}
        return self._post(by, {"sticker": shown | kind}, topic)

    def edit(self, by: Person, message_id: int, text: str) -> Json:
        message = self.chat.messages.get(message_id)
        if message is None or message["from"]["id"] != by.id or "text" not in message:
            raise Impossible("only an own text message can be edited")
        kept = {name: value for name, value in message.items() if name != "entities"}
        edited = kept | {"text": text, "edit_date": self.telegram.stamp()} | command_entities(text)
        self.chat.messages[message_id] = edited
        if self._hears(edited):
            self.telegram.publish("edited_message", edited, self.chat.id)
        self.telegram.changed()
        return edited

    def make_topic(self, by: Person, name: str) -> Topic:
        self._may_act(by)
        topic = self.new_topic(name, 7322096, by.user)
        self._publish(self.chat.messages[topic.id])
        return topic

    def delete_topic(self, by: Person, topic: int) -> None:
        """With everything in it. The bot hears nothing of it."""
        self._may_act(by)
        self.drop(self._topic(topic))

    def close_topic(self, by: Person, topic: int) -> None:
        self._may_act(by)
        self.set_closed(self._topic(topic), True, by.user, tell=True)

    def reopen_topic(self, by: Person, topic: int) -> None:
        self._may_act(by)
        self.set_closed(self._topic(topic), False, by.user, tell=True)

    # --- what everybody sees

    def messages(self, topic: int | None = None) -> list[Json]:
        """In the order in which they came; None: in General."""
        return [one for one in self.chat.messages.values() if one.get("message_thread_id") == topic]

    def texts(self, topic: int | None = None) -> list[str]:
        """What can be read there, a picture or a document by its caption."""
        found = (one.get("text") or one.get("caption") for one in self.messages(topic))
        return [text for text in found if text]

    def bubbles(self, topic: int | None, viewer: int) -> list[Bubble]:
        shown = [one for one in self.messages(topic) if not _service(one)]
        return [bubble(self.telegram, viewer, one) for one in shown]

    def named(self, part: str) -> Topic:
        """The one topic whose name holds these words; LookupError when there is none, or several."""
        found = [topic for topic in self.topics.values() if part in topic.name]
        if len(found) != 1:
            raise LookupError(f"{len(found)} topics with {part!r} among {[one.name for one in self.topics.values()]}")
        return found[0]

    # --- used by the Bot API's methods

    def new_topic(self, name: str, color: int, by: Json) -> Topic:
        created = {"forum_topic_created": {"name": name, "icon_color": color}, "is_topic_message": True}
        message = self.telegram.new_message(self.chat, by, created)
        message["message_thread_id"] = message["message_id"]
        topic = Topic(message["message_id"], name, color, bool(by["is_bot"]))
        self.topics[topic.id] = topic
        self.telegram.changed()
        return topic

    def drop(self, topic: Topic) -> None:
        del self.topics[topic.id]
        kept = {key: one for key, one in self.chat.messages.items() if one.get("message_thread_id") != topic.id}
        self.chat.messages.clear()
        self.chat.messages.update(kept)
        self.telegram.changed()

    def rename(self, topic: Topic, name: str, by: Json) -> None:
        topic.name = name
        self._service_message(topic, by, {"forum_topic_edited": {"name": name}}, tell=False)

    def set_closed(self, topic: Topic, closed: bool, by: Json, *, tell: bool) -> None:
        topic.closed = closed
        self._service_message(topic, by, {"forum_topic_closed" if closed else "forum_topic_reopened": {}}, tell=tell)

    def member_of(self, user_id: int) -> Json:
        """The ChatMember object of a person or of the bot itself."""
        if user_id == self.telegram.bot["id"]:
            return self._bot_member()
        person = self.members.get(user_id)
        if person is None:
            known = self.telegram.people.get(user_id)
            if known is None:
                raise bad("user not found")
            return member(known.user, "left")
        return (
            self._administrator(person.user, frozenset())
            if user_id in self.administrators
            else member(person.user, "member")
        )

    # --- inside

    def _service_message(self, topic: Topic, by: Json, what: Json, *, tell: bool) -> None:
        place = {"message_thread_id": topic.id, "is_topic_message": True}
        message = self.telegram.new_message(self.chat, by, what | place)
        if tell:
            self._publish(message)

    def _post(
        self, by: Person, content: Json, topic: int | None, reply_to: int | None = None, anonymous: bool = False
    ) -> Json:
        self._may_act(by)
        if topic is not None:
            found = self._topic(topic)
            if found.closed and by.id not in self.administrators:
                raise Impossible({"en": "the topic is closed", "ru": "тема закрыта"})
            # In a topic every message answers something: the service message that made the topic, if nothing else.
            content |= {"message_thread_id": topic, "is_topic_message": True}
            told = self.chat.messages.get(reply_to or topic)
            if told is not None:
                content["reply_to_message"] = {k: v for k, v in told.items() if k != "reply_to_message"}
        elif reply_to is not None and reply_to in self.chat.messages:
            content["reply_to_message"] = self.chat.messages[reply_to]
        sender = ANONYMOUS if anonymous else by.user
        if anonymous:
            content["sender_chat"] = self.chat.raw
        message = self.telegram.new_message(self.chat, sender, content)
        self._publish(message)
        return message

    def _publish(self, message: Json) -> None:
        if self._hears(message):
            self.telegram.publish("message", message, self.chat.id)
        self.telegram.changed()

    def _hears(self, message: Json) -> bool:
        if self.bot_status == "administrator":
            return True
        text = message.get("text") or message.get("caption") or ""
        told = message.get("reply_to_message", {}).get("from", {}).get("id")
        spoken_to = text.startswith("/") or re.search(rf"@{self.telegram.bot['username']}\b", text)
        return self.bot_status == "member" and bool(spoken_to or told == self.telegram.bot["id"] or _service(message))

    def _may_act(self, by: Person) -> None:
        if by.id not in self.members:
            raise Impossible({"en": f"{by.name} is not in this group", "ru": f"{by.name} не в этой группе"})

    def _topic(self, topic: int) -> Topic:
        found = self.topics.get(topic)
        if found is None:
            raise Impossible({"en": "there is no such topic", "ru": "такой темы нет"})
        return found

    def _bot_member(self) -> Json:
        bot = self.telegram.bot
        if self.bot_status == "administrator":
            return self._administrator(bot, self.bot_rights)
        return member(bot, self.bot_status)

    def _administrator(self, user: Json, rights: frozenset[str]) -> Json:
        given = {name: name in rights or name == "can_manage_chat" for name in _ALL_RIGHTS}
        return {"user": user, "status": "administrator", "can_be_edited": False, "is_anonymous": False} | given


def _service(message: Json) -> bool:
    return any(name.startswith("forum_topic_") for name in message) or "new_chat_members" in message
