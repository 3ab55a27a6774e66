"""The Bot API's methods that put something new into a chat."""

from __future__ import annotations

from typing import Any

from bot.sandbox.shapes import Json, words
from bot.sandbox.telegram import checks, markup, media, topics
from bot.sandbox.telegram.call import Call, Table
from bot.sandbox.telegram.errors import bad
from bot.sandbox.telegram.service import TYPING, Chat, Telegram

_COMMON: Table = {
    "chat_id": "chat",
    "message_thread_id": "int",
    "disable_notification": "bool",
    "protect_content": "bool",
    "reply_parameters": "json",
    "reply_markup": "json",
    "parse_mode": "str",
}
_CAPTION: Table = {"caption": "str", "caption_entities": "json"}
SEND_MESSAGE: Table = _COMMON | {"text": "str", "entities": "json", "link_preview_options": "json"}
SEND_PHOTO: Table = (
    _COMMON
    | _CAPTION
    | {
        "photo": "str",
        "show_caption_above_media": "bool",
        "has_spoiler": "bool",
    }
)
SEND_DOCUMENT: Table = _COMMON | _CAPTION | {"document": "str", "disable_content_type_detection": "bool"}
SEND_CHAT_ACTION: Table = {"chat_id": "chat", "action": "str", "message_thread_id": "int"}
_ACTIONS = words(
    "typing upload_photo record_video upload_video record_voice upload_voice upload_document choose_sticker "
    "find_location record_video_note upload_video_note"
)


def send_message(telegram: Telegram, call: Call) -> Json:
    chat = telegram.find_chat(call.get("chat_id"))
    text, entities = checks.message_text(call)
    content: Json = {"text": text} | ({"entities": entities} if entities else {})
    preview = checks.link_preview(call.get("link_preview_options"))
    if preview:
        content["link_preview_options"] = preview
    return _post(telegram, chat, call, content)


def send_photo(telegram: Telegram, call: Call) -> Json:
    chat = telegram.find_chat(call.get("chat_id"))
    caption = captioned(call.params)
    if call.get("photo") is None:
        raise bad("there is no photo in the request")
    return _post(telegram, chat, call, {"photo": media.sent_photo(telegram, call, call.get("photo"))} | caption)


def send_document(telegram: Telegram, call: Call) -> Json:
    chat = telegram.find_chat(call.get("chat_id"))
    caption = captioned(call.params)
    if call.get("document") is None:
        raise bad("there is no document in the request")
    content = {"document": media.sent_document(telegram, call, call.get("document"))}
    return _post(telegram, chat, call, content | caption)


def captioned(source: Json) -> Json:
    text, entities = checks.caption(source)
    caption: Json = {"caption": text} if text else {}
    if entities:
        caption["caption_entities"] = entities
    if text and source.get("show_caption_above_media"):
        caption["show_caption_above_media"] = True
    return caption


def _post(telegram: Telegram, chat: Chat, call: Call, content: Json) -> Json:
    inline, keyboard = split_markup(call.get("reply_markup"), chat)
    target = checks.reply_target(call.get("reply_parameters"), chat.messages)
    telegram.chat_for_writing(chat.id, counted=False)
    content |= topics.thread_of(telegram, chat, call, target)
    telegram.chat_for_writing(chat.id)
    if inline and inline["inline_keyboard"]:
        content["reply_markup"] = inline
    if target:
        content["reply_to_message"] = target
    if call.get("protect_content"):
        content["has_protected_content"] = True
    message = telegram.new_message(chat, telegram.bot, content)
    if keyboard is not None:
        # "It is only possible to edit messages without reply_markup or with inline keyboards."
        chat.fixed.add(message["message_id"])
    person = telegram.people.get(chat.id)
    if person:
        person.sees(keyboard)
    return message


def split_markup(value: Any, chat: Chat) -> tuple[Json | None, Json | None]:
    """An inline keyboard goes with the message, any other markup concerns the person's keyboard."""
    if value is None:
        return None, None
    if isinstance(value, dict) and "inline_keyboard" in value:
        return markup.inline(value), None
    return None, markup.reply(value, chat.private)


def send_chat_action(telegram: Telegram, call: Call) -> bool:
    chat = telegram.chat_for_writing(call.get("chat_id"), counted=False)
    if call.get("action") not in _ACTIONS:
        raise bad("wrong parameter action in request")
    person = telegram.people.get(chat.id)
    if person:
        person.typing_until = telegram.clock.now() + TYPING
        telegram.changed()
    return True
