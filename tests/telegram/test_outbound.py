"""What Telegram is asked to do for each kind of screen."""

from typing import Any

import msgspec
import pytest
from aiogram import Bot
from structlog.testing import capture_logs

from core.delivery.messages import Attachment, Button, OutgoingMessage
from core.delivery.progress import Progress
from handlers.channel import TryLater, Undeliverable
from handlers.parts import Parts
from handlers.telegram.outbound import TelegramChannel
from tests.telegram.api import Api, Call
from tests.telegram.samples import ANNA

CHAT = str(ANNA)
PAY = Button("Pay", payload="-----p", tone="primary")
STOP = Button("Unlink", payload="-----u", tone="danger")
SITE = Button("Open", url="https://pay.example/1")
PICTURE = Attachment("pic", "year.png", "image/png", 3)
BILL = Attachment("doc", "bill.pdf", "application/pdf", 3, kind="document")


@pytest.fixture
def blobs() -> dict[str, bytes]:
    return {"pic": b"png", "doc": b"pdf"}


def saying(text: str = "Hello", **more: Any) -> OutgoingMessage:
    return msgspec.structs.replace(OutgoingMessage(parts=((text, "plain"),)), **more)


def shape(calls: list[Call]) -> list[str]:
    """Each call with what it is about: "sendMessage Hello inline"."""
    said = []
    for call in calls:
        markup = call.params.get("reply_markup") or {}
        kinds = {"inline_keyboard": "inline", "keyboard": "contact", "remove_keyboard": "remove"}
        text = str(call.params.get("text", call.params.get("caption", "")))
        words = [call.method, text[:20], *(kinds[name] for name in kinds if markup.get(name))]
        said.append(" ".join(word for word in words if word))
    return said


async def test_a_styled_text_with_buttons(api: Api, channel: TelegramChannel) -> None:
    message = OutgoingMessage((("Debt 😀 ", "plain"), ("350 ₽", "bold")), ((PAY, SITE), (STOP,)))
    delivered = await channel.deliver(CHAT, message)
    (call,) = api.calls
    assert call.method == "sendMessage"
    assert call.params == {
        "chat_id": ANNA,
        "text": "Debt 😀 350 ₽",
        "entities": [{"type": "bold", "offset": 8, "length": 5}],
        "link_preview_options": {"is_disabled": True},
        "reply_markup": {
            "inline_keyboard": [
                [
                    {"text": "Pay", "style": "primary", "callback_data": "-----p"},
                    {"text": "Open", "url": "https://pay.example/1"},
                ],
                [{"text": "Unlink", "style": "danger", "callback_data": "-----u"}],
            ]
        },
    }
    assert delivered.message_id == "101"


async def test_the_bots_defaults_never_parse_our_words(api: Api, bot: Bot, channel: TelegramChannel) -> None:
    bot.default.parse_mode = "HTML"
    await channel.deliver(CHAT, saying("<b>"))
    await channel.deliver(CHAT, saying("<b>", edits="7"))
    await channel.deliver(CHAT, saying("<b>", attachment=PICTURE))
    assert len(api.calls) == 3
    assert not any("parse_mode" in call.params for call in api.calls)


async def test_a_long_text_goes_in_pieces_with_the_buttons_last(api: Api, channel: TelegramChannel) -> None:
    text = "\n\n".join(f"{number} " + "word " * 300 for number in range(4))
    delivered = await channel.deliver(CHAT, saying(text, rows=((PAY,),)))
    assert shape(api.calls) == ["sendMessage 0 word word word wor", "sendMessage 2 word word word wor inline"]
    assert delivered.message_id == "102"


async def test_an_edit_in_place(api: Api, channel: TelegramChannel) -> None:
    assert (await channel.deliver(CHAT, saying(rows=((PAY,),), edits="55"))).message_id == "55"
    (call,) = api.calls
    assert shape(api.calls) == ["editMessageText Hello inline"]
    assert (call["chat_id"], call["message_id"]) == (ANNA, 55)


async def test_an_edit_that_changes_nothing_is_delivered(api: Api, channel: TelegramChannel) -> None:
    api.refuse("editMessageText", 400, "Bad Request: message is not modified: specified new message content and ...")
    assert (await channel.deliver(CHAT, saying(edits="55"))).message_id == "55"
    assert shape(api.calls) == ["editMessageText Hello"]


@pytest.mark.parametrize(
    "refusal",
    [
        "Bad Request: message to edit not found",
        "Bad Request: message can't be edited",
        "Bad Request: there is no text in the message to edit",
        "Bad Request: MESSAGE_ID_INVALID",
    ],
)
async def test_what_cannot_be_edited_is_sent_anew(api: Api, channel: TelegramChannel, refusal: str) -> None:
    api.refuse("editMessageText", 400, refusal)
    api.refuse("editMessageReplyMarkup", 400, refusal)
    delivered = await channel.deliver(CHAT, saying(rows=((PAY,),), edits="55"))
    assert shape(api.calls) == ["editMessageText Hello inline", "sendMessage Hello inline", "editMessageReplyMarkup"]
    assert delivered.message_id == "101"


async def test_a_mark_of_another_messenger_is_no_message_to_edit(api: Api, channel: TelegramChannel) -> None:
    await channel.deliver(CHAT, saying(edits="5741311803571721087x"))
    assert shape(api.calls) == ["sendMessage Hello"]


async def test_a_picture_replaces_a_text_and_takes_its_buttons_away(api: Api, channel: TelegramChannel) -> None:
    delivered = await channel.deliver(CHAT, saying(rows=((PAY,),), edits="55", attachment=PICTURE))
    assert shape(api.calls) == ["sendPhoto Hello inline", "editMessageReplyMarkup"]
    photo, strip = api.calls
    assert list(photo.files.values()) == [b"png"]
    assert strip["message_id"] == 55
    assert delivered.message_id == "101"


async def test_a_caption_keeps_its_styles(api: Api, channel: TelegramChannel) -> None:
    await channel.deliver(CHAT, OutgoingMessage((("😀", "plain"), ("x", "bold")), attachment=BILL))
    (call,) = api.calls
    assert call.method == "sendDocument"
    assert call["caption_entities"] == [{"type": "bold", "offset": 2, "length": 1}]


async def test_a_text_too_long_for_a_caption_follows_the_picture(api: Api, channel: TelegramChannel) -> None:
    delivered = await channel.deliver(CHAT, saying("😀" * 513, rows=((PAY,),), attachment=PICTURE))
    assert shape(api.calls) == ["sendPhoto", f"sendMessage {'😀' * 20} inline"]
    assert delivered.message_id == "102"


async def test_a_picture_may_go_without_words(api: Api, channel: TelegramChannel) -> None:
    await channel.deliver(CHAT, OutgoingMessage((), attachment=PICTURE, rows=((PAY,),)))
    assert shape(api.calls) == ["sendPhoto inline"]


async def test_what_telegram_does_not_take_for_a_photo_goes_as_a_file(api: Api, channel: TelegramChannel) -> None:
    api.refuse("sendPhoto", 400, "Bad Request: PHOTO_INVALID_DIMENSIONS")
    await channel.deliver(CHAT, saying(attachment=PICTURE))
    assert shape(api.calls) == ["sendPhoto Hello", "sendDocument Hello"]


async def test_a_huge_picture_goes_as_a_file(api: Api, channel: TelegramChannel, blobs: dict[str, bytes]) -> None:
    blobs["pic"] = b"x" * (10 * 1024 * 1024 + 1)
    await channel.deliver(CHAT, saying(attachment=PICTURE))
    assert shape(api.calls) == ["sendDocument Hello"]


async def test_a_lost_attachment_is_put_aside(api: Api, channel: TelegramChannel, blobs: dict[str, bytes]) -> None:
    blobs.clear()
    with pytest.raises(Undeliverable, match="no longer kept"):
        await channel.deliver(CHAT, saying(attachment=PICTURE))


async def test_the_phone_is_asked_for_by_the_question_itself(api: Api, channel: TelegramChannel) -> None:
    await channel.deliver(CHAT, saying(asks_contact="Share my number", hint="+7 ..." + "x" * 80))
    (call,) = api.calls
    assert call["text"] == "Hello"
    markup = call["reply_markup"]
    assert markup["keyboard"] == [[{"text": "Share my number", "request_contact": True}]]
    assert markup["resize_keyboard"]
    assert len(markup["input_field_placeholder"]) == 64


async def test_with_other_buttons_the_question_stays_editable(api: Api, channel: TelegramChannel) -> None:
    message = saying(asks_contact="Share my number", rows=((PAY,),))
    delivered = await channel.deliver(CHAT, message)
    assert shape(api.calls) == ["sendMessage Hello inline", "sendMessage Share my number 👇 contact"]
    assert delivered.message_id == "101"


async def test_an_edited_question_asks_again(api: Api, channel: TelegramChannel) -> None:
    message = saying(asks_contact="Share my number", rows=((PAY,),), edits="55")
    assert (await channel.deliver(CHAT, message)).message_id == "55"
    assert shape(api.calls) == ["editMessageText Hello inline", "sendMessage Share my number 👇 contact"]


async def test_a_dropped_keyboard_goes_before_a_new_screen(api: Api, channel: TelegramChannel) -> None:
    delivered = await channel.deliver(CHAT, saying(drops_keyboard="Thank you.", rows=((PAY,),), edits="55"))
    assert shape(api.calls) == [
        "sendMessage Thank you. remove",
        "sendMessage Hello inline",
        "editMessageReplyMarkup",
    ]
    assert delivered.message_id == "102"


async def test_a_refused_link_is_written_out(api: Api, channel: TelegramChannel) -> None:
    local = replace_url("http://localhost:8000/pay")
    refusal = "Bad Request: inline keyboard button URL 'http://localhost:8000/pay' is invalid: Wrong HTTP URL"
    api.refuse("sendMessage", 400, refusal)
    await channel.deliver(CHAT, saying(rows=((PAY, local), (local,))))
    _refused, call = api.calls
    assert call["text"] == "Hello\n\nOpen: http://localhost:8000/pay\n\nOpen: http://localhost:8000/pay"
    assert [len(row) for row in call["reply_markup"]["inline_keyboard"]] == [1]


async def test_a_retry_does_not_repeat_what_has_arrived(api: Api, channel: TelegramChannel) -> None:
    message = saying("word " * 1000, rows=((PAY,),), attachment=BILL, drops_keyboard="Thank you.")
    kept: list[Progress] = []

    async def keep(progress: Progress) -> None:
        kept.append(progress)

    api.refuse("sendDocument", 429, "Too Many Requests: retry after 3", retry_after=3)
    with pytest.raises(TryLater):
        await channel.deliver(CHAT, message, Parts(None, keep))
    api.refuse("sendMessage", 502, "Bad Gateway")
    with pytest.raises(TryLater):
        await channel.deliver(CHAT, message, Parts(kept[-1], keep))
    delivered = await channel.deliver(CHAT, message, Parts(kept[-1], keep))
    arrived = [call for call in api.calls if call.method == "sendMessage"]
    assert [call["text"][:5] for call in arrived] == [
        "Thank",
        "word ",
        "word ",
        "word ",
    ]
    assert len(api.named("sendDocument")) == 2
    assert [len(progress.ids) for progress in kept] == [1, 2, 3]
    assert delivered.message_id not in kept[-1].ids


async def test_a_refused_link_under_several_parts_repeats_none(api: Api, channel: TelegramChannel) -> None:
    api.plan("sendMessage", {"message_id": 1, "date": 1, "chat": {"id": ANNA, "type": "private"}, "text": "."})
    refusal = "Bad Request: inline keyboard button URL 'http://localhost:8000/pay' is invalid: Wrong HTTP URL"
    api.refuse("sendMessage", 400, refusal)
    await channel.deliver(CHAT, saying(rows=((replace_url("http://localhost:8000/pay"),),), drops_keyboard="Thanks"))
    assert [call["text"][:6] for call in api.calls] == ["Thanks", "Hello", "Hello\n"]


def replace_url(url: str) -> Button:
    return msgspec.structs.replace(SITE, url=url)


@pytest.mark.parametrize("message", [OutgoingMessage(()), saying(" \n ")])
async def test_nothing_to_say(api: Api, channel: TelegramChannel, message: OutgoingMessage) -> None:
    with pytest.raises(Undeliverable):
        await channel.deliver(CHAT, message)
    assert api.calls == []


async def test_an_address_that_is_no_chat(api: Api, channel: TelegramChannel) -> None:
    with pytest.raises(Undeliverable):
        await channel.deliver("viber==", saying())


async def test_a_press_is_answered_shortly(api: Api, channel: TelegramChannel) -> None:
    await channel.answer_callback("q1", "😀" * 150)
    await channel.answer_callback("q2")
    assert [call.params for call in api.calls] == [
        {"callback_query_id": "q1", "text": "😀" * 100},
        {"callback_query_id": "q2"},
    ]


async def test_an_expired_press_is_nothing(api: Api, channel: TelegramChannel) -> None:
    api.refuse("answerCallbackQuery", 400, "Bad Request: query is too old and response timeout expired")
    with capture_logs() as logs:
        await channel.answer_callback("q1", "Done")
    assert [entry["log_level"] for entry in logs] == ["debug"]


async def test_typing_and_a_groups_line_never_fail(api: Api, channel: TelegramChannel) -> None:
    api.refuse("sendChatAction", 403, "Forbidden: bot was blocked by the user")
    api.refuse("sendMessage", 400, "Bad Request: group chat was upgraded", migrate_to_chat_id=-100)
    await channel.typing(CHAT)
    await channel.typing("nonsense")
    await channel.say_in_group(-5, "In private only.")
    assert [call.method for call in api.calls] == ["sendChatAction", "sendMessage"]


def test_what_telegram_can_do(channel: TelegramChannel) -> None:
    assert channel.name == "telegram"
    assert channel.capabilities.edits
    assert channel.capabilities.vouches_for_contact
    assert channel.capabilities.sticky_contact_keyboard
    assert not channel.capabilities.files_by_url
