"""The one writer of the process: commits all the turns that are waiting in a single transaction (group commit)."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence

from core.database import Database, lost_a_race
from core.delivery.commit import Outcome, Result, TurnCommit, commit_turns


class Writer:
    """Start it with ``async with``; a turn waits in :meth:`commit` until the transaction that holds it is durable."""

    def __init__(self, database: Database, *, largest_batch: int = 256) -> None:
        self._database = database
        self._largest = largest_batch
        self._queue: asyncio.Queue[tuple[TurnCommit, asyncio.Future[Outcome]]] = asyncio.Queue()
        # SQLite has one writer; PostgreSQL gains from a few side by side while one waits for the disk.
        self._lanes = 1 if database.dialect == "sqlite" else max(2, min(4, database.connections // 2))
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Writer:
        self._tasks = [asyncio.create_task(self._run(), name=f"writer-{n}") for n in range(self._lanes)]
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._queue.join()
        for task in self._tasks:
            task.cancel()
        for task in self._tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def commit(self, turn: TurnCommit) -> Outcome:
        """How the turn ended. Raises what the database raised when it could not be written at all."""
        future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._queue.put_nowait((turn, future))
        # The commit goes on even when the caller is cancelled: half of a turn must not exist.
        return await asyncio.shield(future)

    async def _run(self) -> None:
        while True:
            batch = [await self._queue.get()]
            while len(batch) < self._largest and not self._queue.empty():
                batch.append(self._queue.get_nowait())
            try:
                results = await self._write([turn for turn, _future in batch])
                for (_turn, future), result in zip(batch, results, strict=True):
                    _settle(future, result)
            finally:
                for _ in batch:
                    self._queue.task_done()

    async def _write(self, turns: Sequence[TurnCommit]) -> list[Result]:
        try:
            return await self._database.write_once(commit_turns, turns)
        except Exception as error:  # each turn gets a try of its own, so that one cannot harm the others
            if len(turns) == 1:
                return [Outcome.clash if lost_a_race(error) else error]
        results: list[Result] = []
        for turn in turns:
            results.extend(await self._write([turn]))
        return results


def _settle(future: asyncio.Future[Outcome], result: Result) -> None:
    if future.done():
        return
    if isinstance(result, BaseException):
        future.set_exception(result)
        future.exception()  # seen: a caller who went away is no "exception was never retrieved"
    else:
        future.set_result(result)
