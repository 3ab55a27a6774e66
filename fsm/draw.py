"""Turns a screen into a message for the outbox: its buttons encoded, its files in the blob store."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from core.delivery import blobs
from core.delivery.messages import Attachment, Button, OutgoingMessage
from core.delivery.writes import Write
from fsm.action import ANYWHERE, Action, encode
from fsm.actions import Back, OpenMenu, OpenPerson
from fsm.screen import MAX_CAPTION, MAX_TEXT, Asks, Choice, Link, Rich, Row, Screen, paragraphs
from fsm.state import Registry
from fsm.texts import Translator

PICTURE_LIMIT = 1_000_000  # bytes; Viber's


class Unshowable(ValueError):
    """The screen breaks a limit that some messenger has: a programmer's error."""


ENGINE_ACTIONS: set[type[Action]] = set()
"""Actions that the engine itself answers; they work from any state."""


def draw(
    shown: Screen,
    *,
    stamp: str,
    registry: Registry,
    translator: Translator,
    now: datetime,
    notes: Rich | None = None,
    back: bool = False,
    edits: str = "",
    drops_keyboard: str = "",
    extra: Row | None = None,
) -> tuple[OutgoingMessage, list[Write]]:
    """The message and the writes that keep its file."""
    text = paragraphs(notes, shown.text)
    rows = list(shown.rows)
    if extra:
        rows.append(extra)
    if shown.footer:
        rows.append(footer(translator, back=back))
    writes: list[Write] = []
    attachment = None
    if shown.kept is not None:
        kind: Literal["picture", "document"] = "picture" if shown.kept.media_type.startswith("image/") else "document"
        attachment = Attachment(shown.kept.blob, shown.kept.name, shown.kept.media_type, shown.kept.size, kind)
    elif shown.picture is not None or shown.document is not None:
        attachment, write = _attach(shown, now)
        writes.append(write)
    limit = MAX_CAPTION if attachment is not None else MAX_TEXT
    if len(str(text)) > limit:
        raise Unshowable(f"a text of {len(str(text))} characters, where {limit} may stand")
    return (
        OutgoingMessage(
            parts=tuple((part.text, part.style) for part in text.parts if part.text),
            rows=tuple(tuple(_button(item, stamp, registry) for item in row) for row in rows),
            attachment=attachment,
            asks_contact=translator.t("📱 Share my phone number") if shown.asks is Asks.contact else "",
            drops_keyboard=drops_keyboard,
            hint=shown.hint,
            edits=edits,
            invoice=shown.invoice,
            language=translator.language,
        ),
        writes,
    )


def footer(translator: Translator, *, back: bool) -> Row:
    """The ways out that every screen has."""
    row: list[Choice | Link] = []
    if back:
        row.append(Choice(translator.t("← Back"), Back()))
    row.append(Choice(translator.t("☰ Menu"), OpenMenu()))
    row.append(Choice(translator.t("🙋 A person"), OpenPerson()))
    return tuple(row)


def works_anywhere(action: Action, registry: Registry) -> bool:
    return type(action) in registry.entries or type(action) in ENGINE_ACTIONS


def _button(item: Choice | Link, stamp: str, registry: Registry) -> Button:
    if isinstance(item, Link):
        return Button(item.label, url=item.url)
    where = ANYWHERE if works_anywhere(item.action, registry) else stamp
    return Button(item.label, payload=encode(item.action, where), tone=item.tone.value)


def _attach(shown: Screen, now: datetime) -> tuple[Attachment, Write]:
    if shown.picture is not None:
        picture = shown.picture
        if len(picture.data) > PICTURE_LIMIT:
            raise Unshowable(f"a picture of {len(picture.data)} bytes, where {PICTURE_LIMIT} may stand")
        key, write = blobs.keep(picture.data, picture.media_type, now)
        return Attachment(key, picture.name, picture.media_type, len(picture.data), "picture"), write
    document = shown.document
    assert document is not None
    key, write = blobs.keep(document.data, document.media_type, now)
    return Attachment(key, document.name, document.media_type, len(document.data), "document"), write
