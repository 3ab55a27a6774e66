"""Draws an outgoing message as Viber's JSON; a message is more than one only where Viber cannot say it in one."""

from __future__ import annotations

import mimetypes
from collections.abc import Callable
from pathlib import PurePosixPath
from typing import Any

from viberbot.api.messages import FileMessage, PictureMessage, TextMessage

from core.delivery.messages import Attachment, OutgoingMessage
from handlers.channel import BlobUrl, Undeliverable
from handlers.viber.client import MAX_REQUEST, ViberStatus, encode
from handlers.viber.keyboard import SHARE_PHONE_API, keyboard, without_new_features
from handlers.viber.markup import plain
from handlers.viber.payloads import tracking_data

MAX_TEXT = 7000  # characters of a text message
MAX_TEXT_BYTES = 12_000  # our share of the 30 KB for the text, so that a keyboard fits beside it
MAX_CAPTION = 768  # characters under a picture
MAX_PICTURE = 1024 * 1024  # bytes
MAX_FILE = 50 * 1024 * 1024  # bytes
MAX_FILE_NAME = 256  # characters, extension included
MAX_MEDIA_URL = 2000  # characters
MAX_SENDER = 28  # characters of the name over the message

_ENVELOPE = 512  # bytes for the receiver and what else is added on the way
_PICTURES = {"image/png": ".png", "image/jpeg": ".jpg"}

MenuLabel = Callable[[str], str]
"""What the menu button is called in a language."""


def sender_name(operator: str) -> str:
    """The operator's name within 28 characters, cut between words where that leaves something to recognise."""
    name = " ".join(operator.split()) or "Abonent"
    if len(name) <= MAX_SENDER:
        return name
    words = name[: MAX_SENDER + 1].rpartition(" ")[0].rstrip(' ,;:-–—«("')
    return words if len(words) >= MAX_SENDER // 3 else name[: MAX_SENDER - 1] + "…"


class Artist:
    """Knows what all messages of one bot have in common.

    ``menu_label``: a message that comes without buttons (a notice) gets a button that opens the menu, because
    such a message takes the keyboard of the message before it off the screen. None leaves those bare.
    """

    def __init__(self, operator: str, blob_url: BlobUrl, menu_label: MenuLabel | None = None) -> None:
        self._sender = {"name": sender_name(operator)}
        self._blob_url = blob_url
        self._menu_label = menu_label

    def draw(self, message: OutgoingMessage) -> list[dict[str, Any]]:
        """At least one message without its receiver; the keyboard is on the last. Raises Undeliverable."""
        text = plain(message.text)
        attachment = message.attachment
        if attachment is None:
            bodies = [TextMessage(text=piece).to_dict() for piece in split(text)]
        elif _is_picture(attachment):
            bodies = self._picture(attachment, text)
        else:
            bodies = [TextMessage(text=piece).to_dict() for piece in split(text)] + [self._file(attachment)]
        if not bodies:
            raise Undeliverable("an empty message")
        bodies[-1] |= self._controls(message)
        return [self._checked(body) for body in bodies]

    def welcome(self, message: OutgoingMessage) -> dict[str, Any]:
        """The one message that may answer conversation_started; what does not fit into one is left out."""
        drawn = self.draw(message)
        if len(drawn) == 1:
            return drawn[0]
        pieces = split(plain(message.text))
        if not pieces:
            return drawn[-1]
        return self._checked(TextMessage(text=pieces[0]).to_dict() | self._controls(message))

    def _controls(self, message: OutgoingMessage) -> dict[str, Any]:
        rows, menu = message.rows, ""
        if not rows and not message.asks_contact and self._menu_label is not None:
            menu = self._menu_label(message.language)
        board = keyboard(rows, message.asks_contact, menu)
        if board is None:
            return {}
        controls: dict[str, Any] = {"keyboard": board}
        if message.asks_contact:
            controls["min_api_version"] = SHARE_PHONE_API
        tracked = tracking_data(button.url for row in rows for button in row if button.url)
        return controls | ({"tracking_data": tracked} if tracked else {})

    def _picture(self, attachment: Attachment, text: str) -> list[dict[str, Any]]:
        media = self._media(attachment, _named(attachment.name, _PICTURES[attachment.media_type]))
        if len(text) <= MAX_CAPTION:
            return [_present(PictureMessage(media=media, text=text).to_dict())]
        words = [TextMessage(text=piece).to_dict() for piece in split(text)]
        return [_present(PictureMessage(media=media).to_dict()), *words]

    def _file(self, attachment: Attachment) -> dict[str, Any]:
        if not 0 < attachment.size <= MAX_FILE:
            raise Undeliverable("a file that is empty or over 50 MB")
        # A name without extension is refused, and so is .bin, which counts as executable.
        extension = PurePosixPath(attachment.name).suffix or mimetypes.guess_extension(attachment.media_type)
        name = _named(attachment.name, ".dat" if extension in (None, "", ".", ".bin") else str(extension))
        media = self._media(attachment, name)
        body: dict[str, Any] = FileMessage(media=media, size=attachment.size, file_name=name).to_dict()
        return body

    def _media(self, attachment: Attachment, name: str) -> str:
        url = self._blob_url(attachment.blob, name)
        if len(url) > MAX_MEDIA_URL:
            raise Undeliverable("the attachment's address is over 2000 characters")
        return url

    def _checked(self, body: dict[str, Any]) -> dict[str, Any]:
        drawn = {"sender": self._sender, **body}
        if len(encode(drawn)) > MAX_REQUEST - _ENVELOPE:
            raise Undeliverable("the message is over 30 KB")
        return drawn


def downgraded(body: dict[str, Any], status: ViberStatus | None) -> dict[str, Any] | None:
    """The message without what an old client lacks; None when the refusal has another reason or nothing is left out."""
    if status not in (ViberStatus.api_version_not_supported, ViberStatus.incompatible_with_version):
        return None
    if "min_api_version" not in body:
        return None
    kept = {key: value for key, value in body.items() if key not in ("min_api_version", "keyboard")}
    board = without_new_features(body["keyboard"]) if "keyboard" in body else None
    return kept | ({"keyboard": board} if board else {})


def split(text: str) -> list[str]:
    """Pieces that fit into a text message each, broken between paragraphs, lines or words where it can be."""
    pieces = []
    rest = text.strip()
    while rest:
        room = _room(rest)
        if room < len(rest):
            head = rest[:room]
            cut = next((at for mark in ("\n\n", "\n", " ") if (at := head.rfind(mark)) > room // 2), room)
            piece, rest = rest[:cut], rest[cut:]
        else:
            piece, rest = rest, ""
        pieces.append(piece.rstrip())
        rest = rest.lstrip()
    return pieces


def _room(text: str) -> int:
    head = text[:MAX_TEXT].encode("utf-8", "replace")[:MAX_TEXT_BYTES]
    return max(1, len(head.decode("utf-8", "ignore")))


def _is_picture(attachment: Attachment) -> bool:
    """Viber shows PNG and JPEG up to 1 MB; another picture goes as a file."""
    return attachment.kind == "picture" and attachment.media_type in _PICTURES and 0 < attachment.size <= MAX_PICTURE


def _named(name: str, extension: str) -> str:
    """The name with its extension, which Viber demands, within 256 characters and without directories."""
    path = PurePosixPath(name.replace("\\", "/").strip() or "file")
    kept = path.suffix if path.suffix.lower() in (extension.lower(), ".jpeg") else extension
    stem = path.stem.strip(". ") or "file"
    return stem[: MAX_FILE_NAME - len(kept)] + kept


def _present(body: dict[str, Any]) -> dict[str, Any]:
    """viberbot writes absent fields as null."""
    return {key: value for key, value in body.items() if value is not None}
