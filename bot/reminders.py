"""Reminders at work: the words for each way, the task that sends an SMS or a letter, and what runs each minute."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from prometheus_client import Counter as Metric
from prometheus_client import Gauge
from sqlalchemy import Connection, select

from bot.integrations.codes.gateway import Gateway, Refused
from core.billing.models import AccountStatement
from core.billing.service import BillingService
from core.clock import Clock
from core.database import Database
from core.delivery.tasks import Task
from core.errors import OutsideUnavailable
from core.operator import Operator
from core.reminders.decide import Item
from core.reminders.gate import Gate
from core.reminders.models import Status
from core.reminders.people import FAILED, Person
from core.reminders.planning import Planner
from core.reminders.report import Report
from core.reminders.sending import Dispatcher
from core.reminders.settling import Outcomes, give_back
from core.reminders.tables import messages
from core.reminders.ways import EMAIL, SMS, Way
from core.reminders.writing import Composed
from core.subscribers.codes import Way as CodeWay
from fsm.action import ANYWHERE
from fsm.actions import PayNow
from fsm.draw import draw
from fsm.reminder_words import Owed, plain_text, reminder
from fsm.state import Registry
from fsm.texts import Translator, choose_language

log = structlog.get_logger("reminders")

PLANNED_EVERY = timedelta(hours=1)

planned_total = Metric("abonent_reminders_planned_total", "Debts looked at, by what was decided", ["result"])
written_total = Metric("abonent_reminders_total", "Reminders that were due, by what became of them", ["result"])
month = Gauge("abonent_reminders_month", "The last 30 days of reminders, counted once an hour", ["state"])

LOOKED_BACK = timedelta(days=30)


class Composer:
    """Finds the words for a message to one person. ``payments``: whether the operator takes them here."""

    def __init__(
        self, billing: BillingService, clock: Clock, operator: Operator, registry: Registry, *, payments: bool
    ) -> None:
        self._billing = billing
        self._clock = clock
        self._operator = operator
        self._registry = registry
        self._pays = payments and PayNow in registry.entries

    async def __call__(self, person: Person, way: Way, items: Sequence[Item], message_id: str) -> Composed:
        now = self._clock.now()
        today = now.astimezone(person.zone).date()
        translator = Translator(choose_language(way.language, self._operator.languages), person.zone)
        if way.channel in (SMS, EMAIL):
            owed = [_owed(item, None) for item in items]
            subject, text = plain_text(translator, self._operator.name, owed, today)
            return Composed(subject=subject, text=text)
        statements = await asyncio.gather(*(self._statement(item) for item in items))
        owed = [_owed(item, statement) for item, statement in zip(items, statements, strict=True)]
        message, writes = draw(
            reminder(translator, owed, today, message_id if self._pays else ""),
            stamp=ANYWHERE,
            registry=self._registry,
            translator=translator,
            now=now,
        )
        return Composed(message, writes)

    async def _statement(self, item: Item) -> AccountStatement | None:
        """What the sum consists of: left out when the billing falls silent just now."""
        try:
            known = await self._billing.statement(item.debt.number)
        except OutsideUnavailable:
            return None
        return known.value if known is not None and known.fresh else None


def _owed(item: Item, statement: AccountStatement | None) -> Owed:
    return Owed(item.debt.number, item.right.nickname, item.debt, statement, item.suspends, item.legal)


class ReminderPost:
    """Carries out the tasks of the kind :data:`core.reminders.writing.SEND_REMINDER`."""

    def __init__(self, database: Database, gate: Gate, gateways: Mapping[CodeWay, Gateway], clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._gate = gate
        self._gateways = gateways

    async def __call__(self, task: Task) -> None:
        """Raises OutsideUnavailable to be called again; Refused when it is of no use."""
        target = await self._database.read(_target, task.payload["message"])
        if target is None:
            return  # the person asked to be forgotten meanwhile
        reason = await self._gate(task.payload["message"])
        if reason is not None:
            # It waited past its hour: back to the record, which finds a better one.
            await self._database.write(give_back, task.payload["message"], reason, self._clock.now())
            return
        gateway = self._gateways.get(CodeWay(task.payload["way"]))
        if gateway is None:
            raise Refused(f"there is no way to send by {task.payload['way']}")
        await gateway.send(target, task.payload["subject"], task.payload["text"], task.id)

    async def gave_up(self, task: Task) -> None:
        """Nobody waits for it: the record learns of it by the task's own state, and the next way is tried."""


def _target(connection: Connection, message_id: str) -> str | None:
    return connection.execute(select(messages.c.target).where(messages.c.id == message_id)).scalar_one_or_none()


@dataclass
class Reminders:
    """What runs: planning once an hour of the program's own clock, sending each time."""

    clock: Clock
    planner: Planner
    dispatcher: Dispatcher
    outcomes: Outcomes
    wake_sender: Callable[[], None] = lambda: None
    look_back: Callable[[datetime, datetime], Awaitable[Report]] | None = None
    planned_at: datetime | None = None
    _one_at_a_time: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def tick(self) -> None:
        """A clock that was moved, in either direction, is planned for at once."""
        async with self._one_at_a_time:
            now = self.clock.now()
            if self.planned_at is None or abs(now - self.planned_at) >= PLANNED_EVERY:
                self._report("planned", planned_total, await self._plan())
                self.planned_at = now
                await self.outcomes.run()
                await self._count_the_month(now)
            self._report("written", written_total, await self.dispatcher.run())
            self.wake_sender()

    async def keep_ticking(self, seconds: float) -> None:
        """Until cancelled: for the demo, where the clock is moved by hand."""
        while True:
            try:
                await self.tick()
            except Exception:  # the next round may go well
                log.exception("reminders failed")
            await asyncio.sleep(seconds)

    async def _plan(self) -> Counter[str]:
        try:
            return await self.planner.run()
        except OutsideUnavailable as error:
            log.warning("reminders are planned later: the billing is silent", reason=str(error))
            return Counter()

    async def _count_the_month(self, now: datetime) -> None:
        """The same figures as `abonent remind report`: what was sent, refused by the messenger, seen, paid after."""
        if self.look_back is None:
            return
        found = await self.look_back(now - LOOKED_BACK, now)
        states = {status.value: 0 for status in Status}
        for (status, _reason), count in found.reminders.items():
            states[status] += count
        refused = sum(count for (_channel, status), count in found.messages.items() if status == FAILED)
        states |= {"refused": refused, "seen": found.seen, "paid_within_3_days": found.paid}
        for state, count in states.items():
            month.labels(state).set(count)

    def _report(self, what: str, metric: Metric, counted: Counter[str]) -> None:
        for result, count in counted.items():
            metric.labels(str(result)).inc(count)
        if counted:
            log.info("reminders", what=what, **{str(result): count for result, count in counted.items()})
