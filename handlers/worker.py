"""Carries out recorded tasks: codes, downloads, whatever changes the outside world; with retries and a last word."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter as Counted
from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from typing import Protocol

import structlog
from prometheus_client import Counter

from core.clock import Clock
from core.database import Database
from core.delivery import tasks
from core.delivery.tasks import Task
from core.errors import OutsideUnavailable
from core.ids import new_id
from handlers.finishing import LAST_MINUTE, finished

log = structlog.get_logger("worker")

SWEEP = 1.0  # seconds
TRIES = 6
AT_ONCE = 40  # tasks in hand
SHARE = 10  # of them of one kind, or nearly twice as many: one silent system leaves room for all others
PAUSES = (1, 3, 10, 30, 60)  # seconds before the second, third... try

tasks_total = Counter("abonent_tasks_total", "Tasks by kind and how they went", ["kind", "result"])


class TaskHandler(Protocol):
    """One kind of task."""

    async def __call__(self, task: Task) -> None:
        """Does it. Raises OutsideUnavailable to be called again later with the same id; anything else ends it."""
        ...

    async def gave_up(self, task: Task) -> None:
        """It did not work out in the end: tell whoever waits for it."""
        ...


class Worker:
    """Run it with :meth:`run`, or carry out what is due once with :meth:`drain`."""

    def __init__(self, database: Database, clock: Clock, handlers: Mapping[str, TaskHandler]) -> None:
        self._database = database
        self._clock = clock
        self._handlers = handlers
        self._owner = f"worker-{new_id(clock.now())}"
        self._awake = asyncio.Event()
        self._hand: dict[str, tuple[Task, asyncio.Task[None]]] = {}
        self._full = False

    def wake(self) -> None:
        self._awake.set()

    async def run(self) -> None:
        """Until cancelled; tasks in hand are finished and written down first.

        A task that takes its time keeps none waiting that comes after it.
        """
        try:
            while True:
                self._awake.clear()
                try:
                    begun = await finished(self._begin())
                except Exception:  # the database is away: the tasks wait, and so do we
                    log.exception("tasks could not be read")
                    begun = 0
                if not begun:
                    with contextlib.suppress(TimeoutError):
                        # Not wait_for: before Python 3.12 it loses a cancellation that meets a wake-up.
                        async with asyncio.timeout(SWEEP):
                            await self._awake.wait()
        finally:
            await finished(self._finish())

    async def _begin(self) -> int:
        """Begins what is due and there is room for, and says how many tasks that were."""
        counted = Counted(task.kind for task, _run in self._hand.values())
        kinds = [kind for kind, count in counted.items() if count >= SHARE]
        room = min(AT_ONCE - len(self._hand), SHARE)
        self._full = bool(kinds) or not room
        if not room:
            return 0
        now, besides = self._clock.now(), list(self._hand)
        claimed = await self._database.write(tasks.claim, self._owner, now, room, besides=besides, kinds=kinds)
        for task in claimed:
            run = asyncio.create_task(self._carry_out(task))
            self._hand[task.id] = (task, run)
            run.add_done_callback(partial(self._ended, task))
        return len(claimed)

    def _ended(self, task: Task, run: asyncio.Task[None]) -> None:
        del self._hand[task.id]
        if not run.cancelled() and (error := run.exception()) is not None:  # it comes again when its lease is over
            log.error("a task could not be written down", task=task.id, kind=task.kind, exc_info=error)
        if self._full or not self._hand:
            self._awake.set()

    async def _finish(self) -> None:
        if runs := [run for _task, run in self._hand.values()]:
            await asyncio.wait(runs, timeout=LAST_MINUTE)
        for run in runs:
            run.cancel()

    async def drain(self) -> int:
        """Carries out what is due now and says how many tasks that were."""
        claimed = await self._database.write(tasks.claim, self._owner, self._clock.now(), 20)
        ends = await asyncio.gather(*(self._carry_out(task) for task in claimed), return_exceptions=True)
        for end in ends:
            if isinstance(end, BaseException):
                raise end  # once all have come to their end: none is left running behind our back
        return len(claimed)

    async def _carry_out(self, task: Task) -> None:
        handler = self._handlers.get(task.kind)
        if handler is None:
            await self._database.write(tasks.give_up, task.id, "nobody knows this kind")
            return
        try:
            await handler(task)
        except OutsideUnavailable as error:
            if task.attempts < TRIES:
                pause = PAUSES[min(task.attempts, len(PAUSES)) - 1]
                due = self._clock.now() + timedelta(seconds=pause)
                await self._database.write(tasks.retry, task.id, due, str(error))
                self._count(task, "later", str(error))
            else:
                await self._give_up(task, handler, str(error))
        except Exception as error:  # a fault of ours, whatever it is: it would fail the same way again
            log.exception("task failed", task=task.id, kind=task.kind)
            await self._give_up(task, handler, type(error).__name__)
        else:
            await self._database.write(tasks.finish, task.id)
            self._count(task, "done", None)

    async def _give_up(self, task: Task, handler: TaskHandler, reason: str) -> None:
        self._count(task, "failed", reason)
        try:
            await handler.gave_up(task)
        except Exception:  # the task is over in any case
            log.exception("nobody could be told of a failed task", task=task.id, kind=task.kind)
        await self._database.write(tasks.give_up, task.id, reason)

    def _count(self, task: Task, result: str, reason: str | None) -> None:
        tasks_total.labels(task.kind, result).inc()
        log.info("task", task=task.id, kind=task.kind, result=result, attempt=task.attempts, reason=reason)
