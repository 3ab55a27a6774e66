"""Writes down who is to be reminded of what, page by page, so that any number of planners and repeats make one."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncGenerator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from core.billing.models import AccountOverview
from core.billing.service import BillingService
from core.clock import Clock
from core.database import Database
from core.delivery.writes import insert_for
from core.reminders.assess import Rules, Verdict, assess
from core.reminders.models import Status
from core.reminders.people import Facts, facts_of
from core.reminders.tables import reminders

PAGE = 2000  # accounts: reading a page holds nobody up for more than some 30 ms, however many follow

_PLANNED, _SKIPPED = Status.planned.value, Status.skipped.value


class Planner:
    """Run it as often as you like, in any number of processes at once: nobody is planned for twice."""

    def __init__(
        self, database: Database, clock: Clock, billing: BillingService, rules: Rules, *, page: int = PAGE
    ) -> None:
        self._database = database
        self._clock = clock
        self._billing = billing
        self._rules = rules
        self._page = page

    async def run(self) -> Counter[str]:
        """How many were found worth a reminder (``planned``), and how many not, by reason.

        Raises OutsideUnavailable when the billing is silent: what was planned before stays, the next run goes on.
        """
        now = self._clock.now()
        counted: Counter[str] = Counter()
        async with contextlib.aclosing(self.pages(now)) as pages:
            writing: asyncio.Task[None] | None = None
            try:
                async for verdicts in pages:
                    if writing is not None:
                        await writing
                    # While the next page is read; one after the other, so that at most two are in memory.
                    writing = asyncio.create_task(self._database.write(record, verdicts, now)) if verdicts else None
                    counted.update(verdict.reason or Status.planned for verdict in verdicts)
            finally:
                if writing is not None:
                    await writing
        return counted

    async def pages(self, now: datetime) -> AsyncGenerator[list[Verdict], None]:
        """The verdicts of a moment, without writing anything: a trial run."""
        asked = asyncio.create_task(self._billing.open_debts("", self._page))
        try:
            while debts := await asked:
                numbers = [debt.number for debt in debts]
                more = len(debts) == self._page
                if more:  # the billing looks for the next page while we decide about this one
                    asked = asyncio.create_task(self._billing.open_debts(numbers[-1], self._page))
                facts = await self._database.read(facts_of, numbers, self._rules.operator, now)
                # In a thread: thousands of small decisions must not hold up somebody's answer.
                yield await asyncio.to_thread(_assess_all, self._rules, debts, facts, now)
                if not more:
                    return
        finally:
            asked.cancel()
            await asyncio.gather(asked, return_exceptions=True)


def _assess_all(rules: Rules, debts: Sequence[AccountOverview], facts: Facts, now: datetime) -> list[Verdict]:
    return [verdict for debt in debts for verdict in assess(rules, debt, facts, now)]


def record(connection: Connection, verdicts: Sequence[Verdict], now: datetime) -> None:
    """A key that is new is written down. One that was skipped is weighed anew; anything further on is left alone."""
    # In the order of the key, so that two planners never wait for each other in a circle.
    in_order = sorted(verdicts, key=lambda one: (one.subscriber_id, one.account, one.bill, one.stage))
    rows = [_row(verdict, now) for verdict in in_order]
    statement = insert_for(connection, reminders)
    new = statement.excluded
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=[c.name for c in reminders.primary_key.columns],
            set_={"status": new.status, "reason": new.reason, "due_at": new.due_at},
            where=(reminders.c.status == Status.skipped.value) & (reminders.c.reason != new.reason),
        ),
        rows,
    )


def _row(verdict: Verdict, now: datetime) -> dict[str, Any]:
    return {
        "subscriber_id": verdict.subscriber_id,
        "account": verdict.account,
        "bill": verdict.bill,
        "stage": verdict.stage,
        "status": _SKIPPED if verdict.reason else _PLANNED,
        "reason": verdict.reason.value if verdict.reason else "",
        "due_at": verdict.due_at,
        "planned_at": now,
    }
