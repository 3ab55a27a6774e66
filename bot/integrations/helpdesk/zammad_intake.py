"""Takes in what agents did in Zammad: their public answers and their decisions reach the subscriber, each once.

Nothing that a webhook says is believed: the ticket and its articles are asked for, and compared with what was taken.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

import structlog
from sqlalchemy import Connection

from bot.integrations.helpdesk.zammad import ZammadDesk, is_ours, ticket_marker
from bot.integrations.helpdesk.zammad_client import Article, Ticket
from bot.integrations.helpdesk.zammad_speech import Listener, Speech
from bot.integrations.helpdesk.zammad_text import LONGEST_NAME, one_line
from bot.integrations.helpdesk.zammad_words import AgentWords
from core.appeals import mirror_records as book
from core.appeals import records
from core.appeals.helpdesk import Counterpart, RemoteMoved
from core.appeals.kinds import LINK
from core.appeals.life import SYNC
from core.appeals.mirror import Lease, held
from core.appeals.models import OPEN, Actor, Appeal, AppealStatus
from core.appeals.staff import Done, KeptFile, NotPossible
from core.clock import Clock
from core.database import Database
from core.delivery.tasks import plan
from core.errors import Stale
from handlers.desk.acts import StaffDesk

log = structlog.get_logger("helpdesk")

SAID = frozenset({"note", "web", "phone", "chat"})
"""Kinds of articles that go out. An e-mail has gone to whom the agent wrote it: that may be anybody."""

Act = Callable[[StaffDesk], Awaitable[int]]


class ZammadIntake:
    """:meth:`take` may be called any number of times, in any order, from any number of processes."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        zammad: ZammadDesk,
        desk: StaffDesk,
        listener: Listener,
        words: AgentWords,
    ) -> None:
        self._database = database
        self._clock = clock
        self.zammad = zammad
        self.desk = desk
        self.listener = listener
        self.words = words

    async def take(self, ticket_id: int) -> str:
        """``done``; ``foreign`` for a ticket that stands for no appeal; ``gone`` for one that is not there (any more).

        Raises OutsideUnavailable: call again later.
        """
        standing = await self._database.read(book.at, self.zammad.name, str(ticket_id))
        if not standing:
            return "foreign"
        ticket = await self.zammad.client.ticket(ticket_id)
        merged = ticket is not None and (await self.zammad.states(ticket.state)).is_merged(ticket.state)
        target = 0
        for at in standing:  # several where tickets were merged: they share the answers, each told once
            async with held(self._database, self._clock, at.desk, at.appeal_id) as lease:
                moved = await self.zammad.merged(at, ticket) if ticket is not None and merged else None
                if ticket is None or (merged and not isinstance(moved, RemoteMoved)):
                    await self._lost(lease, at)
                elif isinstance(moved, RemoteMoved):
                    await lease.note(book.followed, at.remote_id, moved.remote_id)
                    target = int(moved.remote_id)
                else:
                    await self._take_in(lease, at.appeal_id, ticket_id)
        if target:
            return await self.take(target)
        return "done" if ticket is not None and not merged else "gone"

    async def _lost(self, lease: Lease, at: Counterpart) -> None:
        """An open appeal gets another ticket, with all that was said."""
        log.warning("ticket is gone", desk=at.desk, appeal=at.appeal_id)
        await lease.note(book.lost, at.remote_id)
        again = plan(f"{SYNC}:{at.appeal_id}:gone{at.generation}", SYNC, {"appeal_id": at.appeal_id}, self._clock.now())
        await self._database.write(again.apply)

    async def _take_in(self, lease: Lease, appeal_id: str, ticket_id: int) -> None:
        # Only now: whoever held it before may have taken it further.
        at = await self._database.read(book.load, self.zammad.name, appeal_id)
        thread = await self._database.read(records.load, appeal_id)
        # The ticket first: a decision that is seen in it was made after articles that are all in the list.
        ticket = await self.zammad.client.ticket(ticket_id)
        articles = await self.zammad.client.articles(ticket_id)
        if at is None or at.remote_id != str(ticket_id) or thread is None or articles is None or ticket is None:
            return  # it has moved meanwhile: that has a task of its own
        fresh = await self._fresh(at, articles)
        visit = _Visit(self, lease, thread.appeal, at, ticket, articles)
        meant = (await self.zammad.states(ticket.state)).meant(ticket.state) if ticket.state != at.word else None
        await visit.carry_out(fresh, meant)

    async def _fresh(self, at: Counterpart, articles: Sequence[Article]) -> list[Article]:
        """Public words of agents that are not here yet. What was said before the appeal came is none of it."""
        marker = ticket_marker(at.appeal_id, at.generation)
        since = min((one.id for one in articles if one.message_id == marker), default=0)
        public = [
            one
            for one in articles
            if one.sender == "Agent" and not one.internal and one.type in SAID and not is_ours(one) and one.id > since
        ]
        known = await self._database.read(book.known, at.desk, [str(one.id) for one in public])
        return [one for one in public if str(one.id) not in known]


class _Visit:
    """One look at one ticket, with the right to work at it."""

    def __init__(
        self,
        intake: ZammadIntake,
        lease: Lease,
        appeal: Appeal,
        at: Counterpart,
        ticket: Ticket,
        articles: Sequence[Article],
    ) -> None:
        self._intake = intake
        self._lease = lease
        self._appeal = appeal
        self._at = at
        self._ticket = ticket
        self._articles = articles

    async def carry_out(self, fresh: Sequence[Article], meant: AppealStatus | None) -> None:
        appeal = self._appeal
        status = appeal.status
        agent = _actor(fresh[-1]) if fresh else Actor(via="zammad")
        # An answer takes an open appeal to work by itself. What is over is begun again by an agent who opens the
        # ticket, or who writes where it is closed for good.
        again = status not in OPEN and meant in (AppealStatus.in_progress, AppealStatus.pending)
        begins = meant is AppealStatus.in_progress and status is not meant and not fresh
        if again or begins or (fresh and status is AppealStatus.closed):
            await self._start(agent)
            status = AppealStatus.in_progress
        decides = meant in (AppealStatus.resolved, AppealStatus.rejected) and status in OPEN
        for article in fresh:
            await self._lease.hold_on()
            speech = await self._intake.listener.hear(article)
            last = article is fresh[-1]
            if last and decides and speech.short and appeal.kind != LINK:
                await self._decide(meant, _actor(article), speech.short, str(article.id))
                decides = False
            else:
                await self._say(article, speech, asks=last and meant is AppealStatus.pending)
            await self._explain_left_out(article, speech)
        if decides:
            key = f"state.{self._ticket.id}.{self._ticket.updated_at:%y%m%d%H%M%S%f}"
            await self._decide(meant, agent, self._intake.words.closed_silently(self._ticket.state), key)
        if self._ticket.state != self._at.word:
            await self._lease.note(book.seen, self._ticket.state)

    async def _start(self, agent: Actor) -> None:
        try:
            await self._intake.desk.start(agent, self._appeal.number)
        except NotPossible:
            log.info("begun before", appeal=self._appeal.id)

    async def _say(self, article: Article, speech: Speech, *, asks: bool) -> None:
        texts = speech.texts or ("",)
        if not speech.texts and not speech.files:
            await self._lease.note(book.tell, self._at.remote_id, "", str(article.id))  # nothing that could be said
            return
        for number, text in enumerate(texts[:-1]):
            await self._speak(article, text, (), f"{article.id}/{number}", asks=False)
        await self._speak(article, texts[-1], speech.files, str(article.id), asks=asks)

    async def _speak(self, article: Article, text: str, files: Sequence[KeptFile], key: str, *, asks: bool) -> None:
        def speak(desk: StaffDesk) -> Awaitable[int]:
            return (desk.ask if asks else desk.reply)(_actor(article), self._appeal.number, text, files)

        if not await self._act(speak, key):
            await self._explain(f"unread.{article.id}", self._intake.words.unread())

    async def _decide(self, meant: AppealStatus | None, agent: Actor, words: str, key: str) -> None:
        def decide(desk: StaffDesk) -> Awaitable[int]:
            rejects = desk.refuse if self._appeal.kind == LINK else desk.reject
            return (rejects if meant is AppealStatus.rejected else desk.resolve)(agent, self._appeal.number, words)

        await self._act(decide, key)

    async def _act(self, act: Act, key: str) -> int:
        """An act of the staff's, noted in its own transaction under ``key``: done once, and never sent back.

        Says in how many chats it will be read; 1 where that is no question any more.
        """
        at = self._at

        def note(connection: Connection, done: Done) -> None:
            for index, message_id in enumerate(done.messages):
                theirs = f"{key}+{index}" if index else key
                book.take(connection, at.desk, at.appeal_id, at.remote_id, message_id, theirs)

        try:
            return await act(self._intake.desk.noting(note))
        except Stale:
            log.info("taken before", desk=at.desk, appeal=at.appeal_id, key=key)
        except NotPossible as error:
            log.warning("not possible", desk=at.desk, appeal=at.appeal_id, key=key)
            await self._explain(f"impossible.{key}", self._intake.words.impossible(error))
            await self._lease.note(book.tell, at.remote_id, "", key)
        return 1

    async def _explain_left_out(self, article: Article, speech: Speech) -> None:
        if speech.left_out:
            await self._explain(f"files.{article.id}", self._intake.words.left_out(", ".join(speech.left_out)))

    async def _explain(self, key: str, sentence: str) -> None:
        await self._intake.zammad.explain(self._ticket.id, self._articles, key, sentence)


def _actor(article: Article) -> Actor:
    return Actor(name=one_line(article.author or "", LONGEST_NAME), via="zammad")
