"""Messages to chats from outside of any turn: a decision of staff's, a file that could not be kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from sqlalchemy import Connection

from core.delivery import outbox
from core.delivery.commit import Post
from core.delivery.messages import Priority
from core.operator import Operator
from core.subscribers.chats import ACTIVE
from core.subscribers.models import Chat
from fsm.action import ANYWHERE
from fsm.draw import draw
from fsm.screen import Screen
from fsm.state import Registry
from fsm.texts import Translator, choose_language


def tell(
    connection: Connection,
    chats: Iterable[Chat],
    say: Callable[[Translator], Screen],
    *,
    registry: Registry,
    operator: Operator,
    now: datetime,
    cause: str,
) -> int:
    """Puts a message for each chat into the outbox, in its language; says how many. Buttons: global actions only."""
    told = 0
    for chat in chats:
        if chat.status != ACTIVE:
            continue
        translator = Translator(choose_language(chat.language, operator.languages), operator.zone)
        message, writes = draw(say(translator), stamp=ANYWHERE, registry=registry, translator=translator, now=now)
        for write in writes:
            write.apply(connection)
        outbox.put(connection, Post(chat.chat_id, message, Priority.notice), cause, now)
        told += 1
    return told
