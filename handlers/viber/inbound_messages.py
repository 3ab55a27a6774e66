"""Reads the ``message`` object of a webhook: what the person said, in a conversation's words."""

from __future__ import annotations

import mimetypes
import re
from datetime import datetime, timedelta
from typing import Any

from viberbot.api.messages import MESSAGE_TYPE_TO_CLASS, get_message

from fsm.event import Command, Contact, File, Input, Press, Text, Unsupported
from handlers.clean import clean
from handlers.viber.outbound import file_ref
from handlers.viber.payloads import PREFIX, SHARE_PHONE, is_link_press

MEDIA_LIFETIME = timedelta(hours=1)  # how long the address of an incoming file works

_COMMAND = re.compile(r"/([A-Za-z0-9_]{1,32})(?:\s+(.*))?", re.DOTALL)
_KIND = re.compile(r"[a-z_]{1,30}")


def read_message(data: dict[str, Any], at: datetime, *, silent: bool = False) -> Input | None:
    """What was said; None for the echo of a link button. Raises KeyError, TypeError or ValueError on nonsense."""
    kind = data["type"]
    if kind not in MESSAGE_TYPE_TO_CLASS:  # viberbot raises on these
        return Unsupported(kind if isinstance(kind, str) and _KIND.fullmatch(kind) else "unknown")
    message = get_message(data)
    if kind == "text":
        return _words(clean(message.text), message.tracking_data, silent)
    if kind == "url":  # an address typed alone comes in its own type, without text
        return _words(clean(message.media), message.tracking_data, silent)
    if kind == "contact":
        return _contact(message, data)
    if kind in ("picture", "file"):
        return _file(message, data, at)
    return Unsupported(kind)


def _words(text: str, tracking: object, silent: bool) -> Input | None:
    if text.startswith(PREFIX):
        return Press(text.removeprefix(PREFIX))
    if is_link_press(text, tracking, silent):
        return None
    command = _COMMAND.fullmatch(text.strip())
    if command:  # phones begin a sentence with a capital, so /Menu is /menu
        return Command(command[1].lower(), (command[2] or "").strip())
    return Text(text)


def _contact(message: Any, data: dict[str, Any]) -> Input:
    phone = clean(message.contact.phone_number) if message.contact else ""
    if not phone:
        return Unsupported("contact")
    # viberbot drops a contact's text, and there the share-phone button's ActionBody comes back.
    return Contact(phone, by_button=data.get("text") == SHARE_PHONE, name=clean(message.contact.name))


def _file(message: Any, data: dict[str, Any], at: datetime) -> Input:
    url = clean(message.media)
    if not url:
        return Unsupported(data["type"])
    picture = data["type"] == "picture"
    name = clean(data.get("file_name"))
    size = data.get("size", data.get("file_size"))  # the documentation has both spellings
    return File(
        ref=file_ref(url, at + MEDIA_LIFETIME),
        kind="photo" if picture else "document",
        name=name,
        media_type=mimetypes.guess_type(name)[0] or "",
        size=size if isinstance(size, int) and not isinstance(size, bool) and size >= 0 else None,
        caption=clean(message.text) if picture else "",
    )
