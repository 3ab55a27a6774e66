"""Short news for the General topic: what is new, what is about to be late. Many at once are one message."""

from __future__ import annotations

from datetime import timedelta

import structlog
from sqlalchemy import Connection

from core.appeals import mirror_records as book
from core.appeals.helpdesk import HelpdeskRefused, RemoteGone
from core.appeals.rules import AppealRules
from core.clock import Clock
from core.database import Database
from core.errors import OutsideUnavailable
from core.staff import group
from core.staff.group import Line
from fsm import staff_group_words as words
from fsm.texts import Translator
from handlers.telegram.group.calls import GroupCalls
from handlers.telegram.group.topics import NAME

log = structlog.get_logger("telegram.group")

AT_A_TIME = 15  # lines of one message
SETTLES = timedelta(seconds=3)  # by then whatever was committed with an earlier time can be seen


class GroupNews:
    """Run :meth:`tick` now and then, in any number of processes: two at once may say a thing twice, never lose it."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        calls: GroupCalls,
        rules: AppealRules,
        translator: Translator,
        chat: str,
    ) -> None:
        self._database = database
        self._clock = clock
        self._calls = calls
        self._rules = rules
        self._words = translator
        self._configured = chat

    async def tick(self) -> int:
        """Says in how many lines it told what is new."""
        before = self._clock.now() - SETTLES
        found = await self._database.read(group.news, self._configured, before, AT_A_TIME)
        if found is None:  # what happened before the group was set up is no news
            await self._database.write(group.told, self._configured, before)
            return 0
        if not found:
            return 0
        lines = [
            (line.what, line.appeal, self._rules.kinds.get(line.appeal.kind), await self._link(line)) for line in found
        ]
        try:
            await self._calls.say(words.news(self._words, lines), None)
        except (OutsideUnavailable, RemoteGone) as error:
            log.info("news for the group wait", reason=str(error))
            return 0
        except HelpdeskRefused as error:  # saying it again would not help
            log.error("news for the group are refused", reason=str(error))
        await self._database.write(self._told, found[-1])
        return len(found)

    def _told(self, connection: Connection, last: Line) -> None:
        group.told(connection, self._configured, last.at, last.id)

    async def _link(self, line: Line) -> str:
        """An address that opens the topic in the app; nothing before there is one."""
        at = await self._database.read(book.load, NAME, line.appeal.id)
        chat, _, topic = at.remote_id.partition("/") if at is not None else ("", "", "")
        return f"https://t.me/c/{chat.removeprefix('-100')}/{topic}" if topic and chat.startswith("-100") else ""
