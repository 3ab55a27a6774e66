"""The few shapes that every part of the sandbox passes around, so that they are spelled once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol

Json = dict[str, Any]
Changed = Callable[[], None]
Messenger = Literal["telegram", "viber"]
Words = str | Mapping[str, str]
"""What the page says: the same in any language, or by language ("ru", "en")."""


@dataclass(frozen=True, slots=True)
class PersonSpec:
    """A person who has the messenger from the start; `phone` in the international form, with a plus.

    `note` tells the page's reader what this person is good for.
    """

    messenger: Messenger
    name: str
    phone: str
    language: str = "ru"
    note: Words = ""


@dataclass(frozen=True, slots=True)
class Button:
    """A button under a bubble, as the person sees it."""

    text: str
    kind: Literal["callback", "url", "copy"]
    data: str | None = None
    url: str | None = None
    style: str | None = None

    def as_json(self) -> Json:
        optional = {"data": self.data, "url": self.url, "style": self.style}
        return {"text": self.text, "kind": self.kind} | {k: v for k, v in optional.items() if v is not None}


@dataclass(frozen=True, slots=True)
class Bubble:
    """One message on a person's screen; `raw` is the messenger's own object behind it."""

    id: int | str
    who: Literal["bot", "me", "system"]
    at: datetime
    text: str = ""
    entities: Sequence[Json] = ()
    picture: str | None = None
    document: Json | None = None
    contact: Json | None = None
    sticker: bool = False
    voice: bool = False
    buttons: Sequence[Sequence[Button]] = ()
    edited: bool = False
    status: Literal["sent", "delivered", "seen"] = "sent"
    reply: Json | None = None  # what it answers: id, whose it is, how it begins
    album: str | None = None
    raw: Json = field(default_factory=dict, repr=False)

    @property
    def labels(self) -> list[str]:
        return [button.text for row in self.buttons for button in row]

    def as_json(self) -> Json:
        return {
            "id": self.id,
            "from": self.who,
            "at": self.at.isoformat(),
            "text": self.text,
            "entities": list(self.entities),
            "html": None,
            "picture": self.picture,
            "document": self.document,
            "contact": self.contact,
            "sticker": self.sticker,
            "voice": self.voice,
            "buttons": [[button.as_json() for button in row] for row in self.buttons],
            "edited": self.edited,
            "status": self.status,
            "reply": self.reply,
            "album": self.album,
        }


class Controls(Protocol):
    """What the demo's operator can do from the page: a list of levers and a way to pull one."""

    def describe(self) -> list[Json]: ...

    async def run(self, name: str, params: Json) -> Words: ...


class Impossible(Exception):
    """A person cannot do this in a real messenger either; `words` say why."""

    def __init__(self, words: Words) -> None:
        super().__init__(words if isinstance(words, str) else words["en"])
        self.words = words


def words(text: str) -> frozenset[str]:
    """A set of names, written as one line of text."""
    return frozenset(text.split())


def utf16_length(text: str) -> int:
    """Length in UTF-16 code units, the unit in which Telegram counts offsets and limits."""
    return len(text.encode("utf-16-le")) // 2
