"""A group chat with the bot in it, to see that the bot behaves there."""

from __future__ import annotations

import re

from bot.sandbox.shapes import Json
from bot.sandbox.telegram.errors import ApiError, bad, forbidden
from bot.sandbox.telegram.forum import Forum
from bot.sandbox.telegram.people import Person, command_entities, member
from bot.sandbox.telegram.service import Chat, Telegram


class Group:
    """Privacy mode is on, as for a new bot: it hears commands, mentions and replies to itself only."""

    def __init__(self, telegram: Telegram, group_id: int, title: str, members: list[Person]) -> None:
        self.telegram = telegram
        self.members = members
        self.chat = Chat({"id": group_id, "type": "group", "title": title}, may_write=self._may_write)
        self.bot_inside = False
        self.upgraded_to: int | None = None

    def _may_write(self) -> ApiError | None:
        if self.upgraded_to is not None:
            text = "group chat was upgraded to a supergroup chat"
            return ApiError(400, f"Bad Request: {text}", migrate_to_chat_id=self.upgraded_to)
        return None if self.bot_inside else forbidden("bot is not a member of the group chat")

    @property
    def messages(self) -> list[Json]:
        return list(self.chat.messages.values())

    def add_bot(self, by: Person) -> None:
        self.bot_inside = True
        self._membership(by, "left", "member")
        joined = {"new_chat_members": [self.telegram.bot], "new_chat_member": self.telegram.bot}
        self._publish(by, joined)

    def remove_bot(self, by: Person) -> None:
        self.bot_inside = False
        self._membership(by, "member", "kicked")

    def say(self, by: Person, text: str, reply_to: Json | None = None) -> Json:
        """Writes into the group; the bot hears it only when privacy mode lets it."""
        content: Json = {"text": text} | command_entities(text)
        if reply_to:
            content["reply_to_message"] = reply_to
        mentioned = re.search(rf"@{self.telegram.bot['username']}\b", text)
        to_bot = reply_to is not None and reply_to["from"]["id"] == self.telegram.bot["id"]
        if text.startswith("/") or mentioned or to_bot:
            return self._publish(by, content)
        return self.telegram.new_message(self.chat, by.user, content)

    def upgrade(self) -> int:
        """Becomes a supergroup; the old id answers with `migrate_to_chat_id`. Returns the new id."""
        new_id = -1_000_000_000_000 + self.chat.id
        self.upgraded_to = new_id
        raw = self.chat.raw | {"id": new_id, "type": "supergroup"}
        self.telegram.chats[new_id] = Chat(raw, may_write=lambda: None if self.bot_inside else bad("chat not found"))
        return new_id

    def turn_into_forum(self, by: Person) -> Forum:
        """Topics are switched on: the group becomes a supergroup with another id, and both say so."""
        old, new_id = self.chat.id, -1_000_000_000_000 + self.chat.id
        moved = self.telegram.new_message(self.chat, by.user, {"migrate_to_chat_id": new_id})
        if self.bot_inside:
            self.telegram.publish("message", moved, old)
        self.upgraded_to = new_id
        forum = self.telegram.forum(str(self.chat.raw["title"]), self.members, new_id)
        if self.bot_inside:
            forum.bot_status = "member"
            came = self.telegram.new_message(forum.chat, by.user, {"migrate_from_chat_id": old})
            self.telegram.publish("message", came, new_id)
        return forum

    def _membership(self, by: Person, old: str, new: str) -> None:
        bot = self.telegram.bot
        change = {
            "chat": self.chat.raw,
            "from": by.user,
            "date": self.telegram.stamp(),
            "old_chat_member": member(bot, old),
            "new_chat_member": member(bot, new),
        }
        self.telegram.publish("my_chat_member", change, self.chat.id)

    def _publish(self, by: Person, content: Json) -> Json:
        message = self.telegram.new_message(self.chat, by.user, content)
        if self.bot_inside:
            self.telegram.publish("message", message, self.chat.id)
        return message
