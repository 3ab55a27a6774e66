"""Fetches updates by long polling, and confirms to Telegram only those that are committed."""

from __future__ import annotations

import asyncio
from typing import Any

import structlog
from aiogram import Bot
from aiogram.exceptions import TelegramConflictError, TelegramNotFound, TelegramRetryAfter, TelegramUnauthorizedError

from handlers.intake import NotCommitted
from handlers.telegram.client import ALLOWED_UPDATES, RawUpdates
from handlers.telegram.errors import FAULTS, plain
from handlers.telegram.inbound import order_key
from handlers.telegram.receiver import Receiver

log = structlog.get_logger("telegram.polling")

LONG_POLL = 30  # seconds that Telegram holds a request open when there is nothing to bring
BATCH = 100  # updates at a time, Telegram's limit
PATIENCE = 0.3  # seconds that slow turns may hold back the next request
FAREWELL = 10.0  # seconds that running turns get when the program stops
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0  # seconds of back-off
LONGEST_UNCOMMITTED = 5.0  # seconds of back-off while only some update is not committed: others may be waiting


class Polling:
    """One loop for one bot. Updates of a chat run one after another, different chats at the same time.

    Telegram forgets an update when a later request carries a higher offset, so the offset is always the lowest
    update that is not committed yet. A slow turn does not hold back other chats: the next request goes out with
    that same offset, and what comes again is recognised.
    """

    def __init__(
        self,
        bot: Bot,
        receiver: Receiver,
        *,
        long_poll: int = LONG_POLL,
        patience: float = PATIENCE,
        first_pause: float = FIRST_PAUSE,
        farewell: float = FAREWELL,
    ) -> None:
        self._bot = bot
        self._receiver = receiver
        self._long_poll = long_poll
        self._patience = patience
        self._first_pause = first_pause
        self._farewell = farewell
        self._stop = asyncio.Event()
        self._running: dict[int, asyncio.Task[bool]] = {}
        self._last_of_chat: dict[int, asyncio.Task[bool]] = {}
        self._failed: set[int] = set()
        self._committed: set[int] = set()
        self._next = 0  # one above the newest update seen; 0: nothing seen yet
        self._confirmed = 0  # the offset that Telegram has been told
        self._trouble = ""
        self._pause = first_pause

    @property
    def offset(self) -> int:
        """The lowest update that Telegram must keep."""
        return min([*self._running, *self._failed], default=self._next)

    def stop(self) -> None:
        """Ends :meth:`run` as soon as the running turns are done; the open request is cut off."""
        self._stop.set()

    async def run(self) -> None:
        """Runs until :meth:`stop`. No fault of the network, of Telegram or of the database ends it."""
        try:
            while not self._stop.is_set() and not await self._without_webhook():
                pass
            while not self._stop.is_set():
                await self._round()
        finally:
            await self._leave()

    async def _round(self) -> None:
        batch = await self._attempt(self._fetch())
        self._harvest()
        if batch is not None:
            self._start(batch)
        if self._running:
            await asyncio.wait(self._running.values(), timeout=self._patience)
            self._harvest()
        if self._failed:
            self._note("an update could not be committed; it stays with Telegram and comes again")
            await self._back_off(longest=LONGEST_UNCOMMITTED)
        elif batch is not None:
            self._recovered()

    async def _fetch(self) -> list[dict[str, Any]]:
        offset = self.offset
        busy = bool(self._running or self._failed)
        wait = 0 if busy else self._long_poll
        request = RawUpdates(offset=offset or None, limit=BATCH, timeout=wait, allowed_updates=ALLOWED_UPDATES)
        batch = await self._bot(request, request_timeout=wait + 15)
        self._confirmed = offset
        return batch or []

    def _start(self, batch: list[dict[str, Any]]) -> None:
        # What failed must come again with this request; what did not has expired, and would be waited for in vain.
        ids = [raw["update_id"] for raw in batch if isinstance(raw.get("update_id"), int)]
        self._failed.intersection_update(ids)
        if ids:  # the last, not the highest: after an idle week Telegram may begin anew with any number
            self._next = ids[-1] + 1
        for raw in batch:
            update_id = raw.get("update_id")
            if not isinstance(update_id, int) or update_id in self._running or update_id in self._committed:
                continue
            self._failed.discard(update_id)
            chat = order_key(raw)
            before = self._last_of_chat.get(chat)
            task = asyncio.create_task(self._one(raw, before))
            self._running[update_id] = self._last_of_chat[chat] = task
        self._committed = {update_id for update_id in self._committed if update_id >= self.offset}

    async def _one(self, raw: dict[str, Any], before: asyncio.Task[bool] | None) -> bool:
        """Whether the update is committed. It is not even tried when an earlier one of its chat was not."""
        if before and not await before:
            return False
        try:
            await self._receiver.receive(raw)
        except NotCommitted:
            return False
        return True

    def _harvest(self) -> None:
        for update_id, task in list(self._running.items()):
            if not task.done():
                continue
            del self._running[update_id]
            if not task.cancelled() and task.exception() is None and task.result():
                self._committed.add(update_id)
            else:
                self._failed.add(update_id)
        self._last_of_chat = {chat: task for chat, task in self._last_of_chat.items() if not task.done()}

    async def _without_webhook(self) -> bool:
        """Telegram refuses getUpdates while a webhook is set."""
        return await self._attempt(self._bot.delete_webhook(drop_pending_updates=False)) is not None

    async def _attempt(self, call: Any) -> Any:
        """The answer, or None when there is none: stopped, or after a back-off for the fault that was noted."""
        request = asyncio.ensure_future(call)
        stopping = asyncio.ensure_future(self._stop.wait())
        try:
            await asyncio.wait({request, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if request.done():
                return request.result()
            return None
        except TelegramConflictError as error:
            if "webhook" in error.message.lower():
                self._note("a webhook is set for this bot: removing it")
                await self._back_off()
                await self._without_webhook()
            else:
                self._note("another program fetches this bot's updates: stop it, or use the webhook mode")
                await self._back_off()
        except (TelegramUnauthorizedError, TelegramNotFound):
            self._note("Telegram does not know the bot's token: check ABONENT_TELEGRAM_TOKEN")
            await self._back_off()
        except TelegramRetryAfter as error:
            self._note(plain(error))
            await self._back_off(float(error.retry_after))
        except FAULTS as error:
            self._note(f"Telegram cannot be reached: {plain(error)}")
            await self._back_off()
        finally:
            for future in (request, stopping):
                future.cancel()
            await asyncio.gather(request, stopping, return_exceptions=True)
        return None

    def _note(self, trouble: str) -> None:
        """Says each trouble once, not each time it is met."""
        if trouble != self._trouble:
            self._trouble = trouble
            log.error("polling is held up", reason=trouble)

    def _recovered(self) -> None:
        if self._trouble:
            log.info("polling goes on", was=self._trouble)
            self._trouble = ""
        self._pause = self._first_pause

    async def _back_off(self, at_least: float = 0.0, longest: float = LONGEST_PAUSE) -> None:
        pause = max(min(self._pause, longest), at_least)
        self._pause = min(self._pause * 2, longest)
        waiting = asyncio.ensure_future(self._stop.wait())
        await asyncio.wait({waiting}, timeout=pause)
        waiting.cancel()

    async def _leave(self) -> None:
        """Lets the running turns end, and tells Telegram what is committed, so that it does not come again."""
        if self._running:
            await asyncio.wait(self._running.values(), timeout=self._farewell)
        self._harvest()
        for task in self._running.values():
            task.cancel()
        await asyncio.gather(*self._running.values(), return_exceptions=True)
        if self.offset > self._confirmed:
            request = RawUpdates(offset=self.offset, limit=1, timeout=0, allowed_updates=ALLOWED_UPDATES)
            try:
                await self._bot(request, request_timeout=3)
            except FAULTS as error:
                log.debug("the last offset was not confirmed", reason=plain(error))
        await self._receiver.close()
