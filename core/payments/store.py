"""Reads and writes the rows of payments; each function runs inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update

from core.delivery.writes import insert_for
from core.ids import new_id
from core.money import Money
from core.payments.models import (
    PAYABLE,
    PaymentLine,
    PaymentOrder,
    PaymentStatus,
    Posting,
    PostingKind,
    Trouble,
    TroubleKind,
)
from core.payments.tables import lines, orders, postings, troubles


def add_order(connection: Connection, order: PaymentOrder, attend_at: datetime) -> None:
    connection.execute(
        insert(orders).values(
            id=order.id,
            subscriber_id=order.subscriber_id,
            chat_id=order.chat_id,
            provider=order.provider,
            currency=order.amount.currency,
            amount=order.amount.minor,
            status=order.status.value,
            created_at=order.created_at,
            expires_at=order.expires_at,
            saves=order.saves,
            means=order.means,
            attend_at=attend_at,
        )
    )
    rows = [
        {"order_id": order.id, "position": n, "account": one.account, "amount": one.amount.minor, "own": one.own}
        for n, one in enumerate(order.lines)
    ]
    connection.execute(insert(lines), rows)


def load(connection: Connection, order_id: str, *, lock: bool = False) -> PaymentOrder | None:
    """``lock``: nobody else changes the order until this transaction ends (SQLite has one writer anyway)."""
    query = select(orders).where(orders.c.id == order_id)
    row = connection.execute(query.with_for_update() if lock else query).first()
    return _orders(connection, [row])[0] if row is not None else None


def find_by_provider(connection: Connection, provider: str, payment_id: str) -> PaymentOrder | None:
    query = select(orders).where(orders.c.provider == provider, orders.c.provider_payment_id == payment_id)
    row = connection.execute(query).first()
    return _orders(connection, [row])[0] if row is not None else None


def of_subscriber(connection: Connection, subscriber_id: str, limit: int, offset: int) -> list[PaymentOrder]:
    """The newest first."""
    query = (
        select(orders)
        .where(orders.c.subscriber_id == subscriber_id)
        .order_by(orders.c.created_at.desc(), orders.c.id.desc())
    )
    return _orders(connection, connection.execute(query.limit(limit).offset(offset)).all())


def payable_of(connection: Connection, subscriber_id: str, provider: str, now: datetime) -> list[PaymentOrder]:
    """What can still be paid, the newest first."""
    query = (
        select(orders)
        .where(orders.c.subscriber_id == subscriber_id, orders.c.provider == provider)
        .where(orders.c.status.in_([one.value for one in PAYABLE]), orders.c.expires_at > now)
        .where(orders.c.means == "", orders.c.saves.is_(False))  # auto-payment's own are no links to be given again
        .order_by(orders.c.created_at.desc(), orders.c.id.desc())
    )
    return _orders(connection, connection.execute(query).all())


def count_since(connection: Connection, subscriber_id: str, since: datetime) -> int:
    query = select(func.count()).where(orders.c.subscriber_id == subscriber_id, orders.c.created_at > since)
    return connection.execute(query).scalar_one()


def _orders(connection: Connection, rows: Sequence[Row[Any]]) -> list[PaymentOrder]:
    if not rows:
        return []
    query = select(lines).where(lines.c.order_id.in_([row.id for row in rows]))
    found: dict[str, list[Row[Any]]] = {}
    for line in connection.execute(query.order_by(lines.c.order_id, lines.c.position)):
        found.setdefault(line.order_id, []).append(line)
    return [
        PaymentOrder(
            id=row.id,
            subscriber_id=row.subscriber_id,
            chat_id=row.chat_id,
            provider=row.provider,
            amount=Money.from_minor(row.amount, row.currency),
            lines=tuple(
                PaymentLine(one.account, Money.from_minor(one.amount, row.currency), one.own)
                for one in found.get(row.id, ())
            ),
            status=PaymentStatus(row.status),
            created_at=row.created_at,
            expires_at=row.expires_at,
            provider_payment_id=row.provider_payment_id or "",
            confirmation=row.confirmation,
            paid_at=row.paid_at,
            refunded=Money.from_minor(row.refunded, row.currency),
            reason=row.reason,
            saves=row.saves,
            means=row.means,
        )
        for row in rows
    ]


def change_order(connection: Connection, order_id: str, **values: Any) -> None:
    connection.execute(update(orders).where(orders.c.id == order_id).values(**values))


def attended(connection: Connection, order_id: str) -> int:
    """How often the order was looked after."""
    count: int = connection.execute(select(orders.c.attended).where(orders.c.id == order_id)).scalar_one()
    return count


def take_due(connection: Connection, now: datetime, lease: timedelta, limit: int) -> list[tuple[str, int]]:
    """Orders to look after, with how often that was done; they come again after ``lease`` if nobody does."""
    query = (
        select(orders.c.id, orders.c.attended)
        .where(orders.c.attend_at <= now)
        .order_by(orders.c.attend_at)
        .limit(limit)
        .with_for_update(skip_locked=True)  # left out by SQLite, which has one writer
    )
    due = [(row.id, row.attended) for row in connection.execute(query)]
    if due:
        connection.execute(
            update(orders)
            .where(orders.c.id.in_([order_id for order_id, _ in due]))
            .values(attend_at=now + lease, attended=orders.c.attended + 1)
        )
    return due


# -- what the billing must know ------------------------------------------------------------------------------------


def postings_of(connection: Connection, order: PaymentOrder) -> list[Posting]:
    """In the order in which they must reach the billing."""
    query = select(postings).where(postings.c.order_id == order.id).order_by(postings.c.number)
    return [
        Posting(
            external_id=row.external_id,
            order_id=row.order_id,
            account=row.account,
            kind=PostingKind(row.kind),
            amount=Money.from_minor(row.amount, order.amount.currency),
            at=row.at,
            method=order.provider,
            posted_at=row.posted_at,
        )
        for row in connection.execute(query)
    ]


def add_postings(
    connection: Connection, order: PaymentOrder, kind: PostingKind, parts: Iterable[PaymentLine], at: datetime
) -> None:
    first = connection.execute(select(func.count()).where(postings.c.order_id == order.id)).scalar_one()
    rows = [
        {
            "external_id": f"ab-{order.id}-{number}",
            "order_id": order.id,
            "number": number,
            "account": part.account,
            "kind": kind.value,
            "amount": part.amount.minor,
            "at": at,
        }
        for number, part in enumerate(parts, first)
    ]
    connection.execute(insert(postings), rows)


def unposted(connection: Connection, accounts: Sequence[str]) -> frozenset[str]:
    """Accounts whose money has come and is not in the billing yet; what staff must look at apart."""
    query = (
        select(postings.c.account)
        .join(orders, orders.c.id == postings.c.order_id)
        .where(postings.c.account.in_(accounts), postings.c.posted_at.is_(None))
        .where(postings.c.kind == PostingKind.payment.value, orders.c.status != PaymentStatus.aside.value)
    )
    return frozenset(connection.execute(query).scalars())


def mark_posted(connection: Connection, external_id: str, now: datetime) -> None:
    connection.execute(
        update(postings)
        .where(postings.c.external_id == external_id, postings.c.posted_at.is_(None))
        .values(posted_at=now)
    )


# -- what the staff must see ---------------------------------------------------------------------------------------


def add_trouble(
    connection: Connection,
    kind: TroubleKind,
    order_id: str,
    provider: str,
    payment_id: str,
    said: str,
    now: datetime,
) -> Trouble | None:
    """None when it is known already."""
    trouble = Trouble(new_id(now), kind, order_id, provider, payment_id, said, now)
    values = {
        "id": trouble.id,
        "kind": kind.value,
        "order_id": order_id,
        "provider": provider,
        "provider_payment_id": payment_id,
        "said": said,
        "at": now,
    }
    statement = insert_for(connection, troubles).on_conflict_do_nothing().returning(troubles.c.id)
    return trouble if connection.execute(statement, values).first() is not None else None


def open_troubles(connection: Connection) -> list[Trouble]:
    query = select(troubles).where(troubles.c.resolved_at.is_(None)).order_by(troubles.c.at)
    return [Trouble(**{**row._mapping, "kind": TroubleKind(row.kind)}) for row in connection.execute(query)]


def resolve_trouble(connection: Connection, trouble_id: str, now: datetime) -> bool:
    done = update(troubles).where(troubles.c.id == trouble_id, troubles.c.resolved_at.is_(None))
    return connection.execute(done.values(resolved_at=now)).rowcount == 1
