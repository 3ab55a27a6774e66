"""The task that fetches a file that somebody sent into an appeal, before its messenger forgets it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sqlalchemy import Connection, select, update

from core.appeals import life
from core.appeals.content import honest_name
from core.appeals.content import media_type as content_type
from core.appeals.files import LIMIT, FileStore, keep
from core.appeals.rules import AppealRules
from core.appeals.tables import appeal_messages
from core.clock import Clock
from core.database import Database
from core.delivery.tasks import Task
from core.errors import OutsideUnavailable
from core.operator import Operator
from core.subscribers.models import Chat
from core.subscribers.tables import chats
from fsm import told
from fsm.screen import Screen
from fsm.state import Registry
from fsm.texts import Translator
from handlers.channel import Channel, TooLarge, TryLater, Undeliverable
from handlers.tell import tell

__all__ = ["FileFetcher", "content_type"]

_Say = Callable[[Translator, str], Screen]
"""Draws what the sender of a file is told, with a way back to the appeal of this id."""


class FileFetcher:
    """Carries out the tasks of the kind :data:`core.appeals.service.FETCH_FILE`.

    What a file is, its content says: neither its name nor the messenger's word counts.
    """

    def __init__(
        self,
        channels: Mapping[str, Channel],
        database: Database,
        store: FileStore,
        clock: Clock,
        operator: Operator,
        registry: Registry,
        rules: AppealRules,
        wake_sender: Callable[[], None] = lambda: None,
    ) -> None:
        self._channels = channels
        self._database = database
        self._store = store
        self._rules = rules
        self._clock = clock
        self._operator = operator
        self._registry = registry
        self._wake_sender = wake_sender

    async def __call__(self, task: Task) -> None:
        """Raises OutsideUnavailable while the messenger may still bring it."""
        name = task.payload["name"]
        channel = self._channels.get(task.payload["channel"])
        if channel is None:
            raise OutsideUnavailable(f"the channel {task.payload['channel']} is off")
        try:
            fetched = await channel.fetch(task.payload["ref"], LIMIT)
        except TryLater as error:
            raise OutsideUnavailable(str(error)) from error
        except TooLarge:
            await self._tell(task, _too_large(name))
            return
        except Undeliverable:
            await self._tell(task, lambda t, appeal: told.file_lost(t, name, appeal))
            return
        if len(fetched.data) > LIMIT:
            await self._tell(task, _too_large(name))
            return
        media_type = content_type(fetched.data)
        if media_type is None:
            await self._tell(task, lambda t, appeal: told.file_refused(t, name, appeal))
            return
        try:
            key = await keep(self._database, self._store, fetched.data, media_type, self._clock.now())
        except OSError as error:  # the disk is full or away: the messenger still has it for a while
            raise OutsideUnavailable(f"the file store: {error.strerror}") from error
        await self._database.write(self._keep, task.payload["message"], key, media_type)

    async def gave_up(self, task: Task) -> None:
        await self._tell(task, lambda t, appeal: told.file_lost(t, task.payload["name"], appeal))

    def _keep(self, connection: Connection, message_id: str, key: str, media_type: str) -> None:
        mine = appeal_messages.c.id == message_id
        row = connection.execute(select(appeal_messages.c.appeal_id, appeal_messages.c.file_name).where(mine)).first()
        appeal = life.locked(connection, row.appeal_id) if row is not None else None
        if row is None or appeal is None:  # a draft that was thrown away meanwhile needs no file
            return
        named = {"blob": key, "file_name": honest_name(row.file_name or "", media_type)}
        connection.execute(update(appeal_messages).where(mine).values(named))
        life.touch(connection, appeal, self._rules, self._clock.now())

    async def _tell(self, task: Task, say: _Say) -> None:
        await self._database.write(self._say, task, say)
        self._wake_sender()

    def _say(self, connection: Connection, task: Task, say: _Say) -> None:
        row = connection.execute(select(chats).where(chats.c.chat_id == task.payload["chat"])).first()
        mine = select(appeal_messages.c.appeal_id).where(appeal_messages.c.id == task.payload["message"])
        appeal_id = connection.execute(mine).scalar()
        if row is not None and appeal_id is not None:  # a draft that was thrown away meanwhile misses no file
            tell(
                connection,
                [Chat(**row._mapping)],
                lambda translator: say(translator, appeal_id),
                registry=self._registry,
                operator=self._operator,
                now=self._clock.now(),
                cause=task.payload["message"],
            )


def _too_large(name: str) -> _Say:
    return lambda translator, appeal_id: told.file_too_large(translator, name, appeal_id, LIMIT // 1_000_000)
