"""How updates reach the bot: polling with offsets, the webhook with Telegram's retries, what people do."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest, TelegramConflictError
from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup, Update
from starlette.responses import JSONResponse, Response

from bot.sandbox import Impossible, Sandbox
from bot.sandbox.telegram.people import Person
from core.clock import ManualClock
from tests.sandbox.conftest import HOOK, Listener, png


@pytest.fixture
def anna(sandbox: Sandbox) -> Person:
    return sandbox.telegram.person("Анна Петрова", "+79001112233")


async def polled(anna: Person, times: int) -> None:
    """Returns once the bot's poll number `times` has begun."""
    async with asyncio.timeout(10):
        while anna.telegram.queue.poll < times:
            await anna.telegram.queue.wait(10)


async def test_polling_repeats_until_the_offset_moves(bot: Bot, anna: Person) -> None:
    anna.start("link_1002")
    anna.say("привет")
    first = await bot.get_updates(limit=1)
    assert [u.message.text for u in first if u.message] == ["/start link_1002"]
    assert first[0].message and first[0].message.entities
    assert (first[0].message.entities[0].type, first[0].message.entities[0].length) == ("bot_command", 6)
    both = await bot.get_updates()
    assert len(both) == 2 and both[1].update_id == both[0].update_id + 1
    rest = await bot.get_updates(offset=both[0].update_id + 1)
    assert [u.message.text for u in rest if u.message] == ["привет"]
    assert await bot.get_updates(offset=both[1].update_id + 1) == []
    assert await bot.get_updates() == []


async def test_a_long_poll_wakes_up(bot: Bot, anna: Person) -> None:
    waiting = asyncio.create_task(bot.get_updates(timeout=30))
    await polled(anna, 1)
    anna.say("x")
    assert len(await waiting) == 1


async def test_conflicts(bot: Bot, anna: Person, sandbox: Sandbox) -> None:
    first = asyncio.create_task(bot.get_updates(timeout=30))
    await polled(anna, 1)
    second = asyncio.create_task(bot.get_updates(timeout=30))
    with pytest.raises(TelegramConflictError, match="terminated by other getUpdates"):
        await first
    await bot.set_webhook(HOOK)
    with pytest.raises(TelegramConflictError, match="terminated by setWebhook"):
        await second
    with pytest.raises(TelegramConflictError, match="webhook is active"):
        await bot.get_updates()
    await bot.delete_webhook()
    assert await bot.get_updates() == []


async def test_kinds_that_were_not_allowed_do_not_come(bot: Bot, anna: Person) -> None:
    await bot.get_updates(allowed_updates=["callback_query"])
    anna.say("x")
    anna.forge_press("data")
    assert [u.event_type for u in await bot.get_updates()] == ["callback_query"]
    await bot.get_updates(allowed_updates=[])
    anna.say("y")
    assert [u.event_type for u in await bot.get_updates()] == ["callback_query", "message"]
    with pytest.raises(TelegramBadRequest, match="allowed_updates"):
        await bot.get_updates(allowed_updates=["massage"])


async def test_everything_a_person_sends_is_what_aiogram_expects(bot: Bot, anna: Person) -> None:
    anna.start()
    anna.share_contact()
    anna.send_photo(png(), "вот")
    anna.send_document("счёт.pdf", b"%PDF")
    anna.sticker()
    anna.voice()
    anna.video()
    anna.location()
    said = anna.say("опечатка")
    anna.edit(said["message_id"], "исправлено")
    anna.block()
    anna.unblock()
    updates = await bot.get_updates()
    kinds = [u.message.content_type if u.message else u.event_type for u in updates]
    assert kinds == [
        "text", "contact", "photo", "document", "sticker", "voice", "video", "location", "text",
        "edited_message", "my_chat_member", "my_chat_member",
    ]  # fmt: skip
    assert [u.my_chat_member.new_chat_member.status for u in updates if u.my_chat_member] == ["kicked", "member"]
    assert updates[9].edited_message and updates[9].edited_message.text == "исправлено"
    photo = updates[2].message
    assert photo and photo.photo and photo.caption == "вот"
    loaded = await bot.download(photo.photo[-1].file_id)
    assert loaded and loaded.read() == png()


async def test_pressed_button_is_answered_in_time(bot: Bot, anna: Person, clock: ManualClock) -> None:
    anna.start()
    keyboard = InlineKeyboardMarkup(inline_keyboard=[[InlineKeyboardButton(text="Меню", callback_data="m")]])
    sent = await bot.send_message(anna.id, "x", reply_markup=keyboard)
    anna.press("Меню")
    query = (await bot.get_updates())[-1].callback_query

    def toast() -> str | None:
        return anna.toast

    assert query and query.data == "m" and query.message and query.message.message_id == sent.message_id
    await bot.answer_callback_query(query.id, text="Готово")
    assert toast() == "Готово"
    with pytest.raises(TelegramBadRequest, match="MESSAGE_TOO_LONG"):
        await bot.answer_callback_query(query.id, text="x" * 201)
    with pytest.raises(TelegramBadRequest, match="query is too old and response timeout expired"):
        await bot.answer_callback_query("1")
    clock.move(timedelta(seconds=151))
    assert toast() is None
    with pytest.raises(TelegramBadRequest, match="query is too old"):
        await bot.answer_callback_query(query.id)
    with pytest.raises(Impossible):
        anna.press("Нет такой")


async def test_a_forged_press_on_a_vanished_message(bot: Bot, anna: Person) -> None:
    anna.forge_press("x" * 64)
    query = (await bot.get_updates())[0].callback_query
    assert (query and query.message and query.message.date == 0) or (query and query.message)
    assert query.data == "x" * 64


async def test_webhook_carries_the_secret_and_confirms(
    bot: Bot, anna: Person, sandbox: Sandbox, listener: Listener
) -> None:
    await bot.set_webhook(HOOK, secret_token="a_B-1", allowed_updates=["message"])
    anna.start()
    assert await sandbox.deliver_due() == 1
    assert listener.headers[0]["x-telegram-bot-api-secret-token"] == "a_B-1"
    assert Update.model_validate(listener.bodies[0]).message
    assert await sandbox.deliver_due() == 0
    info = await bot.get_webhook_info()
    assert (info.url, info.pending_update_count, info.allowed_updates) == (HOOK, 0, ["message"])


async def test_a_failed_update_comes_again_and_holds_back_its_chat_only(
    bot: Bot, anna: Person, sandbox: Sandbox, listener: Listener, clock: ManualClock
) -> None:
    boris = sandbox.telegram.person("Борис", "+79000000002")
    await bot.set_webhook(HOOK)
    anna.say("1")
    anna.say("2")
    listener.answers = [Response(status_code=500), Response(status_code=500)]
    await sandbox.deliver_due()

    def texts() -> list[str]:
        return [body["message"]["text"] for body in listener.bodies if "message" in body]

    assert texts() == ["1", "1"]  # the first repetition is immediate
    boris.say("b")
    anna.forge_press("q")  # callback queries have a queue of their own
    await sandbox.deliver_due()
    assert texts() == ["1", "1", "b"]
    assert any("callback_query" in body for body in listener.bodies)
    info = await bot.get_webhook_info()
    assert info.pending_update_count == 2 and info.last_error_message
    assert "500" in info.last_error_message
    clock.move(timedelta(seconds=2))
    await sandbox.deliver_due()
    assert texts() == ["1", "1", "b", "1", "2"]


async def test_updates_expire(bot: Bot, anna: Person, sandbox: Sandbox, listener: Listener, clock: ManualClock) -> None:
    anna.say("x")
    anna.forge_press("q")
    clock.move(timedelta(seconds=150))
    await bot.set_webhook(HOOK)
    await sandbox.deliver_due()
    assert [list(body)[1] for body in listener.bodies] == ["message"]
    anna.say("y")
    clock.move(timedelta(hours=24))
    assert await sandbox.deliver_due() == 0


async def test_a_method_in_the_webhooks_answer_is_carried_out(
    bot: Bot, anna: Person, sandbox: Sandbox, listener: Listener
) -> None:
    await bot.set_webhook(HOOK)
    anna.start()
    listener.answers = [JSONResponse({"method": "sendMessage", "chat_id": anna.id, "text": "ответ"})]
    await sandbox.deliver_due()
    assert anna.last.text == "ответ"


async def test_duplicates_and_forgeries(bot: Bot, anna: Person, sandbox: Sandbox, listener: Listener) -> None:
    await bot.set_webhook(HOOK, secret_token="right")
    anna.say("x")
    await sandbox.deliver_due()
    assert await sandbox.redeliver_telegram() == 200
    assert listener.bodies[0] == listener.bodies[1]
    await sandbox.forge_telegram({"update_id": 1}, secret="wrong")
    assert listener.headers[-1]["x-telegram-bot-api-secret-token"] == "wrong"


async def test_drop_pending_updates(bot: Bot, anna: Person) -> None:
    anna.say("x")
    await bot.set_webhook(HOOK, drop_pending_updates=True)
    assert (await bot.get_webhook_info()).pending_update_count == 0
    anna.say("y")
    await bot.delete_webhook(drop_pending_updates=True)
    assert await bot.get_updates() == []


@pytest.mark.parametrize(
    ("url", "secret", "words"),
    [
        ("http://bot.example/hook", None, "An HTTPS URL must be provided"),
        ("https://bot.example:8081/hook", None, "only on ports 80, 88, 443 or 8443"),
        ("https:///hook", None, "invalid webhook URL"),
        (HOOK, "с пробелом", "unallowed characters"),
        (HOOK, "x" * 257, "unallowed characters"),
    ],
)
async def test_webhook_refusals(bot: Bot, url: str, secret: str | None, words: str) -> None:
    with pytest.raises(TelegramBadRequest, match=words):
        await bot.set_webhook(url, secret_token=secret)


async def test_groups_with_privacy_mode(bot: Bot, anna: Person, sandbox: Sandbox) -> None:
    group = sandbox.telegram.group("Дом 5", [anna])
    group.add_bot(anna)
    group.say(anna, "о погоде")
    group.say(anna, "/start")
    group.say(anna, "@abonent_demo_bot привет")
    sent = await bot.send_message(group.chat.id, "Пишите мне лично")
    group.say(anna, "хорошо", reply_to=group.chat.messages[sent.message_id])
    updates = await bot.get_updates()
    assert updates[0].my_chat_member and updates[0].my_chat_member.chat.type == "group"
    assert [u.message.text for u in updates if u.message] == [
        None,
        "/start",
        "@abonent_demo_bot привет",
        "хорошо",
    ]


async def test_planned_faults(bot: Bot, anna: Person, sandbox: Sandbox) -> None:
    from aiogram.exceptions import TelegramServerError

    from bot.sandbox.telegram.errors import ApiError

    anna.start()
    sandbox.telegram.fail_next(ApiError(502, "Bad Gateway"), method="sendMessage")
    await bot.get_me()
    with pytest.raises(TelegramServerError):
        await bot.send_message(anna.id, "x")
    assert (await bot.send_message(anna.id, "x")).text == "x"


async def test_what_a_person_cannot_do(anna: Person) -> None:
    for wrong in ("", "x" * 65, "привет"):
        with pytest.raises(Impossible):
            anna.start(wrong)
    with pytest.raises(Impossible):
        anna.say("  ")
    with pytest.raises(Impossible):
        anna.edit(5, "x")
    with pytest.raises(Impossible):
        anna.tap("x")
