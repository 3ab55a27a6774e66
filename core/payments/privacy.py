"""What payments say of a person: shown when they ask, made nameless when they ask, and removed in the end.

Accounting rules make the operator keep the payments themselves; where they were talked about is nobody's business.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, ScalarSelect, Select, delete, exists, func, select, update

from core.delivery.tasks import plan
from core.money import Money
from core.payments.autopay import privacy as autopay
from core.payments.models import CALLED_OFF, PAYABLE, PaymentStatus
from core.payments.service import ATTEND
from core.payments.tables import lines, notices, orders, postings, promises, troubles

_NEVER_PAID = (PaymentStatus.cancelled.value, PaymentStatus.expired.value)


def export(connection: Connection, subscriber_id: str) -> dict[str, Any]:
    """JSON types: sums are decimal strings, times ISO 8601 in UTC."""
    mine = connection.execute(
        select(orders).where(orders.c.subscriber_id == subscriber_id).order_by(orders.c.created_at)
    ).all()
    parts: dict[str, list[dict[str, str]]] = {}
    currency = {row.id: row.currency for row in mine}
    of_mine = select(orders.c.id).where(orders.c.subscriber_id == subscriber_id)
    for line in connection.execute(
        select(lines).where(lines.c.order_id.in_(of_mine)).order_by(lines.c.order_id, lines.c.position)
    ):
        sum_ = _sum(line.amount, currency[line.order_id])
        parts.setdefault(line.order_id, []).append({"account": line.account, "amount": sum_})
    asked = select(promises).where(promises.c.subscriber_id == subscriber_id).order_by(promises.c.asked_at)
    return {
        "orders": [
            {
                "number": row.id,
                "provider": row.provider,
                "status": row.status,
                "amount": _sum(row.amount, row.currency),
                "given_back": _sum(row.refunded, row.currency),
                "currency": row.currency,
                "accounts": parts.get(row.id, []),
                "chat_id": row.chat_id,
                "created_at": row.created_at.isoformat(),
                "expires_at": row.expires_at.isoformat(),
                "paid_at": row.paid_at.isoformat() if row.paid_at is not None else None,
            }
            for row in mine
        ],
        "promised": [
            {
                "account": row.account,
                "amount": _sum(row.amount, row.currency),
                "currency": row.currency,
                "status": row.status,
                "asked_at": row.asked_at.isoformat(),
                "until": row.until.isoformat(),
            }
            for row in connection.execute(asked)
        ],
        "auto": autopay.export(connection, subscriber_id),
    }


def _sum(minor: int, currency: str) -> str:
    return str(Money.from_minor(minor, currency).amount)


def erase(connection: Connection, subscriber_id: str, now: datetime) -> None:
    """Takes the chats out of the records, and what providers wrote of the payer; stops what is not paid yet.

    A charge of auto-payment that is at the provider already runs its course: nobody knows that it was not made.

    The payments stay, under a number that leads to nobody. A notice that is not worked off keeps its words until it is.
    """
    mine = orders.c.subscriber_id == subscriber_id
    autopay.erase(connection, subscriber_id, now)
    waiting = select(orders.c.id, orders.c.status).where(
        mine, orders.c.means == "", orders.c.status.in_([one.value for one in PAYABLE]), orders.c.expires_at > now
    )
    for row in connection.execute(waiting.with_for_update()).all():
        if row.status == PaymentStatus.created.value:
            ended = {"status": PaymentStatus.cancelled.value, "reason": CALLED_OFF, "attend_at": None}
            connection.execute(update(orders).where(orders.c.id == row.id).values(**ended))
        else:
            stopped = {"expires_at": now, "attend_at": now, "reason": CALLED_OFF}
            # The look-after stops it at the provider; money that is there already is taken all the same.
            connection.execute(update(orders).where(orders.c.id == row.id).values(**stopped))
            plan(f"pay:{row.id}:off", ATTEND, {"order": row.id}, now).apply(connection)
    connection.execute(update(orders).where(mine).values(chat_id="", confirmation=""))
    connection.execute(update(promises).where(promises.c.subscriber_id == subscriber_id).values(chat_id=""))
    told_of = exists().where(
        mine,
        (orders.c.provider == notices.c.provider) & (orders.c.provider_payment_id == notices.c.provider_payment_id)
        | (orders.c.id == notices.c.order_id),
    )
    connection.execute(update(notices).where(notices.c.status != "new", told_of).values(body="", payment=""))


def forget(connection: Connection, unpaid_before: datetime, forgotten: Select[tuple[str]]) -> int:
    """Removes orders that nobody paid and the notices of that time, and everything of these subscribers.

    What is still looked after, or waits for the staff, stays.
    """
    over = orders.c.attend_at.is_(None) & ~_in_trouble()
    unpaid = orders.c.status.in_(_NEVER_PAID) & (orders.c.created_at < unpaid_before)
    which = over & (unpaid | orders.c.subscriber_id.in_(forgotten))
    ids = select(orders.c.id).where(which)
    for table in (lines, postings, troubles):
        connection.execute(delete(table).where(table.c.order_id.in_(ids)))
    removed = connection.execute(delete(orders).where(which)).rowcount
    connection.execute(delete(notices).where(notices.c.status != "new", notices.c.received_at < unpaid_before))
    connection.execute(delete(promises).where(promises.c.subscriber_id.in_(forgotten)))
    autopay.forget(connection, unpaid_before, forgotten)
    return removed


def _in_trouble() -> ColumnElement[bool]:
    waits: ScalarSelect[int] = (
        select(func.count())
        .where(troubles.c.order_id == orders.c.id, troubles.c.resolved_at.is_(None))
        .scalar_subquery()
    )
    return waits > 0
