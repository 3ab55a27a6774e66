"""Reads and writes the rows of auto-payment; each function runs inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, Table, func, or_, select, update

from core.billing.numbers import AccountNumber
from core.delivery.writes import insert_for
from core.money import Money
from core.payments.autopay.models import LIVING, Charge, ChargeStatus, Rule, RuleStatus, SavedMeans, Trigger, Why
from core.payments.autopay.tables import charges, means, rules

LIVE = [one.value for one in LIVING]
_TAKEN = [ChargeStatus.charging.value, ChargeStatus.done.value]

# -- saved means ---------------------------------------------------------------------------------------------------


def load_means(connection: Connection, means_id: str) -> SavedMeans | None:
    row = connection.execute(select(means).where(means.c.id == means_id)).first()
    return _means(row) if row is not None else None


def means_of(connection: Connection, subscriber_id: str) -> list[SavedMeans]:
    """Those that may be charged, the oldest first."""
    query = select(means).where(means.c.subscriber_id == subscriber_id, means.c.ended_at.is_(None))
    return [_means(row) for row in connection.execute(query.order_by(means.c.created_at, means.c.id))]


def end_means(connection: Connection, means_id: str, now: datetime) -> bool:
    living = update(means).where(means.c.id == means_id, means.c.ended_at.is_(None))
    return connection.execute(living.values(ended_at=now)).rowcount == 1


# -- rules ---------------------------------------------------------------------------------------------------------


def load_rule(connection: Connection, rule_id: str, *, lock: bool = False) -> Rule | None:
    """``lock``: nobody else changes the rule or its charges until this transaction ends."""
    query = select(rules).where(rules.c.id == rule_id)
    row = connection.execute(query.with_for_update() if lock else query).first()
    return _rule(row) if row is not None else None


def find_rules(connection: Connection, *which: ColumnElement[bool], lock: bool = False) -> list[Rule]:
    """In the order of their ids, so that whoever locks several never waits crosswise."""
    query = select(rules).where(*which).order_by(rules.c.id)
    return [_rule(row) for row in connection.execute(query.with_for_update() if lock else query)]


def rules_of(connection: Connection, subscriber_id: str) -> list[Rule]:
    return find_rules(connection, rules.c.subscriber_id == subscriber_id, rules.c.status != RuleStatus.off.value)


def change_rule(connection: Connection, rule_id: str, /, **values: Any) -> None:
    connection.execute(update(rules).where(rules.c.id == rule_id).values(**values))


def claim_rules(connection: Connection, now: datetime, lease: timedelta, limit: int) -> list[Rule]:
    """Active rules that are to be weighed; they come again after ``lease`` if nobody does."""
    due = select(rules).where(rules.c.look_at <= now, rules.c.status == RuleStatus.active.value)
    return [_rule(row) for row in _claim(connection, rules, due, now, lease, limit)]


# -- charges -------------------------------------------------------------------------------------------------------


def add_charge(connection: Connection, values: dict[str, Any]) -> bool:
    """False when this occurrence is on record, or the rule has a living charge: somebody was faster."""
    statement = insert_for(connection, charges).on_conflict_do_nothing().returning(charges.c.id)
    return connection.execute(statement, values).first() is not None


def load_charge(connection: Connection, charge_id: str, *, lock: bool = False) -> Charge | None:
    query = select(charges).where(charges.c.id == charge_id)
    row = connection.execute(query.with_for_update() if lock else query).first()
    return _charge(row) if row is not None else None


def charge_of_order(connection: Connection, order_id: str) -> Charge | None:
    row = connection.execute(select(charges).where(charges.c.order_id == order_id)).first()
    return _charge(row) if row is not None else None


def living_charge(connection: Connection, rule_id: str) -> Charge | None:
    row = connection.execute(select(charges).where(charges.c.rule_id == rule_id, charges.c.status.in_(LIVE))).first()
    return _charge(row) if row is not None else None


def being_made(connection: Connection, accounts: Sequence[AccountNumber]) -> frozenset[AccountNumber]:
    """Those of the accounts for which a bank is being asked at this moment, whoever's rule it is."""
    query = select(charges.c.account).where(
        charges.c.account.in_(accounts), charges.c.status == ChargeStatus.charging.value
    )
    return frozenset(connection.execute(query).scalars())


def charges_of(connection: Connection, rule_id: str, limit: int) -> list[Charge]:
    """The newest first."""
    query = select(charges).where(charges.c.rule_id == rule_id)
    found = connection.execute(query.order_by(charges.c.created_at.desc(), charges.c.id.desc()).limit(limit))
    return [_charge(row) for row in found]


def change_charge(connection: Connection, charge_id: str, /, **values: Any) -> None:
    connection.execute(update(charges).where(charges.c.id == charge_id).values(**values))


def end_charge(connection: Connection, charge_id: str, status: ChargeStatus, reason: str, now: datetime) -> None:
    change_charge(connection, charge_id, status=status.value, reason=reason, look_at=None, ended_at=now)


def claim_charges(connection: Connection, now: datetime, lease: timedelta, limit: int) -> list[Charge]:
    """Announced charges whose time has come."""
    due = select(charges).where(charges.c.look_at <= now, charges.c.status == ChargeStatus.announced.value)
    return [_charge(row) for row in _claim(connection, charges, due, now, lease, limit)]


def spent(connection: Connection, subscriber_id: str, account: AccountNumber, month: str, currency: str) -> Money:
    """What auto-payment has taken in a month for an account, or may have taken, by whatever rule of this person's."""
    counted = or_(charges.c.status.in_(_TAKEN), charges.c.reason == Why.unsure.value)
    query = select(func.coalesce(func.sum(charges.c.taken), 0)).where(
        charges.c.subscriber_id == subscriber_id, charges.c.account == account, charges.c.month == month, counted
    )
    return Money.from_minor(int(connection.execute(query).scalar_one()), currency)


# -- rows ----------------------------------------------------------------------------------------------------------


def _claim(
    connection: Connection, table: Table, due: Select[Any], now: datetime, lease: timedelta, limit: int
) -> Sequence[Row[Any]]:
    # SQLite, which has one writer, leaves SKIP LOCKED out.
    found = connection.execute(due.order_by(table.c.look_at).limit(limit).with_for_update(skip_locked=True)).all()
    if found:
        ids = [row.id for row in found]
        connection.execute(update(table).where(table.c.id.in_(ids)).values(look_at=now + lease))
    return found


def _means(row: Row[Any]) -> SavedMeans:
    return SavedMeans(
        row.id, row.subscriber_id, row.provider, row.reference, row.title, row.ended_at is None, row.created_at
    )


def _rule(row: Row[Any]) -> Rule:
    return Rule(
        id=row.id,
        subscriber_id=row.subscriber_id,
        account=row.account,
        chat_id=row.chat_id,
        means_id=row.means_id,
        order_id=row.order_id,
        trigger=Trigger(row.trigger),
        day=row.day,
        threshold=Money.from_minor(row.threshold, row.currency),
        topup=Money.from_minor(row.topup, row.currency),
        limit=Money.from_minor(row.month_limit, row.currency),
        status=RuleStatus(row.status),
        reason=row.reason,
        failures=row.failures,
        due_on=row.due_on,
        created_at=row.created_at,
    )


def _charge(row: Row[Any]) -> Charge:
    return Charge(
        id=row.id,
        rule_id=row.rule_id,
        occurrence=row.occurrence,
        account=row.account,
        amount=Money.from_minor(row.amount, row.currency),
        taken=Money.from_minor(row.taken, row.currency) if row.taken is not None else None,
        charge_at=row.charge_at,
        status=ChargeStatus(row.status),
        reason=row.reason,
        order_id=row.order_id,
        tries=row.tries,
        created_at=row.created_at,
    )
