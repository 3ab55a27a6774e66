"""Telegram as the program runs it: by polling or by webhook, with the command menu set at every start."""

from __future__ import annotations

from collections.abc import Sequence

from aiogram import Bot
from starlette.routing import Route

from core.clock import Clock
from handlers.edge import Finding
from handlers.intake import Intake
from handlers.telegram.cashier import Cashier
from handlers.telegram.group.door import StaffDoor
from handlers.telegram.outbound import TelegramChannel
from handlers.telegram.polling import Polling
from handlers.telegram.receiver import GroupLine, Receiver
from handlers.telegram.setup import Appearance, diagnose, set_appearance, set_webhook, whoami
from handlers.telegram.webhook import PATH, webhook_route


class TelegramEdge:
    """``webhook_url`` is the public address of this program; without one, updates are polled for."""

    name = "telegram"

    def __init__(
        self,
        bot: Bot,
        channel: TelegramChannel,
        intake: Intake,
        clock: Clock,
        *,
        appearance: Appearance,
        group_line: GroupLine,
        cashier: Cashier | None = None,
        staff: StaffDoor | None = None,
        public_url: str = "",
        secret: str = "",
    ) -> None:
        self._bot = bot
        self._appearance = appearance
        self._receiver = Receiver(bot, channel, intake, clock, group_line=group_line, cashier=cashier, staff=staff)
        self._secret = secret
        self._webhook_url = f"{public_url}{PATH}" if public_url else ""
        self._polling = None if public_url else Polling(bot, self._receiver)

    def routes(self) -> Sequence[Route]:
        return [webhook_route(self._receiver, self._secret)] if self._polling is None else []

    async def connect(self) -> None:
        me = await whoami(self._bot)
        self._receiver.username = me.username or ""
        await set_appearance(self._bot, self._appearance)
        if self._polling is None:
            await set_webhook(self._bot, self._webhook_url, self._secret)

    async def run(self) -> None:
        if self._polling is not None:
            await self._polling.run()

    async def stop(self) -> None:
        if self._polling is not None:
            self._polling.stop()
        await self._receiver.close()

    async def diagnose(self) -> Sequence[Finding]:
        return [Finding(one.level, one.text) for one in await diagnose(self._bot, webhook_url=self._webhook_url)]
