"""What the program asks of a messenger, so that a new one is one package and one line in the wiring."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from core.delivery.messages import OutgoingMessage
from fsm.capabilities import Capabilities

if TYPE_CHECKING:
    from handlers.parts import Parts

__all__ = [
    "BlobReader",
    "BlobUrl",
    "Capabilities",
    "Channel",
    "ChatGone",
    "Delivered",
    "DeliveryError",
    "Fetched",
    "TooLarge",
    "TryLater",
    "Undeliverable",
]


@dataclass(frozen=True, slots=True)
class Delivered:
    """The messenger took the message. ``billing_status`` is Viber's: 0 unknown, 1-2 in session, 3-4 free, 5 charged."""

    message_id: str
    billing_status: int | None = None


@dataclass(frozen=True, slots=True)
class Fetched:
    """A downloaded file."""

    data: bytes
    media_type: str  # as the messenger says; the content decides in the end


class DeliveryError(Exception):
    """The message was not taken. The text goes to the log and to the outbox: no personal data in it."""


class TryLater(DeliveryError):
    """Temporary: a limit, a network fault, a server's error. ``after`` is in seconds, where the messenger said it.

    ``whole_channel`` when the limit is the bot's and not this chat's.
    """

    def __init__(self, reason: str, after: float | None = None, *, whole_channel: bool = False) -> None:
        super().__init__(reason)
        self.after = after
        self.whole_channel = whole_channel


class ChatGone(DeliveryError):
    """Nothing can be sent to this chat until the person comes back: blocked, deactivated, not subscribed."""


class Undeliverable(DeliveryError):
    """This very message can never be sent (malformed, too long, refused): it is put aside with its reason."""


class TooLarge(Undeliverable):
    """The file to be fetched is larger than the caller takes."""


class Channel(Protocol):
    """One messenger's way out."""

    name: str
    capabilities: Capabilities

    async def deliver(self, address: str, message: OutgoingMessage, parts: Parts | None = None) -> Delivered:
        """Sends one message, as several where need be: those parts that an earlier try has sent are passed over.

        Raises TryLater, ChatGone or Undeliverable, and nothing else that is expected."""
        ...

    async def fetch(self, ref: str, max_bytes: int) -> Fetched:
        """Downloads a file that a person sent (``ref`` from :class:`fsm.event.File`).

        Raises TryLater, TooLarge when it is larger than ``max_bytes``, or Undeliverable when it is gone.
        """
        ...

    async def close(self) -> None: ...


BlobReader = Callable[[str], Awaitable[bytes]]
"""Fetches an attachment's bytes by its SHA-256; raises KeyError when there is none."""

BlobUrl = Callable[[str, str], str]
"""The public, signed, expiring address of an attachment: (sha256, file name) -> URL."""
