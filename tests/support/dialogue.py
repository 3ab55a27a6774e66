"""A person in a test: says and presses things in either messenger, and sees what they would see.

Everything between the messenger's package and the database is the real thing: turns, engine, flows, writer, sender,
worker. Only the messengers, the SMS gateway and the clock are doubles.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from core.appeals.files import FileStore
from core.clock import ManualClock
from core.database import Database, metadata
from core.delivery.messages import Button, OutgoingMessage
from core.delivery.writer import Writer
from core.operator import Operator
from core.services import Services
from core.subscribers.models import Subscriber
from core.subscribers.snapshots import SnapshotReader
from fsm.capabilities import Capabilities
from fsm.engine import Engine
from fsm.event import Command, Contact, Edited, Event, File, Input, Opened, Press, Text, Unsupported
from fsm.state import Registry
from handlers.channel import ChatGone, Delivered, DeliveryError, Fetched, TooLarge, Undeliverable
from handlers.intake import TurnDone
from handlers.parts import Parts
from handlers.sender import Sender
from handlers.turn import Turns
from handlers.worker import TaskHandler, Worker

TELEGRAM = Capabilities(
    edits=True, vouches_for_contact=True, toasts=True, files_by_url=False, sticky_contact_keyboard=True
)
VIBER = Capabilities(edits=False, vouches_for_contact=False, toasts=False, files_by_url=True)
MEANS = {"telegram": TELEGRAM, "viber": VIBER}

SECRET = "a-secret-for-tests-that-is-long-enough"


@dataclass
class FakeChannel:
    """Takes every message, or raises what ``failure`` says."""

    name: str
    capabilities: Capabilities
    delivered: list[tuple[str, OutgoingMessage]] = field(default_factory=list)
    failure: Callable[[str, OutgoingMessage], DeliveryError | None] = lambda _address, _message: None
    files: dict[str, Fetched] = field(default_factory=dict)
    count: int = 100
    ids: list[tuple[str, OutgoingMessage, str]] = field(default_factory=list)  # address, message, its id

    async def deliver(self, address: str, message: OutgoingMessage, parts: Parts | None = None) -> Delivered:
        error = self.failure(address, message)
        if error is not None:
            raise error
        self.count += 1
        self.delivered.append((address, message))
        if message.edits:
            return Delivered(message.edits)
        self.ids.append((address, message, str(self.count)))
        return Delivered(str(self.count))

    async def fetch(self, ref: str, max_bytes: int) -> Fetched:
        if ref not in self.files:
            raise Undeliverable("the file is gone")
        if len(self.files[ref].data) > max_bytes:
            raise TooLarge("the file is larger than that")
        return self.files[ref]

    async def close(self) -> None:
        return None


class House:
    """The program without its edges."""

    def __init__(
        self,
        database: Database,
        services: Services,
        clock: ManualClock,
        zone_of: Callable[[Subscriber | None], object],
        tasks: Callable[[House], dict[str, TaskHandler]],
        store: FileStore,
        registry: Registry | None = None,
    ) -> None:
        self.database = database
        self.store = store
        self.services = services
        self.clock = clock
        self.zone_of = zone_of
        self.registry = registry or Registry()
        self.engine = Engine(self.registry, services, zone_of)  # type: ignore[arg-type]  # a ZoneInfo, said loosely
        self.channels = {name: FakeChannel(name, means) for name, means in MEANS.items()}
        self.outside: dict[str, list[dict[str, str]]] = {"sms": [], "mail": []}
        self.writer = Writer(database)
        self.sender = Sender(database, clock, self.channels, self.engine.fallback)
        self.worker = Worker(database, clock, tasks(self))
        self.turns = self._turns()
        self._updates = 0
        self._settling = asyncio.Lock()

    def _turns(self) -> Turns:
        return Turns(self.engine, SnapshotReader(self.database), self.writer, self.clock, MEANS)

    def restart(self) -> None:
        """Everything that lives in memory is made anew."""
        self.engine = Engine(self.registry, self.services, self.zone_of)  # type: ignore[arg-type]  # as above
        self.turns = self._turns()

    def next_update(self) -> int:
        self._updates += 1
        return self._updates

    async def settle(self) -> None:
        """Lets the worker and the sender do everything that is due."""
        async with self._settling:  # whoever comes second waits until the first one's messages are there
            while await self.worker.drain() + await self.sender.drain():
                pass


@dataclass
class Person:
    """Somebody with a phone, in one messenger."""

    house: House
    channel: str
    address: str
    language: str = "en"
    name: str = "Anna Petrova"
    seen: int = 0  # messages of the channel that were there before the last act
    last: Event | None = None

    # -- what they do ----------------------------------------------------------------------------------------------

    async def do(self, said: Input, *, message_id: str = "", update_id: str = "", reply_to: str = "") -> TurnDone:
        number = self.house.next_update()
        event = Event(
            channel=self.channel,
            update_id=update_id or str(number),
            address=self.address,
            at=self.house.clock.now(),
            input=said,
            name=self.name,
            language=self.language,
            message_id=message_id or str(1000 + number),
            reply_to=reply_to,
        )
        return await self.send(event)

    async def send(self, event: Event) -> TurnDone:
        self.last = event
        self.seen = len(self._all())
        done = await self.house.turns.take(event)
        if done.welcome is not None:
            self.house.channels[self.channel].delivered.append((self.address, done.welcome))
        await self.house.settle()
        return done

    async def again(self) -> TurnDone:
        """The messenger brings the last update once more."""
        assert self.last is not None
        return await self.send(self.last)

    async def start(self, argument: str = "") -> TurnDone:
        if self.channel == "viber":
            return await self.do(Opened(argument, subscribed=False))
        return await self.do(Command("start", argument))

    async def say(self, text: str) -> TurnDone:
        if text.startswith("/"):
            name, _, argument = text[1:].partition(" ")
            return await self.do(Command(name, argument))
        return await self.do(Text(text))

    async def press(self, label: str) -> TurnDone:
        """The button on the last message whose label is, or else holds, ``label``."""
        return await self.press_on(self.message, label)

    async def press_on(self, message: OutgoingMessage, label: str) -> TurnDone:
        """A button of an earlier message."""
        return await self.do(Press(self.payload(label, message)), message_id="999999")

    async def press_raw(self, payload: str) -> TurnDone:
        """A forged button."""
        return await self.do(Press(payload), message_id="999999")

    async def share_contact(self, phone: str, *, own: bool | None = None, by_button: bool = True) -> TurnDone:
        """The share-phone button (``own`` by default where the messenger vouches), or somebody's card."""
        vouched = MEANS[self.channel].vouches_for_contact if own is None else own
        return await self.do(Contact(phone, own=vouched, by_button=by_button, name=self.name))

    async def reply(self, message: OutgoingMessage, text: str) -> TurnDone:
        """Answers a message of the bot's; the bot is told which one only where the messenger says so."""
        ids = self.house.channels[self.channel].ids
        told = next(number for address, sent, number in reversed(ids) if address == self.address and sent == message)
        return await self.do(Text(text), reply_to=told if MEANS[self.channel].edits else "")

    async def send_file(
        self, ref: str = "file-1", *, caption: str = "", kind: str = "photo", album: str = ""
    ) -> TurnDone:
        return await self.do(File(ref=ref, kind=kind, name="photo.jpg", caption=caption, album=album))  # type: ignore[arg-type]  # as said

    async def send_album(self, *refs: str, album: str = "album-1") -> None:
        """Photos sent together; the answer comes a moment after the last."""
        for ref in refs:
            await self.send_file(ref, album=album)
        self.house.clock.move(timedelta(seconds=2))
        await self.house.settle()

    async def send_sticker(self) -> TurnDone:
        return await self.do(Unsupported("sticker"))

    async def edit(self, text: str) -> TurnDone:
        return await self.do(Edited(text))

    # -- what they see ---------------------------------------------------------------------------------------------

    def _all(self) -> list[OutgoingMessage]:
        return [message for address, message in self.house.channels[self.channel].delivered if address == self.address]

    @property
    def said(self) -> list[OutgoingMessage]:
        """What the bot has said since this person last did something."""
        return self._all()[self.seen :]

    @property
    def message(self) -> OutgoingMessage:
        messages = self._all()
        assert messages, "the bot has said nothing"
        return messages[-1]

    @property
    def text(self) -> str:
        """The last message, with what was said while a keyboard was taken away."""
        message = self.message
        return "\n\n".join(part for part in (message.drops_keyboard, message.text) if part)

    @property
    def buttons(self) -> list[Button]:
        return [button for row in self.message.rows for button in row]

    @property
    def labels(self) -> list[str]:
        return [button.label for button in self.buttons]

    def payload(self, label: str, message: OutgoingMessage | None = None) -> str:
        buttons = [button for row in (message or self.message).rows for button in row]
        for fits in (lambda b: b.label == label, lambda b: label.casefold() in b.label.casefold()):
            found = [button for button in buttons if fits(button)]
            if found:
                return found[0].payload
        raise AssertionError(f"no button {label!r} among {[button.label for button in buttons]}")

    def code(self, way: str = "sms") -> str:
        """The last one-time code that was sent: the only run of six digits in the message."""
        import re

        text = self.house.outside[way][-1]["text"]
        found = re.search(r"(?<!\d)(\d{6})(?!\d)", text)
        assert found is not None, f"no code in {text!r}"
        return found.group(1)


@asynccontextmanager
async def open_house(
    url: str,
    *,
    build: Callable[[Database, ManualClock], Services],
    zone_of: Callable[[Subscriber | None], object],
    tasks: Callable[[House], dict[str, TaskHandler]] = lambda _house: {},
    clock: ManualClock | None = None,
    registry: Registry | None = None,
    empty: bool = True,
) -> AsyncIterator[House]:
    """The program on a database at ``url``: an empty one, unless the tables are there already."""
    clock = clock or ManualClock()
    database = Database(url)
    if empty:
        await database.write(metadata.create_all)
    with tempfile.TemporaryDirectory() as folder:
        house = House(database, build(database, clock), clock, zone_of, tasks, FileStore(Path(folder)), registry)
        async with house.writer:
            yield house
    await database.close()


def sqlite_url(folder: Path) -> str:
    return f"sqlite+aiosqlite:///{folder / 'abonent.db'}"


__all__ = ["ChatGone", "FakeChannel", "House", "Operator", "Person", "open_house", "sqlite_url", "timedelta"]
