"""Keeps Viber's clients from reading markup into words that were never meant as such.

Since version 14.6 they render ``*bold*``, ``_italic_``, ``~strike~`` and a triple-backtick monospace in every text
message, bots' included; the API has no switch and no escape character. Its text-formatting page names one way to
show a symbol as it is: a space after the first symbol. So styles are not drawn in Viber (the marks only work before
a space, and older clients show them raw), and a pair of symbols in anybody's words is parted.
"""

from __future__ import annotations

import re

_URL = re.compile(r"https?://\S+")
_SYMBOLS = ("```", "*", "_", "~")
_AFTER = r"(?=[\s.,;:!?)»”\"'\]]|$)"  # the closing symbol works before a space; punctuation is parted to be sure


def _pair(symbol: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    mark, first = re.escape(symbol), re.escape(symbol[0])
    opening = re.compile(rf"(?<!{first}){mark}(?=[^\s{first}])")
    closing = re.compile(rf"(?<=[^\s{first}]){mark}{_AFTER}")
    return opening, closing


_PAIRS = tuple(_pair(symbol) for symbol in _SYMBOLS)


def plain(text: str) -> str:
    """The text with spaces where a client would otherwise read markup. Links are left whole."""
    for opening, closing in _PAIRS:
        text = _part(text, opening, closing)
    return text


def _part(text: str, opening: re.Pattern[str], closing: re.Pattern[str]) -> str:
    opened = [match.span() for match in opening.finditer(text)]
    closed = [match.span() for match in closing.finditer(text)]
    if not opened or not closed or opened[0][1] >= closed[-1][0]:
        return text
    links = [match.span() for match in _URL.finditer(text)]
    spaces: set[int] = set()
    last_close = closed[-1][0]
    for start, end in opened:
        if end < last_close and not _inside(start, links):
            spaces.add(end)
    linked = [end for start, end in opened if _inside(start, links)]
    for start, _end in closed:
        if linked and linked[0] < start and not _inside(start, links):
            spaces.add(start)
    pieces, at = [], 0
    for space in sorted(spaces):
        pieces.append(text[at:space])
        at = space
    return " ".join([*pieces, text[at:]])


def _inside(position: int, spans: list[tuple[int, int]]) -> bool:
    return any(start <= position < end for start, end in spans)
