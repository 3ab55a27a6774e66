"""What a conversation shows, in parts that each messenger draws by its own means. Never markup strings."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from msgspec import Struct

from core.delivery.messages import InvoiceCard
from fsm.action import Action

MAX_TEXT = 3500  # characters; Telegram takes 4096 UTF-16 units, Viber 7000 characters with its markup
MAX_CAPTION = 700  # characters under a picture; Viber takes 768

Style = Literal["plain", "bold", "italic", "code"]


class Part(Struct, frozen=True, array_like=True):
    """A run of text in one style. A subscriber's own words stand here as they are: nothing is ever parsed."""

    text: str
    style: Style = "plain"


class Rich(Struct, frozen=True):
    """A text made of parts. Joins with ``+`` to another text or a plain string."""

    parts: tuple[Part, ...] = ()

    def __add__(self, other: Rich | str) -> Rich:
        return Rich(self.parts + rich(other).parts)

    def __radd__(self, other: str) -> Rich:
        return rich(other) + self

    def __str__(self) -> str:
        return "".join(part.text for part in self.parts)

    def __bool__(self) -> bool:
        return any(part.text for part in self.parts)


def rich(text: Rich | str) -> Rich:
    return text if isinstance(text, Rich) else Rich((Part(text),)) if text else Rich()


def bold(text: str) -> Rich:
    return Rich((Part(text, "bold"),))


def italic(text: str) -> Rich:
    return Rich((Part(text, "italic"),))


def code(text: str) -> Rich:
    """Something to be copied: an account number, a contract."""
    return Rich((Part(text, "code"),))


def lines(*items: Rich | str | None, between: str = "\n") -> Rich:
    """Joins what is not empty, a line each."""
    kept = [rich(item) for item in items if item]
    result = Rich()
    for index, item in enumerate(kept):
        result = item if index == 0 else result + between + item
    return result


def paragraphs(*items: Rich | str | None) -> Rich:
    return lines(*items, between="\n\n")


class Tone(StrEnum):
    """How a choice stands out, where the messenger can show it."""

    plain = "plain"
    primary = "primary"
    danger = "danger"


class Choice(Struct, frozen=True):
    """A button that means an action. ``label`` is at most about 30 characters: it is read on a phone."""

    label: str
    action: Action
    tone: Tone = Tone.plain


class Link(Struct, frozen=True):
    """A button that opens an address."""

    label: str
    url: str


class Picture(Struct, frozen=True):
    """An image to show: a PNG or a JPEG of at most 1 MB (Viber's limit). ``data`` goes to the blob store."""

    data: bytes
    name: str = "picture.png"
    media_type: str = "image/png"


class Document(Struct, frozen=True):
    """A file to hand over. Executables are refused by the messengers."""

    data: bytes
    name: str
    media_type: str = "application/octet-stream"


class KeptFile(Struct, frozen=True):
    """A file that is kept already, by the SHA-256 of its content: it is handed over as it is."""

    blob: str
    name: str
    media_type: str
    size: int  # bytes


class Asks(StrEnum):
    """What the screen asks for, besides words and buttons."""

    nothing = "nothing"
    contact = "contact"  # the person's own phone number
    file = "file"


Row = tuple[Choice | Link, ...]


class Screen(Struct, frozen=True):
    """One message: a text, choices in rows, at most one picture or document, and what it asks for."""

    text: Rich
    rows: tuple[Row, ...] = ()
    picture: Picture | None = None
    document: Document | None = None
    asks: Asks = Asks.nothing
    hint: str = ""  # what the input field says while it is empty
    footer: bool = True  # the engine adds Back, Menu and a way to a person
    invoice: InvoiceCard | None = None  # shown instead of the rest by a messenger that takes payments
    kept: KeptFile | None = None


def screen(
    text: Rich | str,
    *rows: Row | Choice | Link | None,
    picture: Picture | None = None,
    document: Document | None = None,
    asks: Asks = Asks.nothing,
    hint: str = "",
    footer: bool = True,
    invoice: InvoiceCard | None = None,
) -> Screen:
    """A screen from a text and rows; a lone choice makes a row of its own, None is left out."""
    tidy = tuple(row if isinstance(row, tuple) else (row,) for row in rows if row)
    return Screen(rich(text), tidy, picture, document, asks, hint, footer, invoice)
