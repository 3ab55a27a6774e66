"""Any order of what subscribers, staff and time may do: nothing is lost, told twice or to the wrong person."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlalchemy import select

from bot.wiring import build_services
from core.appeals.life import SYNC
from core.appeals.models import OPEN, SETTLED, Appeal, AppealStatus, Author
from core.appeals.rules import AppealRules
from core.appeals.staff import NotPossible
from core.appeals.tables import appeal_posts
from core.billing.embedded import EmbeddedBilling
from core.clock import ManualClock
from core.database import Database
from core.delivery.messages import decode_message
from core.delivery.tables import outbox, tasks
from core.errors import Stale
from fsm.state import Registry
from handlers.desk.acts import StaffDesk
from handlers.desk.clockwork import AppealClockwork
from migrations.models import metadata
from tests.appeals.conftest import ANNA, OPERATOR, Office

RULES = AppealRules(mirrored=True)
REGISTRY = Registry()
PEOPLE = ("telegram:1", "viber:2")
WITH_STAFF = (AppealStatus.acknowledged, AppealStatus.in_progress, AppealStatus.reopened)

which = st.integers(0, 3)


class Appeals(RuleBasedStateMachine):
    """Two people, up to four appeals, one desk. ``said`` and ``heard`` are what must be found again."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.folder = tempfile.TemporaryDirectory()
        self.ids: list[tuple[str, str]] = []  # the appeal, and whose chat it is
        self.said: dict[str, list[str]] = {}
        self.answers: Counter[tuple[str, str]] = Counter()
        self.count = 0

    def run(self, work: Any) -> Any:
        return self.loop.run_until_complete(work)

    @initialize()
    def open(self) -> None:
        self.office = self.run(self._open())
        self.people = {
            chat: self.run(self.office.subscriber(chat, phone=f"+7900000000{n}")) for n, chat in enumerate(PEOPLE)
        }

    async def _open(self) -> Office:
        database, clock = Database(f"sqlite+aiosqlite:///{Path(self.folder.name) / 'a.db'}"), ManualClock()
        await database.write(metadata.create_all)
        services = build_services(
            database, clock, OPERATOR, EmbeddedBilling(database, clock), secret_key="s" * 40, appeals=RULES
        )
        desk, clockwork = StaffDesk(database, services, REGISTRY), AppealClockwork(database, services, REGISTRY)
        return Office(database, clock, services, desk, clockwork)

    def word(self) -> str:
        self.count += 1
        return f"word-{self.count}-"

    def pick(self, index: int) -> Appeal | None:
        return self.run(self.office.now(self.ids[index % len(self.ids)][0])) if self.ids else None

    # -- subscribers ------------------------------------------------------------------------------------------------

    @rule(chat=st.sampled_from(PEOPLE), kind=st.sampled_from([kind.code for kind in RULES.kinds.offered]))
    def write(self, chat: str, kind: str) -> None:
        if len(self.ids) < 4:
            word = self.word()
            appeal = self.run(self.office.appeal(self.people[chat], kind, word, chat_id=chat))
            self.ids.append((appeal.id, chat))
            self.said[appeal.id] = [word]

    @rule(index=which)
    def add(self, index: int) -> None:
        if appeal := self.pick(index):
            word = self.word()
            late = appeal.status in (*SETTLED, AppealStatus.closed) and not self.office.appeals.may_return(appeal)
            try:
                self.run(self.office.do(self.office.appeals.append(appeal.id, word)))
            except Stale:
                assert late, "the operator's term is not over"
                return
            assert not late
            self.said[appeal.id].append(word)

    @rule(index=which, step=st.sampled_from(["confirm", "withdraw", "reopen", "rate"]))
    def step(self, index: int, step: str) -> None:
        appeal = self.pick(index)
        if appeal is None:
            return
        word = self.word()
        appeals = self.office.appeals
        write = {
            "confirm": lambda: appeals.confirm(appeal.id),
            "withdraw": lambda: appeals.withdraw(appeal.id),
            "reopen": lambda: appeals.reopen(appeal.id, word),
            "rate": lambda: appeals.rate(appeal.id, 4, word),
        }[step]()
        allowed = {
            "confirm": appeal.status in SETTLED,
            "withdraw": appeal.status in OPEN,
            "reopen": appeals.may_return(appeal),
            "rate": appeal.status in (*SETTLED, AppealStatus.closed),
        }[step]
        try:
            self.run(self.office.do(write))
        except Stale:
            assert not allowed
            return
        assert allowed
        if step == "reopen":
            self.said[appeal.id].append(word)

    # -- staff ------------------------------------------------------------------------------------------------------

    @rule(index=which, act=st.sampled_from(["reply", "ask", "note", "start", "resolve", "reject"]))
    def staff(self, index: int, act: str) -> None:
        appeal = self.pick(index)
        if appeal is None:
            return
        word = self.word()
        call = getattr(self.office.desk, act)
        try:
            self.run(call(ANNA, appeal.number) if act == "start" else call(ANNA, appeal.number, word))
        except NotPossible as error:
            assert str(error)
            return
        if act in ("reply", "ask", "resolve", "reject"):
            self.answers[appeal.id, word] += 1
        if act in ("resolve", "reject"):
            assert self.run(self.office.now(appeal.id)).reason == word

    # -- time -------------------------------------------------------------------------------------------------------

    @rule(hours=st.sampled_from([1, 3, 24, 50, 120, 400]), ticks=st.integers(0, 2))
    def time(self, hours: int, ticks: int) -> None:
        self.office.clock.move(timedelta(hours=hours))
        for _ in range(ticks):
            self.run(self.office.clockwork.tick())

    # -- what is always true ----------------------------------------------------------------------------------------

    @invariant()
    def nothing_is_lost_and_nothing_goes_astray(self) -> None:
        for appeal_id, chat in self.ids:
            assert self.run(self.office.words(appeal_id, Author.subscriber)) == self.said[appeal_id]
            heard = "\n".join(message.text for message in self.run(self.office.posted(chat)))
            for (other, word), times in self.answers.items():
                # An answer is heard once by whoever asked, and never by anybody else.
                theirs = dict(self.ids)[other] == chat
                assert heard.count(word) == (times if theirs else 0), (word, times, theirs)

    @invariant()
    def each_status_has_what_it_promises(self) -> None:
        for appeal_id, _chat in self.ids:
            appeal = self.run(self.office.now(appeal_id))
            assert (appeal.due_at is not None) == (appeal.status in WITH_STAFF), appeal
            waits = appeal.status in (AppealStatus.pending, *SETTLED)
            assert (appeal.closing_at is not None) == waits, appeal
            if appeal.status in SETTLED:
                assert appeal.reason and appeal.settled_at

    @invariant()
    def other_helpdesks_hear_of_the_newest_version(self) -> None:
        if not self.ids:
            return
        query = select(tasks.c.id).where(tasks.c.kind == SYNC)
        planned = self.run(self.office.database.read(lambda c: set(c.execute(query).scalars())))
        for appeal_id, _chat in self.ids:
            version = self.run(self.office.now(appeal_id)).version
            assert f"{SYNC}:{appeal_id}:{version}" in planned

    def teardown(self) -> None:
        with contextlib.suppress(AttributeError):  # nothing was opened where the first step already failed
            self.run(self._marks())
            self.run(self.office.database.close())
        self.loop.close()
        self.folder.cleanup()

    async def _marks(self) -> None:
        """Each message about an appeal is marked with that appeal, so that a reply to it finds its way."""
        query = select(outbox.c.message, appeal_posts.c.appeal_id).join(
            appeal_posts, appeal_posts.c.outbox_id == outbox.c.id
        )
        rows = await self.office.database.read(lambda c: list(c.execute(query)))
        total = await self.office.database.read(lambda c: len(list(c.execute(select(outbox.c.id)))))
        assert len(rows) == total
        numbers = {appeal_id: (await self.office.now(appeal_id)).number for appeal_id, _chat in self.ids}
        for message, appeal_id in rows:
            assert f"No. {numbers[appeal_id]}" in decode_message(message).text


TestAppeals = Appeals.TestCase
TestAppeals.settings = settings(max_examples=10, stateful_step_count=25)
