"""Draws what came of reminders, stage by stage, for a slide or a chat of staff."""

from __future__ import annotations

import io
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from PIL import Image, ImageDraw
from sqlalchemy import Connection, func, select

from core.billing.chart import face, write_in
from core.delivery.tables import outbox
from core.reminders.models import Reason, Status
from core.reminders.policy import AHEAD, ASKED, SUSPENSION
from core.reminders.tables import messages, reminders

WIDTH = 1000  # pixels

_PAPER, _INK, _SOFT, _RULE = "#ffffff", "#17212b", "#5d6b7a", "#cdd5de"
_MARGIN, _TOP, _LEFT, _RIGHT = 36, 132, 430, 90
_BAR, _LINE, _GAP = 20, 27, 26
_COLOURS = {
    "planned": "#cdd5de",
    "sent": "#9cc4ee",
    "delivered": "#5b9bdc",
    "seen": "#2f6fb3",
    "blocked, not delivered": "#c62f28",
    "paid within 3 days": "#1f7a58",
}


@dataclass(slots=True)
class StageCounts:
    """Of one stage, each reminder (an account and a person) counted once.

    ``planned``: was to be sent; ``sent``: handed to a messenger or another way; ``delivered``: not taken back later;
    ``failed``: no way led to the person (blocked, gone); ``paid`` of ``measured``: the debt became smaller in 3 days.
    """

    planned: int = 0
    sent: int = 0
    delivered: int = 0
    seen: int = 0
    failed: int = 0
    paid: int = 0
    measured: int = 0

    def bars(self) -> Iterable[tuple[str, int]]:
        figures = (self.planned, self.sent, self.delivered, self.seen, self.failed, self.paid)
        return zip(_COLOURS, figures, strict=True)


def stages_of(connection: Connection, since: datetime, until: datetime) -> dict[str, StageCounts]:
    """By stage, in the order in which the stages come; those that were planned from ``since`` to ``until``."""
    query = (
        select(
            reminders.c.stage,
            reminders.c.status,
            reminders.c.reason,
            outbox.c.status.label("delivery"),
            outbox.c.seen_at.is_not(None).label("seen"),
            reminders.c.paid,
            func.count().label("number"),
        )
        .select_from(
            reminders.outerjoin(messages, messages.c.id == reminders.c.message_id).outerjoin(
                outbox, outbox.c.id == messages.c.outbox_id
            )
        )
        .where(reminders.c.planned_at >= since, reminders.c.planned_at < until)
        .where(reminders.c.status != Status.skipped.value)
        .group_by(
            reminders.c.stage,
            reminders.c.status,
            reminders.c.reason,
            outbox.c.status,
            outbox.c.seen_at.is_not(None),
            reminders.c.paid,
        )
    )
    found: dict[str, StageCounts] = defaultdict(StageCounts)
    for row in connection.execute(query):
        one, number = found[ASKED if row.stage.startswith(ASKED) else row.stage], int(row.number)
        one.planned += number
        if row.status == Status.sent:
            one.sent += number
            one.delivered += number if row.delivery != "failed" else 0
            one.seen += number if row.seen else 0
        if row.reason == Reason.failed or row.delivery == "failed":
            one.failed += number
        if row.paid is not None:
            one.measured += number
            one.paid += number if row.paid else 0
    return dict(sorted(found.items(), key=lambda pair: _place(pair[0])))


def draw_stages(counts: dict[str, StageCounts], title: str, subtitle: str) -> bytes:
    """A PNG of at most some 50 KB; a period without reminders says so."""
    block = len(_COLOURS) * _LINE + _GAP
    picture = Image.new("RGB", (WIDTH, _TOP + max(len(counts) * block, 80) + _MARGIN), _PAPER)
    draw = ImageDraw.Draw(picture)
    room = WIDTH - 2 * _MARGIN
    write_in(draw, (_MARGIN, 48), title, room, 36, _INK, bold=True)
    write_in(draw, (_MARGIN, 92), subtitle, room, 22, _SOFT)
    if not counts:
        write_in(draw, (_MARGIN, _TOP + 40), "No reminders were planned.", room, 26, _INK)
    most = max((one.planned for one in counts.values()), default=1)
    for index, (stage, one) in enumerate(counts.items()):
        top = _TOP + index * block
        draw.line((_MARGIN, top - _GAP / 2, WIDTH - _MARGIN, top - _GAP / 2), fill=_RULE, width=2)
        write_in(draw, (_MARGIN, top + _BAR / 2), _name(stage), 300, 22, _INK, bold=True)
        for line, (what, figure) in enumerate(one.bars()):
            measured = one.measured if what == "paid within 3 days" else None
            _bar(draw, what, figure, measured, top + line * _LINE, most)
    stored = io.BytesIO()
    picture.quantize(64, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).save(stored, "PNG")
    return stored.getvalue()


def _bar(draw: ImageDraw.ImageDraw, what: str, figure: int, measured: int | None, top: int, most: int) -> None:
    middle = top + _BAR / 2
    draw.text((_LEFT - 14, middle), what, font=face(18), fill=_SOFT, anchor="rm")
    said = f"{figure:,}".replace(",", " ")
    if measured:
        said += f" of {measured:,} ({100 * figure // measured} %)".replace(",", " ")
    room = WIDTH - _RIGHT - _LEFT - _MARGIN
    width = max(round(room * figure / most), 3) if figure else 0
    if width:
        draw.rounded_rectangle((_LEFT, top, _LEFT + width, top + _BAR), 4, fill=_COLOURS[what])
    # Beside the bar where there is room, else on white at its end.
    right = _LEFT + width + 10 + face(18).getlength(said)
    x = _LEFT + width + 10 if right <= WIDTH - 8 else WIDTH - 8 - face(18).getlength(said)
    draw.text((x, middle), said, font=face(18), fill=_INK if figure else _SOFT, anchor="lm")


def _place(stage: str) -> tuple[int, int]:
    known = {AHEAD: (1, 0), SUSPENSION: (3, 0), ASKED: (4, 0)}
    if stage in known:
        return known[stage]
    return (0 if stage.startswith("-") else 2, int(stage)) if stage.lstrip("+-").isdigit() else (5, 0)


def _name(stage: str) -> str:
    known = {
        AHEAD: "before the due date",
        "+0": "on the due date",
        SUSPENSION: "before suspension",
        ASKED: "on a chosen day",
        "": "without a due date",
    }
    if stage in known:
        return known[stage]
    return f"{stage.lstrip('+-')} days {'before' if stage.startswith('-') else 'after'}"
