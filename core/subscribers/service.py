"""Subscribers and their chats: who they are, where they are signed in, and what they may change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select, update
from sqlalchemy.exc import IntegrityError

from core.clock import Clock
from core.database import Database
from core.delivery.tables import conversations, outbox
from core.delivery.tasks import plan
from core.delivery.writes import Write, change, insert_new
from core.errors import Stale
from core.operator import Operator
from core.payments.autopay.ending import leave_chats
from core.subscribers import activity, consents, privacy
from core.subscribers.activity import Deed, Did
from core.subscribers.consents import Consent, Decision
from core.subscribers.models import Chat, Subscriber
from core.subscribers.tables import chats, subscribers
from core.subscribers.tables import consents as consents_table

WARN_NUMBER = "warn_number"
"""The kind of the task that tells a number that it is a person's no more: {phone, text}."""

BARRED_FOR = timedelta(hours=24)
"""How long a chat may not register after somebody said that it was not them."""


@dataclass(frozen=True, slots=True)
class Session:
    """A chat in which a subscriber is signed in; ``seen_at`` is when they last did something there."""

    chat: Chat
    seen_at: datetime | None


class SubscriberService:
    """Reads at once; changes are returned as writes for the turn that decided them."""

    def __init__(self, database: Database, clock: Clock, operator: Operator) -> None:
        self._database = database
        self._clock = clock
        self._operator = operator

    # -- who -------------------------------------------------------------------------------------------------------

    async def by_phone(self, phone: str) -> Subscriber | None:
        """Ask only for whoever has proved the number: the answer tells whether somebody is registered."""
        return await self._database.read(_by_phone, phone)

    def create(self, subscriber_id: str, phone: str, name: str, region: str) -> Write:
        """Stale when somebody has registered with the phone meanwhile."""
        values = {
            "id": subscriber_id,
            "phone": phone,
            "name": name,
            "region": region,
            "created_at": self._clock.now(),
        }
        return insert_new("create subscriber", subscribers, values)

    def set_phone(self, subscriber_id: str, phone: str) -> Write:
        """A proved number. Stale when it has become somebody else's meanwhile."""
        change_it = self._set("change phone", subscriber_id, phone=phone)

        def apply(connection: Connection) -> None:
            try:
                change_it.apply(connection)
            except IntegrityError as error:
                raise Stale("change phone: somebody has it") from error

        return Write(change_it.name, apply)

    def set_name(self, subscriber_id: str, name: str) -> Write:
        return self._set("change name", subscriber_id, name=name)

    def set_region(self, subscriber_id: str, region: str) -> Write:
        """``region`` is a code of :mod:`core.regions`."""
        return self._set("change region", subscriber_id, region=region)

    def set_email(self, subscriber_id: str, email: str | None) -> Write:
        """A confirmed address, or None to remove it."""
        return self._set("change e-mail", subscriber_id, email=email)

    def _set(self, what: str, subscriber_id: str, **values: Any) -> Write:
        living = (subscribers.c.id == subscriber_id) & subscribers.c.erased_at.is_(None)
        return change(what, update(subscribers).where(living).values(**values))

    # -- where they are signed in ----------------------------------------------------------------------------------

    async def sessions(self, subscriber_id: str) -> list[Session]:
        """The chats in which the subscriber is signed in, the oldest first."""
        return await self._database.read(_sessions, subscriber_id)

    async def chats_of(self, subscriber_id: str) -> list[Chat]:
        return [session.chat for session in await self.sessions(subscriber_id)]

    async def chat(self, chat_id: str) -> Chat | None:
        """Any chat, whoever it belongs to: check before it is shown."""
        return await self._database.read(_chat, chat_id)

    def attach(self, chat_id: str, subscriber_id: str) -> Write:
        """The chat becomes the subscriber's, with the consent that was given in it.

        Stale when it is somebody's already, is barred, or the subscriber asked to be forgotten.
        """
        now = self._clock.now()

        def apply(connection: Connection) -> None:
            living = select(subscribers.c.id).where(
                subscribers.c.id == subscriber_id, subscribers.c.erased_at.is_(None)
            )
            if connection.execute(living).first() is None:
                raise Stale("attach chat: the subscriber is gone")
            free = (chats.c.barred_until.is_(None)) | (chats.c.barred_until <= now)
            result = connection.execute(
                update(chats)
                .where(chats.c.chat_id == chat_id, chats.c.subscriber_id.is_(None), free)
                .values(subscriber_id=subscriber_id, joined_at=now, barred_until=None)
            )
            if result.rowcount != 1:
                raise Stale("attach chat: it is taken or barred")
            connection.execute(
                update(consents_table)
                .where(consents_table.c.chat_id == chat_id, consents_table.c.subscriber_id.is_(None))
                .values(subscriber_id=subscriber_id)
            )

        return Write("attach chat", apply)

    def close(self, chat_ids: Sequence[str], subscriber_id: str, turn_id: str, *, here: str = "") -> Write:
        """Signs the subscriber out of these chats; one that is not theirs (any more) is left alone.

        ``here`` is the chat of this very turn ``turn_id``: it is signed out, and keeps the state that the turn leaves.
        """
        now = self._clock.now()

        def apply(connection: Connection) -> None:
            sign_out(connection, chat_ids, subscriber_id, turn_id, now, here=here)

        return Write("close chats", apply)

    def cut_off(self, chat_id: str, subscriber_id: str, turn_id: str) -> Write:
        """Signs the subscriber out of a chat that is not theirs, and keeps it from registering for 24 hours.

        Stale when it is not one of the subscriber's chats any more.
        """
        now = self._clock.now()
        until = now + BARRED_FOR

        def apply(connection: Connection) -> None:
            if not sign_out(connection, [chat_id], subscriber_id, turn_id, now):
                raise Stale("cut off: the chat is signed out already")
            connection.execute(update(chats).where(chats.c.chat_id == chat_id).values(barred_until=until))

        return Write("cut off", apply)

    def forget_name(self, chat_id: str) -> Write:
        """The name that the messenger says is personal data, too: without consent it is not kept."""
        nobodys = (chats.c.chat_id == chat_id) & chats.c.subscriber_id.is_(None)
        return change("forget the chat's name", update(chats).where(nobodys).values(name=""), rows=None)

    def let_back(self, chat_id: str) -> Write:
        """It was them after all: the bar is taken away, unless somebody has signed in there since."""
        statement = (
            update(chats).where(chats.c.chat_id == chat_id, chats.c.subscriber_id.is_(None)).values(barred_until=None)
        )
        return change("let the chat back", statement, rows=None)

    # -- consent, archive ------------------------------------------------------------------------------------------

    async def consent_in(self, chat_id: str) -> Consent | None:
        """What was decided last in this chat about personal data."""
        return await self._database.read(consents.last_of, chat_id)

    def decide(self, chat_id: str, decision: Decision, subscriber_id: str | None = None) -> Write:
        """Records the decision on the document's present version."""
        version = self._operator.privacy_version
        return consents.decide(chat_id, subscriber_id, version, decision, self._clock.now())

    def warn_number(self, phone: str, text: str, turn_id: str) -> Write:
        """An SMS to a number that was a person's until now: whoever holds it learns of the change."""
        return plan(f"number:{turn_id}", WARN_NUMBER, {"phone": phone, "text": text}, self._clock.now())

    def did(self, subscriber_id: str, chat_id: str, what: Did, detail: str = "") -> Write:
        """A line of the archive of actions."""
        return activity.did(subscriber_id, chat_id, what, self._clock.now(), detail)

    async def archive(self, subscriber_id: str, page: int = 0) -> tuple[list[Deed], bool]:
        """A page of the archive, the newest first; and whether older ones follow."""
        return await self._database.read(activity.page_of, subscriber_id, page)

    # -- what is kept ----------------------------------------------------------------------------------------------

    async def export_data(self, subscriber_id: str) -> dict[str, Any]:
        """Everything that is kept about the subscriber, as JSON types."""
        return await self._database.read(privacy.export, subscriber_id, self._clock.now())

    def erase(self, subscriber_id: str, chat_id: str, turn_id: str) -> Write:
        """Forgets the subscriber (see :func:`core.subscribers.privacy.erase`), asked for in ``chat_id`` by ``turn_id``.

        Stale when it is done already.
        """
        now = self._clock.now()
        version = self._operator.privacy_version

        def apply(connection: Connection) -> None:
            privacy.erase(connection, subscriber_id, chat_id, turn_id, version, now)

        return Write("forget", apply)


def sign_out(
    connection: Connection, chat_ids: Sequence[str], subscriber_id: str, turn_id: str, now: datetime, *, here: str = ""
) -> int:
    """How many chats were signed out. Their conversations are wiped: nothing that was shown there can be gone back to.

    The version grows, so that a turn that is being worked out there meanwhile runs again and finds itself signed out.
    What still waits to be sent there is not sent any more, apart from what ``turn_id`` itself says.
    """
    mine = (chats.c.chat_id.in_(chat_ids)) & (chats.c.subscriber_id == subscriber_id)
    found = list(connection.execute(select(chats.c.chat_id).where(mine)).scalars())
    connection.execute(update(chats).where(chats.c.chat_id.in_(found)).values(subscriber_id=None, joined_at=None))
    others = [chat_id for chat_id in found if chat_id != here]
    connection.execute(
        update(conversations)
        .where(conversations.c.chat_id.in_(others))
        .values(state="", version=conversations.c.version + 1)
    )
    waiting = (outbox.c.chat_id.in_(found)) & (outbox.c.status == "pending") & (outbox.c.turn_id != turn_id)
    connection.execute(update(outbox).where(waiting).values(status="dropped", reason="signed out"))
    if found:
        leave_chats(connection, subscriber_id, now)
    return len(found)


def _by_phone(connection: Connection, phone: str) -> Subscriber | None:
    row = connection.execute(select(subscribers).where(subscribers.c.phone == phone)).first()
    if row is None:
        return None
    return Subscriber(row.id, row.phone, row.name, row.region, row.email, row.created_at)


def _chat(connection: Connection, chat_id: str) -> Chat | None:
    row = connection.execute(select(chats).where(chats.c.chat_id == chat_id)).first()
    return Chat(**row._mapping) if row is not None else None


def _sessions(connection: Connection, subscriber_id: str) -> list[Session]:
    query = (
        select(chats, conversations.c.heard_at)
        .outerjoin(conversations, conversations.c.chat_id == chats.c.chat_id)
        .where(chats.c.subscriber_id == subscriber_id)
        .order_by(chats.c.joined_at, chats.c.chat_id)
    )
    found = []
    for row in connection.execute(query):
        values = dict(row._mapping)
        seen_at = values.pop("heard_at")
        found.append(Session(Chat(**values), seen_at))
    return found
