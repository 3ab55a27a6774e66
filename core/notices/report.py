"""What became of a notice: who got it, who has seen it, and why others did not."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from core.delivery.tables import outbox
from core.money import Money
from core.notices import store
from core.notices.models import Notice
from core.notices.tables import people
from core.reminders.models import Status

WAITING = frozenset({Status.planned.value, Status.queued.value})


@dataclass(frozen=True)
class Progress:
    """``total`` grows until ``notice.looked``: by then everybody whom it concerns is known."""

    notice: Notice
    total: int
    waiting: int
    sent: int

    @property
    def over(self) -> int:
        return self.total - self.waiting


def progress(connection: Connection, number: int) -> Progress:
    """Raises :class:`core.notices.models.Wrong` when there is no such notice."""
    notice = store.load(connection, number)
    by_status = store.counts(connection, number)
    waiting = sum(by_status.get(status, 0) for status in WAITING)
    return Progress(notice, sum(by_status.values()), waiting, by_status.get(Status.sent.value, 0))


@dataclass(frozen=True)
class NoticeReport:
    """``refused``: taken by the messenger, and could not be shown after all. ``cost`` is in minor units."""

    progress: Progress
    results: dict[tuple[str, str], int]  # by status and reason
    channels: dict[str, int]  # of those sent
    failures: dict[str, int]  # the messengers' words
    seen: int
    refused: int
    cost: int
    currency: str

    def sentences(self) -> list[str]:
        one = self.progress.notice
        said = [f"Notice {one.id}, {one.kind}, {one.status}"]
        for what, when in (("written", one.created_at), ("released", one.started_at), ("done", one.finished_at)):
            if when is not None:
                said.append(f"{what} {when:%Y-%m-%d %H:%M} UTC")
        said += ["", f"People: {self.progress.total}{'' if one.looked else ' so far'}"]
        said += [
            f"{count:>8}  {status}{f': {reason}' if reason else ''}"
            for (status, reason), count in sorted(self.results.items(), key=lambda pair: -pair[1])
        ]
        said += [f"{count:>8}  sent by {channel}" for channel, count in sorted(self.channels.items())]
        said.append(f"{self.seen:>8}  seen (where the messenger says so)")
        if self.refused:
            said.append(f"{self.refused:>8}  taken by the messenger and not shown")
        if self.failures:
            said += ["", "What messengers refused with:"]
            said += [f"{count:>8}  {words}" for words, count in sorted(self.failures.items(), key=lambda p: -p[1])]
        if one.nobody:
            said.append(f"{one.nobody:>8}  accounts of the list that nobody is linked to")
        if self.cost:
            said.append(f"Cost: {Money.from_minor(self.cost, self.currency).amount} {self.currency}")
        return said


def report_of(connection: Connection, number: int, currency: str) -> NoticeReport:
    """Raises :class:`core.notices.models.Wrong` when there is no such notice."""
    own = people.c.notice_id == number
    delivered = people.join(outbox, outbox.c.id == people.c.outbox_id)
    seen = select(func.count()).select_from(delivered).where(own, outbox.c.seen_at.is_not(None))
    sent = people.c.status == Status.sent.value
    refused = select(func.count()).select_from(delivered).where(own, sent, outbox.c.status == "failed")
    results = select(people.c.status, people.c.reason, func.count()).where(own)
    channels = select(people.c.channel, func.count()).where(own, sent).group_by(people.c.channel)
    failures = select(people.c.failure, func.count()).where(own, people.c.failure != "").group_by(people.c.failure)
    return NoticeReport(
        progress(connection, number),
        {
            (status, reason): count
            for status, reason, count in connection.execute(results.group_by(people.c.status, people.c.reason))
        },
        {channel: count for channel, count in connection.execute(channels)},  # noqa: C416 - a row is no pair to mypy
        {words: count for words, count in connection.execute(failures)},  # noqa: C416 - a row is no pair to mypy
        connection.execute(seen).scalar_one(),
        connection.execute(refused).scalar_one(),
        int(connection.execute(select(func.coalesce(func.sum(people.c.cost), 0)).where(own)).scalar_one()),
        currency,
    )
