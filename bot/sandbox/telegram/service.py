"""Telegram's own state: the bot, its chats, people and files, and how a message of the bot gets into a chat."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from bot.sandbox.files import FileStore, StoredFile
from bot.sandbox.shapes import Changed, Json
from bot.sandbox.telegram.errors import ApiError, bad, forbidden, too_many
from bot.sandbox.telegram.limits import Limits, Throttle
from bot.sandbox.telegram.updates import UpdateQueue
from bot.sandbox.telegram.webhook import Webhook
from core.clock import Clock

if TYPE_CHECKING:
    from bot.sandbox.telegram.forum import Forum
    from bot.sandbox.telegram.groups import Group
    from bot.sandbox.telegram.people import Person

TYPING = timedelta(seconds=5)  # how long a chat action is shown
TOAST = timedelta(seconds=6)


@dataclass(slots=True)
class Chat:
    """A private chat or a group: the Chat object and its messages by id; `fixed` ones cannot be edited."""

    raw: Json
    messages: dict[int, Json] = field(default_factory=dict)
    fixed: set[int] = field(default_factory=set)
    may_write: Callable[[], ApiError | None] = lambda: None

    @property
    def id(self) -> int:
        return int(self.raw["id"])

    @property
    def private(self) -> bool:
        return bool(self.raw["type"] == "private")


@dataclass(slots=True)
class Query:
    person: Person
    issued: datetime


@dataclass(slots=True)
class Bill:
    """What an invoice says besides what its message shows."""

    payload: str
    amount: int  # the currency's smallest units, as Telegram counts them
    currency: str
    paid: bool = False


@dataclass(slots=True)
class Checkout:
    """A card is entered, and the bot is asked; `refusal` is what it said no with."""

    person: Person
    message_id: int
    issued: datetime
    answered: bool = False
    refusal: str = ""


class Telegram:
    """The sandbox's Telegram. Methods of the Bot API work on it; people and groups put updates into it."""

    def __init__(
        self,
        token: str,
        clock: Clock,
        files: FileStore,
        changed: Changed,
        limits: Limits | None = None,
        name: str = "Abonent",
        username: str = "abonent_demo_bot",
    ) -> None:
        self.token = token
        self.clock = clock
        self.files = files
        self.changed = changed
        self.limits = limits or Limits()
        self.throttle = Throttle(self.limits)
        self.queue = UpdateQueue()
        self.webhook = Webhook()
        self.bot: Json = {
            "id": int(token.split(":")[0]),
            "is_bot": True,
            "first_name": name,
            "username": username,
        }
        self.people: dict[int, Person] = {}
        self.groups: dict[int, Group] = {}
        self.forums: dict[int, Forum] = {}
        self.chats: dict[int, Chat] = {}
        self.queries: dict[str, Query] = {}
        self.bills: dict[int, Bill] = {}  # by message
        self.checkouts: dict[str, Checkout] = {}
        self.file_ids: dict[str, StoredFile] = {}
        self.commands: dict[tuple[str, str], list[Json]] = {}
        self.about: dict[tuple[str, str], str] = {}
        self.menu_buttons: dict[int | None, Json] = {}
        self.calls: list[tuple[str, Json]] = []
        self.closing = False
        self._faults: deque[tuple[ApiError, str | None]] = deque()
        self._message_ids = itertools.count(101)
        self._album_ids = itertools.count(13_900_000_000_000_001)
        self._query_ids = itertools.count(4_388_000_000_000_000_001)
        self._person_ids = itertools.count(510_000_001)
        self._group_ids = itertools.count(40_000_001)

    def person(self, name: str, phone: str, language: str = "ru", username: str | None = None) -> Person:
        """A new person with Telegram, who has not met the bot yet."""
        from bot.sandbox.telegram.people import Person

        person = Person(self, next(self._person_ids), name, phone, language, username)
        self.people[person.id] = person
        self.chats[person.id] = person.chat
        self.changed()
        return person

    def group(self, title: str, members: list[Person]) -> Group:
        """A new group of people; the bot is not in it until `add_bot`."""
        from bot.sandbox.telegram.groups import Group

        group = Group(self, -next(self._group_ids), title, members)
        self.groups[group.chat.id] = group
        self.chats[group.chat.id] = group.chat
        return group

    def forum(self, title: str, members: list[Person], chat_id: int | None = None) -> Forum:
        """A new supergroup with topics; the bot is not in it until `add_bot`."""
        from bot.sandbox.telegram.forum import Forum

        forum = Forum(self, chat_id or -1_000_000_000_000 - next(self._group_ids), title, members)
        self.forums[forum.chat.id] = forum
        self.chats[forum.chat.id] = forum.chat
        self.changed()
        return forum

    def fail_next(self, error: ApiError, times: int = 1, method: str | None = None) -> None:
        """Makes the next calls (of one method, or of any) fail with `error`: an outage, a flood limit."""
        self._faults.extend([(error, method.lower() if method else None)] * times)

    @property
    def faults_left(self) -> int:
        """How many of the failures that were asked for are still to come."""
        return len(self._faults)

    def planned_fault(self, method: str) -> ApiError | None:
        if self._faults and self._faults[0][1] in (None, method):
            return self._faults.popleft()[0]
        return None

    def chat_for_writing(self, chat_id: int | str | None, counted: bool = True) -> Chat:
        """The chat, when the bot may write there now; ApiError 400, 403 or 429 otherwise."""
        chat = self.find_chat(chat_id)
        refusal = chat.may_write()
        if refusal:
            raise refusal
        if counted:
            wait = self.throttle.admit(chat.id, not chat.private, self.clock.now())
            if wait:
                raise too_many(wait)
        return chat

    def find_chat(self, chat_id: int | str | None) -> Chat:
        if chat_id is None:
            raise bad("chat_id is empty")
        chat = self.chats.get(chat_id) if isinstance(chat_id, int) else None
        if chat is None:
            raise bad("chat not found")
        return chat

    def stamp(self) -> int:
        return int(self.clock.now().timestamp())

    def new_message(self, chat: Chat, sender: Json, content: Json) -> Json:
        """Puts a message into a chat and returns the Message object."""
        message_id = next(self._message_ids)
        message: Json = {
            "message_id": message_id,
            "from": sender,
            "chat": chat.raw,
            "date": self.stamp(),
        } | content
        chat.messages[message_id] = message
        self.changed()
        return message

    def new_album_id(self) -> str:
        return str(next(self._album_ids))

    def new_query_id(self, person: Person) -> str:
        query_id = str(next(self._query_ids))
        self.queries[query_id] = Query(person, self.clock.now())
        return query_id

    def publish(self, kind: str, payload: Json, chat_id: int) -> int | None:
        """Queues an update for the bot; its id, or None when the bot did not allow the kind."""
        update = self.queue.put(kind, payload, chat_id, self.clock.now())
        self.changed()
        return update.update_id if update else None

    def keep_file(self, prefix: str, name: str, data: bytes, mime: str | None = None) -> tuple[str, StoredFile]:
        """Stores a file under a new file_id."""
        stored = self.files.keep(name, data, mime)
        file_id = f"{prefix}{stored.key}sandbox"
        self.file_ids[file_id] = stored
        return file_id, stored


def blocked() -> ApiError:
    return forbidden("bot was blocked by the user")
