"""How many account numbers a chat and a phone may try: whoever guesses numbers runs into the limit, and learns when
it ends."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, select

from core.clock import Clock
from core.database import Database
from core.delivery.writes import Write
from core.errors import Stale
from core.ids import new_id
from core.subscribers.tables import attempts, subscribers

KIND = "link"
LIMITS = ((timedelta(hours=1), 5), (timedelta(days=1), 10))
"""At most so many numbers in each sliding window, for each chat and for each phone."""


class LinkTries:
    """Counts numbers that did not turn out to be the person's own."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def ends_at(self, chat_id: str, phone: str | None) -> datetime | None:
        """When the next number may be tried; None when it may be tried now."""
        return await self._database.read(_ends_at, _keys(chat_id, phone), self._clock.now())

    def count(self, chat_id: str, phone: str | None) -> Write:
        """Counts a try; Stale when another one of this chat or phone used the limit up meanwhile."""
        now = self._clock.now()
        keys = _keys(chat_id, phone)

        def apply(connection: Connection) -> None:
            # Two chats of one phone may try at the same moment: the subscriber's row makes the second one wait.
            if phone:
                connection.execute(select(subscribers.c.id).where(subscribers.c.phone == phone).with_for_update())
            if _ends_at(connection, keys, now) is not None:
                raise Stale("count try: the limit was used up meanwhile")
            connection.execute(
                insert(attempts), [{"id": new_id(now), "kind": KIND, "key": key, "at": now} for key in keys]
            )

        return Write("count try", apply)

    def forgive(self, chat_id: str, phone: str | None, at: datetime) -> Write:
        """The number tried at that moment was proved to be right after all."""

        def apply(connection: Connection) -> None:
            connection.execute(
                delete(attempts).where(
                    attempts.c.kind == KIND, attempts.c.key.in_(_keys(chat_id, phone)), attempts.c.at == at
                )
            )

        return Write("forgive try", apply)


def forget_before(connection: Connection, moment: datetime) -> int:
    """Removes tries that no window reaches back to."""
    return connection.execute(delete(attempts).where(attempts.c.at < moment)).rowcount


def _keys(chat_id: str, phone: str | None) -> list[str]:
    return [f"chat:{chat_id}", *([f"phone:{phone}"] if phone else [])]


def _ends_at(connection: Connection, keys: list[str], now: datetime) -> datetime | None:
    longest = max(window for window, _most in LIMITS)
    query = (
        select(attempts.c.key, attempts.c.at)
        .where(attempts.c.kind == KIND, attempts.c.key.in_(keys), attempts.c.at > now - longest)
        .order_by(attempts.c.at.desc())
    )
    rows = connection.execute(query).all()
    ends: list[datetime] = []
    for key in keys:
        tried = [row.at for row in rows if row.key == key]
        # With ``most`` tries in a window, the next is free when the oldest of them leaves it.
        ends += [tried[most - 1] + window for window, most in LIMITS if len(tried) >= most]
    return max((end for end in ends if end > now), default=None)
