"""What became of messages that were taken: kept beside them in the outbox."""

from __future__ import annotations

from datetime import datetime

import structlog

from core.database import Database
from core.delivery import outbox
from handlers.intake import NotCommitted

log = structlog.get_logger("receipts")


class OutboxReceipts:
    """Viber tells of delivery, of reading, and of messages that the phone could not show."""

    def __init__(self, database: Database, channel: str) -> None:
        self._database = database
        self._channel = channel

    async def delivered(self, token: str, user_id: str, at: datetime) -> None:
        await self._write(outbox.mark_delivered, user_id, token, at)

    async def seen(self, token: str, user_id: str, at: datetime) -> None:
        await self._write(outbox.mark_seen, user_id, token, at)

    async def failed(self, token: str, user_id: str, desc: str) -> None:
        log.warning("message failed on the phone", channel=self._channel, reason=desc[:200])
        await self._write(outbox.mark_failed, user_id, token, desc[:500])

    async def _write(self, fn, *args) -> None:  # type: ignore[no-untyped-def]  # either of the two functions above
        try:
            await self._database.write(fn, self._channel, *args)
        except Exception as error:  # whatever the database says, the messenger is to come again
            raise NotCommitted(type(error).__name__) from error
