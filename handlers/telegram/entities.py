"""Turns styled parts into Telegram's text with entities, counted as Telegram counts: in UTF-16 units."""

from __future__ import annotations

import re
from collections.abc import Iterable

from aiogram.types import MessageEntity

MAX_TEXT = 4096  # UTF-16 units, core.telegram.org/bots/api#sendmessage
MAX_CAPTION = 1024  # UTF-16 units, core.telegram.org/bots/api#sendphoto

_STYLES = {"bold": "bold", "italic": "italic", "code": "code"}
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")

Parts = tuple[tuple[str, str], ...]
Formatted = tuple[str, list[MessageEntity]]


def utf16_length(text: str) -> int:
    return len(text) + sum(character > "\uffff" for character in text)


def shortened(text: str, limit: int) -> str:
    """The beginning of a text, at most ``limit`` UTF-16 units."""
    text = text[:limit]
    while utf16_length(text) > limit:
        text = text[:-1]
    return text


def formatted(parts: Iterable[tuple[str, str]]) -> Formatted:
    """The text and its entities. Neighbouring parts of one style share an entity."""
    text = ""
    offset = 0
    runs: list[tuple[str, int, int]] = []
    for piece, style in parts:
        piece = _LONE_SURROGATE.sub("\ufffd", piece)  # it could not even be encoded for the request
        length = utf16_length(piece)
        kind = _STYLES.get(style)
        if kind and piece.strip():
            if runs and runs[-1][0] == kind and runs[-1][1] + runs[-1][2] == offset:
                runs[-1] = (kind, runs[-1][1], runs[-1][2] + length)
            else:
                runs.append((kind, offset, length))
        text += piece
        offset += length
    return text, [MessageEntity(type=kind, offset=start, length=length) for kind, start, length in runs]


def split(parts: Parts, limit: int = MAX_TEXT) -> list[Parts]:
    """Cuts a text into messages of at most ``limit`` UTF-16 units, at a paragraph, a line or a word where it can.

    White space around a cut goes: Telegram trims it anyway. Nothing is returned for an empty text.
    """
    text = "".join(piece for piece, _style in parts)
    chunks: list[Parts] = []
    start = 0
    while True:
        while start < len(text) and text[start].isspace():
            start += 1
        if start == len(text):
            return chunks
        end = _cut(text, start, limit)
        stop = end
        while text[stop - 1].isspace():
            stop -= 1
        chunks.append(_slice(parts, start, stop))
        start = end


def _cut(text: str, start: int, limit: int) -> int:
    """Where the message that begins at ``start`` ends."""
    end, units = start, 0
    while end < len(text):
        units += 2 if text[end] > "\uffff" else 1
        if units > limit:
            break
        end += 1
    else:
        return end
    middle = start + (end - start) // 2  # a message much shorter than it could be looks like a mistake
    for mark in ("\n\n", "\n"):
        at = text.rfind(mark, middle, end + 1)
        if at > middle:
            return at
    return next((at for at in range(end, middle, -1) if text[at].isspace()), end)


def _slice(parts: Parts, start: int, stop: int) -> Parts:
    kept = []
    at = 0
    for piece, style in parts:
        inside = piece[max(start - at, 0) : max(stop - at, 0)]
        if inside:
            kept.append((inside, style))
        at += len(piece)
    return tuple(kept)
