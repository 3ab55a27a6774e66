"""Draws a year of charges and payments as a picture that is readable on a phone held in an old hand."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files

from PIL import Image, ImageDraw, ImageFont

from core.billing.explain import MonthHistory
from core.money import Money

WIDTH = 800  # pixels; a phone shows the whole width
MONTHS = 12
_ROW = 68

_PAPER, _INK, _SOFT, _RULE, _STRIPE = "#ffffff", "#17212b", "#5d6b7a", "#cdd5de", "#e9edf2"
_CHARGED, _PAID, _DEBT, _GOOD = "#f6b277", "#8fd3b6", "#c62f28", "#1f7a58"
_MARGIN, _TOP, _FOOT = 28, 176, 28
_MONTH_WIDTH, _BALANCE_WIDTH = 116, 158
_BARS_LEFT, _BARS_RIGHT = _MARGIN + _MONTH_WIDTH, WIDTH - _MARGIN - _BALANCE_WIDTH
_BAR, _GAP = 24, 4


@dataclass(frozen=True, slots=True)
class ChartLabels:
    """Every word on the picture, already in the subscriber's language.

    ``month`` names a month ("Mar 26"), ``amount`` writes a sum without its currency ("1 234.50").
    """

    title: str  # the account, by its nickname or number
    subtitle: str  # what is drawn and in which currency
    charged: str
    paid: str
    balance: str
    month: Callable[[date], str]
    amount: Callable[[Money], str]


def draw_history(history: Sequence[MonthHistory], labels: ChartLabels) -> bytes:
    """A PNG of the last twelve of ``history``, the newest on top: charged and paid as bars, balances at month's end.

    Some 30 KB and 30 ms, so call it in a thread. Raises ValueError when there is no month to draw.
    """
    months = list(history)[: -MONTHS - 1 : -1]
    if not months:
        raise ValueError("there is no month to draw")
    height = _TOP + len(months) * _ROW + _FOOT
    picture = Image.new("RGB", (WIDTH, height), _PAPER)
    draw = ImageDraw.Draw(picture)
    _head(draw, labels)
    most = max(max(month.charged.minor, month.paid.minor) for month in months)
    for index, month in enumerate(months):
        _row(draw, month, labels, _TOP + index * _ROW, most, newest=index == 0)
    stored = io.BytesIO()
    # A palette: the picture has some ten colours and their blends with paper.
    picture.quantize(64, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).save(stored, "PNG")
    return stored.getvalue()


def _head(draw: ImageDraw.ImageDraw, labels: ChartLabels) -> None:
    room = WIDTH - 2 * _MARGIN
    write_in(draw, (_MARGIN, 46), labels.title, room, 36, _INK, bold=True)
    write_in(draw, (_MARGIN, 90), labels.subtitle, room, 24, _SOFT)
    x = float(_BARS_LEFT)
    for colour, word in ((_CHARGED, labels.charged), (_PAID, labels.paid)):
        draw.rounded_rectangle((x, 131, x + 22, 153), 5, fill=colour)
        draw.text((x + 32, 142), word, font=face(22), fill=_INK, anchor="lm")
        x += 32 + face(22).getlength(word) + 28
    draw.text((WIDTH - _MARGIN, 142), labels.balance, font=face(22), fill=_INK, anchor="rm")
    draw.line((_MARGIN, _TOP - 1, WIDTH - _MARGIN, _TOP - 1), fill=_RULE, width=2)


def _row(
    draw: ImageDraw.ImageDraw, month: MonthHistory, labels: ChartLabels, top: int, most: int, *, newest: bool
) -> None:
    middle = top + _ROW / 2
    if not newest:
        draw.line((_MARGIN, top, WIDTH - _MARGIN, top), fill=_STRIPE, width=2)
    write_in(draw, (_MARGIN, middle), labels.month(month.month), _MONTH_WIDTH - 12, 23, _INK, bold=newest)
    _bar(draw, month.charged, labels, middle - _GAP / 2 - _BAR, most, _CHARGED)
    _bar(draw, month.paid, labels, middle + _GAP / 2, most, _PAID)
    # Only today's figure is good or bad news: whoever pays after the month always ends it below zero.
    colour = _INK if not newest else _DEBT if month.closing.minor < 0 else _GOOD
    right, text = (WIDTH - _MARGIN, middle), _signed(month.closing, labels)
    write_in(draw, right, text, _BALANCE_WIDTH - 16, 23, colour, bold=newest, anchor="rm")


def _bar(draw: ImageDraw.ImageDraw, amount: Money, labels: ChartLabels, top: float, most: int, colour: str) -> None:
    font, text = face(20), _signed(amount, labels)
    room = _BARS_RIGHT - _BARS_LEFT
    width = max(round(room * amount.minor / most), 4) if amount.minor > 0 else 0
    if width:
        draw.rounded_rectangle((_BARS_LEFT, top, _BARS_LEFT + width, top + _BAR), 5, fill=colour)
    # Beside the bar where there is room, else inside at its end.
    taken = font.getlength(text) + 10
    middle = top + _BAR / 2
    if width + taken <= room:
        draw.text((_BARS_LEFT + width + 8, middle), text, font=font, fill=_INK if width else _SOFT, anchor="lm")
    else:
        draw.text((_BARS_LEFT + width - 8, middle), text, font=font, fill=_INK, anchor="rm")


def _signed(amount: Money, labels: ChartLabels) -> str:
    text = labels.amount(amount)
    return text.replace("-", "\u2212", 1) if text.startswith("-") else text


def write_in(
    draw: ImageDraw.ImageDraw,
    at: tuple[float, float],
    text: str,
    room: float,
    size: int,
    colour: str,
    *,
    bold: bool = False,
    anchor: str = "lm",
) -> None:
    """Writes in a size in which it fits: smaller if need be, cut where even two thirds are too large."""
    least = size * 2 // 3
    while size > least and face(size, bold).getlength(text) > room:
        size -= 1
    font = face(size, bold)
    if font.getlength(text) > room:
        while text and font.getlength(text + "…") > room:
            text = text[:-1]
        text = text.rstrip() + "…"
    draw.text(at, text, font=font, fill=colour, anchor=anchor)


@cache
def face(size: int, bold: bool = False) -> ImageFont.FreeTypeFont:
    """The letters of every picture here, in pixels."""
    name = "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"
    # BASIC: Latin and Cyrillic need no shaping, and every build of Pillow has it.
    data = (files("core.billing") / "fonts" / name).read_bytes()
    return ImageFont.truetype(io.BytesIO(data), size, layout_engine=ImageFont.Layout.BASIC)
