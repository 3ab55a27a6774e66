"""Posts Viber's signed callbacks to the bot, and posts them again for an hour until it answers 200."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import itertools
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import httpx

from bot.sandbox.shapes import Json
from core.clock import Clock

SIGNATURE_HEADER = "X-Viber-Content-Signature"
MANDATORY = frozenset({"message", "subscribed", "unsubscribed", "webhook"})
EVENTS = MANDATORY | {"delivered", "seen", "failed", "conversation_started", "client_status"}
RETRY_FOR = timedelta(hours=1)
TIMEOUT = 5.0  # seconds; a slower answer brings the same callback again
_FIRST_DELAY = 5  # seconds, doubling; the real schedule is not published
_LONGEST_DELAY = 600


@dataclass(slots=True)
class Callback:
    """One event; `raw` is the exact body, kept so that a repetition is the same to the byte."""

    body: Json
    raw: bytes
    user_id: str
    born: datetime
    due: datetime
    answered: Callable[[httpx.Response], None] | None = None
    attempts: int = 0
    busy: bool = False
    done: bool = False

    @property
    def token(self) -> int:
        return int(self.body["message_token"])


class Callbacks:
    """The queue of events for the bot's webhook, each with its own 64-bit token above 2**53."""

    def __init__(self, token: str, clock: Clock, http: httpx.AsyncClient) -> None:
        self._key = token.encode()
        self._clock = clock
        self.http = http
        self._tokens = itertools.count(5_741_311_803_571_721_087, 1_000_003)
        self._waiting: list[Callback] = []
        self.history: list[Callback] = []
        self.url = ""
        self.types: frozenset[str] = EVENTS

    def next_token(self) -> int:
        return next(self._tokens)

    def sign(self, raw: bytes) -> str:
        return hmac.new(self._key, raw, hashlib.sha256).hexdigest()

    def put(
        self,
        event: str,
        user_id: str,
        fields: Json,
        token: int | None = None,
        answered: Callable[[httpx.Response], None] | None = None,
    ) -> Callback | None:
        """Queues an event; None when the bot did not subscribe to its type or has no webhook."""
        if not self.url or event not in self.types:
            return None
        now = self._clock.now()
        stamp = int(now.timestamp() * 1000)
        body = {"event": event, "timestamp": stamp, "message_token": token or self.next_token()} | fields
        raw = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
        callback = Callback(body, raw, user_id, now, now, answered)
        self._waiting.append(callback)
        self.history.append(callback)
        return callback

    async def deliver_due(self) -> int:
        """Sends what is due, one person's events one after another; returns how many were accepted."""
        accepted = 0
        while ready := self._ready():
            accepted += sum(await asyncio.gather(*(self._deliver(callback) for callback in ready)))
        return accepted

    def _ready(self) -> list[Callback]:
        now = self._clock.now()
        self._waiting = [item for item in self._waiting if not item.done and now - item.born < RETRY_FOR]
        occupied = {item.user_id for item in self._waiting if item.busy}
        heads: dict[str, Callback] = {}
        # Unlike Telegram, a callback that failed does not hold back the later ones of that person: after a
        # fault the bot may see them out of order.
        for item in self._waiting:
            if item.due <= now and item.user_id not in occupied:
                heads.setdefault(item.user_id, item)
        return list(heads.values())

    async def _deliver(self, callback: Callback) -> bool:
        callback.busy = True
        try:
            answer = await self.post(callback.raw, self.sign(callback.raw))
        finally:
            callback.busy = False
        if answer is not None and answer.status_code == 200:
            callback.done = True
            if callback.answered:
                callback.answered(answer)
            return True
        callback.attempts += 1
        delay = min(_LONGEST_DELAY, _FIRST_DELAY * 2 ** (callback.attempts - 1))
        callback.due = self._clock.now() + timedelta(seconds=delay)
        return False

    async def post(self, raw: bytes, signature: str | None, url: str | None = None) -> httpx.Response | None:
        """One request, as it is; None when there was no answer in time."""
        headers = {"Content-Type": "application/json"}
        if signature is not None:
            headers[SIGNATURE_HEADER] = signature
        try:
            return await self.http.post(url or self.url, content=raw, headers=headers, timeout=TIMEOUT)
        except (httpx.HTTPError, httpx.InvalidURL):
            return None
