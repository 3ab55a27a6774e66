"""The state that everything in the sandbox hangs from: both messengers, the inbox, the files, the page's events."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

import httpx

from bot.sandbox.bank.service import Bank
from bot.sandbox.desk_door import DeskDoor
from bot.sandbox.events import EventBus
from bot.sandbox.files import FileStore
from bot.sandbox.inbox import Inbox
from bot.sandbox.shapes import Controls, PersonSpec, Words
from bot.sandbox.telegram.limits import Limits
from bot.sandbox.telegram.people import Person
from bot.sandbox.telegram.server import TelegramServer
from bot.sandbox.telegram.service import Telegram
from bot.sandbox.telegram.webhook import Delivery
from bot.sandbox.viber.people import ViberPerson
from bot.sandbox.viber.server import ViberServer
from bot.sandbox.viber.service import Viber
from core.clock import Clock

TELEGRAM_TOKEN = "7000000001:SANDBOX-token-of-the-demonstration"
VIBER_TOKEN = "50sandbox0000000-0000000000000000-0000000000000000"
_TICK = 0.2  # seconds between looks at what is due; the clock may be moved at any moment


class Sandbox:
    """Two messengers, an SMS gateway and a mailbox in one process.

    `telegram` and `viber` hold the people, and what a person does waits in a queue until `deliver_due` sends
    it. A test calls that itself; the demo leaves it to the background task of `run`.
    """

    def __init__(
        self,
        clock: Clock,
        telegram_token: str,
        viber_token: str,
        operator: str,
        limits: Limits | None,
        controls: Controls | None,
        http: httpx.AsyncClient | None,
        base_url: str,
    ) -> None:
        self.clock = clock
        self.operator = operator
        self.controls = controls
        self.base_url = base_url
        self.notes: dict[str, Words] = {}  # by phone: what a person is good for
        self.events = EventBus()
        self.files = FileStore(clock)
        self.inbox = Inbox(clock, self.changed)
        self.desk = DeskDoor()
        # The bot is a neighbour: a proxy from the environment must not come between.
        self.http = http or httpx.AsyncClient(timeout=30, trust_env=False)
        self.bank = Bank(clock, self.http, lambda: self.base_url, self.changed)
        self._wake = asyncio.Event()
        self.telegram = Telegram(telegram_token, clock, self.files, self.changed, limits, operator)
        self.viber = Viber(viber_token, clock, self.files, self.changed, self.http, lambda: self.base_url, operator)
        self.telegram_server = TelegramServer(self.telegram)
        self.viber_server = ViberServer(self.viber)
        self._delivery = Delivery(
            self.telegram.queue, self.telegram.webhook, clock, self.http, self.telegram_server.webhook_reply
        )

    def add(self, spec: PersonSpec) -> Person | ViberPerson:
        if spec.note:
            self.notes[spec.phone] = spec.note
        messenger = self.telegram if spec.messenger == "telegram" else self.viber
        return messenger.person(spec.name, spec.phone, spec.language)

    def add_all(self, specs: Iterable[PersonSpec]) -> None:
        for spec in specs:
            self.add(spec)

    def changed(self) -> None:
        self.events.changed()
        self._wake.set()

    # --- delivery

    async def deliver_due(self) -> int:
        """Posts to the bot's webhooks all that is due by the clock; returns how many updates were accepted.

        What the bot sends in answer may make more (a `delivered` callback): repeated until nothing is left.
        """
        total = 0
        while True:
            counts = await asyncio.gather(
                self._delivery.deliver_due(), self.viber.deliver_due(), self.bank.deliver_due()
            )
            total += sum(counts)
            if not any(counts):
                return total

    async def run(self) -> None:
        """Delivers for ever, in the background of the demo, until cancelled.

        One slow answer holds back its own chat only: each round is a task of its own.
        """
        async with asyncio.TaskGroup() as rounds:
            while True:
                rounds.create_task(self.deliver_due())
                try:
                    async with asyncio.timeout(_TICK):
                        await self._wake.wait()
                except TimeoutError:
                    continue
                finally:
                    self._wake.clear()

    async def until(self, condition: Callable[[], bool], seconds: float = 10) -> None:
        """Delivers and waits until `condition` holds, looking after each change; TimeoutError when it never does.

        For tests: the bot's answer comes some time after its webhook has said 200.
        """
        async with asyncio.timeout(seconds):
            while not condition():
                if not await self.deliver_due() and not condition():
                    await self.events.wait(_TICK)

    def close(self) -> None:
        """Ends the long polls and the page's streams, so that the web server can stop at once."""
        self.telegram.closing = True
        self.telegram.queue.notify()
        self.events.close()

    # --- what an attacker or a faulty network does

    async def redeliver_telegram(self, update_id: int | None = None) -> int:
        """Posts an update (the last one by default) to the webhook once more; the HTTP status."""
        history = self.telegram.queue.history
        body = next(u for u in reversed(history) if update_id in (None, u["update_id"]))
        return await self._delivery.post(body, self.telegram.webhook.secret)

    async def forge_telegram(self, body: dict[str, object], secret: str | None) -> int:
        """Posts any body with any secret, as a stranger who found the address; the HTTP status."""
        return await self._delivery.post(body, secret)

    async def redeliver_viber(self, token: int | None = None) -> int:
        """Posts a callback (the last one by default) once more, the same to the byte; the HTTP status."""
        history = self.viber.callbacks.history
        callback = next(c for c in reversed(history) if token in (None, c.token))
        return await self.forge_viber(callback.raw, self.viber.callbacks.sign(callback.raw))

    async def forge_viber(self, raw: bytes, signature: str | None) -> int:
        """Posts any bytes with any signature; the HTTP status, 0 for no answer."""
        answer = await self.viber.callbacks.post(raw, signature)
        return answer.status_code if answer is not None else 0
