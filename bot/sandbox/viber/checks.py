"""What Viber checks in a message before it takes it."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from bot.sandbox.shapes import Json, words
from bot.sandbox.viber import keyboards
from bot.sandbox.viber.errors import bad_data, missing

BODY_LIMIT = 30 * 1024  # bytes of JSON
_TOP = words(
    "auth_token receiver broadcast_list min_api_version sender tracking_data type text media thumbnail size "
    "duration file_name contact location sticker_id keyboard alt_text chat_id from"
)
_TYPES = words("text picture video file contact location url sticker")
_FILE_LIMIT = 50 * 1024 * 1024  # bytes
_VIDEO_LIMIT = 26 * 1024 * 1024
# The service keeps a list of forbidden file formats; these are the executable ones among them.
EXECUTABLE = words(
    "action apk app bat bin cmd com command cpl csh exe gadget inf ins inx ipa isu job jse ksh lnk msc msi msp mst "
    "osx out paf pif prg ps1 reg rgs run scr sct shb shs u3p vb vbe vbs vbscript workflow ws wsf wsh jar js"
)


def message(body: Json) -> None:
    """Raises ViberError when the service would refuse this message at once."""
    for name in body:
        # Stricter than the real service: a parameter that nobody reads is a mistake of ours.
        if name not in _TOP:
            raise bad_data(f"unknown parameter {name}")
    _sender(body.get("sender"))
    level = body.get("min_api_version", 1)
    if type(level) is not int or level < 1:
        raise bad_data("min_api_version must be a positive integer")
    _text(body, "tracking_data", 4000)
    if body.get("keyboard") is not None:
        keyboards.refuse(body["keyboard"], level)
    kind = body.get("type")
    if kind is None and body.get("keyboard") is not None:
        return  # a keyboard may come alone
    if kind is None:
        raise missing("type")
    if not isinstance(kind, str) or kind not in _TYPES:
        raise bad_data(f"type {kind!r} is not supported")
    _CHECKS[kind](body)


def _sender(sender: Any) -> None:
    if not isinstance(sender, dict):
        raise missing("sender")
    for name in sender:
        if name not in ("name", "avatar"):
            raise bad_data(f"unknown parameter {name} in sender")
    if not isinstance(sender.get("name"), str) or not sender["name"].strip():
        raise missing("sender.name")
    if len(sender["name"]) > 28:
        raise bad_data("sender.name is longer than 28 characters")
    if sender.get("avatar"):
        _url(sender["avatar"], "sender.avatar")


def _text(body: Json, name: str, limit: int, required: bool = False) -> None:
    value = body.get(name)
    if value is None or value == "":
        if required:
            raise missing(name)
        return
    if not isinstance(value, str):
        raise bad_data(f"{name} must be a string")
    if len(value) > limit:
        raise bad_data(f"{name} is longer than {limit} characters")


def _url(value: Any, name: str) -> None:
    if not value:
        raise missing(name)
    parts = urlsplit(value) if isinstance(value, str) else urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.hostname or len(value) > 2000:
        raise bad_data(f"{name} is not a valid address of up to 2000 characters")


def _plain(body: Json) -> None:
    _text(body, "text", 7000, required=True)


def _picture(body: Json) -> None:
    _text(body, "text", 768)
    _url(body.get("media"), "media")
    if body.get("thumbnail"):
        _url(body["thumbnail"], "thumbnail")


def _size(body: Json, limit: int) -> None:
    if body.get("size") is None:
        raise missing("size")
    if type(body["size"]) is not int or not 0 < body["size"] <= limit:
        raise bad_data(f"size must be 1-{limit} bytes")


def _video(body: Json) -> None:
    _url(body.get("media"), "media")
    _size(body, _VIDEO_LIMIT)
    _text(body, "text", 768)


def _file(body: Json) -> None:
    _url(body.get("media"), "media")
    _size(body, _FILE_LIMIT)
    _text(body, "file_name", 256, required=True)
    extension = PurePosixPath(body["file_name"]).suffix.lstrip(".").lower()
    if not extension:
        raise bad_data("file_name must have an extension")
    if extension in EXECUTABLE:
        raise bad_data(f"files of type .{extension} are forbidden")


def _contact(body: Json) -> None:
    contact = body.get("contact")
    if not isinstance(contact, dict):
        raise missing("contact")
    _text(contact, "name", 28, required=True)
    _text(contact, "phone_number", 18, required=True)


def _location(body: Json) -> None:
    place = body.get("location")
    if not isinstance(place, dict):
        raise missing("location")
    for name, limit in (("lat", 90), ("lon", 180)):
        try:
            inside = abs(float(place[name])) <= limit
        except (KeyError, TypeError, ValueError):
            inside = False
        if not inside:
            raise bad_data(f"location.{name} is not valid")


def _link(body: Json) -> None:
    _url(body.get("media"), "media")


def _sticker(body: Json) -> None:
    if type(body.get("sticker_id")) is not int:
        raise missing("sticker_id")


_CHECKS = {
    "text": _plain,
    "picture": _picture,
    "video": _video,
    "file": _file,
    "contact": _contact,
    "location": _location,
    "url": _link,
    "sticker": _sticker,
}
