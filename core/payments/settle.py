"""Decides what a provider's word about a payment means for its order: credited only when everything agrees."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection

from core.money import Money
from core.payments import machine, store
from core.payments.models import (
    CALLED_OFF,
    PAYABLE,
    PaymentLine,
    PaymentOrder,
    PaymentStatus,
    PostingKind,
    Trouble,
    TroubleKind,
)
from core.payments.protocol import ProviderPayment, ProviderStatus


class News(StrEnum):
    """What is worth telling the payer."""

    opened = "opened"  # an invoice or a QR code is there (what a link leads to is not told)
    received = "received"  # the money is there; the billing is slow to show it
    paid = "paid"  # the account has it
    cancelled = "cancelled"
    expired = "expired"
    refunded = "refunded"  # some or all of it went back
    aside = "aside"  # staff look into it


Alarm = Callable[[Connection, Trouble], None]
"""Hears of each trouble once, in the transaction that records it."""


def settle(
    connection: Connection, order_id: str, truth: ProviderPayment, now: datetime, alarm: Alarm
) -> list[tuple[PaymentOrder, News]]:
    """Applies the truth to the order in the caller's transaction; says what is to be told.

    The same truth again changes nothing. The order's next look-after is the caller's to set.
    """
    order = store.load(connection, order_id, lock=True)
    if order is None:
        return []
    if order.provider_payment_id and order.provider_payment_id != truth.provider_payment_id:
        if truth.status is ProviderStatus.succeeded:
            _trouble(connection, TroubleKind.second, order, truth, "a second payment for the same order", now, alarm)
        return []
    if not order.provider_payment_id:
        store.change_order(connection, order.id, provider_payment_id=truth.provider_payment_id)
        order = replace(order, provider_payment_id=truth.provider_payment_id)
    match truth.status:
        case ProviderStatus.succeeded:
            return _succeeded(connection, order, truth, now, alarm)
        case ProviderStatus.cancelled if order.status in PAYABLE:
            if order.reason == CALLED_OFF:
                store.change_order(connection, order.id, status=PaymentStatus.cancelled.value)
                return []
            reason = truth.decline.value if truth.decline is not None else "provider"
            store.change_order(connection, order.id, status=PaymentStatus.cancelled.value, reason=reason)
            return [(replace(order, status=PaymentStatus.cancelled, reason=reason), News.cancelled)]
        case _:
            return []


def _succeeded(
    connection: Connection, order: PaymentOrder, truth: ProviderPayment, now: datetime, alarm: Alarm
) -> list[tuple[PaymentOrder, News]]:
    if order.status is PaymentStatus.aside:
        return []
    if not machine.may(order.status, PaymentStatus.paid):
        _refunds(connection, order, truth, now, alarm)
        return []
    wrong = _mismatch(order, truth)
    if wrong is not None:
        kind, said = wrong
        _trouble(connection, kind, order, truth, said, now, alarm)
        paid_at = truth.paid_at or now
        store.change_order(connection, order.id, status=PaymentStatus.aside.value, reason=kind.value, paid_at=paid_at)
        return [(replace(order, status=PaymentStatus.aside, reason=kind.value), News.aside)]
    paid_at = truth.paid_at or now
    paid = replace(order, status=PaymentStatus.paid, paid_at=paid_at, reason="")
    store.change_order(connection, order.id, status=PaymentStatus.paid.value, paid_at=paid_at, reason="")
    store.add_postings(connection, order, PostingKind.payment, order.lines, paid_at)
    _refunds(connection, paid, truth, now, alarm)
    return []


def _mismatch(order: PaymentOrder, truth: ProviderPayment) -> tuple[TroubleKind, str] | None:
    if truth.order_id and truth.order_id != order.id:
        return TroubleKind.order, "the provider names another order"
    if truth.amount.currency != order.amount.currency:
        return TroubleKind.currency, f"ordered in {order.amount.currency}, paid in {truth.amount.currency}"
    if truth.amount != order.amount:
        return TroubleKind.amount, f"ordered {order.amount.amount}, paid {truth.amount.amount} {truth.amount.currency}"
    if truth.accounts and sorted(truth.accounts) != sorted(line.account for line in order.lines):
        return TroubleKind.account, "the provider names other accounts"
    return None


def _refunds(connection: Connection, order: PaymentOrder, truth: ProviderPayment, now: datetime, alarm: Alarm) -> None:
    """Records what went back since the last time. The provider says how much in all, never for which account."""
    currency = order.amount.currency
    before = order.refunded or Money.zero(currency)
    if truth.refunded is None:
        return
    if truth.refunded.currency != currency or truth.refunded > order.amount:
        _trouble(connection, TroubleKind.refund, order, truth, "more was given back than was paid", now, alarm)
        return
    if truth.refunded <= before:
        return
    parts = []
    passed = Money.zero(currency)
    for line in order.lines:  # the first line is given back first; the sums before and after decide each line's part
        part = _within(truth.refunded - passed, line.amount) - _within(before - passed, line.amount)
        if part:
            parts.append(PaymentLine(line.account, part, line.own))
        passed = passed + line.amount
    store.change_order(connection, order.id, refunded=truth.refunded.minor)
    store.add_postings(connection, order, PostingKind.refund, parts, now)


def _within(amount: Money, most: Money) -> Money:
    return max(Money.zero(amount.currency), min(amount, most))


def _trouble(
    connection: Connection,
    kind: TroubleKind,
    order: PaymentOrder,
    truth: ProviderPayment,
    said: str,
    now: datetime,
    alarm: Alarm,
) -> None:
    trouble = store.add_trouble(connection, kind, order.id, order.provider, truth.provider_payment_id, said, now)
    if trouble is not None:
        alarm(connection, trouble)
