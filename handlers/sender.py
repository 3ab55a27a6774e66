"""Outbox to messenger: at once after the commit, in order for each chat, with each messenger's limits and patience."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from itertools import groupby

import structlog
from prometheus_client import Counter

from core.clock import Clock
from core.database import Database
from core.delivery import outbox
from core.delivery.commit import Post
from core.delivery.messages import OutgoingMessage, Priority
from core.delivery.outbox import ChatLost, Deferred, Due, PutAside, Report, Sent
from core.delivery.progress import Partly, Progress
from core.delivery.recorder import Recorder
from core.ids import new_id
from handlers.channel import Channel, ChatGone, TryLater, Undeliverable
from handlers.finishing import LAST_MINUTE, finished
from handlers.pace import Pace
from handlers.parts import Parts, Save

log = structlog.get_logger("sender")

# Chats sent to at the same time. At a messenger's 30 messages a second and five a claim, they are through in time.
ROOM = 300
BULK_ROOM = 100  # of them, chats for which nothing is urgent
PATIENCE = timedelta(hours=24)  # a temporary failure that lasts longer is put aside
LONGEST_PAUSE = 300.0  # seconds between two tries of one chat
SWEEP = 1.0  # seconds between looks for what nobody woke us for: retries, other processes' leftovers

messages_total = Counter("abonent_messages_total", "Messages by channel and how it went", ["channel", "result"])

Fallback = Callable[[str, str], OutgoingMessage]

Gate = Callable[[str], Awaitable[str | None]]
"""By a bulk message's cause: why it must not go out now, or None."""


class Sender:
    """Run it with :meth:`run`, or empty the outbox once with :meth:`drain`."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        channels: Mapping[str, Channel],
        fallback: Fallback,
        paces: Mapping[str, Pace] | None = None,
        gate: Gate | None = None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._channels = channels
        self._fallback = fallback
        self._paces = paces or {}
        self._gate = gate
        self._resting: dict[str, datetime] = {}  # channels that asked the whole bot to wait
        self._running: dict[asyncio.Task[None], int] = {}  # chats being sent to, with their most urgent priority
        self._owner = f"sender-{new_id(clock.now())}"
        self._recorder = Recorder(database, clock, self._owner)
        self._awake = asyncio.Event()

    def wake(self) -> None:
        """Something new lies in the outbox."""
        self._awake.set()

    async def run(self) -> None:
        """Until cancelled; messages in flight are finished and written down first."""
        try:
            while True:
                self._awake.clear()
                try:
                    started = await finished(self._start())
                except Exception:  # the database is away: the messages wait, and so do we
                    log.exception("outbox could not be read")
                    started = False
                if not started:
                    with contextlib.suppress(TimeoutError):
                        # Not wait_for: before Python 3.12 it loses a cancellation that meets a wake-up.
                        async with asyncio.timeout(SWEEP):
                            await self._awake.wait()
        finally:
            if self._running:
                await asyncio.wait(self._running, timeout=LAST_MINUTE)

    async def _start(self) -> bool:
        """Begins to send what can be claimed. Says whether there was anything."""
        batches = await self._claim()
        for batch, until in batches:
            task = asyncio.create_task(self._send_chat(batch, until))
            self._running[task] = batch[0].priority
            task.add_done_callback(self._ended)
        return bool(batches)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.pop(task, None)
        self.wake()  # there is room for another chat, and the one that was served may have more

    async def drain(self) -> int:
        """Sends everything that is due now and says how many messages that were."""
        count = 0
        while batches := await self._claim():
            await asyncio.gather(*(self._send_chat(batch, until) for batch, until in batches))
            count += sum(len(batch) for batch, _until in batches)
        return count

    async def _claim(self) -> list[tuple[list[Due], datetime]]:
        """Each chat's messages, and until when they are ours to send."""
        bulk = sum(priority >= Priority.bulk for priority in self._running.values())
        # Nothing is claimed that could not be sent within its lease, and bulk never takes the room of replies.
        if bulk < BULK_ROOM:
            room, worst = BULK_ROOM - bulk, Priority.bulk
        else:
            room, worst = ROOM - (len(self._running) - bulk), Priority.notice
        if room <= 0:
            return []
        now = self._clock.now()
        self._resting = {name: until for name, until in self._resting.items() if until > now}
        skip = [f"{name}:" for name in self._resting]
        due = await self._database.write(outbox.claim, self._owner, now, room, skip, worst)
        until = now + outbox.LEASE - outbox.LAST_CALL
        return [(list(group), until) for _chat, group in groupby(due, key=lambda item: item.chat_id)]

    async def _send_chat(self, batch: list[Due], until: datetime) -> None:
        """One chat's messages, one after the other; a temporary failure stops the chat, not the others."""
        chat_id = batch[0].chat_id
        for due in batch:
            await self._in_pace(due)
            if self._clock.now() > until:
                # The wait was too long: by now another sender may have the lane. Whoever has it sends the rest.
                log.warning("a claim ran out", turn=due.turn_id)
                return
            report = await self._send(due)
            over = isinstance(report, Deferred | ChatLost)
            give_back = due is batch[-1] if not over else isinstance(report, ChatLost)
            try:
                # Before the next one goes out: whatever kills us, at most one message of a chat is sent again.
                await self._recorder.record(report, release=chat_id if give_back else "")
            except Exception:  # the lease runs out and the message is sent again: at least once
                log.exception("delivery could not be recorded", turn=due.turn_id)
                return
            if over:
                return

    async def _in_pace(self, due: Due) -> None:
        pace = self._paces.get(due.chat_id.partition(":")[0])
        if pace is not None:
            await pace.turn(bulk=due.priority >= Priority.bulk)

    async def _send(self, due: Due) -> Report:
        name, _, address = due.chat_id.partition(":")
        channel = self._channels.get(name)
        if channel is None:
            return PutAside(due.id, f"the messenger {name} is switched off")
        rest = self._resting.get(name)
        if rest is not None and rest > self._clock.now():
            return Deferred(due.id, due.chat_id, rest, "the messenger asked the whole bot to wait")
        if self._gate is not None and due.priority >= Priority.bulk:
            try:
                closed = await self._gate(due.turn_id)
            except Exception:  # whatever it could not find out: a reminder waits, rather than go out unasked
                log.exception("a bulk message could not be looked at", turn=due.turn_id)
                return self._later(due, name, TryLater("nobody could say whether it may go out"))
            if closed is not None:
                return self._aside(due, name, closed)
        try:
            delivered = await channel.deliver(address, due.message, Parts(due.progress, self._keeping(due)))
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

    def _keeping(self, due: Due) -> Save:
        async def keep(progress: Progress) -> None:
            try:
                await self._recorder.record(Partly(due.id, progress))
            except Exception:  # a retry then says this part once more: at least once
                log.exception("a part could not be recorded", turn=due.turn_id)

        return keep

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
