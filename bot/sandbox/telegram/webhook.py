"""Posts updates to the bot's webhook as Telegram does: in order for each chat, again until it answers 2xx."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime

import httpx

from bot.sandbox.shapes import Json
from bot.sandbox.telegram.updates import Update, UpdateQueue
from core.clock import Clock

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"
Answered = Callable[[Json], Awaitable[None]]


@dataclass(slots=True)
class Webhook:
    """Where updates go; an empty url means that the bot polls."""

    url: str = ""
    secret: str | None = None
    max_connections: int = 40
    last_error_at: datetime | None = None
    last_error: str | None = None
    busy: set[tuple[int, bool]] = field(default_factory=set)


class Delivery:
    def __init__(
        self, queue: UpdateQueue, webhook: Webhook, clock: Clock, http: httpx.AsyncClient, answered: Answered
    ) -> None:
        self._queue = queue
        self._webhook = webhook
        self._clock = clock
        self._http = http
        self._answered = answered

    async def deliver_due(self) -> int:
        """Sends all that is due now, chats side by side; returns how many updates were accepted."""
        accepted = 0
        while self._webhook.url:
            ready = self._heads()
            if not ready:
                break
            results = await asyncio.gather(*(self._deliver(update) for update in ready))
            accepted += sum(results)
        return accepted

    def _heads(self) -> list[Update]:
        """The oldest update of each free lane, when its time has come."""
        now = self._clock.now()
        heads: dict[tuple[int, bool], Update] = {}
        for update in self._queue.pending(now):
            heads.setdefault(update.lane, update)
        free = [u for lane, u in heads.items() if u.due <= now and lane not in self._webhook.busy]
        return free[: self._webhook.max_connections]

    async def _deliver(self, update: Update) -> bool:
        # A lane stays busy while its update is under way, so that a second call of deliver_due (the
        # background task's, a test's) neither repeats nor overtakes it.
        self._webhook.busy.add(update.lane)
        try:
            status = await self.post(update.body, self._webhook.secret)
        finally:
            self._webhook.busy.discard(update.lane)
        if 200 <= status < 300:
            self._queue.confirm(update)
            return True
        update.failed(self._clock.now())
        return False

    async def post(self, body: Json, secret: str | None) -> int:
        """One request; the answer's HTTP status, 0 when there was no answer."""
        headers = {"Content-Type": "application/json"}
        if secret is not None:
            headers[SECRET_HEADER] = secret
        content = json.dumps(body, ensure_ascii=False).encode()
        try:
            answer = await self._http.post(self._webhook.url, content=content, headers=headers)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            self._note(f"{type(error).__name__}: {error}")
            return 0
        if answer.is_success:
            await self._run_reply(answer)
        else:
            self._note(f"Wrong response from the webhook: {answer.status_code} {answer.reason_phrase}")
        return answer.status_code

    async def _run_reply(self, answer: httpx.Response) -> None:
        """A 2xx body may hold a method call, whose result nobody hears."""
        try:
            body = answer.json()
        except ValueError:
            return
        if isinstance(body, dict) and "method" in body:
            await self._answered(body)

    def _note(self, text: str) -> None:
        self._webhook.last_error = text
        self._webhook.last_error_at = self._clock.now()
