"""What reaches a conversation from a messenger, in words that every messenger's package translates into."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from msgspec import Struct


class Input(Struct, frozen=True):
    """What the person did."""


class Text(Input, frozen=True):
    """Words that the person typed. Never interpreted as markup."""

    text: str


class Command(Input, frozen=True):
    """A slash command: ``/start link_4001`` has the name ``start`` and the argument ``link_4001``."""

    name: str
    argument: str = ""


class Press(Input, frozen=True):
    """A button's payload as it came back: whatever comes from a messenger may be forged."""

    payload: str


class Contact(Input, frozen=True):
    """A phone number that was handed over as a contact.

    ``own`` only where the messenger's server vouches that the number is the sender's (Telegram's
    ``contact.user_id == from.id``); Viber vouches for nothing, so there it is always false.
    ``by_button`` where it looks like the answer to a share-phone button, and not like somebody's card.
    """

    phone: str
    own: bool = False
    by_button: bool = False
    name: str = ""


class File(Input, frozen=True):
    """A picture or a document. ``ref`` is what the messenger's package needs to fetch it again."""

    ref: str
    kind: Literal["photo", "document"]
    name: str = ""
    media_type: str = ""
    size: int | None = None  # bytes
    caption: str = ""
    album: str = ""  # the same for all that was sent together, where the messenger says so (Telegram's media_group_id)


class Edited(Input, frozen=True):
    """An earlier message was changed by its author."""

    text: str


class Unsupported(Input, frozen=True):
    """A kind of message that no conversation takes: sticker, voice, video, location..."""

    kind: str


class Opened(Input, frozen=True):
    """The chat was opened and nothing was said yet (Viber's conversation_started), with a deep link's context."""

    context: str = ""
    subscribed: bool = True


class Blocked(Input, frozen=True):
    """The person blocked the bot or unsubscribed: nothing can be sent."""


class Unblocked(Input, frozen=True):
    """The person came back after blocking."""


class Event(Struct, frozen=True, kw_only=True):
    """One update from a messenger.

    ``update_id`` identifies it within its channel, whatever number of times it is delivered.
    ``message_id`` is the message that the input arrived in or, for a press, the message that bears the button.
    ``reply_to`` is the message of ours that the person answers, where the messenger's server says so (Telegram's
    reply_to_message). Viber tells nothing of the kind: there it is always empty.
    """

    channel: str
    update_id: str
    address: str  # the chat's id within the messenger
    at: datetime
    input: Input
    name: str = ""
    language: str = ""  # as the messenger says: "ru", "en-GB"
    country: str = ""  # ISO 3166, where the messenger says
    message_id: str = ""
    reply_to: str = ""

    @property
    def chat_id(self) -> str:
        """The chat's key in the whole program."""
        return f"{self.channel}:{self.address}"
