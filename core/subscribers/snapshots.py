"""Reads what every turn needs, for all the turns that are waiting at once."""

from __future__ import annotations

import asyncio

from sqlalchemy import Connection, bindparam, select

from core.database import Database
from core.delivery.tables import conversations
from core.subscribers.consents import PERSONAL_DATA, Decision
from core.subscribers.models import Chat, Snapshot, Subscriber
from core.subscribers.tables import chats, consents, subscribers

_agreed = (
    select(consents.c.version)
    .where(consents.c.subscriber_id == chats.c.subscriber_id, consents.c.document == PERSONAL_DATA)
    .where(consents.c.decision == Decision.given.value)
    .order_by(consents.c.decided_at.desc(), consents.c.id.desc())
    .limit(1)
    .correlate(chats)
    .scalar_subquery()
)

# A chat that was never heard of has neither row; one that staff or a notice made known may have only the first.
_query = (
    select(
        chats,
        conversations.c.version,
        conversations.c.state,
        conversations.c.heard_at,
        subscribers.c.phone,
        subscribers.c.name.label("subscriber_name"),
        subscribers.c.region,
        subscribers.c.email,
        subscribers.c.created_at.label("subscriber_since"),
        _agreed.label("agreed"),
    )
    .outerjoin_from(chats, conversations, conversations.c.chat_id == chats.c.chat_id)
    .outerjoin(subscribers, subscribers.c.id == chats.c.subscriber_id)
    .where(chats.c.chat_id.in_(bindparam("ids", expanding=True)))
)


def load_snapshots(connection: Connection, chat_ids: list[str]) -> dict[str, Snapshot]:
    found: dict[str, Snapshot] = {}
    for row in connection.execute(_query, {"ids": chat_ids}):
        chat = Chat(
            chat_id=row.chat_id,
            channel=row.channel,
            address=row.address,
            language=row.language,
            name=row.name,
            status=row.status,
            subscriber_id=row.subscriber_id,
            created_at=row.created_at,
            joined_at=row.joined_at,
            barred_until=row.barred_until,
        )
        subscriber = None
        if row.subscriber_id is not None:
            subscriber = Subscriber(
                id=row.subscriber_id,
                phone=row.phone,
                name=row.subscriber_name,
                region=row.region,
                email=row.email,
                created_at=row.subscriber_since,
            )
        # An empty state: the chat was signed out from elsewhere, and what was said in it is forgotten.
        found[row.chat_id] = Snapshot(
            row.chat_id, row.version or 0, row.state or None, row.heard_at, chat, subscriber, row.agreed
        )
    return found


class SnapshotReader:
    """Gathers the reads of turns that run side by side into one statement.

    The first to ask starts reading at once; whoever asks meanwhile is read together in the next statement.
    """

    def __init__(self, database: Database, *, largest_batch: int = 256) -> None:
        self._database = database
        self._largest = largest_batch
        self._waiting: dict[str, asyncio.Future[Snapshot]] = {}
        self._pump: asyncio.Task[None] | None = None

    async def load(self, chat_id: str) -> Snapshot:
        """Raises what the database raises."""
        future = self._waiting.get(chat_id)
        if future is None:
            future = self._waiting[chat_id] = asyncio.get_running_loop().create_future()
        if self._pump is None or self._pump.done():
            self._pump = asyncio.create_task(self._run())
        return await asyncio.shield(future)

    async def _run(self) -> None:
        while self._waiting:
            batch = dict(list(self._waiting.items())[: self._largest])
            for chat_id in batch:
                del self._waiting[chat_id]
            try:
                found = await self._database.read(load_snapshots, list(batch))
            except Exception as error:  # handed to every turn that asked
                for future in batch.values():
                    if not future.done():
                        future.set_exception(error)
                        future.exception()
                continue
            for chat_id, future in batch.items():
                if not future.done():
                    future.set_result(found.get(chat_id) or Snapshot(chat_id, 0, None, None, None, None))
