"""The queue of updates: what the bot has not confirmed yet, in order, and for how long it is kept."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.sandbox.shapes import Json, words

UPDATE_TYPES = words(
    "message edited_message channel_post edited_channel_post business_connection business_message "
    "edited_business_message deleted_business_messages message_reaction message_reaction_count inline_query "
    "chosen_inline_result callback_query shipping_query pre_checkout_query purchased_paid_media poll poll_answer "
    "my_chat_member chat_member chat_join_request chat_boost removed_chat_boost managed_bot guest_message"
)
# Without a list these three are left out: https://core.telegram.org/bots/api#getupdates
NOT_BY_DEFAULT = frozenset({"chat_member", "message_reaction", "message_reaction_count"})
LIFE = timedelta(hours=24)
QUERY_LIFE = timedelta(seconds=150)
_RETRY_CEILING = 60  # seconds


@dataclass(slots=True)
class Update:
    update_id: int
    kind: str
    payload: Json
    chat_id: int
    born: datetime
    due: datetime
    attempts: int = 0

    @property
    def body(self) -> Json:
        return {"update_id": self.update_id, self.kind: self.payload}

    @property
    def lane(self) -> tuple[int, bool]:
        """Updates of one lane are delivered one after another; callback queries have a lane of their own."""
        return self.chat_id, self.kind == "callback_query"

    def expired(self, now: datetime) -> bool:
        return now - self.born >= (QUERY_LIFE if self.kind in ("callback_query", "pre_checkout_query") else LIFE)

    def failed(self, now: datetime) -> None:
        """Plans the next try: at once, then after 2, 4, 8… seconds, at most a minute apart."""
        self.attempts += 1
        delay = 0 if self.attempts == 1 else min(_RETRY_CEILING, 2 ** (self.attempts - 1))
        self.due = now + timedelta(seconds=delay)


class UpdateQueue:
    """Unconfirmed updates with growing ids, and those who wait for a new one."""

    def __init__(self, first_id: int = 700_000_001) -> None:
        self._next_id = first_id
        self._updates: list[Update] = []
        self._signal = asyncio.Event()
        self.history: list[Json] = []
        self.allowed: list[str] = []
        self.poll = 0

    def accepts(self, kind: str) -> bool:
        return kind in self.allowed if self.allowed else kind not in NOT_BY_DEFAULT

    def put(self, kind: str, payload: Json, chat_id: int, now: datetime) -> Update | None:
        """Queues an update, or drops it (None) when the bot did not allow its kind."""
        if not self.accepts(kind):
            return None
        update = Update(self._next_id, kind, payload, chat_id, born=now, due=now)
        self._next_id += 1
        self._updates.append(update)
        self.history.append(update.body)
        self.notify()
        return update

    def pending(self, now: datetime) -> list[Update]:
        self._updates = [update for update in self._updates if not update.expired(now)]
        return list(self._updates)

    def confirm(self, update: Update) -> None:
        self._updates = [kept for kept in self._updates if kept is not update]

    def confirm_before(self, offset: int) -> None:
        """getUpdates' offset: a positive one confirms all smaller ids, a negative one keeps the last few."""
        if offset < 0:
            self._updates = self._updates[offset:]
        elif offset > 0:
            self._updates = [update for update in self._updates if update.update_id >= offset]

    def clear(self) -> None:
        self._updates = []

    def notify(self) -> None:
        signal, self._signal = self._signal, asyncio.Event()
        signal.set()

    async def wait(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._signal.wait()
        except TimeoutError:
            return
