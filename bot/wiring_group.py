"""Puts the staff's group in Telegram together: a topic for each appeal, the way in, news, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bot.scheduler import add_job
from bot.settings import Settings
from core.appeals.content import honest_name, media_type
from core.appeals.files import FileStore
from core.appeals.files import keep as keep_file
from core.appeals.staff import KeptFile
from core.database import Database
from core.services import Services
from fsm.texts import Translator
from handlers.channel import Channel
from handlers.desk.acts import StaffDesk
from handlers.edge import Finding
from handlers.telegram.group import setup
from handlers.telegram.group.acts import KeepFile, StaffActs
from handlers.telegram.group.calls import GroupCalls
from handlers.telegram.group.door import STAFF_SAID, StaffDoor
from handlers.telegram.group.mirror import GroupMirror
from handlers.telegram.group.news import GroupNews
from handlers.telegram.group.pace import GroupPace
from handlers.telegram.group.topics import TopicDesk
from handlers.telegram.outbound import TelegramChannel
from handlers.worker import TaskHandler

EVERY = timedelta(seconds=20)  # news of appeals that come within it are one message


@dataclass(frozen=True)
class StaffGroup:
    """The parts that the program plugs in."""

    door: StaffDoor
    mirror: GroupMirror
    news: GroupNews
    tasks: Mapping[str, TaskHandler]
    examine: Callable[[], Awaitable[Sequence[Finding]]]

    def schedule(self, scheduler: AsyncIOScheduler) -> None:
        add_job(scheduler, "news of appeals for the staff's group", EVERY, self.news.tick)


def build_group(
    settings: Settings,
    channels: Mapping[str, Channel],
    database: Database,
    services: Services,
    desk: StaffDesk,
    store: FileStore,
    wake_worker: Callable[[], None],
) -> StaffGroup | None:
    """None where no group is set, or Telegram is off."""
    channel, chat = channels.get("telegram"), settings.telegram_staff_group
    if not chat or not isinstance(channel, TelegramChannel):
        return None
    clock, rules = services.clock, services.appeals.rules
    translator = Translator(services.operator.languages[0], services.operator.zone)
    calls = GroupCalls(channel.bot, database, GroupPace(clock), chat)
    topics = TopicDesk(calls, database, rules, translator)
    acts = StaffActs(database, clock, desk, calls, channel, keeper(database, services, store), translator)

    async def examine() -> Sequence[Finding]:
        return await setup.diagnose(channel.bot, database, chat)

    return StaffGroup(
        StaffDoor(database, clock, calls, wake_worker),
        GroupMirror(database, clock, topics, store.get),
        GroupNews(database, clock, calls, rules, translator, chat),
        {STAFF_SAID: acts},
        examine,
    )


def keeper(database: Database, services: Services, store: FileStore) -> KeepFile:
    """Keeps a file of staff's, if its content is of a kind that is kept."""

    async def keep(data: bytes, name: str) -> KeptFile | None:
        kind = media_type(data)
        if kind is None:
            return None
        key = await keep_file(database, store, data, kind, services.clock.now())
        return KeptFile(key, honest_name(name, kind), kind, len(data))

    return keep
