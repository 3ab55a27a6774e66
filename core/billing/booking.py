"""Books what was paid through us, gave back and promised, each external id once, on the embedded tables."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from core.billing.models import AccountNumber, AccountState
from core.billing.protocol import CannotBook
from core.billing.tables import accounts, payments, postings
from core.delivery.writes import insert_for
from core.money import Money


def book(
    connection: Connection,
    kind: str,
    account: AccountNumber,
    amount: Money,
    external_id: str,
    *,
    day: date,
    method: str,
    now: datetime,
    serves: bool,
) -> None:
    """A ``payment`` raises the balance, a ``refund`` lowers it. Raises CannotBook.

    ``serves``: a suspended account whose debt is covered is served again (where these tables decide that).
    """
    owner = _owner(connection, account, amount)
    if not _first_time(connection, kind, account, amount, external_id, now):
        return
    moved = amount.minor if kind == "payment" else -amount.minor
    row = {"account": account, "id": external_id, "date": day, "amount": moved, "method": method[:200]}
    connection.execute(insert(payments).values(**row))
    values: dict[str, Any] = {"balance": accounts.c.balance + moved, "balance_at": now}
    if serves and owner.state == AccountState.suspended and owner.balance + moved + owner.credit_limit >= 0:
        values["state"] = AccountState.active.value
    connection.execute(update(accounts).where(accounts.c.number == account).values(**values))


def promise(
    connection: Connection,
    account: AccountNumber,
    amount: Money,
    until: date,
    external_id: str,
    *,
    now: datetime,
    serves: bool,
) -> None:
    """Serves a suspended account on the promise that ``amount`` is paid by ``until``. Raises CannotBook."""
    owner = _owner(connection, account, amount)
    if not _first_time(connection, "promise", account, amount, external_id, now, until):
        return
    if serves and owner.state == AccountState.suspended and owner.balance + amount.minor >= 0:
        connection.execute(update(accounts).where(accounts.c.number == account).values(state=AccountState.active.value))


def _owner(connection: Connection, account: AccountNumber, amount: Money) -> Row[Any]:
    # The row is taken for writing first: two bookings of one account wait for each other.
    owner = connection.execute(select(accounts).where(accounts.c.number == account).with_for_update()).first()
    if owner is None:
        raise CannotBook("no such account")
    if amount.minor <= 0 or amount.currency != owner.currency:
        raise CannotBook(f"an amount above zero in {owner.currency} is wanted")
    return owner


def _first_time(
    connection: Connection,
    kind: str,
    account: AccountNumber,
    amount: Money,
    external_id: str,
    now: datetime,
    until: date | None = None,
) -> bool:
    values = {"external_id": external_id, "account": account, "kind": kind, "amount": amount.minor}
    fresh = insert_for(connection, postings).on_conflict_do_nothing().returning(postings.c.external_id)
    if connection.execute(fresh, values | {"booked_at": now, "until": until}).first() is not None:
        return True
    there = connection.execute(select(postings).where(postings.c.external_id == external_id)).one()
    if any(getattr(there, name) != value for name, value in values.items()):
        raise CannotBook("something else was booked under this id")
    return False
