"""Zammad as a helpdesk: a ticket for each appeal, an article for each message, and nothing of it twice.

Zammad keeps no idempotency keys. What we make carries a Message-ID of ours instead, by which it is found again.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog

from bot.integrations.helpdesk.zammad_client import Article, Ticket, ZammadClient
from bot.integrations.helpdesk.zammad_states import States
from bot.integrations.helpdesk.zammad_text import LONGEST_NAME, one_line
from bot.integrations.helpdesk.zammad_words import AgentWords
from core.appeals.helpdesk import Counterpart, HelpdeskRefused, RemoteGone, RemoteMoved
from core.appeals.models import Appeal, AppealMessage, AppealStatus, Author, Thread
from core.clock import Clock
from core.errors import OutsideUnavailable

log = structlog.get_logger("helpdesk")

STATES_FOR = timedelta(minutes=10)
PENDING_FOR = timedelta(days=7)  # Zammad wants to know when to remind of a ticket that waits

_HOST = "appeals.abonent"
_OURS = re.compile(rf"<message\.([0-9a-z]{{1,16}})@{re.escape(_HOST)}>")


@dataclass(frozen=True, slots=True)
class Person:
    """Whom agents see as the ticket's customer."""

    name: str
    phone: str


FindPerson = Callable[[Appeal], Awaitable[Person]]


def ticket_marker(appeal_id: str, generation: int) -> str:
    return f"<appeal.{appeal_id}.{generation}@{_HOST}>"


def is_ours(article: Article) -> bool:
    """Whether an article was made here: it is never sent back, even when nobody lived to write it down."""
    return (article.message_id or "").endswith(f"@{_HOST}>")


class ZammadDesk:
    """Implements :class:`core.appeals.helpdesk.Helpdesk`."""

    name = "zammad"

    def __init__(
        self,
        client: ZammadClient,
        clock: Clock,
        *,
        group: str,
        states: Mapping[AppealStatus, str],
        find_person: FindPerson,
        words: AgentWords,
    ) -> None:
        self.client = client
        self._clock = clock
        self._group = group
        self._chosen = states
        self._find_person = find_person
        self._words = words
        self._states: States | None = None
        self._states_until = clock.now()

    async def states(self, named: str = "") -> States:
        """Zammad's list of states changes about never: it is asked for again after a while, and for an unknown name."""
        states = self._states
        if states is None or self._clock.now() >= self._states_until or (named and not states.kind(named)):
            states = self._states = States(self._chosen, await self.client.states())
            self._states_until = self._clock.now() + STATES_FOR
        return states

    async def open(self, thread: Thread, generation: int) -> str:
        appeal = thread.appeal
        marker = ticket_marker(appeal.id, generation)
        made = await self.marked(marker)
        if made is not None:
            return str(made.id)
        kind = self._words.kind(appeal)
        first = next((one.text for one in thread.messages if one.author is Author.subscriber and one.text), "")
        title = one_line(f"No. {appeal.number} · {kind}: {first}" if first else f"No. {appeal.number} · {kind}")
        person = await self._find_person(appeal)
        ticket = {
            "title": title,
            "group": self._group,
            # Found by its login or made, in one transaction with the ticket. Without an e-mail address, Zammad's own
            # letters to customers go nowhere: the subscriber is answered in the chat.
            "customer": {
                "login": _login(appeal),
                "firstname": one_line(person.name, LONGEST_NAME) or person.phone or f"No. {appeal.number}",
                "lastname": "",
                "phone": person.phone,
            },
            "state": (await self.states()).chosen(AppealStatus.acknowledged),
            "article": {
                "subject": title,
                "body": self._words.card(appeal),
                "content_type": "text/plain",
                "type": "note",
                "sender": "System",
                "internal": True,
                "message_id": marker,
            },
        }
        try:
            return str(await self.client.create_ticket(ticket))
        except HelpdeskRefused as error:
            # A group that is not there, an attribute that is required: the operator can mend it, and nothing is lost.
            raise OutsideUnavailable(f"{error} to a new ticket: `abonent check` says what to mend") from error

    async def find(self, appeal: Appeal, at: Counterpart) -> Mapping[str, str]:
        await self._look(appeal, at)
        articles = await self.client.articles(int(at.remote_id))
        if articles is None:
            raise RemoteGone
        ours = {}
        for article in articles:
            if (found := _OURS.fullmatch(article.message_id or "")) is not None:
                ours[found[1]] = str(article.id)
        return ours

    async def add(self, appeal: Appeal, at: Counterpart, message: AppealMessage, data: bytes | None) -> str:
        by_subscriber = message.author is Author.subscriber
        article: dict[str, Any] = {
            "ticket_id": int(at.remote_id),
            "body": message.text or f"[{one_line(message.file_name, LONGEST_NAME)}]",
            "content_type": "text/plain",
            "type": "web" if by_subscriber else "note",
            "sender": "Customer" if by_subscriber else "Agent",
            "internal": False,
            "message_id": f"<message.{message.id}@{_HOST}>",
        }
        if data is not None:
            file = {
                "filename": one_line(message.file_name, LONGEST_NAME) or "file",
                "data": base64.b64encode(data).decode(),
                "mime-type": message.media_type or "application/octet-stream",
            }
            article["attachments"] = [file]
        elif message.file_name:
            article["body"] += f"\n{self._words.lost_file()}"
        made = await self.client.add_article(article)
        if made is None:
            raise RemoteGone
        return str(made)

    async def set_status(self, appeal: Appeal, at: Counterpart) -> str:
        ticket = await self._look(appeal, at)
        states = await self.states()
        if states.stands_for(ticket.state, appeal.status):
            # An agent who opens a new ticket begins with it: that is still to be taken in.
            began = appeal.status is AppealStatus.acknowledged and at.word
            return at.word if began else ticket.state
        if at.word and ticket.state != at.word:
            return at.word
        wanted = states.chosen(appeal.status)
        values: dict[str, Any] = {"state": wanted}
        if states.waits(wanted):
            until = appeal.closing_at or self._clock.now() + PENDING_FOR
            values["pending_time"] = max(until, self._clock.now() + timedelta(hours=1)).isoformat()
        if not await self.client.change_ticket(ticket.id, values):
            raise RemoteGone
        return wanted

    async def marked(self, marker: str) -> Ticket | None:
        """The ticket in which the article with this Message-ID is now."""
        found = await self.client.find({"article.message_id": {"operator": "is", "value": marker}})
        return min(found, key=lambda ticket: ticket.id) if found else None

    async def explain(self, ticket_id: int, articles: Sequence[Article], key: str, sentence: str) -> None:
        """A note among agents, once for each ``key``: why something that they did went no further."""
        marker = f"<notice.{re.sub(r'[^0-9A-Za-z.]', '-', key)}@{_HOST}>"
        if any(article.message_id == marker for article in articles):
            return
        note = {
            "ticket_id": ticket_id,
            "body": sentence,
            "content_type": "text/plain",
            "type": "note",
            "sender": "System",
            "internal": True,
            "message_id": marker,
        }
        try:
            await self.client.add_article(note)
        except HelpdeskRefused as error:
            log.error("note is refused", ticket=ticket_id, reason=str(error))

    async def _look(self, appeal: Appeal, at: Counterpart) -> Ticket:
        ticket = await self.client.ticket(int(at.remote_id))
        if ticket is None:
            raise RemoteGone
        if (await self.states(ticket.state)).is_merged(ticket.state):
            raise await self.merged(at, ticket)
        return ticket

    async def merged(self, at: Counterpart, ticket: Ticket) -> RemoteMoved | RemoteGone:
        """Where a merged ticket's articles went. Not followed into another person's ticket: that would show the one's
        answers to the other."""
        target = await self.marked(ticket_marker(at.appeal_id, at.generation))
        if target is None or target.id == ticket.id or target.customer_id != ticket.customer_id:
            return RemoteGone()
        return RemoteMoved(str(target.id))

    async def close(self) -> None:
        await self.client.close()


def _login(appeal: Appeal) -> str:
    if appeal.subscriber_id is not None:
        return f"abonent-{appeal.subscriber_id}"
    return f"abonent-chat-{hashlib.sha256(appeal.chat_id.encode()).hexdigest()[:16]}"
