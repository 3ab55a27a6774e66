"""Polling: chats side by side, order within a chat, and an offset that moves only past what is committed."""

import asyncio
import random
from collections.abc import AsyncIterator

import pytest
from aiogram import Bot
from structlog.testing import capture_logs
from structlog.typing import EventDict

from handlers.intake import NotCommitted
from handlers.telegram.polling import Polling
from handlers.telegram.receiver import Receiver
from tests.telegram.api import Api
from tests.telegram.conftest import FakeIntake
from tests.telegram.samples import press, text


class Loop:
    def __init__(self, polling: Polling) -> None:
        self.polling = polling
        self.task: asyncio.Task[None] | None = None

    def begin(self) -> None:
        self.task = asyncio.create_task(self.polling.run())

    async def end(self) -> None:
        self.polling.stop()
        if self.task:
            async with asyncio.timeout(10):
                await self.task


@pytest.fixture
async def loop(bot: Bot, receiver: Receiver) -> AsyncIterator[Loop]:
    loop = Loop(Polling(bot, receiver, patience=0.01, first_pause=0.001, farewell=0.05))
    yield loop
    await loop.end()


def offsets(api: Api) -> list[int]:
    return [call.params.get("offset", 0) for call in api.named("getUpdates")]


async def test_it_removes_a_webhook_and_asks_for_what_it_takes(api: Api, loop: Loop) -> None:
    loop.begin()
    await api.until(lambda: api.named("getUpdates"))
    assert [call.method for call in api.calls] == ["deleteWebhook", "getUpdates"]
    assert api.calls[1].params == {
        "limit": 100,
        "timeout": 30,
        "allowed_updates": ["message", "edited_message", "callback_query", "my_chat_member", "pre_checkout_query"],
    }


async def test_it_confirms_what_is_committed(api: Api, loop: Loop, intake: FakeIntake) -> None:
    await api.bring(text("one", 10), text("two", 11))
    loop.begin()
    await api.until(lambda: api.confirmed == 12)
    assert intake.ids == [10, 11]


async def test_a_chat_keeps_its_order_while_others_go_ahead(api: Api, loop: Loop, intake: FakeIntake) -> None:
    gate = intake.hold(10)
    await api.bring(text("slow", 10, by=1), text("after", 11, by=1), text("quick", 12, by=2), press("x", 13, by=1))
    loop.begin()
    await api.until(lambda: len(api.named("getUpdates")) > 2)
    assert intake.ids == [12]
    await api.bring(text("new", 14, by=3))
    await api.until(lambda: 14 in intake.ids)  # a slow turn does not hold up somebody who writes later
    assert intake.ids == [12, 14]
    assert set(offsets(api)) <= {0, 10}
    gate.set()
    await api.until(lambda: api.confirmed == 15)
    assert intake.ids == [12, 14, 10, 11, 13]
    assert intake.tried.count("10") == 1


async def test_what_was_not_committed_comes_again_in_order(api: Api, loop: Loop, intake: FakeIntake) -> None:
    intake.errors["10"] = [NotCommitted(), NotCommitted()]
    await api.bring(text("one", 10, by=1), text("two", 11, by=1), text("three", 12, by=2))
    loop.begin()
    await api.until(lambda: api.confirmed == 13)
    assert intake.ids == [12, 10, 11]
    assert intake.tried == ["10", "12", "10", "10", "11"]
    assert all(offset in (0, 10, 13) for offset in offsets(api))


async def test_an_unconfirmed_update_survives_a_stop(api: Api, loop: Loop, intake: FakeIntake) -> None:
    intake.hold(11)
    await api.bring(text("one", 10, by=1), text("two", 11, by=2), text("three", 12, by=3))
    loop.begin()
    await api.until(lambda: 12 in intake.ids)
    await loop.end()
    assert intake.ids == [10, 12]
    assert api.confirmed == 11
    assert [update["update_id"] for update in api.updates] == [11, 12]


async def test_a_stop_waits_for_the_running_turn_and_confirms_it(
    api: Api, bot: Bot, receiver: Receiver, intake: FakeIntake
) -> None:
    gate = intake.hold(10)
    await api.bring(text("one", 10))
    loop = Loop(Polling(bot, receiver, patience=0.01, farewell=10))
    loop.begin()
    await intake.reached["10"].wait()
    loop.polling.stop()
    gate.set()
    await loop.end()
    assert intake.ids == [10]
    assert api.confirmed == 11


async def test_a_stop_cuts_the_long_poll_off(api: Api, loop: Loop) -> None:
    loop.begin()
    await api.until(lambda: api.named("getUpdates"))
    await loop.end()


async def test_a_cancelled_loop_leaves_nothing_behind(api: Api, loop: Loop) -> None:
    loop.begin()
    await api.until(lambda: api.named("getUpdates"))
    assert loop.task
    loop.task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await loop.task
    loop.task = None


async def test_an_unreadable_update_is_passed_by(api: Api, loop: Loop, intake: FakeIntake) -> None:
    await api.bring({"update_id": 10, "message": {"odd": 1}}, {"update_id": 11, "telepathy": {}}, text("ok", 12))
    loop.begin()
    await api.until(lambda: api.confirmed == 13)
    assert intake.ids == [12]


async def test_numbers_may_begin_anew_after_an_idle_week(api: Api, loop: Loop, intake: FakeIntake) -> None:
    await api.bring(text("one", 900))
    loop.begin()
    await api.until(lambda: api.confirmed == 901)
    api.confirmed = 0
    await api.bring(text("two", 10))
    await api.until(lambda: 11 in offsets(api))
    assert intake.ids == [900, 10]


async def test_what_failed_and_has_expired_is_not_waited_for(api: Api, loop: Loop, intake: FakeIntake) -> None:
    intake.errors["10"] = [NotCommitted() for _ in range(1_000)]
    await api.bring(text("one", 10, by=1))
    loop.begin()
    await api.until(lambda: len(intake.tried) > 1)
    api.updates.clear()
    await api.bring(text("two", 11, by=1))
    await api.until(lambda: api.confirmed == 12)
    assert intake.ids == [11]


def held_up(logs: list[EventDict]) -> list[str]:
    return [entry["reason"] for entry in logs if entry["event"] == "polling is held up"]


@pytest.mark.parametrize(
    ("code", "description", "words"),
    [
        (409, "Conflict: terminated by other getUpdates request", "another program"),
        (401, "Unauthorized", "token"),
        (404, "Not Found", "token"),
        (502, "Bad Gateway", "cannot be reached"),
    ],
)
async def test_trouble_is_said_once_and_ends(
    api: Api, loop: Loop, intake: FakeIntake, code: int, description: str, words: str
) -> None:
    for _ in range(4):
        api.refuse("getUpdates", code, description)
    await api.bring(text("one", 10))
    with capture_logs() as logs:
        loop.begin()
        await api.until(lambda: api.confirmed == 11)
    assert len(held_up(logs)) == 1
    assert words in held_up(logs)[0]
    assert [entry["event"] for entry in logs].count("polling goes on") == 1
    assert intake.ids == [10]


async def test_a_webhook_set_meanwhile_is_removed(api: Api, loop: Loop) -> None:
    api.refuse("getUpdates", 409, "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook")
    await api.bring(text("one", 10))
    loop.begin()
    await api.until(lambda: api.confirmed == 11)
    assert len(api.named("deleteWebhook")) == 2


async def test_a_start_without_telegram_goes_on_when_it_is_back(api: Api, loop: Loop, intake: FakeIntake) -> None:
    for _ in range(3):
        api.refuse("deleteWebhook", 500, "Internal Server Error")
    await api.bring(text("one", 10))
    loop.begin()
    await api.until(lambda: api.confirmed == 11)
    assert len(api.named("deleteWebhook")) == 4
    assert intake.ids == [10]


async def test_a_database_that_is_away_is_said_once(api: Api, loop: Loop, intake: FakeIntake) -> None:
    intake.errors["10"] = [NotCommitted() for _ in range(4)]
    await api.bring(text("one", 10))
    with capture_logs() as logs:
        loop.begin()
        await api.until(lambda: api.confirmed == 11)
    assert len(held_up(logs)) == 1
    assert intake.ids == [10]


@pytest.mark.parametrize("seed", range(3))
async def test_whatever_fails_each_chat_is_served_once_and_in_order(
    api: Api, loop: Loop, intake: FakeIntake, seed: int
) -> None:
    chance = random.Random(seed)
    chats = {update_id: chance.randrange(12) + 1 for update_id in range(1, 301)}
    for update_id in chats:
        if chance.random() < 0.02:
            intake.errors[str(update_id)] = [NotCommitted()]
    await api.bring(*(text("x", update_id, by=chat) for update_id, chat in chats.items()))
    loop.begin()
    await api.until(lambda: api.confirmed == 301)
    assert sorted(intake.ids) == list(chats)
    for chat in set(chats.values()):
        mine = [update_id for update_id in intake.ids if chats[update_id] == chat]
        assert mine == sorted(mine)
