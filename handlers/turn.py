"""One update is one turn, and a turn is one commit: takes an event through reading, deciding and writing."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass

import structlog
from prometheus_client import Counter, Histogram

from core.clock import Clock
from core.delivery.commit import Outcome, TurnCommit
from core.delivery.messages import OutgoingMessage
from core.delivery.writer import Writer
from core.ids import new_id
from core.subscribers.models import Snapshot
from core.subscribers.snapshots import SnapshotReader
from fsm.capabilities import Capabilities
from fsm.engine import Engine, Step
from fsm.event import Event, Opened
from handlers.intake import NotCommitted, TurnDone

log = structlog.get_logger("turn")

TIME_LIMIT = 20.0  # seconds for one decision: longer than any outside read may take, far shorter than patience
TRIES = 5  # how often a turn is run again because somebody else was faster

turns_total = Counter("abonent_turns_total", "Turns by channel and outcome", ["channel", "outcome"])
turn_seconds = Histogram(
    "abonent_turn_seconds",
    "From the update's arrival to its commit",
    ["channel"],
    buckets=(0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10),
)


@dataclass
class _Lock:
    lock: asyncio.Lock
    users: int = 0


class Turns:
    """The intake: events of one chat one after the other, chats side by side."""

    def __init__(
        self,
        engine: Engine,
        snapshots: SnapshotReader,
        writer: Writer,
        clock: Clock,
        capabilities: Mapping[str, Capabilities],
        wake_sender: Callable[[], None] = lambda: None,
        wake_worker: Callable[[], None] = lambda: None,
        time_limit: float = TIME_LIMIT,
    ) -> None:
        self._engine = engine
        self._snapshots = snapshots
        self._writer = writer
        self._clock = clock
        self._capabilities = capabilities
        self._wake_sender = wake_sender
        self._wake_worker = wake_worker
        self._time_limit = time_limit
        self._locks: dict[str, _Lock] = {}

    async def take(self, event: Event) -> TurnDone:
        """See :class:`handlers.intake.Intake`."""
        async with self._in_order(event.chat_id):
            return await self._take(event)

    async def _take(self, event: Event) -> TurnDone:
        turn_id = new_id(self._clock.now())
        began = time.monotonic()
        outcome, failure, state = "failed", "", ""
        try:
            for _ in range(TRIES):
                snapshot = await self._snapshots.load(event.chat_id)
                step, failure = await self._decide(snapshot, event, turn_id)
                state = step.state_name
                ended = await self._writer.commit(self._commit(snapshot, event, step, turn_id))
                if ended is Outcome.clash:
                    continue
                outcome = "apology" if failure else ended.value
                if ended is Outcome.duplicate:
                    return TurnDone(welcome=await self._welcome_again(snapshot, event, turn_id), duplicate=True)
                if step.posts:
                    self._wake_sender()
                if step.writes:
                    self._wake_worker()
                return TurnDone(toast=step.toast, welcome=step.welcome)
            raise NotCommitted(f"turn {turn_id}: others were faster {TRIES} times")
        except NotCommitted:
            raise
        except Exception as error:
            failure = failure or type(error).__name__
            raise NotCommitted(f"turn {turn_id}: {type(error).__name__}") from error
        finally:
            turns_total.labels(event.channel, outcome).inc()
            turn_seconds.labels(event.channel).observe(time.monotonic() - began)
            log.info(
                "turn",
                turn=turn_id,
                channel=event.channel,
                input=type(event.input).__name__,
                state=state,
                outcome=outcome,
                failure=failure or None,
                ms=round((time.monotonic() - began) * 1000, 1),
            )

    async def _decide(self, snapshot: Snapshot, event: Event, turn_id: str) -> tuple[Step, str]:
        means = self._capabilities[event.channel]
        try:
            async with asyncio.timeout(self._time_limit):
                return await self._engine.step(snapshot, event, means, turn_id), ""
        except Exception as error:  # whatever a flow did wrong, the person gets an answer and a way on
            log.exception("turn failed", turn=turn_id, channel=event.channel, input=type(event.input).__name__)
            return self._engine.apology(snapshot, event, means, turn_id), type(error).__name__

    def _commit(self, snapshot: Snapshot, event: Event, step: Step, turn_id: str) -> TurnCommit:
        return TurnCommit(
            turn_id=turn_id,
            update_key=f"{event.channel}:{event.update_id}",
            chat_id=event.chat_id,
            version=snapshot.version,
            state=step.state,
            at=self._clock.now(),
            writes=step.writes,
            posts=step.posts,
        )

    async def _welcome_again(self, snapshot: Snapshot, event: Event, turn_id: str) -> OutgoingMessage | None:
        """The first answer to an opened chat goes out with the webhook's answer: it may have been lost with it."""
        if not isinstance(event.input, Opened):
            return None
        return await self._engine.redraw(snapshot, event, self._capabilities[event.channel], turn_id)

    @contextlib.asynccontextmanager
    async def _in_order(self, chat_id: str) -> AsyncIterator[None]:
        entry = self._locks.setdefault(chat_id, _Lock(asyncio.Lock()))
        entry.users += 1
        try:
            async with entry.lock:
                yield
        finally:
            entry.users -= 1
            if entry.users == 0:
                self._locks.pop(chat_id, None)
