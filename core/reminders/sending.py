"""Finds who is due, looks once more at what they owe, and writes one message to each of them."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import groupby

from sqlalchemy import Connection

from core.billing.models import AccountNumber, AccountOverview
from core.billing.service import BillingService
from core.clock import Clock
from core.database import Database
from core.errors import OutsideUnavailable
from core.ids import new_id
from core.reminders import due, settling
from core.reminders.assess import Rules
from core.reminders.decide import Decision, Item, decide
from core.reminders.due import Waiting
from core.reminders.people import Facts, Person, facts_of, history
from core.reminders.ways import Way
from core.reminders.writing import Composed, Letter, since, write_down

PEOPLE = 100  # taken at a time
BACKLOG = 2000  # bulk messages in the outbox above which nothing is added: they would wait past their hour
ROUNDS = 100  # in one run: the next one goes on

Compose = Callable[[Person, Way, Sequence[Item], str], Awaitable[Composed]]
"""The last is the message's id: a button may name it."""


@dataclass(slots=True)
class _Read:
    facts: Facts = field(default_factory=Facts)
    sent: dict[str, list[date]] = field(default_factory=dict)
    tried: dict[str, set[str]] = field(default_factory=dict)


class Dispatcher:
    """Run it often, in any number of processes at once. ``compose`` finds the words."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        billing: BillingService,
        rules: Rules,
        compose: Compose,
        *,
        people: int = PEOPLE,
        backlog: int = BACKLOG,
    ) -> None:
        self._database = database
        self._clock = clock
        self._billing = billing
        self._rules = rules
        self._compose = compose
        self._people = people
        self._backlog = backlog

    async def run(self) -> Counter[str]:
        """How many messages were written (``queued``), and what became of the rest, by reason."""
        counted: Counter[str] = Counter()
        await self._database.write(settling.settle, self._clock.now())
        for _ in range(ROUNDS):
            if await self._database.read(due.is_paused) or await self._database.read(due.backlog) >= self._backlog:
                break
            lines = await self._database.write(due.claim, self._clock.now(), self._people)
            if not lines:
                break
            counted.update(await self._send(lines))
        return counted

    async def _send(self, lines: Sequence[Waiting]) -> Counter[str]:
        now = self._clock.now()
        numbers = sorted({one.account for one in lines})
        ids = sorted({one.subscriber_id for one in lines})
        read = await self._database.read(self._read, numbers, ids, now)
        debts = await self._debts(numbers)
        decisions = [
            decide(
                self._rules,
                list(own),
                read.facts.people.get(subscriber_id),
                read.facts,
                debts,
                read.sent.get(subscriber_id, []),
                read.tried.get(subscriber_id, set()),
                now,
            )
            for subscriber_id, own in groupby(lines, key=lambda one: one.subscriber_id)
        ]
        letters = await asyncio.gather(*(self._letter(decision) for decision in decisions if decision.way))
        return await self._database.write(write_down, self._rules, decisions, letters, now)

    def _read(
        self, connection: Connection, numbers: Sequence[AccountNumber], ids: Sequence[str], now: datetime
    ) -> _Read:
        facts = facts_of(connection, numbers, self._rules.operator, now)
        return _Read(facts, history(connection, ids, since(now)), due.tried(connection, ids, now))

    async def _debts(self, numbers: Sequence[AccountNumber]) -> dict[AccountNumber, AccountOverview] | None:
        """None when the billing is silent: nobody is reminded on old figures."""
        try:
            known = await self._billing.overviews(numbers)
        except OutsideUnavailable:
            return None
        return {one.number: one for one in known.value} if known.fresh else None

    async def _letter(self, decision: Decision) -> Letter:
        assert decision.person is not None
        assert decision.way is not None
        message_id = new_id(self._clock.now())
        composed = await self._compose(decision.person, decision.way, decision.items, message_id)
        return Letter(decision, decision.person, decision.way, composed, message_id)
