"""The task that fetches a file that somebody sent into a request, before its messenger forgets it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import filetype
from sqlalchemy import Connection, select, update

from bot.notices import tell
from core.appeals.tables import appeal_messages
from core.clock import Clock
from core.database import Database
from core.delivery import blobs
from core.delivery.tasks import Task
from core.errors import OutsideUnavailable
from core.operator import Operator
from core.subscribers.models import Chat
from core.subscribers.tables import chats
from fsm import told
from fsm.state import Registry
from handlers.channel import Channel, TooLarge, TryLater, Undeliverable

LIMIT = 5_000_000  # bytes
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
        clock: Clock,
        operator: Operator,
        registry: Registry,
        wake_sender: Callable[[], None] = lambda: None,
    ) -> None:
        self._channels = channels
        self._database = database
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
        await self._database.write(self._keep, task.payload["message"], fetched.data, media_type)

    async def gave_up(self, task: Task) -> None:
        await self._tell(task, lambda t: told.file_lost(t, task.payload["name"]))

    def _keep(self, connection: Connection, message_id: str, data: bytes, media_type: str) -> None:
        key, write = blobs.keep(data, media_type, self._clock.now())
        kept = connection.execute(update(appeal_messages).where(appeal_messages.c.id == message_id).values(blob=key))
        if kept.rowcount:  # a draft that was thrown away meanwhile needs no file
            write.apply(connection)

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
