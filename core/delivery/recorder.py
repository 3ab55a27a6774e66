"""Writes down how sending went: each message before the next one of its chat goes out, many chats in one commit."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from core.clock import Clock
from core.database import Database
from core.delivery import outbox
from core.delivery.outbox import ChatLost, Report
from core.subscribers import chats


@dataclass(frozen=True, slots=True)
class _Waiting:
    report: Report
    release: str  # the chat whose lane is given back; empty: it is kept
    recorded: asyncio.Future[None]


class Recorder:
    """One for each sender. A sender that is killed sends again at most what it had not recorded: one a chat."""

    def __init__(self, database: Database, clock: Clock, owner: str, *, largest_batch: int = 256) -> None:
        self._database = database
        self._clock = clock
        self._owner = owner
        self._largest = largest_batch
        self._waiting: list[_Waiting] = []
        self._pump: asyncio.Task[None] | None = None

    async def record(self, report: Report, *, release: str = "") -> None:
        """Returns when it is durable. Raises what the database raises."""
        item = _Waiting(report, release, asyncio.get_running_loop().create_future())
        self._waiting.append(item)
        if self._pump is None or self._pump.done():
            self._pump = asyncio.create_task(self._run())
        await asyncio.shield(item.recorded)

    async def _run(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[: self._largest], self._waiting[self._largest :]
            await self._write(batch)

    async def _write(self, batch: Sequence[_Waiting]) -> None:
        try:
            await self._database.write(_record, self._owner, batch, self._clock.now())
        except Exception as error:  # told to each message that waits, once it has failed alone
            if len(batch) > 1:  # one that cannot be written must not make the others be sent again
                for item in batch:
                    await self._write([item])
            elif not batch[0].recorded.done():
                batch[0].recorded.set_exception(error)
                batch[0].recorded.exception()  # seen: whoever waited may be gone
            return
        for item in batch:
            if not item.recorded.done():
                item.recorded.set_result(None)


def _record(connection: Connection, owner: str, batch: Sequence[_Waiting], now: datetime) -> None:
    release = [item.release for item in batch if item.release]
    outbox.record(connection, owner, [item.report for item in batch], release, now)
    for item in batch:
        if isinstance(item.report, ChatLost):
            chats.mark_gone(connection, item.report.chat_id)
