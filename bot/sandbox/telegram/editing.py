"""The Bot API's methods that change what is already in a chat, or answer a pressed button."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from bot.sandbox.shapes import Json, utf16_length, words
from bot.sandbox.telegram import checks, markup, media
from bot.sandbox.telegram.call import Call, Table, known_fields
from bot.sandbox.telegram.errors import bad
from bot.sandbox.telegram.sending import captioned
from bot.sandbox.telegram.service import TOAST, Chat, Telegram

_COMMON: Table = {"chat_id": "chat", "message_id": "int", "reply_markup": "json", "parse_mode": "str"}
EDIT_TEXT: Table = _COMMON | {"text": "str", "entities": "json", "link_preview_options": "json"}
EDIT_CAPTION: Table = _COMMON | {
    "caption": "str",
    "caption_entities": "json",
    "show_caption_above_media": "bool",
}
EDIT_MEDIA: Table = {"chat_id": "chat", "message_id": "int", "reply_markup": "json", "media": "json"}
EDIT_MARKUP: Table = {"chat_id": "chat", "message_id": "int", "reply_markup": "json"}
DELETE: Table = {"chat_id": "chat", "message_id": "int"}
ANSWER: Table = {
    "callback_query_id": "str",
    "text": "str",
    "show_alert": "bool",
    "url": "str",
    "cache_time": "int",
}
_MEDIA_FIELDS = words(
    "type media caption parse_mode caption_entities show_caption_above_media has_spoiler thumbnail "
    "disable_content_type_detection"
)
_CONTENT = tuple(
    sorted(words("text entities link_preview_options photo document caption caption_entities show_caption_above_media"))
)
_DELETABLE = timedelta(hours=48)


def edit_text(telegram: Telegram, call: Call) -> Json:
    chat, message = _target(telegram, call, "edit")
    if "text" not in message:
        raise bad("there is no text in the message to edit")
    text, entities = checks.message_text(call)
    content: Json = {"text": text} | ({"entities": entities} if entities else {})
    preview = checks.link_preview(call.get("link_preview_options"))
    if preview:
        content["link_preview_options"] = preview
    return _replace(telegram, chat, message, content, call)


def edit_caption(telegram: Telegram, call: Call) -> Json:
    chat, message = _target(telegram, call, "edit")
    kept = {name: message[name] for name in ("photo", "document") if name in message}
    if not kept:
        raise bad("there is no caption in the message to edit")
    return _replace(telegram, chat, message, kept | captioned(call.params), call)


def edit_media(telegram: Telegram, call: Call) -> Json:
    chat, message = _target(telegram, call, "edit")
    given = known_fields(call.get("media"), "InputMedia", _MEDIA_FIELDS)
    caption = captioned(given)
    if given.get("type") == "photo":
        content: Json = {"photo": media.sent_photo(telegram, call, given.get("media"))}
    elif given.get("type") == "document":
        content = {"document": media.sent_document(telegram, call, given.get("media"))}
    else:
        raise bad("can't parse InputMedia: media type is not emulated by the sandbox")
    return _replace(telegram, chat, message, content | caption, call)


def edit_markup(telegram: Telegram, call: Call) -> Json:
    chat, message = _target(telegram, call, "edit")
    kept = {name: message[name] for name in _CONTENT if name in message}
    return _replace(telegram, chat, message, kept, call)


def _target(telegram: Telegram, call: Call, what: str) -> tuple[Chat, Json]:
    chat = telegram.chat_for_writing(call.get("chat_id"), counted=False)
    if call.get("message_id") is None:
        raise bad("message identifier is not specified")
    message = chat.messages.get(call.get("message_id"))
    if message is None:
        raise bad(f"message to {what} not found")
    if what == "edit" and (message["from"]["id"] != telegram.bot["id"] or message["message_id"] in chat.fixed):
        raise bad("message can't be edited")
    return chat, message


def _replace(telegram: Telegram, chat: Chat, message: Json, content: Json, call: Call) -> Json:
    value: Any = call.get("reply_markup")
    buttons = markup.inline(value) if value is not None else None
    if buttons and buttons["inline_keyboard"]:
        content["reply_markup"] = buttons
    before = {name: message[name] for name in (*_CONTENT, "reply_markup") if name in message}
    if before == content:
        raise bad(
            "message is not modified: specified new message content and reply markup are exactly the same "
            "as a current content and reply markup of the message"
        )
    rest = {name: value for name, value in message.items() if name not in before}
    edited = rest | content | {"edit_date": telegram.stamp()}
    chat.messages[message["message_id"]] = edited
    person = telegram.people.get(chat.id)
    if person:
        person.typing_until = None
    telegram.changed()
    return edited


def delete_message(telegram: Telegram, call: Call) -> bool:
    chat, message = _target(telegram, call, "delete")
    if telegram.stamp() - message["date"] > _DELETABLE.total_seconds():
        raise bad("message can't be deleted for everyone")
    del chat.messages[message["message_id"]]
    telegram.changed()
    return True


def answer_callback(telegram: Telegram, call: Call) -> bool:
    query = telegram.queries.get(call.get("callback_query_id", ""))
    now = telegram.clock.now()
    if query is None or now - query.issued > telegram.limits.query_life:
        raise bad("query is too old and response timeout expired or query ID is invalid")
    text = call.get("text") or ""
    if utf16_length(text) > 200:
        raise bad("MESSAGE_TOO_LONG")
    if call.get("url"):
        raise bad("URL_INVALID")
    query.person.answered(text or None, now + TOAST)
    return True
