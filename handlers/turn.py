"""One update is one turn, and a turn is one commit: takes an event through reading, deciding and writing."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
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
TRIES = 5  # how often a turn is run again because a write did not find what it expected
LOST_RACES = 100  # how often because another process moved the conversation on: each time somebody got further

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


@dataclass
class _Running:
    """One update on its way, and what the log will say of it."""

    id: str
    event: Event
    means: Capabilities
    state: str = ""
    outcome: str = "failed"
    failure: str = ""


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
        entry = self._locks.get(event.chat_id)
        if entry is None:
            entry = self._locks[event.chat_id] = _Lock(asyncio.Lock())
        entry.users += 1
        try:
            async with entry.lock:
                return await self._take(event)
        finally:
            entry.users -= 1
            if entry.users == 0:
                self._locks.pop(event.chat_id, None)

    async def _take(self, event: Event) -> TurnDone:
        turn = _Running(new_id(self._clock.now()), event, self._capabilities[event.channel])
        began = time.monotonic()
        try:
            return await self._run(turn)
        except NotCommitted as error:
            turn.failure = turn.failure or str(error)
            raise
        except Exception as error:  # the database is away: the messenger brings the update again
            turn.failure = turn.failure or type(error).__name__
            raise NotCommitted(f"turn {turn.id}: {type(error).__name__}") from error
        finally:
            seconds = time.monotonic() - began
            turns_total.labels(event.channel, turn.outcome).inc()
            turn_seconds.labels(event.channel).observe(seconds)
            log.info(
                "turn",
                turn=turn.id,
                channel=event.channel,
                input=type(event.input).__name__,
                state=turn.state,
                outcome=turn.outcome,
                failure=turn.failure or None,
                ms=round(seconds * 1000, 1),
            )

    async def _run(self, turn: _Running) -> TurnDone:
        tries = races = 0
        version = -1
        while tries < TRIES and races < LOST_RACES:
            snapshot = await self._snapshots.load(turn.event.chat_id)
            if version == snapshot.version:
                tries += 1
            else:
                races += 1
            version = snapshot.version
            try:
                async with asyncio.timeout(self._time_limit):
                    step = await self._engine.step(snapshot, turn.event, turn.means, turn.id)
                ended = await self._commit(snapshot, step, turn)
            except Exception as error:  # whatever a flow did wrong, the person gets an answer and a way on
                log.exception("turn failed", turn=turn.id, channel=turn.event.channel)
                turn.failure = type(error).__name__
                break
            if ended is not Outcome.clash:
                return await self._done(turn, snapshot, step, ended)
        else:
            turn.failure = "others were always faster, or a write expects what never comes"
        # An update that fails would fail the next time too: it is recorded as answered, with an apology. When not even
        # that can be written, the database is to blame, and the update must come again.
        snapshot = await self._snapshots.load(turn.event.chat_id)
        step = self._engine.apology(snapshot, turn.event, turn.means, turn.id)
        ended = await self._commit(snapshot, step, turn)
        if ended is Outcome.clash:
            raise NotCommitted(turn.failure)
        return await self._done(turn, snapshot, step, ended)

    async def _done(self, turn: _Running, snapshot: Snapshot, step: Step, ended: Outcome) -> TurnDone:
        turn.state = step.state_name
        turn.outcome = "apology" if turn.failure else ended.value
        if ended is Outcome.duplicate:
            return TurnDone(welcome=await self._welcome_again(turn, snapshot), duplicate=True)
        if step.posts:
            self._wake_sender()
        if step.writes:
            self._wake_worker()
        return TurnDone(toast=step.toast, welcome=step.welcome)

    async def _commit(self, snapshot: Snapshot, step: Step, turn: _Running) -> Outcome:
        return await self._writer.commit(
            TurnCommit(
                turn_id=turn.id,
                update_key=f"{turn.event.channel}:{turn.event.update_id}",
                chat_id=turn.event.chat_id,
                version=snapshot.version,
                state=step.state,
                at=self._clock.now(),
                writes=step.writes,
                posts=step.posts,
            )
        )

    async def _welcome_again(self, turn: _Running, snapshot: Snapshot) -> OutgoingMessage | None:
        """The first answer to an opened chat goes out with the webhook's answer: it may have been lost with it."""
        if not isinstance(turn.event.input, Opened):
            return None
        try:
            return await self._engine.redraw(snapshot, turn.event, turn.means, turn.id)
        except Exception:  # the update itself is taken: a welcome that cannot be drawn twice is no reason to fail
            log.exception("welcome could not be drawn again", turn=turn.id)
            return None
