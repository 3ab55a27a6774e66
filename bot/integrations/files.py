"""The task that fetches a file that somebody sent into a request, before its messenger forgets it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import filetype
from sqlalchemy import Connection, select, update

from core.appeals import life
from core.appeals.files import LIMIT, FileStore, register
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
from fsm.state import Registry
from handlers.channel import Channel, TooLarge, TryLater, Undeliverable
from handlers.tell import tell

_OFFICE = ("application/msword", "application/vnd.openxmlformats-officedocument", "application/vnd.oasis.opendocument")
_KEPT = ("image/jpeg", "image/png", "image/gif", "image/webp", "image/heic", "application/pdf", *_OFFICE)
_TEXT = "text/plain"


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
            await self._tell(task, lambda t: told.file_lost(t, name))
            return
        if len(fetched.data) > LIMIT:
            await self._tell(task, _too_large(name))
            return
        media_type = content_type(fetched.data)
        if media_type is None:
            await self._tell(task, lambda t: told.file_refused(t, name))
            return
        try:
            key = await self._store.put(fetched.data)
        except OSError as error:  # the disk is full or away: the messenger still has it for a while
            raise OutsideUnavailable(f"the file store: {error.strerror}") from error
        await self._database.write(self._keep, task.payload["message"], key, media_type, len(fetched.data))

    async def gave_up(self, task: Task) -> None:
        await self._tell(task, lambda t: told.file_lost(t, task.payload["name"]))

    def _keep(self, connection: Connection, message_id: str, key: str, media_type: str, size: int) -> None:
        now = self._clock.now()
        register(key, media_type, size, now).apply(connection)
        mine = appeal_messages.c.id == message_id
        appeal_id = connection.execute(select(appeal_messages.c.appeal_id).where(mine)).scalar()
        appeal = life.locked(connection, appeal_id) if appeal_id is not None else None
        if appeal is None:  # a draft that was thrown away meanwhile needs no file
            return
        connection.execute(update(appeal_messages).where(mine).values(blob=key))
        life.touch(connection, appeal, self._rules, now)

    async def _tell(self, task: Task, say: told.Say) -> None:
        await self._database.write(self._say, task, say)
        self._wake_sender()

    def _say(self, connection: Connection, task: Task, say: told.Say) -> None:
        row = connection.execute(select(chats).where(chats.c.chat_id == task.payload["chat"])).first()
        if row is not None:
            tell(
                connection,
                [Chat(**row._mapping)],
                say,
                registry=self._registry,
                operator=self._operator,
                now=self._clock.now(),
                cause=task.payload["message"],
            )


def content_type(data: bytes) -> str | None:
    """The media type by the content; None for what is not kept."""
    guess = filetype.guess(data)
    if guess is not None:
        mime: str = guess.mime
        return mime if mime.startswith(_KEPT) else None
    try:
        plain = data.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return _TEXT if plain and "\0" not in plain else None


def _too_large(name: str) -> told.Say:
    return lambda translator: told.file_too_large(translator, name, LIMIT // 1_000_000)
