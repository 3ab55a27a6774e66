"""Appeals as conversations use them: kept from the first word, numbered, never lost."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import msgspec
from sqlalchemy import Connection, delete, insert, select, update

from core.appeals import life, queries
from core.appeals.files import Stored, describe
from core.appeals.kinds import LINK, Kinds
from core.appeals.models import OPEN, SETTLED, Appeal, AppealStatus, Author, Thread
from core.appeals.records import add_message, load
from core.appeals.rules import AppealRules, Deadline
from core.appeals.tables import appeal_events, appeal_messages, appeal_posts, appeals
from core.clock import Clock
from core.database import Database
from core.delivery.tables import outbox
from core.delivery.tasks import plan
from core.delivery.writes import Write, change, insert_new
from core.errors import Stale
from core.ids import new_id
from core.subscribers.tables import subscribers

FETCH_FILE = "fetch_file"
"""The kind of the task that brings a file from the messenger: {channel, ref, chat, message, name}."""

MAX_TEXT = 7000  # characters of one message: the longest that a messenger brings
MAX_MESSAGES = 100  # of one appeal: whoever needs more is better served by a call
MAX_FILES = 10  # of a subscriber's in one appeal before it is sent, and again after each word of staff's
MAX_DRAFTS = 5  # of one chat: whoever has more begins none before one of them is sent or thrown away
FILES_A_DAY = 20  # from one chat, registered or not
SENT_A_DAY = 10  # appeals from one chat


class AppealService:
    """Reads appeals at once; changes are returned as writes for the turn that decided them."""

    def __init__(self, database: Database, clock: Clock, rules: AppealRules | None = None) -> None:
        self._database = database
        self._clock = clock
        self._last = 0
        self.rules = rules or AppealRules()

    @property
    def kinds(self) -> Kinds:
        return self.rules.kinds

    # -- what there is ---------------------------------------------------------------------------------------------

    async def get(self, appeal_id: str, subscriber_id: str | None, chat_id: str) -> Thread | None:
        """None also for somebody else's appeal."""
        thread = await self._database.read(load, appeal_id)
        return thread if thread is not None and thread.appeal.belongs_to(subscriber_id, chat_id) else None

    async def of_person(self, subscriber_id: str | None, chat_id: str) -> list[Appeal]:
        """The newest first, drafts left out. Without a subscriber: what was asked from this very chat."""
        return await self._database.read(queries.of_person, subscriber_id, chat_id)

    async def draft(self, subscriber_id: str | None, chat_id: str) -> Thread | None:
        """An appeal that was begun in this chat and not sent."""
        return await self._database.read(queries.draft_of, subscriber_id, chat_id)

    async def drafts(self, subscriber_id: str | None, chat_id: str) -> list[Thread]:
        """Everything that was begun in this chat and not sent, the newest first."""
        return await self._database.read(queries.drafts_of, subscriber_id, chat_id)

    async def replied_to(self, chat_id: str, message_id: str, subscriber_id: str | None) -> Thread | None:
        """The appeal that a message in this chat spoke of; None also where it is not this person's."""
        found = await self._database.read(queries.replied_to, chat_id, message_id)
        return await self.get(found, subscriber_id, chat_id) if found is not None else None

    async def file(self, key: str) -> Stored | None:
        """What is known of a kept file. The right to it is the right to the appeal that names it."""
        return await self._database.read(describe, key)

    async def may_send_files(self, chat_id: str) -> bool:
        """Whether the chat has not used up its day's files: they are all kept here, whoever sent them."""
        since = self._clock.now() - timedelta(days=1)
        return await self._database.read(queries.files_since, chat_id, since) < FILES_A_DAY

    async def may_send(self, chat_id: str) -> bool:
        """Whether the chat has not used up its day's appeals."""
        since = self._clock.now() - timedelta(days=1)
        return await self._database.read(queries.sent_since, chat_id, since) < SENT_A_DAY

    async def open_link_request(self, subscriber_id: str, number: str) -> Appeal | None:
        """The request to link this account that staff have not decided yet."""
        return await self._database.read(queries.open_link_request, subscriber_id, number)

    def answer_by(self, kind: str) -> Deadline:
        """By when staff answer what is sent now."""
        return self.rules.answer_by(kind, self._clock.now())

    def may_return(self, appeal: Appeal) -> bool:
        """Whether a decision can still be returned to work."""
        return life.may_return(appeal, self.rules, self._clock.now())

    # -- changes ---------------------------------------------------------------------------------------------------

    async def create(
        self,
        subscriber_id: str | None,
        chat_id: str,
        kind: str,
        *,
        account_number: str = "",
        contact: str = "",
        region: str = "",
        draft: bool = False,
    ) -> tuple[Appeal, Write]:
        """A new appeal without messages, and the write that keeps it.

        Numbers count up. Turns of this process never ask for the same one; when another process was faster the write
        is Stale, and the turn asks again. A turn that came to nothing leaves a gap.
        """
        taken = await self._database.read(queries.last_number)
        self._last = max(self._last, taken) + 1
        now = self._clock.now()
        appeal = Appeal(
            id=new_id(now),
            number=self._last,
            subscriber_id=subscriber_id,
            chat_id=chat_id,
            kind=kind,
            account_number=account_number,
            contact=contact,
            status=AppealStatus.draft,
            created_at=now,
            updated_at=now,
            region=region,
        )
        values = {
            "id": appeal.id,
            "number": appeal.number,
            "subscriber_id": subscriber_id,
            "chat_id": chat_id,
            "kind": kind,
            "account_number": account_number or None,
            "contact": contact or None,
            "region": region,
            "status": AppealStatus.draft.value,
            "created_at": now,
            "updated_at": now,
        }
        kept = insert_new("new appeal", appeals, values)

        def apply(connection: Connection) -> None:
            if kind == LINK and subscriber_id is not None:
                self._asks_once(connection, subscriber_id, account_number)
            kept.apply(connection)
            if not draft:
                life.sent(connection, appeal, self.rules, now)

        return appeal, Write(kept.name, apply)

    def may_write(self, appeal: Appeal) -> bool:
        """Whether more words may be added: until it is decided, and then for as long as it can be returned to work."""
        return life.may_write(appeal, self.rules, self._clock.now())

    @staticmethod
    def _asks_once(connection: Connection, subscriber_id: str, account_number: str) -> None:
        """One open request for an account, also when both messengers of a person ask in the same moment."""
        connection.execute(select(subscribers.c.id).where(subscribers.c.id == subscriber_id).with_for_update())
        if queries.open_link_request(connection, subscriber_id, account_number) is not None:
            raise Stale("new appeal: this account was asked for already")

    def append(self, appeal_id: str, text: str) -> Write:
        """The subscriber's words. What staff had answered or decided is with staff again.

        Stale when the term of returning it to work has passed.
        """
        return self._append(appeal_id, text, "", "")

    def attach(self, appeal_id: str, chat_id: str, ref: str, name: str, caption: str) -> list[Write]:
        """A file: its place in the thread now, its content as soon as it was fetched from the messenger."""
        now = self._clock.now()
        message_id = new_id(now)
        payload = {
            "channel": chat_id.partition(":")[0],
            "ref": ref,
            "chat": chat_id,
            "message": message_id,
            "name": name,
        }
        return [
            self._append(appeal_id, caption, name, message_id),
            plan(f"{FETCH_FILE}:{message_id}", FETCH_FILE, payload, now),
        ]

    def _append(self, appeal_id: str, text: str, file_name: str, message_id: str) -> Write:
        def do(connection: Connection, appeal: Appeal) -> None:
            now = self._clock.now()
            if not life.may_write(appeal, self.rules, now):
                raise Stale("append to appeal: too late")
            add_message(connection, appeal.id, Author.subscriber, text, now, file_name=file_name, id=message_id)
            life.heard(connection, appeal, self.rules, now)

        return self._step("append to appeal", appeal_id, do)

    def describe(
        self,
        appeal_id: str,
        *,
        kind: str | None = None,
        account_number: str | None = None,
        fields: Mapping[str, str] | None = None,
        contact: str | None = None,
    ) -> Write:
        """What a draft is about, and whom to call; Stale when it was sent already."""
        values: dict[str, Any] = {"updated_at": self._clock.now()}
        if kind is not None:
            values["kind"] = kind
        if account_number is not None:
            values["account_number"] = account_number or None
        if contact is not None:
            values["contact"] = contact or None
        if fields is not None:
            values["fields"] = msgspec.json.encode(dict(fields)).decode()
        statement = update(appeals).where(appeals.c.id == appeal_id, appeals.c.status == AppealStatus.draft.value)
        return change("describe appeal", statement.values(values))

    def send(self, appeal_id: str, contact: str, *, region: str = "") -> Write:
        """A draft goes to staff; Stale when it went already."""

        def do(connection: Connection, appeal: Appeal) -> None:
            life.sent(connection, appeal, self.rules, self._clock.now(), contact=contact or None, region=region)

        return self._step("send appeal", appeal_id, do, AppealStatus.draft)

    def empty(self, appeal_id: str) -> Write:
        """What was written in a draft is thrown away, to be written anew; Stale when it was sent already."""

        def do(connection: Connection, appeal: Appeal) -> None:
            connection.execute(delete(appeal_messages).where(appeal_messages.c.appeal_id == appeal.id))
            life.touch(connection, appeal, self.rules, self._clock.now())

        return self._step("empty draft", appeal_id, do, AppealStatus.draft)

    def drop(self, appeal_id: str) -> Write:
        """A draft is thrown away at its author's wish; what staff have seen is never deleted."""

        def apply(connection: Connection) -> None:
            gone = connection.execute(
                delete(appeals).where(appeals.c.id == appeal_id, appeals.c.status == AppealStatus.draft.value)
            )
            if gone.rowcount:
                connection.execute(delete(appeal_messages).where(appeal_messages.c.appeal_id == appeal_id))
                connection.execute(delete(appeal_events).where(appeal_events.c.appeal_id == appeal_id))

        return Write("drop draft", apply)

    def confirm(self, appeal_id: str) -> Write:
        """Solved, says the subscriber: it is closed. Stale when staff or silence were faster."""

        def do(connection: Connection, appeal: Appeal) -> None:
            life.confirmed(connection, appeal, self.rules, self._clock.now())

        return self._step("confirm appeal", appeal_id, do, *SETTLED)

    def withdraw(self, appeal_id: str) -> Write:
        """No answer is needed any more. Stale when it is decided already."""

        def do(connection: Connection, appeal: Appeal) -> None:
            life.withdrawn(connection, appeal, self.rules, self._clock.now())

        return self._step("withdraw appeal", appeal_id, do, *OPEN)

    def reopen(self, appeal_id: str, words: str) -> Write:
        """Back to work, with what is still wrong. Stale when it is not decided, or the operator's term is over."""

        def do(connection: Connection, appeal: Appeal) -> None:
            now = self._clock.now()
            if not life.may_return(appeal, self.rules, now):
                raise Stale("reopen appeal: too late")
            if words:
                add_message(connection, appeal.id, Author.subscriber, words, now)
            life.returned(connection, appeal, self.rules, now)

        return self._step("reopen appeal", appeal_id, do, *SETTLED, AppealStatus.closed)

    def spoke_of(self, appeal_id: str, chat_id: str, turn_id: str) -> Write:
        """What this turn says in the chat is about the appeal: an answer to it goes there."""

        def apply(connection: Connection) -> None:
            mine = select(outbox.c.id).where(outbox.c.chat_id == chat_id, outbox.c.turn_id == turn_id)
            rows = [
                {"outbox_id": row, "appeal_id": appeal_id, "message_id": None, "chat_id": chat_id}
                for row in connection.execute(mine).scalars()
            ]
            if rows:
                connection.execute(insert(appeal_posts), rows)

        return Write("spoke of appeal", apply)

    def rate(self, appeal_id: str, rating: int, words: str = "") -> Write:
        """1 to 5, with a word; rating again replaces it. Raises ValueError for another number."""
        if rating not in range(1, 6):
            raise ValueError(f"a rating of {rating}")

        def do(connection: Connection, appeal: Appeal) -> None:
            life.rated(connection, appeal, self.rules, rating, words, self._clock.now())

        return self._step("rate appeal", appeal_id, do, *SETTLED, AppealStatus.closed)

    def _step(
        self, name: str, appeal_id: str, do: Callable[[Connection, Appeal], None], *allowed: AppealStatus
    ) -> Write:
        """A step in the appeal's life, taken while nobody else takes one; Stale from a status that is not allowed."""

        def apply(connection: Connection) -> None:
            appeal = life.locked(connection, appeal_id)
            if appeal is None or (allowed and appeal.status not in allowed):
                raise Stale(f"{name}: it is {appeal.status if appeal is not None else 'not there'}")
            do(connection, appeal)

        return Write(name, apply)


__all__ = ["FETCH_FILE", "MAX_DRAFTS", "MAX_FILES", "MAX_MESSAGES", "MAX_TEXT", "OPEN", "AppealService"]
