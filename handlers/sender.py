"""Outbox to messenger: at once after the commit, in order for each chat, with each messenger's limits and patience."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from itertools import groupby

import structlog
from prometheus_client import Counter
from sqlalchemy import Connection

from core.clock import Clock
from core.database import Database
from core.delivery import outbox
from core.delivery.commit import Post
from core.delivery.messages import OutgoingMessage, Priority
from core.delivery.outbox import ChatLost, Deferred, Due, PutAside, Report, Sent
from core.ids import new_id
from core.subscribers import chats
from handlers.channel import Channel, ChatGone, TryLater, Undeliverable
from handlers.pace import Pace

log = structlog.get_logger("sender")

CLAIM = 200  # messages taken at a time, for as many chats
PATIENCE = timedelta(hours=24)  # a temporary failure that lasts longer is put aside
LONGEST_PAUSE = 300.0  # seconds between two tries of one chat
SWEEP = 1.0  # seconds between looks for what nobody woke us for: retries, other processes' leftovers

messages_total = Counter("abonent_messages_total", "Messages by channel and how it went", ["channel", "result"])

Fallback = Callable[[str, str], OutgoingMessage]


class Sender:
    """Run it with :meth:`run`, or empty the outbox once with :meth:`drain`."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        channels: Mapping[str, Channel],
        fallback: Fallback,
        paces: Mapping[str, Pace] | None = None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._channels = channels
        self._fallback = fallback
        self._paces = paces or {}
        self._resting: dict[str, datetime] = {}  # channels that asked the whole bot to wait
        self._owner = f"sender-{new_id(clock.now())}"
        self._awake = asyncio.Event()

    def wake(self) -> None:
        """Something new lies in the outbox."""
        self._awake.set()

    async def run(self) -> None:
        """Until cancelled; messages in flight are finished and written down first."""
        running: set[asyncio.Task[None]] = set()
        try:
            while True:
                self._awake.clear()
                started = False
                try:
                    for batch in await self._claim():
                        task = asyncio.create_task(self._send_chat(batch))
                        running.add(task)
                        task.add_done_callback(running.discard)
                        started = True
                except Exception:  # the database is away: the messages wait, and so do we
                    log.exception("outbox could not be read")
                if not started:
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(self._awake.wait(), SWEEP)
        finally:
            if running:
                await asyncio.wait(running, timeout=20)

    async def drain(self) -> int:
        """Sends everything that is due now and says how many messages that were."""
        count = 0
        while batches := await self._claim():
            await asyncio.gather(*(self._send_chat(batch) for batch in batches))
            count += sum(len(batch) for batch in batches)
        return count

    async def _claim(self) -> list[list[Due]]:
        now = self._clock.now()
        self._resting = {name: until for name, until in self._resting.items() if until > now}
        off = [name for name in self._known_channels() if name in self._resting]
        skip = [f"{name}:" for name in off]
        due = await self._database.write(outbox.claim, self._owner, now, CLAIM, skip)
        return [list(group) for _chat, group in groupby(due, key=lambda item: item.chat_id)]

    def _known_channels(self) -> list[str]:
        return list(self._channels)

    async def _send_chat(self, batch: list[Due]) -> None:
        """One chat's messages, one after the other; a temporary failure stops the chat, not the others."""
        chat_id = batch[0].chat_id
        reports: list[Report] = []
        release = {chat_id}
        for due in batch:
            report = await self._send(due)
            reports.append(report)
            if isinstance(report, Deferred):
                release = set()
                break
            if isinstance(report, ChatLost):
                break
        now = self._clock.now()
        try:
            await self._database.write(self._record, reports, release, now)
        except Exception:  # the lease runs out and the messages are sent again: at least once
            log.exception("delivery could not be recorded")
        self.wake()

    def _record(self, connection: Connection, reports: list[Report], release: set[str], now: datetime) -> None:
        outbox.record(connection, self._owner, reports, release, now)
        for report in reports:
            if isinstance(report, ChatLost):
                chats.mark_gone(connection, report.chat_id)

    async def _send(self, due: Due) -> Report:
        name, _, address = due.chat_id.partition(":")
        channel = self._channels.get(name)
        if channel is None:
            return PutAside(due.id, f"the messenger {name} is switched off")
        pace = self._paces.get(name)
        if pace is not None:
            await pace.turn(bulk=due.priority >= Priority.bulk)
        try:
            delivered = await channel.deliver(address, due.message)
        except TryLater as error:
            return self._later(due, name, error)
        except ChatGone as error:
            self._count(name, "gone", due, str(error))
            return ChatLost(due.chat_id, str(error))
        except Undeliverable as error:
            return self._aside(due, name, str(error))
        except Exception as error:  # a fault of ours in drawing the message: it would fail for ever
            log.exception("message could not be drawn", turn=due.turn_id, channel=name)
            return self._aside(due, name, f"fault: {type(error).__name__}")
        self._count(name, "sent", due, None)
        return Sent(due.id, self._clock.now(), delivered.message_id, delivered.billing_status)

    def _later(self, due: Due, name: str, error: TryLater) -> Report:
        now = self._clock.now()
        if now - due.created_at > PATIENCE:
            return self._aside(due, name, f"gave up: {error}")
        pause = error.after if error.after is not None else min(2.0**due.attempts, LONGEST_PAUSE)
        if error.whole_channel:
            self._resting[name] = now + timedelta(seconds=pause)
        self._count(name, "later", due, str(error))
        return Deferred(due.id, due.chat_id, now + timedelta(seconds=pause), str(error))

    def _aside(self, due: Due, name: str, reason: str) -> Report:
        self._count(name, "failed", due, reason)
        fallback = self._fallback(due.message.language, due.turn_id)
        # Somebody waits for an answer: silence is the one thing they must not get. A fallback gets no fallback.
        answer = due.priority == Priority.reply and due.message.parts != fallback.parts
        instead = Post(due.chat_id, fallback) if answer else None
        return PutAside(due.id, reason, instead, due.turn_id)

    def _count(self, name: str, result: str, due: Due, reason: str | None) -> None:
        messages_total.labels(name, result).inc()
        log.info("message", channel=name, result=result, turn=due.turn_id, attempt=due.attempts + 1, reason=reason)
