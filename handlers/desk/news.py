"""News of an appeal for the chats of whoever wrote it; what was sent is kept beside the appeal's own messages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import Connection, insert

from core.appeals.models import Appeal
from core.appeals.staff import chats_to_tell
from core.appeals.tables import appeal_posts
from core.operator import Operator
from fsm.screen import Screen
from fsm.state import Registry
from fsm.texts import Translator
from handlers.tell import tell

News = Callable[[Translator], Screen]


def tell_appeal(
    connection: Connection,
    appeal: Appeal,
    parts: Sequence[tuple[News, str | None]],
    *,
    registry: Registry,
    operator: Operator,
    now: datetime,
) -> int:
    """Each part with the id of the appeal's message that it carries, or None. Says how many chats will read it."""
    chats = chats_to_tell(connection, appeal)
    reached = 0
    for news, message_id in parts:
        told = tell(connection, chats, news, registry=registry, operator=operator, now=now, cause=appeal.id)
        reached = max(reached, len(told))
        rows = [
            {"outbox_id": one.outbox_id, "appeal_id": appeal.id, "message_id": message_id, "chat_id": one.chat_id}
            for one in told
        ]
        if rows:
            connection.execute(insert(appeal_posts), rows)
    return reached
