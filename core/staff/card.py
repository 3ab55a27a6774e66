"""The subscriber beside an appeal: who they are, where they can be written to, which accounts are theirs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from core.appeals import queries
from core.appeals.models import Appeal
from core.payments import store
from core.payments.models import PaymentOrder
from core.subscribers.links import chats_of, links_of
from core.subscribers.models import AccountLink, Chat
from core.subscribers.tables import chats, subscribers

PAYMENTS, APPEALS = 5, 6


@dataclass(frozen=True, slots=True)
class Card:
    """``subscriber_id`` is "" for somebody who has not registered; ``phone`` is whole: mask it before it is shown."""

    subscriber_id: str
    name: str
    phone: str
    email: str
    region: str
    since: datetime | None
    erased: bool
    chats: Sequence[Chat]
    links: Sequence[AccountLink]
    payments: Sequence[PaymentOrder]
    earlier: Sequence[Appeal]


def of_appeal(connection: Connection, appeal: Appeal) -> Card:
    """Whoever wrote the appeal, as they are now."""
    others = queries.of_person(connection, appeal.subscriber_id, appeal.chat_id)
    earlier = [one for one in others if one.id != appeal.id][:APPEALS]
    row = (
        connection.execute(select(subscribers).where(subscribers.c.id == appeal.subscriber_id)).first()
        if appeal.subscriber_id
        else None
    )
    if row is None:
        chat = connection.execute(select(chats).where(chats.c.chat_id == appeal.chat_id)).first()
        found = [Chat(**chat._mapping)] if chat is not None else []
        name = found[0].name if found else ""
        return Card("", name, appeal.contact, "", "", None, False, found, [], [], earlier)
    return Card(
        row.id,
        row.name,
        row.phone or "",
        row.email or "",
        row.region,
        row.created_at,
        row.erased_at is not None,
        chats_of(connection, [row.id]),
        links_of(connection, row.id),
        store.of_subscriber(connection, row.id, PAYMENTS, 0),
        earlier,
    )
