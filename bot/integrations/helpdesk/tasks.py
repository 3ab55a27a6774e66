"""The tasks of other helpdesks: tell of a change, take in what was done there, catch up with what was missed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import timedelta

import structlog
from sqlalchemy import Connection

from bot.integrations.helpdesk.zammad_client import PAGE, Ticket, ZammadClient
from bot.integrations.helpdesk.zammad_intake import ZammadIntake
from core.appeals import helpdesk_calls as calls
from core.appeals import mirror_records as book
from core.appeals.life import SYNC
from core.appeals.mirror import Mirror
from core.clock import Clock
from core.database import Database
from core.delivery.tasks import Task, plan
from core.errors import OutsideUnavailable

log = structlog.get_logger("helpdesk")

SETTLES = timedelta(minutes=5)  # an appeal's own task has had its tries by then
AGAIN = timedelta(minutes=10)
AT_A_TIME = 100
OVERLAP = timedelta(minutes=2)  # what Zammad committed late stands before what was seen already
LONGEST_LOOK = 20  # pages


class SyncAppeal:
    """Kind :data:`core.appeals.life.SYNC`: one helpdesk that is down keeps no other one waiting."""

    def __init__(self, mirrors: Sequence[Mirror]) -> None:
        self._mirrors = mirrors

    async def __call__(self, task: Task) -> None:
        appeal_id = task.payload["appeal_id"]
        ends = await asyncio.gather(*(one.bring(appeal_id) for one in self._mirrors), return_exceptions=True)
        later = []
        for mirror, end in zip(self._mirrors, ends, strict=True):
            if isinstance(end, OutsideUnavailable):
                later.append(f"{mirror.name}: {end}")
            elif isinstance(end, BaseException) and not isinstance(end, Exception):
                raise end  # the program is stopping
            elif isinstance(end, Exception):
                log.error("helpdesk failed", desk=mirror.name, appeal=appeal_id, exc_info=end)
                later.append(f"{mirror.name}: {type(end).__name__}")
        if later:
            raise OutsideUnavailable("; ".join(later))

    async def gave_up(self, task: Task) -> None:
        """Nothing is lost: :class:`CatchUp` finds what is behind."""
        log.warning("helpdesk is behind", appeal=task.payload["appeal_id"])


class TakeTicket:
    """Kind :data:`core.appeals.helpdesk_calls.TAKE`."""

    def __init__(self, intake: ZammadIntake) -> None:
        self._intake = intake

    async def __call__(self, task: Task) -> None:
        await self._intake.take(int(task.payload["remote_id"]))

    async def gave_up(self, task: Task) -> None:
        """Nothing is lost: the ticket is looked at again when Zammad answers."""
        log.warning("ticket was not taken in", ticket=task.payload["remote_id"])


class CatchUp:
    """Plans again what went wrong, for every helpdesk."""

    def __init__(self, database: Database, clock: Clock, desks: Sequence[str], wake_worker: Callable[[], None]) -> None:
        self._database = database
        self._clock = clock
        self._desks = desks
        self._wake_worker = wake_worker

    async def __call__(self) -> None:
        if await self._database.write(self._plan):
            self._wake_worker()

    def _plan(self, connection: Connection) -> int:
        now = self._clock.now()
        planned = 0
        for desk in self._desks:
            for appeal_id, version in book.behind(connection, desk, now - SETTLES, AT_A_TIME):
                # Not more often, however long a helpdesk is away: each of them has tries of its own.
                again = f"{SYNC}:{appeal_id}:{version}~{int(now.timestamp() // AGAIN.total_seconds())}"
                plan(again, SYNC, {"appeal_id": appeal_id}, now).apply(connection)
                planned += 1
        return planned


class LookAround:
    """Asks Zammad which tickets have changed: a webhook may be lost, switched off, or never have been set up."""

    def __init__(self, database: Database, clock: Clock, client: ZammadClient, wake_worker: Callable[[], None]) -> None:
        self._database = database
        self._clock = clock
        self._client = client
        self._wake_worker = wake_worker

    async def __call__(self) -> None:
        try:
            await self._look()
        except OutsideUnavailable as error:
            log.warning("zammad was not asked", reason=str(error))

    async def _look(self) -> None:
        since = await self._database.read(calls.seen_until, "zammad")
        if since is None:  # nothing can have happened before the first ticket was made
            since = self._clock.now() - timedelta(days=1)
        after = (since - OVERLAP).isoformat(timespec="seconds")
        condition = {"ticket.updated_at": {"operator": "after (absolute)", "value": after}}
        for page in range(1, LONGEST_LOOK + 1):
            found = await self._client.find(condition, page)
            planned: int = await self._database.write(self._note, found)
            if planned:
                self._wake_worker()
            if len(found) < PAGE:
                return

    def _note(self, connection: Connection, found: Sequence[Ticket]) -> int:
        planned = 0
        for ticket in found:
            if book.at(connection, "zammad", str(ticket.id)):
                cause = f"{ticket.id}.{ticket.updated_at:%y%m%d%H%M%S%f}"
                calls.plan_take(connection, "zammad", str(ticket.id), cause, self._clock.now())
                planned += 1
        if found:
            calls.note_seen(connection, "zammad", max(ticket.updated_at for ticket in found))
        return planned
