"""What an operator sees of reminders: a trial run with a reason for everybody, and what came of those sent."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Connection, func, select

from core.delivery.tables import outbox
from core.money import Money
from core.reminders.assess import Verdict
from core.reminders.planning import Planner
from core.reminders.tables import messages, reminders

LONGEST = 100_000  # lines that a trial run keeps: totals go on beyond


@dataclass
class Trial:
    """Who would get what. A person with several accounts gets one message, so it costs once."""

    currency: str
    lines: list[Verdict] = field(default_factory=list)
    counted: Counter[str] = field(default_factory=Counter)
    people: dict[str, tuple[str, Decimal]] = field(default_factory=dict)  # channel and cost

    def add(self, verdict: Verdict, *, keep: bool) -> None:
        self.counted[str(verdict.reason or "to be reminded")] += 1
        if verdict.way is not None:
            self.people.setdefault(verdict.subscriber_id, (verdict.way.channel, verdict.way.cost))
        if keep and len(self.lines) < LONGEST:
            self.lines.append(verdict)

    def sentences(self) -> list[str]:
        said = [_line(one, self.currency) for one in self.lines]
        said += ["", "Accounts by result:"]
        said += [f"{count:>8}  {what}" for what, count in self.counted.most_common()]
        by_channel = Counter(channel for channel, _cost in self.people.values())
        cost = sum((cost for _channel, cost in self.people.values()), Decimal(0))
        said += ["", f"Messages: {len(self.people)}, cost: {Money(cost, self.currency).amount} {self.currency}"]
        return said + [f"{count:>8}  {channel}" for channel, count in by_channel.most_common()]


def _line(one: Verdict, currency: str) -> str:
    who = one.subscriber_id or "-"
    if one.reason is not None or one.way is None:
        return f"{one.account}  {who}  {one.stage or '-'}  not reminded: {one.reason}"
    cost = Money(one.way.cost, currency).amount
    return f"{one.account}  {who}  {one.stage}  {one.way.channel}  {cost} {currency}  {one.due_at:%Y-%m-%d %H:%M} UTC"


async def trial(planner: Planner, now: datetime, currency: str, *, lines: bool) -> Trial:
    """Nothing is written. ``lines``: keep a line for each verdict, and not the totals alone."""
    found = Trial(currency)
    async for verdicts in planner.pages(now):
        for verdict in verdicts:
            found.add(verdict, keep=lines)
    return found


@dataclass(frozen=True)
class Report:
    """A period's reminders. ``cost`` is in minor units; ``paid`` and ``measured`` count reminders three days old."""

    since: datetime
    until: datetime
    currency: str
    reminders: dict[tuple[str, str], int]  # by status and reason
    messages: dict[tuple[str, str], int]  # by channel and status
    cost: int
    seen: int
    paid: int
    measured: int

    def sentences(self) -> list[str]:
        said = [f"{self.since:%Y-%m-%d} to {self.until:%Y-%m-%d}, UTC", "", "Reminders (an account and a stage each):"]
        said += [
            f"{count:>8}  {status}{f': {reason}' if reason else ''}"
            for (status, reason), count in sorted(self.reminders.items(), key=lambda one: -one[1])
        ]
        said += ["", f"Messages, {Money.from_minor(self.cost, self.currency).amount} {self.currency} in all:"]
        said += [f"{count:>8}  {channel}: {status}" for (channel, status), count in sorted(self.messages.items())]
        said += [f"{self.seen:>8}  seen (where the messenger says so)"]
        share = f", {100 * self.paid // self.measured} %" if self.measured else ""
        return [*said, f"{self.paid:>8}  of {self.measured} debts became smaller within three days{share}"]


def report_of(connection: Connection, since: datetime, until: datetime, currency: str) -> Report:
    planned = (reminders.c.planned_at >= since) & (reminders.c.planned_at < until)
    written = (messages.c.created_at >= since) & (messages.c.created_at < until)
    lines = select(reminders.c.status, reminders.c.reason, func.count()).where(planned)
    ways = select(messages.c.channel, messages.c.status, func.count(), func.sum(messages.c.cost)).where(written)
    by_way = connection.execute(ways.group_by(messages.c.channel, messages.c.status)).all()
    seen = (
        select(func.count())
        .select_from(messages.join(outbox, outbox.c.id == messages.c.outbox_id))
        .where(written, outbox.c.seen_at.is_not(None))
    )
    outcome = select(reminders.c.paid, func.count().label("number")).where(planned, reminders.c.paid.is_not(None))
    results = {bool(row.paid): int(row.number) for row in connection.execute(outcome.group_by(reminders.c.paid)).all()}
    return Report(
        since,
        until,
        currency,
        {
            (status, reason): count
            for status, reason, count in connection.execute(lines.group_by(reminders.c.status, reminders.c.reason))
        },
        {(channel, status): count for channel, status, count, _cost in by_way},
        sum(int(cost or 0) for _channel, status, _count, cost in by_way if status != "failed"),
        connection.execute(seen).scalar_one(),
        results.get(True, 0),
        sum(results.values()),
    )
