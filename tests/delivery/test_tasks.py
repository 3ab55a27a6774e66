"""Tasks, files and what is removed in the end."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import Connection, literal, null, select

from core.clock import ManualClock
from core.database import Database
from core.delivery import blobs, tasks
from core.delivery.tables import blobs as blob_table
from core.delivery.tables import tasks as table
from core.delivery.tasks import Task
from core.errors import OutsideUnavailable
from handlers.worker import AT_ONCE, PAUSES, SHARE, TRIES, Worker


class Recorder:
    """Fails as often as it is told."""

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)
        self.done: list[Task] = []
        self.given_up: list[str] = []

    async def __call__(self, task: Task) -> None:
        if self.failures:
            raise self.failures.pop(0)
        self.done.append(task)

    async def gave_up(self, task: Task) -> None:
        self.given_up.append(task.id)


async def plan(database: Database, clock: ManualClock, task_id: str = "one", kind: str = "sms") -> None:
    await database.write(tasks.plan(task_id, kind, {"to": "+7"}, clock.now()).apply)


async def status(database: Database) -> list[str]:
    return await database.read(lambda c: list(c.execute(select(table.c.status).order_by(table.c.id)).scalars()))


async def test_planned_twice_is_done_once(database: Database, clock: ManualClock) -> None:
    handler = Recorder()
    await plan(database, clock)
    await plan(database, clock)
    assert await Worker(database, clock, {"sms": handler}).drain() == 1
    assert [(task.id, task.payload, task.attempts) for task in handler.done] == [("one", {"to": "+7"}, 1)]
    await plan(database, clock)
    assert await Worker(database, clock, {"sms": handler}).drain() == 0


async def test_a_claimed_task_is_left_to_its_worker_until_the_lease_ends(
    database: Database, clock: ManualClock
) -> None:
    await plan(database, clock)
    assert len(await database.write(tasks.claim, "killed", clock.now(), 5)) == 1
    assert await database.write(tasks.claim, "other", clock.now(), 5) == []
    clock.move(tasks.LEASE)
    (task,) = await database.write(tasks.claim, "other", clock.now(), 5)
    assert task.attempts == 2


async def test_tried_again_after_growing_pauses_and_given_up_in_the_end(database: Database, clock: ManualClock) -> None:
    handler = Recorder(*[OutsideUnavailable("gateway")] * 100)
    worker = Worker(database, clock, {"sms": handler})
    await plan(database, clock)
    for pause in PAUSES:
        assert await worker.drain() == 1
        assert await worker.drain() == 0
        clock.move(timedelta(seconds=pause))
    assert handler.given_up == []
    assert await worker.drain() == 1
    assert handler.given_up == ["one"]
    assert await status(database) == ["failed"]
    assert len(handler.failures) == 100 - TRIES


class Silent(Recorder):
    """An outside system that takes the call and says nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.begun = 0
        self.answers = asyncio.Event()

    async def __call__(self, task: Task) -> None:
        self.begun += 1
        await self.answers.wait()
        await super().__call__(task)


async def until(true: Callable[[], bool]) -> None:
    for _ in range(1000):
        if true():
            return
        await asyncio.sleep(0.01)
    raise TimeoutError


async def test_an_outside_system_that_is_silent_holds_up_no_other(database: Database, clock: ManualClock) -> None:
    """However many tasks wait for it, a code by SMS goes out at once."""
    silent, sms = Silent(), Recorder()
    worker = Worker(database, clock, {"helpdesk": silent, "sms": sms})
    for number in range(60):
        await plan(database, clock, f"ticket {number}", "helpdesk")
    running = asyncio.create_task(worker.run())
    await until(lambda: silent.begun >= SHARE)
    await plan(database, clock, "code")
    worker.wake()
    await until(lambda: len(sms.done) == 1)
    assert len(silent.done) == 0 and silent.begun < AT_ONCE
    silent.answers.set()
    await until(lambda: len(silent.done) == 60)
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running
    assert set(await status(database)) == {"done"}


async def test_a_task_that_outlasts_its_lease_is_not_begun_again_beside_itself(
    database: Database, clock: ManualClock
) -> None:
    silent = Silent()
    worker = Worker(database, clock, {"helpdesk": silent})
    await plan(database, clock, "ticket", "helpdesk")
    running = asyncio.create_task(worker.run())
    await until(lambda: silent.begun == 1)
    clock.move(tasks.LEASE * 2)
    worker.wake()
    await asyncio.sleep(0.1)
    assert silent.begun == 1
    silent.answers.set()
    await until(lambda: len(silent.done) == 1)
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running
    assert await status(database) == ["done"]


async def test_whatever_is_in_hand_is_finished_before_the_stop(database: Database, clock: ManualClock) -> None:
    silent = Silent()
    worker = Worker(database, clock, {"helpdesk": silent})
    await plan(database, clock, "ticket", "helpdesk")
    running = asyncio.create_task(worker.run())
    await until(lambda: silent.begun == 1)
    running.cancel()
    await asyncio.sleep(0.05)
    assert not running.done()
    silent.answers.set()
    with contextlib.suppress(asyncio.CancelledError):
        await running
    assert await status(database) == ["done"]


async def test_a_fault_is_not_repeated(database: Database, clock: ManualClock) -> None:
    handler = Recorder(RuntimeError("a fault"))
    await plan(database, clock)
    await Worker(database, clock, {"sms": handler}).drain()
    assert handler.given_up == ["one"]
    assert await status(database) == ["failed"]


async def test_a_kind_that_nobody_knows_is_put_aside(database: Database, clock: ManualClock) -> None:
    await plan(database, clock, kind="nonsense")
    await Worker(database, clock, {}).drain()
    assert await status(database) == ["failed"]


async def test_done_tasks_are_forgotten_failed_ones_are_kept(database: Database, clock: ManualClock) -> None:
    for name in ("done", "failed", "waiting"):
        await plan(database, clock, name)
    await database.write(tasks.finish, "done")
    await database.write(tasks.give_up, "failed", "why")
    clock.move(timedelta(days=1))
    assert await database.write(tasks.forget_before, clock.now()) == 1
    assert await status(database) == ["failed", "pending"]


async def test_a_file_is_kept_once_and_forgotten_unless_somebody_needs_it(
    database: Database, clock: ManualClock
) -> None:
    keys = []
    for data in (b"one", b"one", b"two"):
        key, write = blobs.keep(data, "image/png", clock.now())
        await database.write(write.apply)
        keys.append(key)
    assert keys[0] == keys[1] != keys[2]
    assert await database.read(blobs.load, keys[0]) == (b"one", "image/png")
    clock.move(timedelta(days=1))
    needed = select(literal(keys[2])).union_all(select(null())).subquery()
    assert await database.write(blobs.forget_before, clock.now(), select(needed.c[0])) == 1
    assert await database.read(lambda c: list(c.execute(select(blob_table.c.sha256)).scalars())) == [keys[2]]
    with pytest.raises(KeyError):
        await database.read(blobs.load, keys[0])


async def test_one_that_cannot_be_written_down_leaves_no_other_behind(
    database: Database, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker is stopped after that: what it had in hand must have come to its end."""
    finish = tasks.finish

    def broken(connection: Connection, task_id: str) -> None:
        if task_id == "one":
            raise OSError("the database is away")
        finish(connection, task_id)

    monkeypatch.setattr(tasks, "finish", broken)
    await plan(database, clock, "one")
    await plan(database, clock, "two")
    with pytest.raises(OSError, match="away"):
        await Worker(database, clock, {"sms": Recorder()}).drain()
    assert await status(database) == ["pending", "done"]
