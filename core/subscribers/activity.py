"""The archive of actions: what was done in a subscriber's name, when, and from which messenger."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, insert, select

from core.delivery.writes import Write
from core.ids import new_id
from core.subscribers.tables import activity

PAGE = 8  # lines that fit a phone's screen


class Did(StrEnum):
    """What was done. The values lie in the database: add, never rename."""

    registered = "registered"
    signed_in = "signed_in"
    signed_out = "signed_out"  # a chat was closed
    cut_off = "cut_off"  # "it was not me"
    linked = "linked"
    unlinked = "unlinked"
    link_revoked = "link_revoked"
    name_changed = "name_changed"
    phone_changed = "phone_changed"
    region_changed = "region_changed"
    email_confirmed = "email_confirmed"
    email_removed = "email_removed"
    data_shown = "data_shown"
    appealed = "appealed"
    autopay_on = "autopay_on"
    autopay_off = "autopay_off"
    card_forgotten = "card_forgotten"


@dataclass(frozen=True, slots=True)
class Deed:
    """One line of the archive. ``what`` may be of a newer version of the program than this one."""

    what: str
    detail: str
    chat_id: str
    at: datetime

    @property
    def channel(self) -> str:
        return self.chat_id.partition(":")[0]


def did(subscriber_id: str, chat_id: str, what: Did, now: datetime, detail: str = "") -> Write:
    """The write that adds a line. ``detail``: an account number, a masked phone; never a secret."""
    values = {
        "id": new_id(now),
        "subscriber_id": subscriber_id,
        "chat_id": chat_id,
        "what": what.value,
        "detail": detail[:200],
        "at": now,
    }

    def apply(connection: Connection) -> None:
        connection.execute(insert(activity), values)

    return Write("add to the archive", apply)


def page_of(connection: Connection, subscriber_id: str, page: int) -> tuple[list[Deed], bool]:
    """The newest first; and whether older ones follow. Pages count from 0."""
    query = (
        select(activity.c.what, activity.c.detail, activity.c.chat_id, activity.c.at)
        .where(activity.c.subscriber_id == subscriber_id)
        .order_by(activity.c.at.desc(), activity.c.id.desc())
        .offset(max(page, 0) * PAGE)
        .limit(PAGE + 1)
    )
    deeds = [Deed(*row) for row in connection.execute(query)]
    return deeds[:PAGE], len(deeds) > PAGE
