"""Turns an uploaded picture or document into Telegram's PhotoSize list and Document, or refuses it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.sandbox.files import StoredFile
from bot.sandbox.images import Picture, recognise
from bot.sandbox.shapes import Impossible, Json, utf16_length
from bot.sandbox.telegram.call import Call, Upload
from bot.sandbox.telegram.errors import bad
from bot.sandbox.telegram.service import Telegram

PHOTO_LIMIT = 10 * 1024 * 1024  # bytes; https://core.telegram.org/bots/api#sendphoto
MAX_SIDES = 10_000  # width + height
MAX_RATIO = 20


def sent_photo(telegram: Telegram, call: Call, reference: Any) -> list[Json]:
    """`photo` of a message of the bot: from an upload or from a file_id that it saw before."""
    upload = _content(telegram, call, reference)
    if isinstance(upload, StoredFile):
        return photo_sizes(str(reference), upload.data)
    if len(upload.data) > PHOTO_LIMIT:
        raise bad(f"file is too big for a photo; the maximum size is {PHOTO_LIMIT} bytes")
    picture = recognise(upload.data)
    if picture is None:
        raise bad("IMAGE_PROCESS_FAILED")
    short, long = sorted((picture.width, picture.height))
    if short == 0 or short + long > MAX_SIDES or long / short > MAX_RATIO:
        raise bad("PHOTO_INVALID_DIMENSIONS")
    file_id, _ = telegram.keep_file("AgAC", upload.name, upload.data, f"image/{picture.kind}")
    return photo_sizes(file_id, upload.data)


def sent_document(telegram: Telegram, call: Call, reference: Any) -> Json:
    upload = _content(telegram, call, reference)
    if isinstance(upload, StoredFile):
        return document(str(reference), upload)
    return document(*telegram.keep_file("BQAC", upload.name, upload.data))


def _content(telegram: Telegram, call: Call, reference: Any) -> Upload | StoredFile:
    upload = call.upload(reference)
    if upload is not None:
        if not upload.data:
            raise bad("file must be non-empty")
        return upload
    stored = telegram.file_ids.get(reference) if isinstance(reference, str) else None
    if stored is not None:
        return stored
    # The real server also fetches a web address; the bot never sends one, so the sandbox does not fetch.
    if isinstance(reference, str) and "://" in reference and not reference.startswith("attach://"):
        raise bad("failed to get HTTP URL content")
    raise bad("wrong remote file identifier specified: Wrong character in the string")


def photo_sizes(file_id: str, data: bytes) -> list[Json]:
    picture = recognise(data) or Picture("jpeg", 1, 1)
    full = _size(file_id, picture, 1) | {"file_size": len(data)}
    return [_size(file_id, picture, 4), full] if min(picture.width, picture.height) >= 4 else [full]


def _size(file_id: str, picture: Picture, shrink: int) -> Json:
    return {
        "file_id": file_id,
        "file_unique_id": f"u{file_id[4:]}{'s' if shrink > 1 else ''}",
        "width": picture.width // shrink,
        "height": picture.height // shrink,
    }


def document(file_id: str, stored: StoredFile) -> Json:
    return {
        "file_id": file_id,
        "file_unique_id": f"u{file_id[4:]}",
        "file_name": stored.name,
        "mime_type": stored.mime,
        "file_size": len(stored.data),
    }


# --- what people send

ALBUM = range(2, 11)  # how many photos or documents make one
PERSONS_CAPTION = 1024  # UTF-16 units; the apps of people without Premium take no more


def photo_of_person(telegram: Telegram, data: bytes, caption: str | None) -> Json:
    """The app sends as a photo only what it can show; everything else goes as a file."""
    if recognise(data) is None:
        raise Impossible({"en": "this is no picture: send it as a file", "ru": "это не картинка: отправьте её файлом"})
    file_id, _ = telegram.keep_file("AgAC", "photo.jpg", data)
    return {"photo": photo_sizes(file_id, data)} | _caption(caption)


def sent_file(telegram: Telegram, name: str, data: bytes, caption: str | None) -> Json:
    if not data:
        raise Impossible({"en": "an empty file cannot be sent", "ru": "пустой файл отправить нельзя"})
    return {"document": document(*telegram.keep_file("BQAC", name, data))} | _caption(caption)


def album(telegram: Telegram, files: Sequence[tuple[str, bytes]], caption: str | None, *, photos: bool) -> list[Json]:
    """The contents of an album's messages; the caption stands under the first, as the apps put it."""
    if len(files) not in ALBUM:
        raise Impossible({"en": "an album has 2 to 10 files", "ru": "в альбоме от 2 до 10 файлов"})
    captions = [caption, *([None] * (len(files) - 1))]
    made = [
        photo_of_person(telegram, data, words) if photos else sent_file(telegram, name, data, words)
        for (name, data), words in zip(files, captions, strict=True)
    ]
    group = {"media_group_id": telegram.new_album_id()}
    return [content | group for content in made]


def _caption(caption: str | None) -> Json:
    if caption and utf16_length(caption) > PERSONS_CAPTION:
        raise Impossible({"en": "a caption has at most 1024 characters", "ru": "в подписи не больше 1024 знаков"})
    return {"caption": caption} if caption else {}
