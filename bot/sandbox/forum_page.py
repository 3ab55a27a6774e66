"""The staff's group on the page: what it shows, and what a member of staff can do there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bot.sandbox.actions import Given
from bot.sandbox.shapes import Impossible, Json
from bot.sandbox.telegram.forum import Forum
from bot.sandbox.telegram.people import Person
from bot.sandbox.telegram.screen import bubble
from bot.sandbox.telegram.service import Telegram


def shown(telegram: Telegram) -> Json | None:
    """The first group that there is; the page has room for one."""
    forum = next(iter(telegram.forums.values()), None)
    if forum is None:
        return None
    topics = [
        {
            "id": topic.id,
            "name": topic.name,
            "color": f"#{topic.color:06x}",
            "closed": topic.closed,
            "messages": _messages(forum, topic.id),
        }
        for topic in forum.topics.values()
    ]
    members = [{"id": str(one.id), "name": one.name} for one in forum.members.values()]
    general = {"id": 0, "name": "General", "color": "", "closed": False, "messages": _messages(forum, None)}
    return {"title": forum.chat.raw["title"], "members": members, "topics": [general, *topics]}


def _messages(forum: Forum, topic: int | None) -> list[Json]:
    found = []
    for message in forum.messages(topic):
        if any(name.startswith("forum_topic_") for name in message):
            continue
        shown = bubble(forum.telegram, 0, message).as_json()
        if message.get("reply_to_message", {}).get("forum_topic_created"):
            shown["reply"] = None  # in a topic that is an answer to nothing
        elif shown["reply"]:
            shown["reply"]["author"] = message["reply_to_message"]["from"]["first_name"]
        author = message["from"]
        found.append(
            shown
            | {
                "author": "" if author.get("is_bot") else author["first_name"],
                "author_id": str(author["id"]),
                "reaction": forum.reactions.given.get(message["message_id"], ""),
            }
        )
    return found


def member(telegram: Telegram, person_id: str) -> tuple[Forum, Person] | None:
    for forum in telegram.forums.values():
        for person in forum.members.values():
            if str(person.id) == person_id:
                return forum, person
    return None


def _where(given: Given) -> int | None:
    return given.number_if_given("topic") or None


def _photo(forum: Forum, by: Person, given: Given) -> None:
    for order, (_name, data) in enumerate(given.attached()):
        forum.send_photo(by, data, _where(given), None if order else given.optional("caption"))


def _document(forum: Forum, by: Person, given: Given) -> None:
    for order, (name, data) in enumerate(given.attached()):
        forum.send_document(by, name, data, _where(given), None if order else given.optional("caption"))


def _topic(given: Given) -> int:
    topic = _where(given)
    if topic is None:
        raise Impossible({"en": "General stays as it is", "ru": "General не меняют"})
    return topic


ACTIONS: dict[str, Callable[[Forum, Person, Given], Any]] = {
    "say": lambda forum, by, given: forum.say(
        by, given.text("text"), _where(given), reply_to=given.number_if_given("reply_to")
    ),
    "photo": _photo,
    "document": _document,
    "sticker": lambda forum, by, given: forum.sticker(by, _where(given)),
    "edit": lambda forum, by, given: forum.edit(by, given.number("message_id"), given.text("text")),
    "close": lambda forum, by, given: forum.close_topic(by, _topic(given)),
    "reopen": lambda forum, by, given: forum.reopen_topic(by, _topic(given)),
    "delete": lambda forum, by, given: forum.delete_topic(by, _topic(given)),
}
