"""What surrounds a turn: the press is answered, "typing" is shown, a group hears one line, poison is put aside."""

import asyncio

import pytest
from aiogram import Bot
from structlog.testing import capture_logs

from core.clock import ManualClock
from fsm.event import Press
from handlers.intake import NotCommitted, TurnDone
from handlers.telegram.outbound import TelegramChannel
from handlers.telegram.receiver import MAX_SURPRISES, Receiver
from tests.telegram.api import Api
from tests.telegram.conftest import FakeIntake
from tests.telegram.samples import ANNA, GROUP, membership, press, text


async def test_a_message_becomes_a_turn_and_nothing_else(api: Api, receiver: Receiver, intake: FakeIntake) -> None:
    await receiver.receive(text("Hello", 7))
    await receiver.close()
    assert intake.ids == [7]
    assert api.calls == []


@pytest.mark.parametrize("done", [TurnDone(toast="Saved"), TurnDone(), TurnDone(duplicate=True)])
async def test_a_press_is_always_answered(api: Api, receiver: Receiver, intake: FakeIntake, done: TurnDone) -> None:
    intake.answer = lambda event: done
    await receiver.receive(press("x", 7))
    await receiver.close()
    (call,) = api.calls
    assert isinstance(intake.taken[0].input, Press)
    assert call.method == "answerCallbackQuery"
    assert call.params == {"callback_query_id": "q7"} | ({"text": done.toast} if done.toast else {})


async def test_a_press_that_is_none_of_ours_is_answered_too(api: Api, receiver: Receiver, intake: FakeIntake) -> None:
    raw = press("x")
    del raw["callback_query"]["data"]
    await receiver.receive(raw)
    await receiver.close()
    assert intake.taken == []
    assert [call.method for call in api.calls] == ["answerCallbackQuery"]


async def test_a_press_that_was_not_committed_is_answered_when_it_comes_again(
    api: Api, receiver: Receiver, intake: FakeIntake
) -> None:
    intake.errors["1"] = [NotCommitted()]
    with pytest.raises(NotCommitted):
        await receiver.receive(press("x"))
    await receiver.close()
    assert api.calls == []
    await receiver.receive(press("x"))
    await receiver.close()
    assert len(api.calls) == 1


async def test_a_long_turn_shows_typing_until_it_is_done(
    api: Api, bot: Bot, channel: TelegramChannel, intake: FakeIntake
) -> None:
    receiver = Receiver(bot, channel, intake, ManualClock(), group_line=str, typing_after=0)
    gate = intake.hold(1)
    turn = asyncio.create_task(receiver.receive(press("x")))
    await api.until(lambda: api.named("sendChatAction"))
    gate.set()
    await turn
    await receiver.close()  # would never return if typing went on
    assert api.named("sendChatAction")[0].params == {"chat_id": ANNA, "action": "typing"}
    assert len(api.named("answerCallbackQuery")) == 1


async def test_a_quick_turn_shows_none(api: Api, receiver: Receiver) -> None:
    await receiver.receive(text("Hello"))
    await receiver.close()
    assert api.calls == []


async def test_a_group_hears_one_line_each_time_it_adds_the_bot(
    api: Api, receiver: Receiver, intake: FakeIntake
) -> None:
    added = membership("left", "member", 1, chat=GROUP)
    await receiver.receive(added)
    await receiver.receive(added)  # brought twice
    await receiver.receive(text("/help@abonent_bot", 2, chat=GROUP))
    await receiver.receive(text("hello", 3, chat=GROUP))
    await receiver.close()
    assert [(call.method, call["chat_id"], call["text"]) for call in api.calls] == [
        ("sendMessage", -5, "Только в личной переписке.")
    ]
    await receiver.receive(membership("left", "member", 4, chat=GROUP, language="en"))
    await receiver.close()
    assert api.calls[-1]["text"] == "In private only."
    assert len(api.calls) == 2
    assert intake.taken == []


async def test_a_group_from_before_the_start_hears_it_when_it_asks(api: Api, receiver: Receiver) -> None:
    await receiver.receive(text("/help@abonent_bot", 2, chat=GROUP))
    await receiver.receive(text("@abonent_bot?", 3, chat=GROUP))
    await receiver.close()
    assert len(api.calls) == 1


async def test_what_cannot_be_read_is_logged_without_its_words(receiver: Receiver, intake: FakeIntake) -> None:
    broken = text("my secret")
    broken["message"]["date"] = "yesterday"
    with capture_logs() as logs:
        await receiver.receive(broken)
    (entry,) = logs
    assert (entry["log_level"], entry["update"], entry["fields"]) == ("error", 1, ["message.date"])
    assert "secret" not in str(entry)
    assert intake.tried == []


async def test_what_is_skipped_is_logged(receiver: Receiver) -> None:
    with capture_logs() as logs:
        await receiver.receive({"update_id": 5, "channel_post": text("x")["message"]})
    assert [(entry["update"], entry["reason"]) for entry in logs] == [(5, "not taken: channel_post")]


async def test_an_unforeseen_fault_is_not_met_for_ever(receiver: Receiver, intake: FakeIntake) -> None:
    intake.errors["1"] = [ZeroDivisionError() for _ in range(MAX_SURPRISES + 5)]
    for _ in range(MAX_SURPRISES - 1):
        with pytest.raises(NotCommitted):
            await receiver.receive(text("poison"))
    with capture_logs() as logs:
        await receiver.receive(text("poison"))
    assert [entry["log_level"] for entry in logs] == ["error"]


async def test_a_database_that_is_away_is_waited_for_without_end(receiver: Receiver, intake: FakeIntake) -> None:
    intake.errors["1"] = [NotCommitted() for _ in range(20)]
    for _ in range(20):
        with pytest.raises(NotCommitted):
            await receiver.receive(text("Hello"))
    await receiver.receive(text("Hello"))
    assert intake.ids == [1]
