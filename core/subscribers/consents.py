"""Consents to personal data processing: which document, which version, what was decided, when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, insert, select

from core.among import among
from core.delivery.writes import Write
from core.ids import new_id
from core.subscribers.tables import consents

PERSONAL_DATA = "personal-data"


class Decision(StrEnum):
    given = "given"
    refused = "refused"
    withdrawn = "withdrawn"


@dataclass(frozen=True, slots=True)
class Consent:
    version: str
    decision: Decision
    decided_at: datetime


def decide(chat_id: str, subscriber_id: str | None, version: str, decision: Decision, now: datetime) -> Write:
    """Records a decision. Earlier ones stay: the record is the proof."""
    values = {
        "id": new_id(now),
        "chat_id": chat_id,
        "subscriber_id": subscriber_id,
        "document": PERSONAL_DATA,
        "version": version,
        "decision": decision.value,
        "decided_at": now,
    }

    def apply(connection: Connection) -> None:
        connection.execute(insert(consents), values)

    return Write("record consent", apply)


def refusing(connection: Connection, ids: Sequence[str]) -> set[str]:
    """Those of ``ids`` whose last word on personal data was no. Who was not asked yet has said nothing."""
    about = consents.c.document == PERSONAL_DATA
    said_no = select(consents.c.subscriber_id).where(
        among(connection, consents.c.subscriber_id, ids), about, consents.c.decision != Decision.given.value
    )
    once = set(connection.execute(said_no).scalars())  # few: only they are looked at more closely
    if not once:
        return set()
    query = (
        select(consents.c.subscriber_id, consents.c.decision)
        .where(consents.c.subscriber_id.in_(once), about)
        .order_by(consents.c.decided_at, consents.c.id)
    )
    last = {row.subscriber_id: row.decision for row in connection.execute(query)}
    return {subscriber_id for subscriber_id, decision in last.items() if decision != Decision.given.value}


def last_of(connection: Connection, chat_id: str) -> Consent | None:
    """What was decided last in this chat."""
    query = (
        select(consents.c.version, consents.c.decision, consents.c.decided_at)
        .where(consents.c.chat_id == chat_id, consents.c.document == PERSONAL_DATA)
        .order_by(consents.c.decided_at.desc(), consents.c.id.desc())
        .limit(1)
    )
    row = connection.execute(query).first()
    return Consent(row.version, Decision(row.decision), row.decided_at) if row is not None else None
