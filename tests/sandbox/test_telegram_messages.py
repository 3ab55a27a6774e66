"""aiogram's own Bot against the sandbox: messages, edits, files, and every refusal that a message can meet."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest
from aiogram import Bot
from aiogram.exceptions import (
    TelegramBadRequest,
    TelegramForbiddenError,
    TelegramMigrateToChat,
    TelegramRetryAfter,
)
from aiogram.types import (
    BufferedInputFile,
    CopyTextButton,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaPhoto,
    KeyboardButton,
    LinkPreviewOptions,
    MessageEntity,
    ReplyKeyboardMarkup,
    ReplyKeyboardRemove,
    ReplyParameters,
)

from bot.sandbox import Impossible, Sandbox
from bot.sandbox.telegram.limits import Limits, Throttle
from bot.sandbox.telegram.people import Person
from core.clock import ManualClock
from tests.sandbox.conftest import png


@pytest.fixture
def anna(sandbox: Sandbox) -> Person:
    person = sandbox.telegram.person("Анна Петрова", "+79001112233")
    person.start()
    return person


def inline(*buttons: InlineKeyboardButton) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup(inline_keyboard=[list(buttons)])


async def test_a_message_reaches_the_screen_with_its_parts(bot: Bot, anna: Person) -> None:
    sent = await bot.send_message(
        anna.id,
        "👍 Долг 10 ₽",
        entities=[MessageEntity(type="bold", offset=3, length=4)],
        link_preview_options=LinkPreviewOptions(is_disabled=True),
        reply_markup=InlineKeyboardMarkup(
            inline_keyboard=[
                [InlineKeyboardButton(text="Оплатить", url="https://pay.example/1", style="success")],
                [InlineKeyboardButton(text="Меню", callback_data="menu")],
                [InlineKeyboardButton(text="Номер", copy_text=CopyTextButton(text="100200"))],
            ]
        ),
        protect_content=True,
        disable_notification=True,
    )
    assert sent.chat.id == anna.id and sent.from_user and sent.from_user.is_bot
    assert sent.has_protected_content
    shown = anna.last
    assert shown.text == "👍 Долг 10 ₽"
    assert [dict(entity) for entity in shown.entities] == [{"type": "bold", "offset": 3, "length": 4}]
    assert shown.labels == ["Оплатить", "Меню", "Номер"]
    assert [(b.kind, b.style) for row in shown.buttons for b in row] == [
        ("url", "success"),
        ("callback", None),
        ("copy", None),
    ]
    assert anna.press("Оплатить") == "https://pay.example/1"
    assert anna.press("Номер") == "100200"


async def test_white_space_is_stripped_and_entities_move(bot: Bot, anna: Person) -> None:
    sent = await bot.send_message(anna.id, "  abc  ", entities=[MessageEntity(type="bold", offset=2, length=3)])
    assert sent.text == "abc"
    assert sent.entities and (sent.entities[0].offset, sent.entities[0].length) == (0, 3)


@pytest.mark.parametrize(
    ("text", "entities", "words"),
    [
        ("", None, "message text is empty"),
        (" \n ", None, "message text is empty"),
        ("x" * 4097, None, "message is too long"),
        ("👍" * 2049, None, "message is too long"),
        ("abc", [MessageEntity(type="bold", offset=2, length=2)], "out of the text's range"),
        ("abc", [MessageEntity(type="bold", offset=0, length=0)], "out of the text's range"),
        ("abc", [MessageEntity(type="loud", offset=0, length=1)], "unsupported type"),
        ("abc", [MessageEntity(type="text_link", offset=0, length=1)], "url is empty"),
    ],
)
async def test_text_refusals(
    bot: Bot, anna: Person, text: str, entities: list[MessageEntity] | None, words: str
) -> None:
    with pytest.raises(TelegramBadRequest, match=words):
        await bot.send_message(anna.id, text, entities=entities)


async def test_the_longest_text_passes(bot: Bot, anna: Person) -> None:
    assert (await bot.send_message(anna.id, "👍" * 2048)).text


@pytest.mark.parametrize(
    ("button", "words"),
    [
        (InlineKeyboardButton(text="a", callback_data="я" * 33), "BUTTON_DATA_INVALID"),
        (InlineKeyboardButton(text="a"), "Text buttons are unallowed"),
        (InlineKeyboardButton(text="a", callback_data="b", url="https://x.example"), "exactly one"),
        (InlineKeyboardButton(text="a", url="ftp://x.example"), "Wrong HTTP URL"),
        (InlineKeyboardButton(text="a", url="http://intranet/"), "Wrong HTTP URL"),
        (InlineKeyboardButton(text="a", copy_text=CopyTextButton(text="x" * 257)), "COPY_TEXT_INVALID"),
        (InlineKeyboardButton(text=" ", callback_data="b"), "Text must be non-empty"),
        (InlineKeyboardButton(text="a", callback_data="b", style="loud"), "Invalid button style"),
        (InlineKeyboardButton(text="a", switch_inline_query="q"), "not emulated"),
    ],
)
async def test_inline_button_refusals(bot: Bot, anna: Person, button: InlineKeyboardButton, words: str) -> None:
    with pytest.raises(TelegramBadRequest, match=words):
        await bot.send_message(anna.id, "x", reply_markup=inline(button))


async def test_a_link_to_the_loopback_and_to_telegram_pass(bot: Bot, anna: Person) -> None:
    for url in ("http://127.0.0.1:8080/pay", "http://localhost/pay", "tg://resolve?domain=x"):
        await bot.send_message(anna.id, "x", reply_markup=inline(InlineKeyboardButton(text="a", url=url)))


async def test_too_many_buttons(bot: Bot, anna: Person) -> None:
    rows = [[InlineKeyboardButton(text="a", callback_data="b")] for _ in range(101)]
    with pytest.raises(TelegramBadRequest, match="reply markup is too long"):
        await bot.send_message(anna.id, "x", reply_markup=InlineKeyboardMarkup(inline_keyboard=rows))


async def test_reply_keyboard_shares_the_contact_and_goes_away(bot: Bot, anna: Person, sandbox: Sandbox) -> None:
    keyboard = ReplyKeyboardMarkup(
        keyboard=[[KeyboardButton(text="Поделиться номером", request_contact=True)], [KeyboardButton(text="Нет")]],
        one_time_keyboard=True,
        resize_keyboard=True,
        is_persistent=True,
        input_field_placeholder="Номер",
    )
    await bot.send_message(anna.id, "Телефон?", reply_markup=keyboard)
    assert anna.keys == ["Поделиться номером", "Нет"]
    message = anna.tap("Поделиться номером")
    assert message["contact"] == {"phone_number": "79001112233", "first_name": "Анна", "user_id": anna.id}
    assert anna.keyboard is None
    await bot.send_message(anna.id, "x", reply_markup=keyboard)
    await bot.send_message(anna.id, "y", reply_markup=ReplyKeyboardRemove())
    assert anna.keyboard is None
    stranger = anna.send_contact("+79990000000", "Сосед")
    assert "user_id" not in stranger["contact"]


async def test_reply_keyboard_refusals(bot: Bot, anna: Person, sandbox: Sandbox) -> None:
    group = sandbox.telegram.group("Дом", [anna])
    group.add_bot(anna)
    ask = ReplyKeyboardMarkup(keyboard=[[KeyboardButton(text="a", request_contact=True)]])
    with pytest.raises(TelegramBadRequest, match="phone number can be requested in private chats only"):
        await bot.send_message(group.chat.id, "x", reply_markup=ask)
    long = ReplyKeyboardMarkup(keyboard=[[KeyboardButton(text="a")]], input_field_placeholder="x" * 65)
    with pytest.raises(TelegramBadRequest, match="placeholder"):
        await bot.send_message(anna.id, "x", reply_markup=long)
    both = KeyboardButton(text="a", request_contact=True, request_location=True)
    with pytest.raises(TelegramBadRequest, match="exactly one"):
        await bot.send_message(anna.id, "x", reply_markup=ReplyKeyboardMarkup(keyboard=[[both]]))
    with pytest.raises(TelegramBadRequest, match="at least one button"):
        await bot.send_message(anna.id, "x", reply_markup=ReplyKeyboardMarkup(keyboard=[[]]))


async def test_who_may_be_written_to(bot: Bot, anna: Person, sandbox: Sandbox) -> None:
    with pytest.raises(TelegramBadRequest, match="chat not found"):
        await bot.send_message(42, "x")
    shy = sandbox.telegram.person("Тихий", "+79000000001")
    with pytest.raises(TelegramForbiddenError, match="bot can't initiate conversation with a user"):
        await bot.send_message(shy.id, "x")
    anna.block()
    with pytest.raises(TelegramForbiddenError, match="bot was blocked by the user"):
        await bot.send_message(anna.id, "x")
    with pytest.raises(Impossible):
        anna.say("x")
    anna.unblock()
    await bot.send_message(anna.id, "x")
    anna.deactivate()
    with pytest.raises(TelegramForbiddenError, match="user is deactivated"):
        await bot.send_message(anna.id, "x")


async def test_editing(bot: Bot, anna: Person) -> None:
    sent = await bot.send_message(
        anna.id, "one", reply_markup=inline(InlineKeyboardButton(text="a", callback_data="a"))
    )
    edited = await bot.edit_message_text("two", chat_id=anna.id, message_id=sent.message_id)
    assert not isinstance(edited, bool) and edited.text == "two" and edited.edit_date
    assert anna.last.edited and anna.last.labels == []
    with pytest.raises(TelegramBadRequest, match="message is not modified"):
        await bot.edit_message_text("two", chat_id=anna.id, message_id=sent.message_id)
    again = inline(InlineKeyboardButton(text="b", callback_data="b"))
    await bot.edit_message_reply_markup(chat_id=anna.id, message_id=sent.message_id, reply_markup=again)
    assert anna.last.text == "two" and anna.last.labels == ["b"]
    with pytest.raises(TelegramBadRequest, match="message is not modified"):
        await bot.edit_message_reply_markup(chat_id=anna.id, message_id=sent.message_id, reply_markup=again)
    with pytest.raises(TelegramBadRequest, match="message to edit not found"):
        await bot.edit_message_text("x", chat_id=anna.id, message_id=9999)
    own = anna.say("mine")
    with pytest.raises(TelegramBadRequest, match="message can't be edited"):
        await bot.edit_message_text("x", chat_id=anna.id, message_id=own["message_id"])
    with pytest.raises(TelegramBadRequest, match="no caption in the message to edit"):
        await bot.edit_message_caption(chat_id=anna.id, message_id=sent.message_id, caption="x")


async def test_a_message_with_a_reply_keyboard_cannot_be_edited(bot: Bot, anna: Person) -> None:
    keyboard = ReplyKeyboardMarkup(keyboard=[[KeyboardButton(text="a")]])
    sent = await bot.send_message(anna.id, "x", reply_markup=keyboard)
    with pytest.raises(TelegramBadRequest, match="message can't be edited"):
        await bot.edit_message_text("y", chat_id=anna.id, message_id=sent.message_id)


async def test_deleting(bot: Bot, anna: Person, clock: ManualClock) -> None:
    sent = await bot.send_message(anna.id, "x")
    assert await bot.delete_message(anna.id, sent.message_id)
    with pytest.raises(TelegramBadRequest, match="message to delete not found"):
        await bot.delete_message(anna.id, sent.message_id)
    old = await bot.send_message(anna.id, "x")
    clock.move(timedelta(hours=49))
    with pytest.raises(TelegramBadRequest, match="can't be deleted"):
        await bot.delete_message(anna.id, old.message_id)


async def test_replies(bot: Bot, anna: Person) -> None:
    own = anna.say("вопрос")
    sent = await bot.send_message(anna.id, "ответ", reply_parameters=ReplyParameters(message_id=own["message_id"]))
    assert sent.reply_to_message and sent.reply_to_message.text == "вопрос"
    with pytest.raises(TelegramBadRequest, match="message to be replied not found"):
        await bot.send_message(anna.id, "x", reply_parameters=ReplyParameters(message_id=9999))
    lax = ReplyParameters(message_id=9999, allow_sending_without_reply=True)
    assert (await bot.send_message(anna.id, "x", reply_parameters=lax)).reply_to_message is None


async def test_photo_and_document(bot: Bot, anna: Person, client: httpx.AsyncClient) -> None:
    picture = png(40, 20)
    sent = await bot.send_photo(anna.id, BufferedInputFile(picture, "chart.png"), caption="Год")
    assert sent.photo and (sent.photo[-1].width, sent.photo[-1].height) == (40, 20)
    assert anna.last.text == "Год" and anna.last.picture
    assert (await client.get(anna.last.picture)).content == picture
    again = await bot.send_photo(anna.id, sent.photo[-1].file_id)
    assert again.photo and again.photo[-1].file_id == sent.photo[-1].file_id
    await bot.edit_message_caption(chat_id=anna.id, message_id=sent.message_id, caption="Два года")
    other = InputMediaPhoto(media=BufferedInputFile(png(10, 10), "b.png"), caption="Три")
    moved = await bot.edit_message_media(other, chat_id=anna.id, message_id=sent.message_id)
    assert not isinstance(moved, bool) and moved.photo and moved.photo[-1].width == 10 and moved.caption == "Три"
    with pytest.raises(TelegramBadRequest, match="no text in the message to edit"):
        await bot.edit_message_text("x", chat_id=anna.id, message_id=sent.message_id)
    file = await bot.send_document(anna.id, BufferedInputFile("данные".encode(), "мои данные.json"))
    assert file.document and file.document.file_name == "мои данные.json"
    found = await bot.get_file(file.document.file_id)
    loaded = await bot.download_file(str(found.file_path))
    assert loaded and loaded.read() == "данные".encode()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"not a picture", "IMAGE_PROCESS_FAILED"),
        (png(6000, 4001), "PHOTO_INVALID_DIMENSIONS"),
        (png(21, 1), "PHOTO_INVALID_DIMENSIONS"),
        (png() + b"\0" * (10 * 1024 * 1024), "too big for a photo"),
        (b"", "non-empty"),
    ],
    ids=["text", "large", "narrow", "heavy", "empty"],
)
async def test_photo_refusals(bot: Bot, anna: Person, data: bytes, words: str) -> None:
    with pytest.raises(TelegramBadRequest, match=words):
        await bot.send_photo(anna.id, BufferedInputFile(data, "p.png"))


async def test_caption_and_reference_refusals(bot: Bot, anna: Person) -> None:
    with pytest.raises(TelegramBadRequest, match="caption is too long"):
        await bot.send_photo(anna.id, BufferedInputFile(png(), "p.png"), caption="x" * 1025)
    with pytest.raises(TelegramBadRequest, match="wrong remote file identifier"):
        await bot.send_photo(anna.id, "nonsense")
    with pytest.raises(TelegramBadRequest, match="failed to get HTTP URL content"):
        await bot.send_photo(anna.id, "https://x.example/p.png")
    with pytest.raises(TelegramBadRequest, match="invalid file_id"):
        await bot.get_file("nonsense")


async def test_typing_is_shown_until_the_answer(bot: Bot, anna: Person) -> None:
    await bot.send_chat_action(anna.id, "typing")
    assert [anna.typing] == [True]
    await bot.send_message(anna.id, "x")
    assert [anna.typing] == [False]
    with pytest.raises(TelegramBadRequest, match="wrong parameter action"):
        await bot.send_chat_action(anna.id, "dancing")


async def test_flood_control(bot: Bot, anna: Person, sandbox: Sandbox, clock: ManualClock) -> None:
    sandbox.telegram.throttle = Throttle(Limits(chat_burst=2, chat_per_second=0.5, total_per_second=3))
    boris = sandbox.telegram.person("Борис", "+79000000002")
    boris.start()
    await bot.send_message(anna.id, "1")
    await bot.send_message(anna.id, "2")
    with pytest.raises(TelegramRetryAfter) as caught:
        await bot.send_message(anna.id, "3")
    assert caught.value.retry_after == 2
    await bot.send_message(boris.id, "1")
    with pytest.raises(TelegramRetryAfter):
        await bot.send_message(boris.id, "2")
    clock.move(timedelta(seconds=2))
    await bot.send_message(anna.id, "3")


async def test_a_group_has_its_own_limit_and_may_be_upgraded(bot: Bot, anna: Person, sandbox: Sandbox) -> None:
    group = sandbox.telegram.group("Дом", [anna])
    with pytest.raises(TelegramForbiddenError, match="not a member"):
        await bot.send_message(group.chat.id, "x")
    group.add_bot(anna)
    sandbox.telegram.throttle = Throttle(Limits(group_per_minute=1))
    await bot.send_message(group.chat.id, "x")
    with pytest.raises(TelegramRetryAfter):
        await bot.send_message(group.chat.id, "x")
    new_id = group.upgrade()
    with pytest.raises(TelegramMigrateToChat) as caught:
        await bot.send_message(group.chat.id, "x")
    assert caught.value.migrate_to_chat_id == new_id


@pytest.mark.parametrize(
    ("body", "description"),
    [
        ({"chat_id": 1, "text": "x", "colour": "red"}, "unknown parameter colour"),
        ({"text": "x"}, "chat_id is empty"),
        ({"chat_id": "many", "text": "x"}, '"chat_id" must be an Integer'),
        ({"chat_id": "@nobody", "text": "x"}, "chat not found"),
    ],
)
async def test_malformed_calls(
    client: httpx.AsyncClient, sandbox: Sandbox, body: dict[str, Any], description: str
) -> None:
    answer = await client.post(f"/telegram/bot{sandbox.telegram.token}/sendMessage", json=body)
    assert answer.status_code == 400
    assert answer.json()["error_code"] == 400
    assert description in answer.json()["description"]


async def test_parse_mode_and_nested_parameters_are_refused(
    client: httpx.AsyncClient, sandbox: Sandbox, anna: Person
) -> None:
    path = f"/telegram/bot{sandbox.telegram.token}/sendmessage"
    styled = await client.get(path, params={"chat_id": anna.id, "text": "<b>x</b>", "parse_mode": "HTML"})
    assert "unsupported parse_mode" in styled.json()["description"]
    markup = '{"inline_keyboard": [[{"text": "a", "callback_data": "b", "color": "red"}]]}'
    nested = await client.post(path, data={"chat_id": anna.id, "text": "x", "reply_markup": markup})
    assert "unknown parameter color in InlineKeyboardButton" in nested.json()["description"]
    broken = await client.post(path, data={"chat_id": anna.id, "text": "x", "reply_markup": "{"})
    assert broken.status_code == 400
    body = await client.post(path, content=b"{", headers={"Content-Type": "application/json"})
    assert body.status_code == 400


async def test_token_and_method(client: httpx.AsyncClient, sandbox: Sandbox) -> None:
    unknown = await client.get(f"/telegram/bot{sandbox.telegram.token}/sendLove")
    assert (unknown.status_code, unknown.json()) == (
        404,
        {"ok": False, "error_code": 404, "description": "Not Found"},
    )
    for path in ("bot1:wrong/getMe", "file/bot1:wrong/documents/f000001.txt"):
        refused = await client.get(f"/telegram/{path}")
        assert refused.status_code == 401 and refused.json()["description"] == "Unauthorized"
