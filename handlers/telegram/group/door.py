"""The group's way in: each update is written down once, before Telegram may forget it, and carried out afterwards."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import structlog
from aiogram.types import Update
from sqlalchemy import Connection

from core.clock import Clock
from core.database import Database
from core.delivery.tables import inbox
from core.delivery.tasks import plan
from core.delivery.writes import insert_for
from handlers.intake import NotCommitted
from handlers.telegram.group.calls import GroupCalls
from handlers.telegram.group.inbound import Moved, StaffSaid, may_concern, read

log = structlog.get_logger("telegram.group")

STAFF_SAID = "staff_said"
"""The kind of the task that carries out what somebody wrote in the group."""


class StaffDoor:
    """Takes the updates of the group, and codes that are shown in private, out of the stream of all updates."""

    def __init__(self, database: Database, clock: Clock, calls: GroupCalls, wake_worker: Callable[[], None]) -> None:
        self._database = database
        self._clock = clock
        self._calls = calls
        self._wake_worker = wake_worker

    async def take(self, update: Update, username: str) -> bool:
        """Whether the update was the group's. Returns after the commit; raises NotCommitted."""
        if not may_concern(update):  # nearly everything that comes: it costs no look into the database
            return False
        try:
            found = read(update, await self._calls.chat(), username)
            if found is None:
                return False
            if isinstance(found, Moved):
                await self._calls.moved(found.to)
            elif isinstance(found, StaffSaid):
                if await self._database.write(self._keep, update.update_id, found):
                    self._wake_worker()
            else:
                log.info("nothing to do in the staff's group", update=update.update_id, reason=found)
        except Exception as error:  # the database is away: Telegram must bring it again
            log.error("the staff's update could not be kept", update=update.update_id, reason=type(error).__name__)
            raise NotCommitted(type(error).__name__) from error
        return True

    def _keep(self, connection: Connection, update_id: int, said: StaffSaid) -> bool:
        now = self._clock.now()
        row = {"update_key": f"telegram:{update_id}", "received_at": now}
        taking = insert_for(connection, inbox).on_conflict_do_nothing().returning(inbox.c.update_key)
        if connection.execute(taking, row).first() is None:
            return False
        plan(f"{STAFF_SAID}:{update_id}", STAFF_SAID, msgspec.to_builtins(said), now).apply(connection)
        return True
