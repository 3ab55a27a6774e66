"""Messages to chats from outside of any turn: a decision of staff's, a file that could not be kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from core.delivery import outbox
from core.delivery.commit import Post
from core.delivery.messages import Priority
from core.operator import Operator
from core.regions import zone_of
from core.subscribers.chats import ACTIVE
from core.subscribers.models import Chat
from core.subscribers.tables import subscribers
from fsm.action import ANYWHERE
from fsm.draw import draw
from fsm.screen import Screen
from fsm.state import Registry
from fsm.texts import Translator, choose_language


@dataclass(frozen=True, slots=True)
class Told:
    """A message that lies in the outbox now."""

    chat_id: str
    outbox_id: int


def tell(
    connection: Connection,
    chats: Iterable[Chat],
    say: Callable[[Translator], Screen],
    *,
    registry: Registry,
    operator: Operator,
    now: datetime,
    cause: str,
) -> list[Told]:
    """A message into the outbox for each chat that can be reached, in its language. Buttons: global actions only."""
    told = []
    for chat in chats:
        if chat.status != ACTIVE:
            continue
        language = choose_language(chat.language, operator.languages)
        translator = Translator(language, _zone(connection, chat, operator))
        message, writes = draw(say(translator), stamp=ANYWHERE, registry=registry, translator=translator, now=now)
        for write in writes:
            write.apply(connection)
        told.append(
            Told(chat.chat_id, outbox.put(connection, Post(chat.chat_id, message, Priority.notice), cause, now))
        )
    return told


def _zone(connection: Connection, chat: Chat, operator: Operator) -> ZoneInfo:
    """Where the chat's person lives: an hour that is named to them is their own."""
    query = select(subscribers.c.region).where(subscribers.c.id == chat.subscriber_id)
    region = connection.execute(query).scalar() if chat.subscriber_id else None
    return zone_of(region or "", operator.zone.key)
