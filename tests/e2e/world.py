"""The very program between two emulated messengers, over real HTTP on random ports; and people with phones."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
from sqlalchemy import Connection, func, select

from bot.sandbox import Addresses, Bubble, Limits, Sandbox, build_sandbox
from bot.sandbox import running as sandbox_running
from bot.sandbox.telegram.people import Person
from bot.sandbox.viber.people import ViberPerson, plain
from bot.sandbox.world import TELEGRAM_TOKEN, VIBER_TOKEN
from bot.serve import prepare, running
from bot.server import listen
from bot.settings import Settings, load
from bot.wiring import Program, open_program
from core.billing.breakable import BreakableBilling
from core.billing.demo import fill_demo
from core.billing.protocol import Billing
from core.clock import ManualClock
from core.delivery.tables import lanes
from fsm.texts import Translator

SECRET = "Zq3vN8sKx1Lr7TdWm5PfYb0HcJ9uEgQaRn4oS2iV"
PATIENCE = 15.0  # seconds: only a program that is broken ever needs them


def settings_for(sandbox: Addresses, database_url: str, public_url: str, **more: Any) -> Settings:
    """What an operator would set, with both messengers, SMS and mail at the sandbox."""
    given = {
        "database_url": database_url,
        "secret_key": SECRET,
        "public_url": public_url,
        "telegram_token": TELEGRAM_TOKEN,
        "telegram_api_url": sandbox.telegram_api_url,
        "viber_token": VIBER_TOKEN,
        "viber_api_url": sandbox.viber_api_url,
        "sms_http_url": sandbox.sms_http_url,
        "smtp_url": sandbox.smtp_url,
        "mail_from": "office@northline.example",
        "operator_name": "Northline",
        "support_phone": "+74950000000",
    }
    return load(_env_file=None, **(given | more))


@dataclass
class World:
    """A running program and everything around it."""

    sandbox: Sandbox
    addresses: Addresses
    program: Program
    billing: BreakableBilling
    clock: ManualClock
    url: str
    http: httpx.AsyncClient

    def telegram(self, phone: str, name: str = "Anna Petrova", language: str = "en") -> Phone:
        return Phone(self, self.sandbox.telegram.person(name, phone, language), language)

    def viber(self, phone: str, name: str = "Anna Petrova", language: str = "en") -> Phone:
        return Phone(self, self.sandbox.viber.person(name, phone, language), language)

    def person(self, messenger: str, phone: str, **more: str) -> Phone:
        return self.telegram(phone, **more) if messenger == "telegram" else self.viber(phone, **more)

    async def until(self, condition: Callable[[], bool]) -> None:
        await self.sandbox.until(condition, PATIENCE)

    async def move(self, by: timedelta) -> None:
        """Moves the clock, once nothing is half done: a delivery that the clock outruns is made again."""
        async with asyncio.timeout(PATIENCE):
            while await self.program.database.read(_in_hand):
                await self.sandbox.events.wait(0.02)
        self.clock.move(by)
        await self.send_what_is_due()

    async def send_what_is_due(self) -> None:
        """The sender and the worker look at once, instead of within a second: after the clock was moved."""
        self.program.worker.wake()
        self.program.sender.wake()
        await self.sandbox.deliver_due()


def packed(text: str) -> str:
    return "".join(text.split())


def _in_hand(connection: Connection) -> int:
    """Chats that are being written to at this moment."""
    query = select(func.count()).select_from(lanes).where(lanes.c.owner.like("sender-%"))
    return connection.execute(query).scalar_one()


@dataclass
class Phone:
    """Somebody with one messenger. Labels and texts are given in English and looked for in the person's language."""

    world: World
    person: Person | ViberPerson
    language: str
    before: dict[int | str, tuple[str, str | None]] = field(default_factory=dict)

    @property
    def in_viber(self) -> bool:
        return isinstance(self.person, ViberPerson)

    # --- what they see

    @property
    def bubbles(self) -> list[Bubble]:
        return [bubble for bubble in self.person.messages if bubble.who == "bot"]

    @property
    def new(self) -> list[Bubble]:
        """What has come, or has been changed in place, since they last did something."""
        return [bubble for bubble in self.bubbles if self.before.get(bubble.id) != (bubble.text, bubble.picture)]

    @property
    def labels(self) -> list[str]:
        if isinstance(self.person, ViberPerson):
            return [plain(button.get("Text")) for button in self.person.buttons]
        inline = [label for bubble in self.bubbles for label in bubble.labels]
        return inline + self.person.keys

    @property
    def text(self) -> str:
        return "\n---\n".join(bubble.text for bubble in self.new)

    def word(self, english: str, **values: object) -> str:
        return Translator(self.language, ZoneInfo("Europe/Moscow")).t(english, **values)

    async def sees(self, english: str, **values: object) -> Bubble:
        """Waits for a message that says so, and returns it. Spaces do not matter: numbers are grouped for reading."""
        wanted = packed(self.word(english, **values))

        def found() -> list[Bubble]:
            return [bubble for bubble in self.new if wanted in packed(bubble.text)]

        await self.until(lambda: bool(found()), wanted)
        return found()[-1]

    async def until(self, condition: Callable[[], bool], wanted: str) -> None:
        try:
            await self.world.until(condition)
        except TimeoutError:
            raise AssertionError(f"{wanted!r} never came; on the screen: {self.text!r} {self.labels}") from None

    async def picture(self) -> str:
        """Waits for one, and returns where it is on the sandbox."""
        await self.until(lambda: any(bubble.picture for bubble in self.new), "a picture")
        return next(bubble.picture for bubble in self.new if bubble.picture)

    async def document(self) -> dict[str, Any]:
        """Waits for a file."""
        await self.until(lambda: any(bubble.document for bubble in self.new), "a file")
        return next(dict(bubble.document) for bubble in self.new if bubble.document)

    @property
    def last_media(self) -> str:
        """The address that Viber was given for the newest picture or file."""
        return next(str(bubble.raw["media"]) for bubble in reversed(self.bubbles) if bubble.raw.get("media"))

    async def hears_nothing(self) -> None:
        """All that is under way is done, and nothing has come of it."""
        await self.world.sandbox.deliver_due()
        await self.world.program.sender.drain()
        assert self.new == [], self.text

    # --- what they do

    def act(self) -> None:
        self.before = {bubble.id: (bubble.text, bubble.picture) for bubble in self.bubbles}

    def start(self, argument: str | None = None) -> None:
        self.act()
        if isinstance(self.person, ViberPerson):
            self.person.open(argument)
        else:
            self.person.start(argument)

    def say(self, text: str) -> None:
        self.act()
        self.person.say(text)

    async def press(self, english: str, **values: object) -> None:
        """The button whose label is, or else holds, these words; waits for it."""
        wanted = self.word(english, **values)
        await self.until(lambda: any(wanted in label for label in self.labels), f"button {wanted}")
        self.act()
        label = next((one for one in reversed(self.labels) if one == wanted), None)
        label = label or next(one for one in reversed(self.labels) if wanted in one)
        if isinstance(self.person, ViberPerson):
            self.person.press(self.labels.index(label))
        else:
            self.person.press(label)

    def share_phone(self) -> None:
        self.act()
        if isinstance(self.person, ViberPerson):
            self.person.press(
                next(b["ActionBody"] for b in self.person.buttons if b.get("ActionType") == "share-phone")
            )
        else:
            self.person.share_contact()

    async def code(self, to: str | None = None) -> str:
        """The newest code sent to this phone, or to an address."""
        inbox, target = self.world.sandbox.inbox, to or self.person.phone
        letters = inbox.mail if "@" in target else inbox.sms
        await self.until(lambda: any(letter.to == target for letter in letters), f"a code to {target}")
        return inbox.last_code(target)

    # --- whole roads

    async def prove_phone(self) -> None:
        """From the first screen to the proof of the number."""
        self.start()
        await self.press("✅ I agree")
        await self.sees("What is your mobile number?")
        self.share_phone()
        if self.in_viber:
            await self.sees("I have sent an SMS with a code to")
            self.say(await self.code())

    async def register(self) -> None:
        await self.prove_phone()
        await self.sees("What is your name?")
        await self.press(self.person.name)
        await self.sees("The last question: where do you live?")
        await self.press("Москва" if self.language == "ru" else "Moscow")
        await self.sees("✅ Done, {name}! You are signed up.", name=self.person.name)

    async def register_with_accounts(self) -> None:
        await self.register()
        await self.press("🔗 Link")


@contextlib.asynccontextmanager
async def open_world(database_url: str, *, bank: bool = False, **more: Any) -> AsyncIterator[World]:
    """Program and sandbox, connected; ``bank``: payments by the sandbox's bank; ``more`` are settings."""
    clock = ManualClock()
    sandbox = build_sandbox(clock, limits=Limits.off(), operator="Northline")
    listener = listen("127.0.0.1", 0)
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    broken: list[BreakableBilling] = []

    def breakable(billing: Billing) -> Billing:
        broken.append(BreakableBilling(billing))
        return broken[0]

    async with contextlib.AsyncExitStack() as stack:
        addresses = await stack.enter_async_context(sandbox_running(sandbox))
        if bank:
            more |= {"sandbox_bank_url": addresses.bank_url, "sandbox_bank_key": sandbox.bank.key}
        settings = settings_for(addresses, database_url, url, **more)
        program = await stack.enter_async_context(open_program(settings, clock=clock, wrap_billing=breakable))
        program.services.billing.limit = PATIENCE  # a busy machine is no silent billing
        await prepare(program, may_migrate=True)
        await program.database.write(fill_demo, clock.now().date(), settings.currency, now=clock.now())
        http = await stack.enter_async_context(httpx.AsyncClient(base_url=url, trust_env=False))
        await stack.enter_async_context(running(program, listener))
        stack.callback(sandbox.close)
        world = World(sandbox, addresses, program, broken[0], clock, url, http)
        await world.until(lambda: connected(sandbox, settings.telegram_mode))
        yield world


def connected(sandbox: Sandbox, telegram_mode: str = "polling") -> bool:
    telegram = sandbox.telegram
    there = telegram.queue.poll > 0 if telegram_mode == "polling" else bool(telegram.webhook.url)
    return there and bool(sandbox.viber.callbacks.url)


def sqlite_in(folder: Path) -> str:
    return f"sqlite+aiosqlite:///{folder / 'abonent.db'}"
