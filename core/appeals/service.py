"""Requests to staff as conversations use them: kept from the first word, numbered, never lost."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Connection, delete, select, update

from core.appeals import queries
from core.appeals.models import OPEN, Appeal, AppealKind, AppealStatus, Author, Thread
from core.appeals.tables import appeal_messages, appeals
from core.clock import Clock
from core.database import Database
from core.delivery.tasks import plan
from core.delivery.writes import Write, change, insert_new
from core.errors import Stale
from core.ids import new_id

FETCH_FILE = "fetch_file"
"""The kind of the task that brings a file from the messenger: {channel, ref, chat, message, name}."""

MAX_TEXT = 7000  # characters of one message: the longest that a messenger brings
MAX_MESSAGES = 50  # of one request: whoever needs more is better served by a call

FILES_A_DAY = 20  # from one chat, registered or not

_BACK_WITH_STAFF = (AppealStatus.pending, AppealStatus.resolved, AppealStatus.rejected, AppealStatus.closed)


class AppealService:
    """Reads requests at once; changes are returned as writes for the turn that decided them."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._last = 0

    # -- what there is ---------------------------------------------------------------------------------------------

    async def get(self, appeal_id: str, subscriber_id: str | None, chat_id: str) -> Thread | None:
        """None also for somebody else's request."""
        thread = await self._database.read(queries.load, appeal_id)
        return thread if thread is not None and thread.appeal.belongs_to(subscriber_id, chat_id) else None

    async def of_person(self, subscriber_id: str | None, chat_id: str) -> list[Appeal]:
        """The newest first, drafts left out. Without a subscriber: what was asked from this very chat."""
        return await self._database.read(queries.of_person, subscriber_id, chat_id)

    async def draft(self, subscriber_id: str | None, chat_id: str) -> Thread | None:
        """A message that was begun in this chat and not sent."""
        return await self._database.read(queries.draft_of, subscriber_id, chat_id)

    async def may_send_files(self, chat_id: str) -> bool:
        """Whether the chat has not used up its day's files: they are all kept here, whoever sent them."""
        since = self._clock.now() - timedelta(days=1)
        return await self._database.read(queries.files_since, chat_id, since) < FILES_A_DAY

    async def open_link_request(self, subscriber_id: str, number: str) -> Appeal | None:
        """The request to link this account that staff have not decided yet."""
        return await self._database.read(queries.open_link_request, subscriber_id, number)

    # -- changes ---------------------------------------------------------------------------------------------------

    async def create(
        self,
        subscriber_id: str | None,
        chat_id: str,
        kind: AppealKind,
        *,
        account_number: str = "",
        contact: str = "",
        draft: bool = False,
    ) -> tuple[Appeal, Write]:
        """A new request without messages, and the write that keeps it.

        Numbers count up. Turns of this process never ask for the same one; when another process was faster the write
        is Stale, and the turn asks again. A turn that came to nothing leaves a gap.
        """
        taken = await self._database.read(queries.last_number)
        self._last = max(self._last, taken) + 1
        now = self._clock.now()
        status = AppealStatus.draft if draft else AppealStatus.acknowledged
        appeal = Appeal(
            new_id(now), self._last, subscriber_id, chat_id, kind, account_number, contact, status, now, now
        )
        values = {
            "id": appeal.id,
            "number": appeal.number,
            "subscriber_id": subscriber_id,
            "chat_id": chat_id,
            "kind": kind.value,
            "account_number": account_number or None,
            "contact": contact or None,
            "status": status.value,
            "created_at": now,
            "updated_at": now,
        }
        return appeal, insert_new("new appeal", appeals, values)

    def append(self, appeal_id: str, text: str) -> Write:
        """The subscriber's words. A request that staff had answered or closed is with staff again."""
        return self._append(appeal_id, text, "", "")

    def attach(self, appeal_id: str, chat_id: str, ref: str, name: str, caption: str) -> list[Write]:
        """A file: its place in the thread now, its content as soon as it was fetched from the messenger."""
        now = self._clock.now()
        message_id = new_id(now)
        payload = {
            "channel": chat_id.partition(":")[0],
            "ref": ref,
            "chat": chat_id,
            "message": message_id,
            "name": name,
        }
        return [
            self._append(appeal_id, caption, name, message_id),
            plan(f"{FETCH_FILE}:{message_id}", FETCH_FILE, payload, now),
        ]

    def _append(self, appeal_id: str, text: str, file_name: str, message_id: str) -> Write:
        now = self._clock.now()

        def apply(connection: Connection) -> None:
            status = connection.execute(
                select(appeals.c.status).where(appeals.c.id == appeal_id).with_for_update()
            ).scalar_one_or_none()
            if status is None:
                raise Stale("append to an appeal that is not there")
            queries.add_message(connection, appeal_id, Author.subscriber, text, now, file_name, message_id)
            again = AppealStatus.acknowledged if status in _BACK_WITH_STAFF else AppealStatus(status)
            queries.move(connection, appeal_id, again, now)

        return Write("append to appeal", apply)

    def send(self, appeal_id: str, contact: str) -> Write:
        """A draft goes to staff; Stale when it went already."""
        statement = (
            update(appeals)
            .where(appeals.c.id == appeal_id, appeals.c.status == AppealStatus.draft.value)
            .values(status=AppealStatus.acknowledged.value, contact=contact or None, updated_at=self._clock.now())
        )
        return change("send appeal", statement)

    def drop(self, appeal_id: str) -> Write:
        """A draft is thrown away at its author's wish; what staff have seen is never deleted."""

        def apply(connection: Connection) -> None:
            gone = connection.execute(
                delete(appeals).where(appeals.c.id == appeal_id, appeals.c.status == AppealStatus.draft.value)
            )
            if gone.rowcount:
                connection.execute(delete(appeal_messages).where(appeal_messages.c.appeal_id == appeal_id))

        return Write("drop draft", apply)


__all__ = ["FETCH_FILE", "MAX_MESSAGES", "MAX_TEXT", "OPEN", "AppealService"]
