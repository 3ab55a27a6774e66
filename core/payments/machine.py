"""What may become of an order. The provider has the last word: money that comes late is money all the same."""

from __future__ import annotations

from datetime import datetime, timedelta

from core.payments.models import PAYABLE, PaymentOrder, PaymentStatus

_S = PaymentStatus

NEXT: dict[PaymentStatus, frozenset[PaymentStatus]] = {
    _S.created: frozenset({_S.opening, _S.paid, _S.cancelled, _S.expired, _S.aside}),
    _S.opening: frozenset({_S.open, _S.paid, _S.cancelled, _S.expired, _S.aside}),
    _S.open: frozenset({_S.paid, _S.cancelled, _S.expired, _S.aside}),
    _S.paid: frozenset({_S.posted, _S.aside}),
    _S.posted: frozenset({_S.refunded, _S.aside}),
    _S.refunded: frozenset(),
    # Somebody kept the bank's page open, or the bank took its refusal back.
    _S.cancelled: frozenset({_S.paid, _S.aside}),
    _S.expired: frozenset({_S.paid, _S.aside}),
    _S.aside: frozenset(),
}

FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=10), timedelta(minutes=30)
LATE_PAUSE = timedelta(hours=1)
LATE = timedelta(days=7)
"""How long after its end an unpaid order is still asked about: the slowest bank confirms within days."""

REFUNDS_SOUGHT = (timedelta(days=1), timedelta(days=7), timedelta(days=30))
"""How long after a payment the provider is asked whether it was given back: notices of that may be lost."""


def may(old: PaymentStatus, new: PaymentStatus) -> bool:
    return new in NEXT[old]


def pause(attended: int) -> timedelta:
    """Before the next look: 10 s, 15 s, 22 s ... half an hour."""
    return min(FIRST_PAUSE * 1.5 ** min(attended, 20), LONGEST_PAUSE)


def attend_at(order: PaymentOrder, attended: int, now: datetime, *, final: bool) -> datetime | None:
    """When to look after the order next; None when nothing more is expected. ``final``: the provider says so."""
    soon = now + pause(attended)
    if order.status is _S.paid or (order.status is _S.opening and not order.provider_payment_id):
        return soon if now < order.expires_at + LATE or order.status is _S.paid else None
    if order.status is _S.created:
        return order.expires_at
    if order.status in PAYABLE:
        return min(soon, order.expires_at) if now < order.expires_at else soon
    if order.status is _S.posted:
        return next((at for wait in REFUNDS_SOUGHT if (at := (order.paid_at or now) + wait) > now), None)
    waits = order.status in (_S.expired, _S.cancelled) and order.provider_payment_id and not final
    return max(soon, now + LATE_PAUSE) if waits and now < order.expires_at + LATE else None
