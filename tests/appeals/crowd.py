"""A crowd for tests of races: many people in both messengers, two copies of the program, and what must be true."""

from __future__ import annotations

import asyncio
import random
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import Connection, select

from bot.wiring import build_services, zone_finder
from core.appeals.models import Actor, Author, Thread
from core.appeals.records import history, load
from core.appeals.staff import NotPossible
from core.appeals.tables import appeals
from core.billing.embedded import EmbeddedBilling
from core.clock import ManualClock
from core.database import Database
from core.delivery.writer import Writer
from core.subscribers.snapshots import SnapshotReader
from fsm.engine import Engine
from fsm.event import Event, Input, Text
from fsm.state import Registry
from handlers.desk.acts import StaffDesk
from handlers.desk.clockwork import AppealClockwork
from handlers.sender import Sender
from handlers.turn import Turns
from tests.appeals.conftest import OPERATOR, Office
from tests.support.dialogue import MEANS, SECRET, FakeChannel

PEOPLE = 40
REGISTRY = Registry("tests.appeals.flow")
DAY = timedelta(days=1)


class Replica:
    """One copy of the program."""

    def __init__(self, url: str, clock: ManualClock, channels: dict[str, FakeChannel]) -> None:
        self.database = database = Database(url, connections=6)
        self.services = build_services(database, clock, OPERATOR, EmbeddedBilling(database, clock), secret_key=SECRET)
        engine = Engine(REGISTRY, self.services, zone_finder(OPERATOR))
        self.writer = Writer(database)
        self.turns = Turns(engine, SnapshotReader(database), self.writer, clock, MEANS)
        self.sender = Sender(database, clock, channels, engine.fallback)
        self.desk = StaffDesk(database, self.services, REGISTRY)
        self.clockwork = AppealClockwork(database, self.services, REGISTRY)


@dataclass
class Crowd:
    """Two copies, many people; what each has said and what staff have told each."""

    replicas: list[Replica]
    clock: ManualClock
    channels: dict[str, FakeChannel]
    chance: random.Random
    owner: dict[str, str] = field(default_factory=dict)  # whose chat it is
    said: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    told: Counter[tuple[str, str]] = field(default_factory=Counter)  # an appeal's id, and staff's words
    refused: list[str] = field(default_factory=list)
    blocked: set[str] = field(default_factory=set)
    updates: int = 0
    words: int = 0

    @property
    def office(self) -> Office:
        one = self.replicas[0]
        return Office(one.database, self.clock, one.services, one.desk, one.clockwork)

    def word(self) -> str:
        self.words += 1
        return f"w{self.words}."

    async def say(self, chat_id: str, said: Input, *, again: bool | None = None) -> None:
        """Through either copy; now and then the messenger brings it to both, at once."""
        self.updates += 1
        channel, _, address = chat_id.partition(":")
        event = Event(
            channel=channel,
            update_id=f"u{self.updates}",
            address=address,
            at=self.clock.now(),
            input=said,
            message_id=f"u{self.updates}",
        )
        twice = self.chance.random() < 0.3 if again is None else again
        takers = self.replicas if twice else [self.chance.choice(self.replicas)]
        await asyncio.gather(*(one.turns.take(event) for one in takers))

    async def write(self, chat_id: str, *texts: str) -> None:
        for text in texts:
            await self.say(chat_id, Text(text))
            verb, _, words = text.partition(" ")
            if verb == "new":
                self.said[chat_id].append(words)
            elif verb not in ("hello", "send", "confirm", "rate", "join"):
                self.said[chat_id].append(text)

    async def staff(self, actor: Actor, turns: int) -> None:
        """Whatever comes to mind, at any appeal; a refusal is a sentence."""
        desk = self.chance.choice(self.replicas).desk
        for _ in range(turns):
            open_ones = await desk.waiting()
            if not open_ones:
                await asyncio.sleep(0.01)
                continue
            appeal, word = self.chance.choice(open_ones), self.word()
            act = self.chance.choice(["reply", "ask", "resolve", "reject", "start", "note", "assign"])
            try:
                if act == "start":
                    await desk.start(actor, appeal.number)
                elif act == "assign":
                    await desk.assign(actor, appeal.number, actor.staff_id, actor.name)
                else:
                    await getattr(desk, act)(actor, appeal.number, word)
            except NotPossible as error:
                assert "No. " in str(error)
                self.refused.append(word)
            else:
                if act in ("reply", "ask", "resolve", "reject"):
                    self.told[appeal.id, word] += 1

    async def time(self, ticks: int) -> None:
        for _ in range(ticks):
            await asyncio.gather(*(one.clockwork.tick() for one in self.replicas))

    async def sending(self) -> None:
        """Both send, until nothing is left."""
        while sum(await asyncio.gather(*(one.sender.drain() for one in self.replicas))):
            pass

    def heard(self, chat_id: str) -> list[str]:
        channel, _, address = chat_id.partition(":")
        return [message.text for to, message in self.channels[channel].delivered if to == address]

    async def threads(self) -> list[Thread]:
        def read(connection: Connection) -> list[Thread]:
            ids = connection.execute(select(appeals.c.id).order_by(appeals.c.number)).scalars().all()
            return [found for one in ids if (found := load(connection, one)) is not None]

        return await self.replicas[0].database.read(read)

    async def check(self) -> None:
        """Nothing lost, nothing twice, nothing to the wrong person; histories that can be believed."""
        threads = await self.threads()
        assert len({thread.appeal.number for thread in threads}) == len(threads)
        theirs: dict[str, list[str]] = defaultdict(list)
        staffs: dict[str, list[str]] = {}
        for thread in threads:
            me = thread.appeal.subscriber_id
            assert me is not None and self.owner[thread.appeal.chat_id] == me
            theirs[me] += [one.text for one in thread.messages if one.author is Author.subscriber]
            staffs[thread.appeal.id] = [one.text for one in thread.messages if one.author is Author.staff]
            assert [one.at for one in thread.messages] == sorted({one.at for one in thread.messages})
            await self._believable(thread)
        for person in set(self.owner.values()):
            lines = [self.said[chat_id] for chat_id, me in self.owner.items() if me == person]
            assert sorted(theirs[person]) == sorted(word for line in lines for word in line), "no word lost, none twice"
            for line in lines:
                places = [theirs[person].index(word) for word in line]
                assert len(lines) > 1 or places == sorted(places), "in the order in which they were said"
        for (appeal_id, word), times in self.told.items():
            assert staffs[appeal_id].count(word) == times == 1
        everything = [text for texts in staffs.values() for text in texts]
        assert not set(everything) & set(self.refused), "what was refused was not done"
        whose = {thread.appeal.id: thread.appeal.subscriber_id for thread in threads}
        for chat_id, me in self.owner.items():
            heard = "\n".join(self.heard(chat_id))
            assert "went wrong on our side" not in heard and "could not show it" not in heard, heard
            for (appeal_id, word), _times in self.told.items():
                count = heard.count(word)
                if whose[appeal_id] != me:
                    assert count == 0, "to the wrong person"
                elif chat_id not in self.blocked:
                    assert count == 1, (word, count)

    async def _believable(self, thread: Thread) -> None:
        events = await self.replicas[0].database.read(history, thread.appeal.id)
        what = [event.what for event in events]
        assert what.count("sent") <= 1
        assert what.count("reopened") == thread.appeal.reopened
        assert [event.at for event in events] == sorted({event.at for event in events})
        last = None
        for one in what:  # nobody decides what is decided, and nobody returns what is not
            if one in ("resolved", "rejected", "confirmed", "silent", "reopened", "answered", "started", "asked"):
                if one in ("resolved", "rejected"):
                    assert last not in ("resolved", "rejected", "confirmed", "silent"), what
                if one == "reopened":
                    assert last in ("resolved", "rejected", "confirmed", "silent"), what
                if one == "confirmed":
                    assert last in ("resolved", "rejected"), what
                last = one
