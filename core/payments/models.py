"""What a payment is while it is on its way: an order with its lines, and how far it has come."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from core.billing.numbers import AccountNumber
from core.money import Money


class PaymentStatus(StrEnum):
    """How far an order has come. What may follow what is said in :mod:`core.payments.machine`."""

    created = "created"  # recorded; the provider has not heard of it
    opening = "opening"  # the provider is being asked to open it
    open = "open"  # the provider waits for the person
    paid = "paid"  # the provider has the money; the billing does not know it yet
    posted = "posted"  # the billing knows: the person's account has the money
    refunded = "refunded"  # all of it went back to the payer
    cancelled = "cancelled"  # the person or the bank said no
    expired = "expired"  # nobody paid in time
    aside = "aside"  # what was paid is not what was ordered: a person decides


FINISHED = frozenset(
    {PaymentStatus.posted, PaymentStatus.refunded, PaymentStatus.cancelled, PaymentStatus.expired, PaymentStatus.aside}
)
"""Nothing more is expected; the provider may surprise us all the same."""

PAYABLE = frozenset({PaymentStatus.created, PaymentStatus.opening, PaymentStatus.open})
"""The link leads to the provider."""


CALLED_OFF = "payer"
"""The reason of an order that its person wants no more: they know, and are told nothing."""


@dataclass(frozen=True, slots=True)
class PaymentLine:
    """What one account gets of an order. ``own`` is False for an account that the payer has no right to see."""

    account: AccountNumber
    amount: Money  # positive
    own: bool = True


@dataclass(frozen=True, slots=True)
class PaymentOrder:
    """One payment that somebody wants to make. ``amount`` is the sum of its lines.

    ``id`` is unguessable, stays the same for ever and is the idempotency key at the provider. ``confirmation`` is
    what the provider gave for the person to go on with: an address, or a QR code's text.
    """

    id: str
    subscriber_id: str
    chat_id: str  # where it was asked for, and where "paid" is said
    provider: str
    amount: Money
    lines: tuple[PaymentLine, ...]
    status: PaymentStatus
    created_at: datetime
    expires_at: datetime
    provider_payment_id: str = ""
    confirmation: str = ""
    paid_at: datetime | None = None
    refunded: Money | None = None
    reason: str = ""  # why it was cancelled or put aside, as a short key
    saves: bool = False  # the payer has agreed that what they pay with is kept for auto-payment
    means: str = ""  # charged by auto-payment: the id of the saved means

    def payable(self, now: datetime) -> bool:
        return self.status in PAYABLE and now < self.expires_at

    def seen(self, now: datetime) -> PaymentStatus:
        """For a reader an order whose time is over is over, even before the look-after has come by."""
        if self.status not in PAYABLE or now < self.expires_at:
            return self.status
        return PaymentStatus.cancelled if self.reason == CALLED_OFF else PaymentStatus.expired


class PostingKind(StrEnum):
    payment = "payment"
    refund = "refund"


@dataclass(frozen=True, slots=True)
class Posting:
    """One movement that the billing must know. ``external_id`` is unique for ever: the billing books it once."""

    external_id: str
    order_id: str
    account: AccountNumber
    kind: PostingKind
    amount: Money  # positive for both kinds
    at: datetime  # when the money moved
    method: str  # for the billing's eyes: the provider's name
    posted_at: datetime | None = None


class TroubleKind(StrEnum):
    """Why money was not credited by itself."""

    amount = "amount"  # another sum than ordered
    currency = "currency"
    account = "account"  # the provider names other accounts
    order = "order"  # the provider names another order, or none of ours
    second = "second"  # a second payment for an order that has one
    refund = "refund"  # more went back than was paid
    billing = "billing"  # the billing refuses to book it
    unsure = "unsure"  # a charge of a saved means of which the provider never said what became


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something for the staff: ``abonent payments list`` shows it."""

    id: str
    kind: TroubleKind
    order_id: str
    provider: str
    provider_payment_id: str
    said: str  # in words for the staff, without personal data
    at: datetime
    resolved_at: datetime | None = None
