"""What Telegram checks in a message's text, its entities and what it replies to."""

from __future__ import annotations

from typing import Any

from bot.sandbox.shapes import Json, utf16_length, words
from bot.sandbox.telegram.call import Call, known_fields
from bot.sandbox.telegram.errors import bad

TEXT_LIMIT = 4096  # UTF-16 code units after entities parsing
CAPTION_LIMIT = 1024
ENTITY_TYPES = words(
    "mention hashtag cashtag bot_command url email phone_number bold italic underline strikethrough spoiler "
    "blockquote expandable_blockquote code pre text_link text_mention custom_emoji date_time"
)
_ENTITY_FIELDS = words("type offset length url user language custom_emoji_id unix_time date_time_format")
_PREVIEW_FIELDS = words("is_disabled url prefer_small_media prefer_large_media show_above_text")
_REPLY_FIELDS = words(
    "message_id chat_id allow_sending_without_reply quote quote_parse_mode quote_entities quote_position"
)


def message_text(call: Call) -> tuple[str, list[Json]]:
    """Text and entities of a message; refuses an empty or a too long one."""
    text, entities = _styled(call.params, "text", "entities")
    if not text:
        raise bad("message text is empty")
    if utf16_length(text) > TEXT_LIMIT:
        raise bad("message is too long")
    return text, entities


def caption(source: Json) -> tuple[str, list[Json]]:
    text, entities = _styled(source, "caption", "caption_entities")
    if utf16_length(text) > CAPTION_LIMIT:
        raise bad("message caption is too long")
    return text, entities


def _styled(source: Json, text_name: str, entities_name: str) -> tuple[str, list[Json]]:
    # The real server parses HTML and MarkdownV2; the bot sends entities only (a subscriber's own words are
    # never parsed as markup), so here any parse_mode is refused with the text for an unknown one.
    if source.get("parse_mode"):
        raise bad("unsupported parse_mode")
    text = source.get(text_name) or ""
    if not isinstance(text, str):
        raise bad(f"{text_name} must be a string")
    return _trimmed(text, _entities(source.get(entities_name) or [], text))


def _entities(given: Any, text: str) -> list[Json]:
    if not isinstance(given, list):
        raise bad("can't parse entities: array expected")
    length = utf16_length(text)
    result = []
    for item in given:
        entity = known_fields(item, "MessageEntity", _ENTITY_FIELDS)
        if str(entity.get("type")) not in ENTITY_TYPES:
            raise bad("can't parse MessageEntity: unsupported type specified")
        start, size = entity.get("offset"), entity.get("length")
        if type(start) is not int or type(size) is not int:
            raise bad("can't parse MessageEntity: offset and length must be integers")
        # The real server drops or clips such an entity in silence; here it is a mistake to be seen.
        if start < 0 or size <= 0 or start + size > length:
            raise bad("can't parse MessageEntity: entity is out of the text's range")
        if entity["type"] == "text_link" and not entity.get("url"):
            raise bad("can't parse MessageEntity: url is empty")
        result.append(entity)
    return result


def _trimmed(text: str, entities: list[Json]) -> tuple[str, list[Json]]:
    """The server strips white space at both ends and moves the entities along."""
    cut = utf16_length(text) - utf16_length(text.lstrip())
    text = text.strip()
    limit = utf16_length(text)
    moved = []
    for entity in entities:
        start = max(0, entity["offset"] - cut)
        end = min(limit, entity["offset"] - cut + entity["length"])
        if end > start:
            moved.append(entity | {"offset": start, "length": end - start})
    return text, moved


def link_preview(value: Any) -> Json | None:
    return None if value is None else known_fields(value, "LinkPreviewOptions", _PREVIEW_FIELDS)


def reply_target(value: Any, messages: dict[int, Json]) -> Json | None:
    """The message that is replied to, or None."""
    if value is None:
        return None
    reply = known_fields(value, "ReplyParameters", _REPLY_FIELDS)
    wanted = reply.get("message_id")
    found = messages.get(wanted) if isinstance(wanted, int) else None
    if found is None and not reply.get("allow_sending_without_reply"):
        raise bad("message to be replied not found")
    return {k: v for k, v in found.items() if k != "reply_to_message"} if found else None
