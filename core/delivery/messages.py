"""A message on its way to a messenger, as the outbox keeps it: drawn, translated, and free of Python objects."""

from __future__ import annotations

from enum import IntEnum
from typing import Literal

import msgspec
from msgspec import Struct


class Priority(IntEnum):
    """Lower goes first."""

    reply = 0  # somebody is looking at the screen
    notice = 1  # something happened that concerns this person
    bulk = 2  # reminders and news


class Button(Struct, frozen=True, omit_defaults=True):
    """Either ``payload`` (comes back when pressed) or ``url`` (is opened)."""

    label: str
    payload: str = ""
    url: str = ""
    tone: Literal["plain", "primary", "danger"] = "plain"


class Attachment(Struct, frozen=True, omit_defaults=True):
    """A file in the blob store, by the SHA-256 of its content."""

    blob: str
    name: str
    media_type: str
    size: int  # bytes
    kind: Literal["picture", "document"] = "picture"


class InvoiceCard(Struct, frozen=True, omit_defaults=True):
    """A bill that the messenger itself takes the money for. ``payload`` comes back with the payment."""

    title: str
    description: str
    payload: str
    amount: int  # minor units, as core.money counts them
    currency: str


class SentMessage(Struct, frozen=True):
    """A message of ours in a chat, by the messenger's own id: what a person can answer to."""

    chat_id: str
    message_id: str


class OutgoingMessage(Struct, frozen=True, omit_defaults=True):
    """``parts`` are (text, style) pairs; styles are plain, bold, italic and code.

    ``edits`` is the messenger's id of the message to change in place, where it can; otherwise a new one is sent.
    ``asks_contact``: offer to share the phone number. ``drops_keyboard``: an offer of that kind is still on the
    phone's screen and is to be taken away. ``invoice``: a messenger that takes payments shows it instead of the rest.
    ``replaces``: turns that said the same with less; when one of them is the last thing said in the chat, it is edited.
    """

    parts: tuple[tuple[str, str], ...]
    rows: tuple[tuple[Button, ...], ...] = ()
    attachment: Attachment | None = None
    asks_contact: str = ""  # the label of the button that shares the phone number
    drops_keyboard: str = ""  # what to say while taking the keyboard away
    hint: str = ""
    edits: str = ""
    replaces: tuple[str, ...] = ()
    invoice: InvoiceCard | None = None
    language: str = "en"

    @property
    def text(self) -> str:
        return "".join(text for text, _style in self.parts)


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(OutgoingMessage)


def encode_message(message: OutgoingMessage) -> str:
    return _encoder.encode(message).decode()


def decode_message(stored: str) -> OutgoingMessage:
    return _decoder.decode(stored)
