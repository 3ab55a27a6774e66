"""The whole edge against the emulated Telegram, which refuses what the real one refuses."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator

import httpx
import pytest
from aiogram import Bot
from starlette.applications import Starlette

from bot.sandbox import Addresses, Limits, Sandbox, build_sandbox, running
from bot.sandbox.telegram.people import Person
from core.clock import ManualClock
from core.delivery.messages import Attachment, Button, OutgoingMessage
from fsm.event import Blocked, Command, Contact, Event, File, Press, Unblocked, Unsupported
from handlers.channel import ChatGone
from handlers.intake import TurnDone
from handlers.telegram.client import make_bot
from handlers.telegram.outbound import TelegramChannel
from handlers.telegram.polling import Polling
from handlers.telegram.receiver import Receiver
from handlers.telegram.setup import Appearance, diagnose, set_appearance, set_webhook
from handlers.telegram.webhook import webhook_route
from tests.sandbox.conftest import png

CHOICES = ((Button("Next", payload="-----n", tone="primary"), Button("No", payload="-----x", tone="danger")),)
PICTURE = png(8, 8)


class Menu:
    """An intake that answers at once with a screen for each kind of input."""

    def __init__(self) -> None:
        self.channel: TelegramChannel | None = None
        self.seen: list[Event] = []

    async def take(self, event: Event) -> TurnDone:
        self.seen.append(event)
        assert self.channel
        if not isinstance(event.input, Blocked | Unblocked):
            await self.channel.deliver(event.address, self._screen(event))
        return TurnDone(toast="Done" if isinstance(event.input, Press) else "")

    def _screen(self, event: Event) -> OutgoingMessage:
        match event.input:
            case Command("start", _):
                parts = (("Welcome 😀 ", "plain"), ("Anna", "bold"))
                return OutgoingMessage(parts, CHOICES)
            case Press():
                return OutgoingMessage((("Second", "plain"),), CHOICES, edits=event.message_id)
            case Command("phone", _):
                return OutgoingMessage((("Your phone?", "plain"),), CHOICES, asks_contact="Share", hint="+7")
            case Contact():
                return OutgoingMessage((("Saved", "plain"),), CHOICES, drops_keyboard="Thank you.")
            case Command("picture", _):
                attachment = Attachment("pic", "year.png", "image/png", len(PICTURE))
                return OutgoingMessage((("A year", "italic"),), CHOICES, attachment)
            case Command("long", _):
                return OutgoingMessage((("word " * 2000, "code"),), CHOICES)
        return OutgoingMessage((("?", "plain"),))


@pytest.fixture
def web() -> Starlette:
    """What answers at the bot's public address."""
    return Starlette()


@pytest.fixture
def sandbox(web: Starlette) -> Sandbox:
    http = httpx.AsyncClient(transport=httpx.ASGITransport(web))
    return build_sandbox(ManualClock(), limits=Limits.off(), http=http)


@pytest.fixture
async def addresses(sandbox: Sandbox) -> AsyncIterator[Addresses]:
    async with running(sandbox, deliver=False) as found:
        yield found


@pytest.fixture
async def bot(sandbox: Sandbox, addresses: Addresses) -> AsyncIterator[Bot]:
    bot = make_bot(sandbox.telegram.token, addresses.telegram_api_url)
    yield bot
    await (getattr(bot.session, "_session", None) or bot.session).close()


@pytest.fixture
def menu() -> Menu:
    return Menu()


@pytest.fixture
async def receiver(bot: Bot, menu: Menu, sandbox: Sandbox) -> Receiver:
    async def blobs(digest: str) -> bytes:
        return {"pic": PICTURE}[digest]

    menu.channel = TelegramChannel(bot, blobs)
    return Receiver(
        bot,
        menu.channel,
        menu,
        sandbox.clock,
        group_line=lambda language: f"[{language}] In private only.",
        username=str(sandbox.telegram.bot["username"]),
    )


@pytest.fixture
async def polling(bot: Bot, receiver: Receiver) -> AsyncIterator[Polling]:
    polling = Polling(bot, receiver)
    task = asyncio.create_task(polling.run())
    yield polling
    polling.stop()
    async with asyncio.timeout(10):
        await task


@pytest.fixture
def anna(sandbox: Sandbox) -> Person:
    return sandbox.telegram.person("Анна Орлова", "+79161234567")


@pytest.fixture
def until(sandbox: Sandbox) -> Iterator[Callable[[Callable[[], object]], object]]:
    async def wait(condition: Callable[[], object]) -> None:
        async with asyncio.timeout(10):
            while not condition():
                await sandbox.events.wait(0.05)

    yield wait


Until = Callable[[Callable[[], object]], "asyncio.Future[None]"]


async def test_a_menu_is_edited_in_place(polling: Polling, anna: Person, menu: Menu, until: Until) -> None:
    anna.start("link_4001")
    await until(lambda: len(anna.messages) == 2)
    shown = anna.last
    assert shown.text == "Welcome 😀 Anna"
    assert [(mark["type"], mark["offset"], mark["length"]) for mark in shown.entities] == [("bold", 11, 4)]
    assert [[button.style for button in row] for row in shown.buttons] == [["primary", "danger"]]
    assert menu.seen[0].input == Command("start", "link_4001")
    anna.press("Next")
    await until(lambda: anna.toast == "Done")
    assert (anna.last.text, anna.last.id, anna.last.edited) == ("Second", shown.id, True)
    anna.press("Next")  # the same screen again: nothing to change, and no mistake
    await until(lambda: len(menu.seen) == 3)
    assert len(anna.messages) == 2


async def test_a_shared_phone(polling: Polling, anna: Person, menu: Menu, until: Until) -> None:
    anna.say("/phone")
    await until(lambda: anna.keys == ["Share"])
    assert [shown.text for shown in anna.messages] == ["/phone", "Your phone?", "Share 👇"]
    assert anna.messages[1].labels == ["Next", "No"]
    anna.tap("Share")
    await until(lambda: anna.last.text == "Saved")
    assert menu.seen[-1].input == Contact("+79161234567", own=True, by_button=True, name="Анна")
    assert anna.keys == []
    anna.send_contact("+79990000000", "Neighbour", anna.id + 1)
    await until(lambda: len(menu.seen) == 3)
    assert menu.seen[-1].input == Contact("79990000000", name="Neighbour")


async def test_a_picture_cannot_be_edited_into_a_text(polling: Polling, anna: Person, menu: Menu, until: Until) -> None:
    anna.say("/picture")
    await until(lambda: len(anna.messages) == 2)
    picture = anna.last
    assert (bool(picture.picture), picture.text, picture.labels) == (True, "A year", ["Next", "No"])
    anna.press("Next")
    await until(lambda: anna.last.text == "Second" and not anna.messages[1].labels)
    assert anna.last.id != picture.id


async def test_a_long_text(polling: Polling, anna: Person, until: Until) -> None:
    anna.say("/long")
    await until(lambda: len(anna.messages) == 4)
    assert [shown.labels for shown in anna.messages[1:]] == [[], [], ["Next", "No"]]
    assert sum(shown.text.count("word") for shown in anna.messages[1:]) == 2000


async def test_files_come_and_are_fetched(polling: Polling, anna: Person, menu: Menu, until: Until) -> None:
    anna.send_photo(PICTURE, "My meter")
    anna.send_document("bill.pdf", b"%PDF")
    await until(lambda: len(menu.seen) == 2)
    photo, document = menu.seen[0].input, menu.seen[1].input
    assert isinstance(photo, File)
    assert isinstance(document, File)
    assert (photo.kind, photo.caption, document.name) == ("photo", "My meter", "bill.pdf")
    assert menu.channel
    assert (await menu.channel.fetch(photo.ref, 10_000)).data == PICTURE
    assert (await menu.channel.fetch(document.ref, 10_000)).media_type == "application/pdf"


async def test_everything_else_that_a_phone_can_send(polling: Polling, anna: Person, menu: Menu, until: Until) -> None:
    anna.sticker()
    anna.voice()
    anna.video()
    anna.location()
    await until(lambda: len(menu.seen) == 4)
    assert [event.input for event in menu.seen] == [
        Unsupported(kind) for kind in ("sticker", "voice", "video", "location")
    ]


async def test_blocked_and_back(polling: Polling, anna: Person, menu: Menu, until: Until) -> None:
    anna.start()
    await until(lambda: len(anna.messages) == 2)
    anna.block()
    await until(lambda: len(menu.seen) == 2)
    assert menu.channel
    with pytest.raises(ChatGone, match="blocked by the user"):
        await menu.channel.deliver(str(anna.id), OutgoingMessage((("x", "plain"),)))
    anna.unblock()
    await until(lambda: len(menu.seen) == 3)
    assert [event.input for event in menu.seen[1:]] == [Blocked(), Unblocked()]


async def test_a_group_hears_one_line(
    polling: Polling, anna: Person, menu: Menu, sandbox: Sandbox, until: Until
) -> None:
    group = sandbox.telegram.group("Neighbours", [anna])
    group.add_bot(anna)
    group.say(anna, "/help")
    anna.say("in private")
    await until(lambda: menu.seen and any(message.get("text", "").startswith("[ru]") for message in group.messages))
    assert sum(message.get("text", "").startswith("[") for message in group.messages) == 1
    assert [event.address for event in menu.seen] == [str(anna.id)]


async def test_the_same_by_webhook(
    web: Starlette, bot: Bot, receiver: Receiver, anna: Person, menu: Menu, sandbox: Sandbox
) -> None:
    web.router.routes.append(webhook_route(receiver, "s3cret"))
    address = "https://bot.example/telegram/webhook"
    await set_webhook(bot, address, "s3cret")
    anna.start()
    assert await sandbox.deliver_due() == 1
    assert anna.last.text == "Welcome 😀 Anna"
    anna.press("Next")
    assert await sandbox.deliver_due() == 1
    await receiver.close()
    assert (anna.last.text, anna.toast) == ("Second", "Done")
    assert [finding.level for finding in await diagnose(bot, webhook_url=address)] == ["ok", "ok"]


async def test_the_menu_of_commands(bot: Bot, anna: Person, sandbox: Sandbox) -> None:
    menu = {"ru": [("start", "Начать")], "en": [("start", "Begin")]}
    await set_appearance(bot, Appearance(menu, "en", {"ru": "Личный кабинет", "en": "Your account"}))
    french = sandbox.telegram.person("Marie", "+33612345678", "fr")
    assert [command["description"] for command in anna.commands + french.commands] == ["Начать", "Begin"]
