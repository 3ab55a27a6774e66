"""Takes one update to the intake and sees to what surrounds a turn: "typing", the press's answer, a group's line."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, TypeVar

import structlog
from aiogram import Bot
from aiogram.types import Update
from pydantic import ValidationError

from core.clock import Clock
from fsm.event import Event
from handlers.intake import Intake, NotCommitted, TurnDone
from handlers.telegram.cashier import CHECKOUT_LIMIT, Cashier, Checkout, Paid
from handlers.telegram.group.door import StaffDoor
from handlers.telegram.inbound import GroupCall, read
from handlers.telegram.outbound import TelegramChannel

log = structlog.get_logger("telegram.in")

TYPING_AFTER = 0.7  # seconds: a quick answer needs no announcement
TYPING_LASTS = 4.5  # seconds; Telegram shows it for five
MAX_SURPRISES = 3  # times that an update may fail in an unforeseen way before it is put aside
_REMEMBERED = 10_000  # groups, and failing updates

K = TypeVar("K")
V = TypeVar("V")

GroupLine = Callable[[str], str]
"""What to say in a group, for a language code as Telegram gives it ("ru", "en-GB", or empty)."""


class Receiver:
    """Shared by polling and the webhook. Updates of one chat must be brought one after another."""

    def __init__(
        self,
        bot: Bot,
        channel: TelegramChannel,
        intake: Intake,
        clock: Clock,
        *,
        group_line: GroupLine,
        cashier: Cashier | None = None,
        staff: StaffDoor | None = None,
        username: str = "",
        typing_after: float = TYPING_AFTER,
    ) -> None:
        """``username`` is the bot's own, from getMe; it may be set later, as ``receiver.username``."""
        self.username = username
        self._bot = bot
        self._channel = channel
        self._intake = intake
        self._clock = clock
        self._group_line = group_line
        self._cashier = cashier
        self._staff = staff
        self._typing_after = typing_after
        self._greeted: OrderedDict[int, int] = OrderedDict()
        self._surprises: OrderedDict[Any, int] = OrderedDict()
        self._tasks: set[asyncio.Task[None]] = set()

    async def receive(self, raw: dict[str, Any]) -> None:
        """Returns when the update is committed, or skipped for a reason that is logged. Raises NotCommitted."""
        update_id = raw.get("update_id")
        try:
            await self._receive(raw)
        except NotCommitted:
            raise
        except ValidationError as error:
            # Asking for it again would bring the same bytes. The reasons name fields, never their values.
            wrong = sorted({".".join(map(str, item["loc"])) for item in error.errors()})[:5]
            log.error("update not understood, put aside", update=update_id, fields=wrong)
        except Exception as error:  # a fault in our own code must not hold up this chat, or every other, for ever
            times = self._surprises.pop(update_id, 0) + 1
            log.error("the update failed in an unforeseen way", update=update_id, tries=times, exc_info=error)
            if times < MAX_SURPRISES:
                _remember(self._surprises, update_id, times)
                raise NotCommitted(type(error).__name__) from error

    async def _receive(self, raw: dict[str, Any]) -> None:
        update = Update.model_validate(raw, context={"bot": self._bot})
        if self._staff is not None and await self._staff.take(update, self.username):
            return
        incoming = read(update, self._clock.now(), self.username)
        toast = ""
        if incoming.event:
            toast = (await self._turn(incoming.event)).toast
        elif incoming.group:
            self._greet(incoming.group)
        elif incoming.checkout and self._cashier:
            await self._check_out(self._cashier, incoming.checkout)
        elif incoming.paid and self._cashier:
            await self._take_money(self._cashier, incoming.paid)
        else:
            log.info("update skipped", update=update.update_id, reason=incoming.skipped)
        if incoming.callback:
            self._aside(self._channel.answer_callback(incoming.callback, toast))

    async def _turn(self, event: Event) -> TurnDone:
        over = asyncio.Event()
        timer = asyncio.get_running_loop().call_later(
            self._typing_after, lambda: self._aside(self._type(event.address, over))
        )
        try:
            return await self._intake.take(event)
        finally:
            timer.cancel()
            over.set()

    async def _type(self, address: str, over: asyncio.Event) -> None:
        while not over.is_set():
            await self._channel.typing(address)
            with suppress(TimeoutError):
                async with asyncio.timeout(TYPING_LASTS):
                    await over.wait()

    async def _check_out(self, cashier: Cashier, asked: Checkout) -> None:
        """Telegram waits ten seconds, and no longer, before the money moves."""
        try:
            async with asyncio.timeout(CHECKOUT_LIMIT):
                refusal = await cashier.may_pay(asked)
        except Exception as error:  # the database is slow or away: no money moves that could not be recorded
            log.error("a checkout could not be looked at", reason=type(error).__name__)
            refusal = cashier.sorry(asked.language)
        await self._channel.answer_checkout(asked.query_id, refusal)

    async def _take_money(self, cashier: Cashier, paid: Paid) -> None:
        try:
            await cashier.paid(paid)
        except Exception as error:  # not written down: Telegram must bring it again, however often it takes
            log.error("a payment could not be recorded", reason=type(error).__name__)
            raise NotCommitted(type(error).__name__) from error

    def _greet(self, call: GroupCall) -> None:
        """At most one line each time the bot is added, as far as this process remembers."""
        if call.chat in self._greeted and self._greeted[call.chat] >= call.added_by:
            return
        _remember(self._greeted, call.chat, call.added_by)
        self._aside(self._channel.say_in_group(call.chat, self._group_line(call.language)))

    def _aside(self, work: Coroutine[Any, Any, None]) -> None:
        """Nobody's turn waits for this."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Waits for the answers that are on their way."""
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)


def _remember(memory: OrderedDict[K, V], key: K, value: V) -> None:
    memory[key] = value
    while len(memory) > _REMEMBERED:
        memory.popitem(last=False)
