"""Pictures for the desk: geometry alone. A template draws it as SVG, and the style sheet gives it its colours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from core.staff.figures import Day

WIDTH, HEIGHT = 900, 240
_LEFT, _RIGHT, _TOP, _BOTTOM = 34, 6, 12, 24


@dataclass(frozen=True, slots=True)
class Bar:
    """``kind`` is a class of the style sheet."""

    x: float
    y: float
    width: float
    height: float
    kind: str
    day: date
    value: int


@dataclass(frozen=True, slots=True)
class Bars:
    """Pairs of bars, lines to read them by, and labels below."""

    bars: Sequence[Bar]
    lines: Sequence[tuple[float, int]]  # y and what it stands for
    labels: Sequence[tuple[float, date]]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = _LEFT
    right: int = WIDTH - _RIGHT


def by_day(days: Sequence[Day]) -> Bars:
    """What came and what was settled, side by side."""
    highest = max((max(one.came, one.settled) for one in days), default=0)
    step = _step(highest)
    most = step * max(1, -(-highest // step))
    room, floor = (WIDTH - _LEFT - _RIGHT) / max(len(days), 1), HEIGHT - _BOTTOM
    scale = (floor - _TOP) / most
    wide = min(room * 0.38, 18)
    bars = []
    for number, one in enumerate(days):
        middle = _LEFT + room * (number + 0.5)
        for kind, value, x in (("came", one.came, middle - wide - 0.5), ("settled", one.settled, middle + 0.5)):
            bars.append(
                Bar(
                    round(x, 1),
                    round(floor - value * scale, 1),
                    round(wide, 1),
                    round(value * scale, 1),
                    kind,
                    one.day,
                    value,
                )
            )
    every = max(1, -(-len(days) // 8))
    labels = [
        (round(_LEFT + room * (number + 0.5), 1), one.day) for number, one in enumerate(days) if number % every == 0
    ]
    return Bars(bars, [(round(floor - value * scale, 1), value) for value in range(0, most + 1, step)], labels)


def _step(most: int) -> int:
    """A round number, five of which reach the highest bar."""
    for step in (1, 2, 5, 10, 20, 25, 50, 100, 200, 250, 500, 1000, 2500, 5000, 10_000):
        if step * 5 >= most:
            return step
    return -(-most // 5)
