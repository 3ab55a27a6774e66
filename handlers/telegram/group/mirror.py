"""Brings appeals into the group; what does not fit into this minute comes in one of the next."""

from __future__ import annotations

from core.appeals import mirror_records as book
from core.appeals import records
from core.appeals.helpdesk import RemoteGone
from core.appeals.life import SYNC
from core.appeals.mirror import Mirror, ReadFile
from core.clock import Clock
from core.database import Database
from core.delivery.tasks import plan
from handlers.telegram.group.pace import Busy
from handlers.telegram.group.topics import TopicDesk


class GroupMirror(Mirror):
    """A group that has had its share of messages is no failure: the task is planned for when it has some left."""

    def __init__(self, database: Database, clock: Clock, desk: TopicDesk, read_file: ReadFile) -> None:
        super().__init__(database, clock, desk, read_file)
        self._topics = desk

    async def bring(self, appeal_id: str) -> None:
        try:
            await super().bring(appeal_id)
            await self._refresh(appeal_id)
        except Busy as busy:
            again = f"{SYNC}:{appeal_id}:g{busy.until:%m%d%H%M%S}"
            task = plan(again, SYNC, {"appeal_id": appeal_id}, self._clock.now(), due_at=busy.until)
            await self._database.write(task.apply)

    async def _refresh(self, appeal_id: str) -> None:
        """What is no message and no status (a rating, another deadline, whose it is) is seen on the card."""
        thread = await self._database.read(records.load, appeal_id)
        at = await self._database.read(book.load, self.name, appeal_id)
        if thread is None or at is None or not at.remote_id:
            return
        try:
            title = await self._topics.refresh(thread.appeal, at)
        except RemoteGone:  # deleted just now: the next change makes it anew
            return
        if title != at.word:
            await self._database.write(book.seen, self.name, appeal_id, title)
