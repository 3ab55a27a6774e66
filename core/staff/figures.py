"""How the work with appeals goes, in figures: what came and what was settled day by day, how quickly, how well."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from statistics import median, quantiles
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, func, select

from core.appeals.models import OPEN, Author
from core.appeals.tables import appeal_events, appeal_messages, appeals
from core.staff.tables import staff


@dataclass(frozen=True, slots=True)
class Day:
    day: date
    came: int
    settled: int


@dataclass(frozen=True, slots=True)
class Rated:
    """Ratings of one kind: how many of each from 1 to 5."""

    kind: str
    spread: tuple[int, int, int, int, int]

    @property
    def count(self) -> int:
        return sum(self.spread)

    @property
    def average(self) -> float:
        return sum(stars * number for stars, number in enumerate(self.spread, 1)) / self.count


@dataclass(frozen=True, slots=True)
class AgentWork:
    """What one member of staff did in the period. ``first`` is the median time to their first answers."""

    name: str
    answers: int
    settled: int
    open_now: int
    first: timedelta | None
    rating: float | None


@dataclass(frozen=True, slots=True)
class Figures:
    """``half`` of first answers came within that time, nine of ten within ``most``; None where there were none."""

    days: Sequence[Day]
    came: int
    settled: int
    open_now: int
    overdue_now: int
    missed: int  # of those that came
    half: timedelta | None
    most: timedelta | None
    kinds: Sequence[tuple[str, int]]
    ratings: Sequence[Rated]
    agents: Sequence[AgentWork] = field(default_factory=tuple)


def figures_of(connection: Connection, days: int, zone: ZoneInfo, now: datetime, *, by_agent: bool = False) -> Figures:
    """The last ``days`` days where the operator is, today among them."""
    today = now.astimezone(zone).date()
    first = today - timedelta(days=days - 1)
    since = datetime(first.year, first.month, first.day, tzinfo=zone)
    columns = (appeals.c.id, appeals.c.kind, appeals.c.sent_at, appeals.c.missed, appeals.c.rating, appeals.c.assignee)
    rows = connection.execute(select(*columns).where(appeals.c.sent_at >= since)).all()
    settled = connection.execute(
        select(appeal_events.c.at, appeal_events.c.actor).where(
            appeal_events.c.at >= since, appeal_events.c.what.in_(["resolved", "rejected"])
        )
    ).all()
    came_on = Counter(row.sent_at.astimezone(zone).date() for row in rows)
    settled_on = Counter(row.at.astimezone(zone).date() for row in settled)
    waits = _first_answers(connection, since)
    half, most = _spread([wait for wait, _staff_id in waits])
    rated: defaultdict[str, list[int]] = defaultdict(lambda: [0] * 5)
    for row in rows:
        if row.rating:
            rated[row.kind][row.rating - 1] += 1
    is_open = appeals.c.status.in_([status.value for status in OPEN])
    late = (appeals.c.missed > 0) | (appeals.c.due_at <= now)
    every_day = [first + timedelta(days=number) for number in range(days)]
    return Figures(
        [Day(day, came_on[day], settled_on[day]) for day in every_day],
        len(rows),
        len(settled),
        connection.execute(select(func.count()).select_from(appeals).where(is_open)).scalar_one(),
        connection.execute(select(func.count()).select_from(appeals).where(is_open, late)).scalar_one(),
        sum(1 for row in rows if row.missed),
        half,
        most,
        Counter(row.kind for row in rows).most_common(),
        sorted((Rated(kind, (s[0], s[1], s[2], s[3], s[4])) for kind, s in rated.items()), key=lambda one: -one.count),
        _agents(connection, since, waits, Counter(row.actor for row in settled)) if by_agent else (),
    )


def _first_answers(connection: Connection, since: datetime) -> list[tuple[timedelta, str]]:
    """How long each appeal waited for staff's first words, and whose they were."""
    # Looked up for each appeal of the period: what was written in all the years before costs nothing.
    first = (
        select(appeal_messages.c.id)
        .where(appeal_messages.c.appeal_id == appeals.c.id, appeal_messages.c.author == Author.staff.value)
        .order_by(appeal_messages.c.at, appeal_messages.c.id)
        .limit(1)
        .correlate(appeals)
        .scalar_subquery()
    )
    said = appeal_messages.alias("said")
    query = (
        select(said.c.at, appeals.c.sent_at, said.c.staff_id)
        .select_from(appeals.join(said, said.c.id == first))
        .where(appeals.c.sent_at >= since)
    )
    return [(max(row.at - row.sent_at, timedelta()), row.staff_id) for row in connection.execute(query)]


def _spread(waits: Sequence[timedelta]) -> tuple[timedelta | None, timedelta | None]:
    seconds = sorted(wait.total_seconds() for wait in waits)
    if not seconds:
        return None, None
    most = quantiles(seconds, n=10, method="inclusive")[-1] if len(seconds) > 1 else seconds[0]
    return timedelta(seconds=median(seconds)), timedelta(seconds=most)


def _agents(
    connection: Connection, since: datetime, waits: Sequence[tuple[timedelta, str]], settled: Counter[str]
) -> list[AgentWork]:
    answers = {
        row.staff_id: row.number
        for row in connection.execute(
            select(appeal_messages.c.staff_id, func.count().label("number"))
            .where(appeal_messages.c.at >= since, appeal_messages.c.author == Author.staff.value)
            .group_by(appeal_messages.c.staff_id)
        )
    }
    theirs: defaultdict[str, list[timedelta]] = defaultdict(list)
    for wait, staff_id in waits:
        theirs[staff_id].append(wait)
    grouped = select(appeals.c.assignee, func.avg(appeals.c.rating).label("rating"))
    ratings = {
        row.assignee: float(row.rating)
        for row in connection.execute(
            grouped.where(appeals.c.sent_at >= since, appeals.c.rating.is_not(None)).group_by(appeals.c.assignee)
        )
    }
    has = {
        row.assignee: row.number
        for row in connection.execute(
            select(appeals.c.assignee, func.count().label("number"))
            .where(appeals.c.status.in_([status.value for status in OPEN]))
            .group_by(appeals.c.assignee)
        )
    }
    return [
        AgentWork(
            row.name,
            answers.get(row.id, 0),
            settled[row.id],
            has.get(row.id, 0),
            _spread(theirs[row.id])[0],
            ratings.get(row.id),
        )
        for row in connection.execute(select(staff.c.id, staff.c.name, staff.c.active).order_by(staff.c.name))
        if row.active or row.id in answers
    ]
