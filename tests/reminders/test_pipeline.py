"""Planner, sender and last door under arbitrary calendars, zones, payments, wishes, crashes and clocks that jump.

Whatever arrives in a chat is judged as it arrives: never twice for one key, never outside the hours, never above a cap,
never after a payment, never to somebody who opted out. And whenever everything has come to rest, each debt above the
threshold either has reached its person or has a reason on record.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule
from sqlalchemy import select, update

from core.clock import ManualClock
from core.database import Database, metadata
from core.delivery.messages import OutgoingMessage
from core.operator import Operator
from core.regions import zone_of
from core.reminders import due, prefs
from core.reminders.assess import Rules
from core.reminders.decide import Item
from core.reminders.gate import Gate
from core.reminders.hours import allowed, local_day
from core.reminders.models import Prefs
from core.reminders.people import Person
from core.reminders.policy import MONTH, SUSPENSION, WEEK, Policy, current
from core.reminders.sending import Dispatcher
from core.reminders.tables import reminders
from core.reminders.ways import Prices, Way
from core.reminders.writing import Composed
from core.subscribers import chats
from core.subscribers.consents import Decision, decide
from core.subscribers.tables import account_links
from handlers.channel import Capabilities, ChatGone, Delivered, DeliveryError, Fetched, TryLater, Undeliverable
from handlers.parts import Parts
from handlers.sender import Sender
from tests.reminders.world import Debtor, World, fill

T = TypeVar("T")

# Who may see what: 1 and 2 are p's, 3 is q's, 2 is r's as well, 4 is nobody's.
RIGHTS = (("1", "p"), ("2", "p"), ("3", "q"))
PEOPLE = {"p": "telegram", "q": "viber", "r": "telegram"}
ACCOUNTS = ("1", "2", "3", "4")
REGIONS = ("RU-MOW", "RU-KGD", "RU-KAM", "", "")  # none: the operator's zone
ZONES = ("Europe/Moscow", "Europe/London", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia")
# Around the changes of daylight saving, month ends, leap days, New Year's holidays, and anywhere else.
STARTS = [date(2024, 2, 27), date(2025, 3, 8), date(2025, 3, 29), date(2025, 10, 24), date(2025, 12, 28)]
STARTS += [date(2026, month, 20) for month in range(1, 13)]


class Crash(Exception):
    """The process is gone."""


class Fragile(Database):
    """Breaks at a chosen write, before its commit or just after it."""

    fuse = -1
    after = False

    async def write(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        self.fuse -= 1
        if self.fuse == 0 and not self.after:
            raise Crash
        result = await super().write(fn, *args, **kwargs)
        if self.fuse == 0:
            raise Crash
        return result


@dataclass(frozen=True)
class Line:
    """One account of a message, as its text says."""

    account: str
    bill: str
    stage: str


@dataclass
class Wishes:
    """What a person has asked for, as the test knows it."""

    debts: bool = True
    muted: set[str] = field(default_factory=set)
    silent_until: date | None = None
    refuses: bool = False


class Inbox:
    """Both messengers: judges what arrives, and fails when it is told to."""

    capabilities = Capabilities(edits=False, vouches_for_contact=False, toasts=False, files_by_url=False)

    def __init__(self, name: str, judge: Callable[[str, str], None]) -> None:
        self.name = name
        self.failures: list[DeliveryError] = []
        self._judge = judge

    async def deliver(self, address: str, message: OutgoingMessage, parts: Parts | None = None) -> Delivered:
        if self.failures:
            raise self.failures.pop()
        self._judge(address, message.text)
        return Delivered("1")

    async def fetch(self, ref: str, max_bytes: int) -> Fetched:
        raise Undeliverable("nothing here")

    async def close(self) -> None:
        """Nothing to close."""


class Pipeline(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.folder = Path(tempfile.mkdtemp())
        self.heard: list[tuple[str, Line]] = []
        self.days: dict[str, Counter[date]] = {one: Counter() for one in PEOPLE}
        self.wishes = {one: Wishes() for one in PEOPLE}
        self.owed: dict[str, int] = {}
        self.paid_here: set[str] = set()
        self.unlinked: set[tuple[str, str]] = set()

    def run_(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    def write(self, fn: Callable[..., T], *args: Any) -> T:
        return self.run_(self.world.database.write(fn, *args))

    @initialize(
        start=st.sampled_from(STARTS),
        hour=st.integers(0, 23),
        zone=st.sampled_from(ZONES),
        regions=st.tuples(*[st.sampled_from(REGIONS)] * 3),
        dues=st.tuples(*[st.integers(-16, 12)] * 4),
        sums=st.tuples(*[st.sampled_from([0, 4_000, 5_000, 90_000])] * 4),
        policy=st.builds(
            Policy,
            per_day=st.just(1),
            per_week=st.integers(1, 3),
            per_month=st.integers(3, 8),
            closes=st.sampled_from([13, 20, 24]),
            spread=st.sampled_from([timedelta(0), timedelta(hours=10)]),
            suspend_after=st.sampled_from([0, 14]),
        ),
    )
    def begin(
        self,
        start: date,
        hour: int,
        zone: str,
        regions: Sequence[str],
        dues: Sequence[int],
        sums: Sequence[int],
        policy: Policy,
    ) -> None:
        self.clock = ManualClock(datetime(start.year, start.month, start.day, hour, 7, tzinfo=UTC))
        self.operator = Operator(zone=ZoneInfo(zone))
        database = Fragile(f"sqlite+aiosqlite:///{self.folder}/reminders.db")
        self.world = World(database, self.clock, Rules(self.operator, policy, Prices(budget=Decimal(10**6))))
        self.zones = {one: zone_of(region or None, zone) for one, region in zip(PEOPLE, regions, strict=True)}
        self.owed = dict(zip(ACCOUNTS, sums, strict=True))
        whose = dict(RIGHTS)
        where = dict(zip(PEOPLE, regions, strict=True))
        debtors = [
            Debtor(
                number,
                person := whose.get(number, ""),
                self.owed[number],
                start + timedelta(days=days),
                where.get(person, ""),
                PEOPLE.get(person, ""),
            )
            for number, days in zip(ACCOUNTS, dues, strict=True)
        ]
        other = Debtor("x", "r", 0, start, where["r"], "telegram")
        self.write(metadata.create_all)
        self.write(fill, [*debtors, other], self.clock.now())
        again = {"id": "r2", "subscriber_id": "r", "account_number": "2", "role": "family", "proof": "code"}
        self.write(lambda c: c.execute(account_links.insert(), again | {"created_at": self.clock.now()}))
        self.dispatcher = Dispatcher(
            database, self.clock, self.world.billing, self.world.rules, self.compose, people=2, backlog=10**9
        )
        gate = Gate(database, self.clock, self.operator, policy)
        self.inboxes = {name: Inbox(name, self.judge) for name in ("telegram", "viber")}
        self.sender = Sender(
            database, self.clock, self.inboxes, lambda _l, turn: OutgoingMessage(((turn, "plain"),)), None, gate
        )

    async def compose(self, person: Person, way: Way, items: Sequence[Item], message_id: str) -> Composed:
        for item in items:
            assert self.owed[item.debt.number] > 0, "written to about a debt that is paid"
            assert item.debt.debt.minor == self.owed[item.debt.number]
        said = "\n".join(f"{item.debt.number}|{item.line.bill}|{item.line.stage}" for item in items)
        return Composed(OutgoingMessage(((said, "plain"),)))

    # -- what arrives ------------------------------------------------------------------------------------------------

    def judge(self, person: str, text: str) -> None:
        now, zone, policy = self.clock.now(), self.zones[person], self.world.rules.policy
        today, wishes = local_day(zone, now), self.wishes[person]
        assert allowed(policy, zone, now), "outside the hours"
        self.days[person][today] += 1
        for length, most in ((1, policy.per_day), (WEEK, policy.per_week), (MONTH, policy.per_month)):
            for first in range(length):
                span = [today + timedelta(days=day - first) for day in range(length)]
                assert sum(self.days[person][day] for day in span) <= most, f"above the cap of {length} days"
        assert not wishes.refuses, "refused the document"
        for line in [Line(*one.split("|")) for one in text.split("\n")]:
            assert (person, line) not in self.heard, "twice for one key"
            self.heard.append((person, line))
            assert line.account not in self.paid_here, "after the payment"
            assert (person, line.account) not in self.unlinked, "no right to the account any more"
            if line.stage == SUSPENSION:
                continue
            assert wishes.debts, "switched off"
            assert line.account not in wishes.muted, "muted"
            assert wishes.silent_until is None or today >= wishes.silent_until, "asked for silence"

    # -- the program -------------------------------------------------------------------------------------------------

    async def breakable(self, work: Coroutine[Any, Any, object], fuse: int, after: bool) -> None:
        database = self.world.database
        assert isinstance(database, Fragile)
        database.fuse, database.after = fuse, after
        try:
            await work
        except Crash:
            """Another process goes on from what is written."""
        finally:
            database.fuse = -1

    @rule(fuse=st.integers(-1, 3), after=st.booleans(), page=st.integers(1, 5))
    def plan(self, fuse: int, after: bool, page: int) -> None:
        self.run_(self.breakable(self.world.planner(page).run(), fuse, after))

    @rule(fuse=st.integers(-1, 6), after=st.booleans())
    def write_letters(self, fuse: int, after: bool) -> None:
        self.run_(self.breakable(self.dispatcher.run(), fuse, after))

    @rule()
    def send(self) -> None:
        self.run_(self.sender.drain())

    @rule(fuse=st.integers(-1, 6), after=st.booleans())
    def everything(self, fuse: int, after: bool) -> None:
        self.plan(-1, False, 3)
        self.write_letters(fuse, after)
        self.send()

    # -- time --------------------------------------------------------------------------------------------------------

    @rule(minutes=st.integers(1, 36 * 60))
    def later(self, minutes: int) -> None:
        self.clock.move(timedelta(minutes=minutes))

    @rule(days=st.integers(1, 12))
    def days_later(self, days: int) -> None:
        self.clock.move(timedelta(days=days))

    @rule(person=st.sampled_from([*PEOPLE]), days=st.integers(0, 2))
    def to_somebodys_noon(self, person: str, days: int) -> None:
        """The evening of a long wait, or the middle of somebody's day: where most happens."""
        local = self.clock.now().astimezone(self.zones[person]) + timedelta(days=days)
        self.clock.at = max(local.replace(hour=12, minute=1), self.clock.at)
        self.clock.at = self.clock.at.astimezone(UTC)

    @rule(hours=st.integers(1, 30))
    def the_clock_is_put_back(self, hours: int) -> None:
        self.clock.move(-timedelta(hours=hours))

    # -- people ------------------------------------------------------------------------------------------------------

    @rule(number=st.sampled_from(ACCOUNTS), left=st.sampled_from([0, 0, 4_000, 60_000]), here=st.booleans())
    def pays(self, number: str, left: int, here: bool) -> None:
        """With us, which calls reminders off in the same commit; or elsewhere, and only the billing knows."""
        self.owed[number] = left
        self.run_(self.world.pay(number, left))
        if here and not left:
            self.write(due.call_off, [number])
            self.paid_here.add(number)
        else:
            self.paid_here.discard(number)

    @rule(person=st.sampled_from([*PEOPLE]), debts=st.booleans())
    def switches(self, person: str, debts: bool) -> None:
        self.wishes[person].debts = debts
        self.write(prefs.change(person, debts=debts).apply)

    @rule(person=st.sampled_from([*PEOPLE]), number=st.sampled_from(ACCOUNTS), silent=st.booleans())
    def mutes(self, person: str, number: str, silent: bool) -> None:
        (self.wishes[person].muted.add if silent else self.wishes[person].muted.discard)(number)
        self.write((prefs.mute if silent else prefs.unmute)(person, number).apply)

    @rule(
        person=st.sampled_from([*PEOPLE]), days=st.integers(1, 9), kind=st.sampled_from(["paused_until", "asked_for"])
    )
    def asks_for_silence(self, person: str, days: int, kind: str) -> None:
        until = local_day(self.zones[person], self.clock.now()) + timedelta(days=days)
        other = {"paused_until": "asked_for", "asked_for": "paused_until"}[kind]
        self.wishes[person].silent_until = until
        self.write(prefs.change(person, **{kind: until, other: None}).apply)

    @rule(person=st.sampled_from([*PEOPLE]), yes=st.booleans())
    def decides_about_the_document(self, person: str, yes: bool) -> None:
        self.wishes[person].refuses = not yes
        decision = Decision.given if yes else Decision.refused
        # Decisions are ordered by their moment, and this clock jumps: the record keeps the machine's own.
        self.moment = max(getattr(self, "moment", self.clock.now()), self.clock.now()) + timedelta(seconds=1)
        self.write(decide("c", person, "1", decision, self.moment).apply)

    @rule(right=st.sampled_from([*RIGHTS, ("2", "r")]))
    def loses_the_right(self, right: tuple[str, str]) -> None:
        number, person = right
        self.unlinked.add((person, number))
        ended = update(account_links).where(
            account_links.c.account_number == number, account_links.c.subscriber_id == person
        )
        self.write(lambda c: c.execute(ended.values(ended_at=self.clock.now(), ended_by="staff")))

    @rule(name=st.sampled_from(["telegram", "viber"]), how=st.sampled_from(["later", "gone", "never"]))
    def the_messenger_fails(self, name: str, how: str) -> None:
        errors = {"later": TryLater("busy"), "gone": ChatGone("blocked"), "never": Undeliverable("no")}
        self.inboxes[name].failures = [errors[how]]

    @rule(person=st.sampled_from([*PEOPLE]))
    def comes_back(self, person: str) -> None:
        self.write(chats.back(f"{PEOPLE[person]}:{person}").apply)

    # -- at rest -----------------------------------------------------------------------------------------------------

    @rule()
    def comes_to_rest(self) -> None:
        """Nothing is in hand any more: each debt has reached its person, waits for its hour, or has a reason."""
        for inbox in self.inboxes.values():
            inbox.failures.clear()
        for _ in range(3):
            self.clock.move(due.LEASE + timedelta(minutes=4))  # whatever a killed one held is free
            self.everything(-1, False)
        self.run_(self.dispatcher.run())  # takes over what the sender has done
        now, policy = self.clock.now(), self.world.rules.policy
        rows = {
            (row.subscriber_id, row.account, f"{row.bill}", row.stage): row
            for row in self.run_(self.world.database.read(lambda c: c.execute(select(reminders)).all()))
        }
        known = self.run_(self.world.billing.overviews(ACCOUNTS))
        wishes = self.run_(self.world.database.read(prefs.load, [*PEOPLE]))
        for debt in known.value:
            if debt.debt.amount < policy.threshold:
                continue
            rights = [
                person
                for number, person in (*RIGHTS, ("2", "r"))
                if number == debt.number and (person, number) not in self.unlinked
            ]
            for person in rights or [""]:
                zone = self.zones.get(person, self.operator.zone)
                wanted = current(policy, debt, local_day(zone, now), wishes.get(person, Prefs()))
                if wanted is None:
                    continue
                bill, stage = wanted
                row = rows.get((person, debt.number, f"{bill}", stage.code))
                assert row is not None, f"{debt.number} of {person or 'nobody'}: no word on record"
                if row.status == "sent":
                    assert (person, Line(debt.number, f"{bill}", stage.code)) in self.heard
                elif row.status == "planned":
                    assert row.due_at > now, "its time has come, and it waits"
                else:
                    assert row.status != "queued", "in hand when nothing is"
                    assert row.reason, f"{row.status} without a reason"

    def teardown(self) -> None:
        if hasattr(self, "world"):
            try:
                self.comes_to_rest()
            finally:
                self.run_(self.world.database.close())
        self.runner.close()
        shutil.rmtree(self.folder)


TestPipeline = Pipeline.TestCase
TestPipeline.settings = settings(
    max_examples=40, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)
