"""Keeps another helpdesk up to date with appeals, step by step, so that a kill between two steps loses nothing."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from weakref import WeakKeyDictionary, WeakValueDictionary

import structlog

from core.appeals import mirror_records as book
from core.appeals import records
from core.appeals.helpdesk import Counterpart, Helpdesk, HelpdeskRefused, RemoteGone, RemoteMoved, Unanswered
from core.appeals.models import OPEN, Appeal, AppealMessage, AppealStatus, Author, Thread
from core.clock import Clock
from core.database import Database
from core.errors import OutsideUnavailable
from core.ids import new_id

log = structlog.get_logger("helpdesk")

LEASE = timedelta(seconds=120)  # longer than any one call to a helpdesk may take
QUIET = timedelta(seconds=90)
"""After a call without an answer nobody tries before this: the helpdesk may be at it still, and a second call would
double what the first one makes."""
PATIENCE = 30.0  # seconds that a run waits for another one of the same process
FILE_PATIENCE = timedelta(minutes=4)  # a file that was not fetched by then never will be
TOLD = (Author.subscriber, Author.staff)  # notes never leave the desk, and the program's own words tell staff nothing

ReadFile = Callable[[str], Awaitable[bytes]]
"""The content of a file by its SHA-256. Raises LookupError or OSError when it is not there."""


class Lease:
    """The right to work at an appeal's counterpart: no two runs overlap, whatever the process."""

    def __init__(self, database: Database, clock: Clock, desk: str, appeal_id: str) -> None:
        self._database = database
        self._clock = clock
        self._of = (desk, appeal_id)
        self.owner = new_id(clock.now())

    async def take(self) -> None:
        now = self._clock.now()
        if not await self._database.write(book.hold, *self._of, self.owner, now, now + LEASE):
            raise OutsideUnavailable("somebody else is at it")

    async def note(self, fact: Callable[..., object], *arguments: Any) -> None:
        """Writes a fact down at once, and holds on for as long again. A fact is written even when the lease is lost."""
        if not await self._database.write(self._note, fact, arguments):
            raise OutsideUnavailable("it took too long: somebody else is at it")

    async def hold_on(self) -> None:
        """For as long again, where something takes its time."""
        if not await self._database.write(book.keep, *self._of, self.owner, self._clock.now() + LEASE):
            raise OutsideUnavailable("it took too long: somebody else is at it")

    def _note(self, connection: Any, fact: Callable[..., object], arguments: tuple[Any, ...]) -> bool:
        fact(connection, *self._of, *arguments)
        return book.keep(connection, *self._of, self.owner, self._clock.now() + LEASE)

    async def give_back(self, *, unsure: bool = False) -> None:
        until = self._clock.now() + QUIET if unsure else None
        await self._database.write(book.release, *self._of, self.owner, until)


_locks: WeakKeyDictionary[Database, WeakValueDictionary[tuple[str, str], asyncio.Lock]] = WeakKeyDictionary()


@contextlib.asynccontextmanager
async def held(database: Database, clock: Clock, desk: str, appeal_id: str) -> AsyncIterator[Lease]:
    """For the length of a block. Raises OutsideUnavailable while another process holds it; in this one, runs queue."""
    of_database = _locks.setdefault(database, WeakValueDictionary())
    lock = of_database.setdefault((desk, appeal_id), asyncio.Lock())
    try:
        async with asyncio.timeout(PATIENCE):
            await lock.acquire()
    except TimeoutError:
        raise OutsideUnavailable("somebody else is at it") from None
    try:
        lease = Lease(database, clock, desk, appeal_id)
        await lease.take()
        try:
            yield lease
        except Unanswered:
            await lease.give_back(unsure=True)
            raise
        except Exception:  # whatever it was: the next one need not wait for the lease to run out
            await lease.give_back()
            raise
        else:
            await lease.give_back()
    finally:
        lock.release()


class Mirror:
    """One helpdesk. :meth:`bring` compares an appeal with what was told of it, so it may run any number of times."""

    def __init__(self, database: Database, clock: Clock, helpdesk: Helpdesk, read_file: ReadFile) -> None:
        self._database = database
        self._clock = clock
        self._helpdesk = helpdesk
        self._read_file = read_file

    @property
    def name(self) -> str:
        return self._helpdesk.name

    async def bring(self, appeal_id: str) -> None:
        """Opens the counterpart if there is none, adds what is missing in order, and brings the status up to date.

        Raises OutsideUnavailable: call again later.
        """
        thread = await self._database.read(records.load, appeal_id)
        if thread is None or thread.appeal.status is AppealStatus.draft:
            return
        async with held(self._database, self._clock, self.name, appeal_id) as lease:
            for _ in range(4):
                # Only now: whoever held it before may have brought it further.
                thread = await self._database.read(records.load, appeal_id)
                at = await self._database.read(book.load, self.name, appeal_id)
                if thread is None or at is None:
                    return
                try:
                    await self._carry(lease, thread, at)
                    return
                except RemoteGone:
                    log.warning("counterpart is gone", desk=self.name, appeal=appeal_id, generation=at.generation)
                    await lease.note(book.lost)
                except RemoteMoved as moved:
                    log.info("counterpart has moved", desk=self.name, appeal=appeal_id, remote=moved.remote_id)
                    await lease.note(book.followed, at.remote_id, moved.remote_id)
            raise OutsideUnavailable("the counterpart is gone again and again")

    async def _carry(self, lease: Lease, thread: Thread, at: Counterpart) -> None:
        appeal = thread.appeal
        if not at.remote_id:
            if at.generation and appeal.status not in OPEN:
                # Somebody deleted it when it was over: nothing is to be worked on there any more.
                await lease.note(book.complete, appeal.version)
                return
            remote_id = await self._helpdesk.open(thread, at.generation)
            await lease.note(book.opened, remote_id)
            at = replace(at, remote_id=remote_id, status="", word="")
        heard = await self._add_missing(lease, thread, at)
        # What the subscriber writes brings a ticket that waited back to work, also where our status stays the same.
        if at.status != appeal.status.value or heard:
            try:
                word = await self._helpdesk.set_status(appeal, at)
            except HelpdeskRefused as error:
                log.error("status is refused", desk=self.name, appeal=appeal.id, reason=str(error))
                word = at.word
            await lease.note(book.moved, appeal.status.value, word)
        await lease.note(book.complete, appeal.version)

    async def _add_missing(self, lease: Lease, thread: Thread, at: Counterpart) -> bool:
        """Whether the subscriber had written something that was not there yet."""
        appeal = thread.appeal
        told = await self._database.read(book.told, self.name, appeal.id, at.remote_id)
        missing = [one for one in thread.messages if one.author in TOLD and one.id not in told]
        if not missing:
            return False
        there = await self._helpdesk.find(appeal, at)
        for message in missing:
            their_id = there.get(message.id) or await self._add(appeal, at, message)
            await lease.note(book.tell, at.remote_id, message.id, their_id)
        return any(message.author is Author.subscriber for message in missing)

    async def _add(self, appeal: Appeal, at: Counterpart, message: AppealMessage) -> str:
        data = None
        if message.blob:
            try:
                data = await self._read_file(message.blob)
            except (LookupError, OSError) as error:
                log.error("file is not there", appeal=appeal.id, message=message.id, error=type(error).__name__)
        elif message.file_name and self._clock.now() < message.at + FILE_PATIENCE:
            raise OutsideUnavailable("a file is still being fetched")  # what comes after it must wait, too
        try:
            return await self._helpdesk.add(appeal, at, message, data)
        except HelpdeskRefused as error:
            # One message that is never taken must not hold up all that come after it.
            log.error("message is refused", desk=self.name, message=message.id, reason=str(error))
            return f"refused:{at.generation}:{message.id}"
