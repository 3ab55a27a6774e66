"""Promised payments: the service goes on for some days on the person's word, by the operator's terms."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, func, select, update

from core.billing.models import AccountNumber, AccountOverview, AccountState
from core.clock import Clock
from core.database import Database
from core.delivery.tasks import plan
from core.delivery.writes import Write, insert_new
from core.errors import Stale
from core.money import Money
from core.payments.tables import promises

POST_PROMISE = "post_promise"
"""The kind of the task that books a promise: {promise}."""


@dataclass(frozen=True, slots=True)
class PromiseTerms:
    """``most``: the largest debt that a promise covers. ``days``: how long. ``every``: days from one to the next."""

    most: Money
    days: int = 5
    every: int = 30


class PromiseStatus(StrEnum):
    asked = "asked"
    granted = "granted"
    refused = "refused"  # by the billing


@dataclass(frozen=True, slots=True)
class Promise:
    """``amount`` is the debt it covers; ``until`` the last day it holds."""

    id: str
    account: AccountNumber
    subscriber_id: str
    chat_id: str
    amount: Money
    asked_at: datetime
    until: date
    status: PromiseStatus


class No(StrEnum):
    """Why there is no promised payment now."""

    off = "off"
    closed = "closed"
    no_debt = "no_debt"
    too_much = "too_much"
    too_soon = "too_soon"


@dataclass(frozen=True, slots=True)
class Answer:
    """``no`` is None where a promise is possible; ``possible_from`` goes with ``too_soon``."""

    no: No | None
    amount: Money | None = None
    until: date | None = None
    possible_from: date | None = None


class Promises:
    """Terms None: the operator gives none."""

    def __init__(self, database: Database, clock: Clock, terms: PromiseTerms | None) -> None:
        self._database = database
        self._clock = clock
        self.terms = terms

    async def ask(self, overview: AccountOverview, zone: tzinfo) -> Answer:
        """Whether the account may have one now, and what it would be. Days are counted in ``zone``."""
        terms, now = self.terms, self._clock.now()
        if terms is None or terms.most.currency != overview.debt.currency:
            return Answer(No.off)
        if overview.state is AccountState.closed:
            return Answer(No.closed)
        if not overview.debt:
            return Answer(No.no_debt)
        last = await self._database.read(_last, overview.number)
        if last is not None and (free := last.asked_at + timedelta(days=terms.every)) > now:
            return Answer(No.too_soon, possible_from=(free + timedelta(days=1)).astimezone(zone).date())
        if overview.debt > terms.most:
            return Answer(No.too_much, amount=terms.most)
        return Answer(None, overview.debt, now.astimezone(zone).date() + timedelta(days=terms.days))

    async def give(self, account: AccountNumber, subscriber_id: str, chat_id: str, amount: Money, until: date) -> Write:
        """Records the promise and plans its booking; Stale when one was given meanwhile."""
        terms, now = self.terms, self._clock.now()
        # The account's n-th promise has one id: of two that are asked for at once, one finds the key taken.
        count = await self._database.read(_count, account)
        promise_id = hashlib.sha256(f"{account}|{count}".encode()).hexdigest()[:16]
        values = {
            "id": promise_id,
            "account": account,
            "subscriber_id": subscriber_id,
            "chat_id": chat_id,
            "currency": amount.currency,
            "amount": amount.minor,
            "asked_at": now,
            "until": until,
            "status": PromiseStatus.asked.value,
        }

        def apply(connection: Connection) -> None:
            last = _last(connection, account)
            if terms is None or (last is not None and last.asked_at + timedelta(days=terms.every) > now):
                raise Stale("promise: one was given meanwhile")
            insert_new("promise", promises, values).apply(connection)
            plan(f"promise:{promise_id}", POST_PROMISE, {"promise": promise_id}, now).apply(connection)

        return Write("give promise", apply)

    async def get(self, promise_id: str) -> Promise | None:
        return await self._database.read(_get, promise_id)

    async def of_account(self, account: AccountNumber, limit: int = 10) -> list[Promise]:
        """The newest first."""
        return await self._database.read(_of_account, account, limit)


def decide(connection: Connection, promise_id: str, status: PromiseStatus) -> bool:
    """Records the billing's answer; False when it is recorded already."""
    asked = update(promises).where(promises.c.id == promise_id, promises.c.status == PromiseStatus.asked.value)
    return connection.execute(asked.values(status=status.value)).rowcount == 1


def _last(connection: Connection, account: AccountNumber) -> Promise | None:
    """The newest that the billing has not refused."""
    living = promises.c.status != PromiseStatus.refused.value
    query = select(promises).where(promises.c.account == account, living).order_by(promises.c.asked_at.desc())
    row = connection.execute(query.limit(1)).first()
    return _promise(row) if row is not None else None


def _count(connection: Connection, account: AccountNumber) -> int:
    count: int = connection.execute(select(func.count()).where(promises.c.account == account)).scalar_one()
    return count


def _get(connection: Connection, promise_id: str) -> Promise | None:
    row = connection.execute(select(promises).where(promises.c.id == promise_id)).first()
    return _promise(row) if row is not None else None


def _of_account(connection: Connection, account: AccountNumber, limit: int) -> list[Promise]:
    query = select(promises).where(promises.c.account == account).order_by(promises.c.asked_at.desc()).limit(limit)
    return [_promise(row) for row in connection.execute(query)]


def _promise(row: Row[Any]) -> Promise:
    return Promise(
        id=row.id,
        account=row.account,
        subscriber_id=row.subscriber_id,
        chat_id=row.chat_id,
        amount=Money.from_minor(row.amount, row.currency),
        asked_at=row.asked_at,
        until=row.until,
        status=PromiseStatus(row.status),
    )
