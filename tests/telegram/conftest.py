"""A Bot API double, a Bot that talks to it, and an intake that a test can hold or break."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress

import pytest
from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession

from core.clock import ManualClock
from fsm.event import Event
from handlers.intake import TurnDone
from handlers.telegram.client import make_bot
from handlers.telegram.outbound import TelegramChannel
from handlers.telegram.receiver import Receiver
from tests.telegram.api import TOKEN, Api


class FakeIntake:
    """Keeps what was taken. `errors` are raised first, by update id; `gates` hold an update until they are set."""

    def __init__(self) -> None:
        self.taken: list[Event] = []
        self.tried: list[str] = []
        self.errors: dict[str, list[Exception]] = {}
        self.gates: dict[str, asyncio.Event] = {}
        self.reached: dict[str, asyncio.Event] = {}
        self.answer: Callable[[Event], TurnDone] = lambda event: TurnDone()

    def hold(self, update_id: int) -> asyncio.Event:
        self.reached[str(update_id)] = asyncio.Event()
        gate = self.gates[str(update_id)] = asyncio.Event()
        return gate

    @property
    def ids(self) -> list[int]:
        return [int(event.update_id) for event in self.taken]

    async def take(self, event: Event) -> TurnDone:
        self.tried.append(event.update_id)
        if event.update_id in self.gates:
            self.reached[event.update_id].set()
            await self.gates[event.update_id].wait()
        if self.errors.get(event.update_id):
            raise self.errors[event.update_id].pop(0)
        self.taken.append(event)
        return self.answer(event)


@pytest.fixture
async def api() -> AsyncIterator[Api]:
    server = Api()
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def bot(api: Api) -> AsyncIterator[Bot]:
    bot = make_bot(TOKEN, api.url, timeout=5)
    yield bot
    session = bot.session
    assert isinstance(session, AiohttpSession)
    if session._session:  # its own close() sleeps a quarter of a second for TLS connections, of which there are none
        with suppress(RuntimeError):
            await session._session.close()


@pytest.fixture
def blobs() -> dict[str, bytes]:
    return {}


@pytest.fixture
def channel(bot: Bot, blobs: dict[str, bytes]) -> TelegramChannel:
    async def read(digest: str) -> bytes:
        return blobs[digest]

    return TelegramChannel(bot, read)


@pytest.fixture
def intake() -> FakeIntake:
    return FakeIntake()


@pytest.fixture
async def receiver(bot: Bot, channel: TelegramChannel, intake: FakeIntake) -> AsyncIterator[Receiver]:
    receiver = Receiver(
        bot,
        channel,
        intake,
        ManualClock(),
        group_line=lambda language: "Только в личной переписке." if language == "ru" else "In private only.",
        username="abonent_bot",
        typing_after=60,
    )
    yield receiver
    await receiver.close()
