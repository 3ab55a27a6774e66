"""Writes that keep a chat: known, reachable, speaking its language."""

from __future__ import annotations

from sqlalchemy import Connection, update

from core.delivery.outbox import wake_lane
from core.delivery.writes import Write, change, insert_missing
from core.subscribers.models import Chat
from core.subscribers.tables import chats

ACTIVE = "active"
GONE = "gone"


def make_known(chat: Chat) -> Write:
    """The first turn of a chat writes it down."""
    values = {
        "chat_id": chat.chat_id,
        "channel": chat.channel,
        "address": chat.address,
        "language": chat.language,
        "name": chat.name,
        "status": ACTIVE,
        "created_at": chat.created_at,
    }
    return insert_missing("make chat known", chats, values)


def gone(chat_id: str) -> Write:
    """Nothing can be sent there until the person comes back."""
    return change("chat is gone", update(chats).where(chats.c.chat_id == chat_id).values(status=GONE))


def back(chat_id: str) -> Write:
    """The person came back: messages flow again, at once."""

    def apply(connection: Connection) -> None:
        connection.execute(update(chats).where(chats.c.chat_id == chat_id).values(status=ACTIVE))
        wake_lane(connection, chat_id)

    return Write("chat is back", apply)


def speak(chat_id: str, language: str) -> Write:
    return change("chat's language", update(chats).where(chats.c.chat_id == chat_id).values(language=language))


def mark_gone(connection: Connection, chat_id: str) -> None:
    """The same as :func:`gone`, for the sender."""
    connection.execute(update(chats).where(chats.c.chat_id == chat_id).values(status=GONE))
