"""What auto-payment says of a person: shown, ended and made nameless when they ask, and removed in the end."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, delete, exists, or_, select

from core.money import Money
from core.payments.autopay.ending import forget_person
from core.payments.autopay.tables import charges, means, rules
from core.payments.models import FINISHED
from core.payments.tables import orders


def export(connection: Connection, subscriber_id: str) -> dict[str, Any]:
    """JSON types: sums are decimal strings, times ISO 8601 in UTC."""
    kept = select(means).where(means.c.subscriber_id == subscriber_id).order_by(means.c.created_at)
    mine = select(rules).where(rules.c.subscriber_id == subscriber_id).order_by(rules.c.created_at)
    made = select(charges).where(charges.c.subscriber_id == subscriber_id).order_by(charges.c.created_at)
    return {
        "saved_cards": [
            {
                "title": row.title,
                "provider": row.provider,
                "saved_at": row.created_at.isoformat(),
                "forgotten_at": _moment(row.ended_at),
            }
            for row in connection.execute(kept)
        ],
        "rules": [
            {
                "account": row.account,
                "when": row.trigger,
                "day": row.day,
                "threshold": _sum(row.threshold, row.currency),
                "sum": _sum(row.topup, row.currency),
                "limit_a_month": _sum(row.month_limit, row.currency),
                "currency": row.currency,
                "status": row.status,
                "reason": row.reason,
                "chat_id": row.chat_id,
                "created_at": row.created_at.isoformat(),
                "ended_at": _moment(row.ended_at),
            }
            for row in connection.execute(mine)
        ],
        "charges": [
            {
                "account": row.account,
                "announced": _sum(row.amount, row.currency),
                "charged": _sum(row.taken, row.currency) if row.taken is not None else None,
                "currency": row.currency,
                "status": row.status,
                "reason": row.reason,
                "payment": row.order_id,
                "charge_at": row.charge_at.isoformat(),
            }
            for row in connection.execute(made)
        ],
    }


def _sum(minor: int, currency: str) -> str:
    return str(Money.from_minor(minor, currency).amount)


def _moment(value: datetime | None) -> str | None:
    return value.isoformat() if value is not None else None


def erase(connection: Connection, subscriber_id: str, now: datetime) -> None:
    """Nothing is charged any more; the providers are told to keep no card."""
    forget_person(connection, subscriber_id, now)


def forget(connection: Connection, before: datetime, forgotten: Select[tuple[str]]) -> None:
    """Removes what ended before then, and everything of these subscribers. A charge under way keeps what it needs."""
    finished = [status.value for status in FINISHED]
    under_way = exists().where(orders.c.means == means.c.id, orders.c.status.not_in(finished))
    old = or_(charges.c.ended_at < before, charges.c.subscriber_id.in_(forgotten))
    connection.execute(delete(charges).where(charges.c.ended_at.is_not(None), old))
    empty = ~exists().where(charges.c.rule_id == rules.c.id)
    ended = or_(rules.c.ended_at < before, rules.c.subscriber_id.in_(forgotten))
    connection.execute(delete(rules).where(rules.c.ended_at.is_not(None), ended, empty))
    gone = or_(means.c.ended_at < before, means.c.subscriber_id.in_(forgotten))
    connection.execute(delete(means).where(means.c.ended_at.is_not(None), gone, ~under_way))
