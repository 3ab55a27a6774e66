"""What the program asks of a payment provider, so that a bank is one module and one line in the wiring.

A provider is told of an order only after the order is in the database, and always from a task: a call may be repeated
any number of times, by several processes at once, and may be cut off at any point.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from core.errors import OutsideUnavailable
from core.money import Money
from core.payments.models import PaymentOrder

__all__ = [
    "Decline",
    "Invoice",
    "Keeper",
    "Means",
    "Notice",
    "Opened",
    "OutsideUnavailable",
    "PaymentProvider",
    "PaymentRefused",
    "ProviderPayment",
    "ProviderStatus",
    "Refused",
    "Saved",
    "Way",
]

LARGEST_NOTICE = 64 * 1024  # bytes; a bigger one is refused before it is read


class Way(StrEnum):
    """How paying looks to the person: which words the button bears. See fsm/payment_words.py."""

    card = "card"  # a bank card on the provider's page
    fast = "fast"  # the country's fast payments (SBP), by the bank's app
    online = "online"  # the provider's page, where the person chooses
    chat = "chat"  # an invoice in the chat itself
    transfer = "transfer"  # a QR code with the operator's bank details, read by any bank's app
    demo = "demo"  # the demo's bank


@dataclass(frozen=True, slots=True)
class Means:
    """What a provider can do.

    ``redirect``: gives an address to send the person to (our page at ``/pay/...`` leads there).
    ``invoice``: gives an invoice for the chat; ``qr``: gives a QR code's text. Exactly one of the three is true.
    ``asks``: ``look`` tells the truth; otherwise a notice is the only source (Telegram) or none is (a bank transfer).
    ``cancels``: ``cancel`` stops an unpaid payment. ``saves``: a means of payment can be kept for later charges.
    ``lifetime``: how long an order waits for its money, where the operator's usual time does not do.
    ``channels``: the messengers where it can be used ("telegram", "viber"); empty for all.
    ``languages``, limits and the like belong in the provider's own settings.
    """

    way: Way
    redirect: bool = False
    invoice: bool = False
    qr: bool = False
    asks: bool = True
    cancels: bool = True
    saves: bool = False
    lifetime: timedelta | None = None
    channels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Invoice:
    """For a messenger's own payments. ``payload`` comes back with the payment: the order's id."""

    title: str
    description: str
    payload: str
    amount: Money


@dataclass(frozen=True, slots=True)
class Opened:
    """The provider knows the order now. One of ``confirmation_url``, ``invoice`` and ``qr`` is given.

    ``confirmation_url`` must be https (http on this machine alone); it is stored, and given to whoever holds the link.
    """

    provider_payment_id: str  # at most 120 characters; "" where the provider names a payment only once it is made
    confirmation_url: str = ""
    invoice: Invoice | None = None
    qr: str = ""


class ProviderStatus(StrEnum):
    """A provider's own statuses are mapped to these in its module; what it does not know yet is ``pending``."""

    pending = "pending"  # not paid, may still be
    succeeded = "succeeded"  # the money is the operator's (captured); it stays so after a refund
    cancelled = "cancelled"  # final: it will never be paid


class Decline(StrEnum):
    """Why a saved means was not charged, as far as it decides what is done next."""

    declined = "declined"  # no reason that we could do anything about
    funds = "funds"  # not enough money, or a limit of the bank's
    holder = "holder"  # the bank wants the person themselves to confirm
    gone = "means_gone"  # expired, closed, taken back: it will never work again


@dataclass(frozen=True, slots=True)
class Saved:
    """A means of payment that the provider keeps. ``reference`` is its id there, at most 120 characters.

    ``title`` is for the person's eyes and masked: "Mir •• 4444", at most 60 characters.
    """

    reference: str
    title: str


@dataclass(frozen=True, slots=True)
class ProviderPayment:
    """The truth about a payment, as the provider says it now.

    ``amount`` is what the payer paid (or is to pay), before the provider's fee. ``order_id`` is the id that we gave
    when opening (metadata, client_reference_id, payload...), "" where the provider does not give it back.
    ``accounts``: the account numbers that the provider was told, where it gives them back.
    ``refunded`` is all that went back so far; None is nothing. ``saved``: what it was paid with is kept from now on.
    ``decline``: why a charge of a saved means was refused.
    """

    provider_payment_id: str
    status: ProviderStatus
    amount: Money
    order_id: str = ""
    accounts: tuple[str, ...] = ()
    paid_at: datetime | None = None  # aware UTC; the moment it is looked at, where the provider does not say
    refunded: Money | None = None
    saved: Saved | None = None
    decline: Decline | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice that was verified as far as the provider makes it possible.

    ``external_id`` names this event for ever, however often it is delivered: the provider's event id or, where there
    is none, something that follows from the event and its object ("payment.succeeded:2c5d...:succeeded"). At most
    200 characters. What the notice claims is not believed: the provider is asked (``look``). Only where it cannot be
    asked (``Means.asks`` is False) and the notice itself is authentic, ``payment`` carries what it says.
    """

    external_id: str
    event: str  # the provider's own word, at most 60 characters: for the log and the staff
    provider_payment_id: str
    order_id: str = ""
    payment: ProviderPayment | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """Not a notice of this provider's. ``reason`` goes to the log: no part of the body, no secret.

    ``http_status`` is what the sender gets: 403 for a wrong signature or source, 400 for what cannot be read,
    200 for what is authentic and of no interest (an event that we did not ask for).
    """

    reason: str
    http_status: int = 403


class PaymentRefused(Exception):
    """The provider will never open this order (a wrong sum, a closed shop): asking again is of no use."""

    def __init__(self, why: str, decline: Decline | None = None) -> None:
        super().__init__(why)
        self.decline = decline


class PaymentProvider(Protocol):
    """One way to pay. ``name`` is short ([a-z0-9_], at most 20): it stands in addresses and in the database.

    ``open``, ``look`` and ``cancel`` raise :class:`core.errors.OutsideUnavailable` when there is no certain answer:
    no connection, a time limit (at most 15 s), HTTP 5xx or 429, nonsense. They are called again later with the same
    arguments. Nothing is kept in memory between calls. No secret and no personal data go to the log.
    """

    @property
    def name(self) -> str: ...

    @property
    def means(self) -> Means: ...

    async def open(self, order: PaymentOrder, return_url: str, idempotency_key: str) -> Opened:
        """Opens the payment, or gives the one that the same key opened before: never a second one.

        Where ``order.saves``, what it will be paid with is to be kept; ``look`` says afterwards whether it was.
        ``return_url`` is our page that says "we are waiting for the bank". Raises PaymentRefused for a final no.
        """
        ...

    async def look(self, provider_payment_id: str) -> ProviderPayment | None:
        """What became of it; None when the provider certainly has no such payment."""
        ...

    async def cancel(self, provider_payment_id: str) -> None:
        """Stops an unpaid payment; does nothing for one that is paid or over. Never gives money back."""
        ...

    def read_notice(self, headers: Mapping[str, str], body: bytes, source_ip: str) -> Notice | Refused:
        """Checks and reads ``POST /payments/{name}/notice``. Header names are lower case; ``body`` is as it came.

        Must not raise, whatever arrives, nor wait for anything. ``source_ip`` is the sender's address.
        """
        ...

    async def close(self) -> None:
        """Gives connections back."""
        ...


class Keeper(Protocol):
    """What a provider can do besides, whose ``means.saves`` is true: charge what it keeps, without the person."""

    async def charge(self, order: PaymentOrder, reference: str, idempotency_key: str) -> ProviderPayment:
        """Charges, or tells what the same key came to: never a second charge, for 24 hours from the first try.

        A refusal of the bank's is a payment that is cancelled, with its ``decline``. Raises PaymentRefused where none
        was made and none will be, and OutsideUnavailable where nothing is certain: call again with the same key.
        """
        ...

    async def forget(self, reference: str) -> None:
        """The person wants it kept no longer. Does nothing where it is gone, or where the provider has no way to."""
        ...
