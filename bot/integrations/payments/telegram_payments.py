"""Telegram's own payments: an invoice in the chat, a yes or no before the money moves, and credit on its word alone.

Facts: https://core.telegram.org/bots/payments. Telegram cannot be asked about a payment: ``successful_payment`` is all.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Mapping

import structlog

from bot.integrations.payments.reading import cut, own_id
from core.clock import Clock
from core.money import Money
from core.operator import Operator
from core.payments.models import PaymentOrder
from core.payments.protocol import (
    Invoice,
    Means,
    Notice,
    Opened,
    PaymentRefused,
    ProviderPayment,
    ProviderStatus,
    Refused,
    Way,
)
from fsm import checkout_words
from fsm.texts import Translator, choose_language
from handlers.telegram.cashier import Checkout, Paid
from handlers.telegram.units import from_units, to_units

log = structlog.get_logger("payments.telegram")

NAME = "telegram"
TITLE, DESCRIPTION = 32, 255  # characters; core.telegram.org/bots/api#sendinvoice

LoadOrder = Callable[[str], Awaitable[PaymentOrder | None]]
KeepNotice = Callable[[str, Notice, bytes], Awaitable[bool]]
"""Writes a notice down and plans its task; False when it came before."""


class TelegramPayments:
    """Implements :class:`core.payments.protocol.PaymentProvider`. The invoice goes out through the outbox.

    The payment's id is Telegram's charge, which is born with the payment: a second one for the same order shows.
    """

    name = NAME
    means = Means(way=Way.chat, invoice=True, asks=False, cancels=False, channels=("telegram",))

    def __init__(self, operator: str) -> None:
        self._operator = operator

    async def open(self, order: PaymentOrder, return_url: str, idempotency_key: str) -> Opened:
        try:
            to_units(order.amount)
        except ValueError as error:
            raise PaymentRefused(str(error)) from None
        accounts = ", ".join(line.account for line in order.lines)
        invoice = Invoice(cut(self._operator, TITLE), cut(accounts, DESCRIPTION), order.id, order.amount)
        return Opened("", invoice=invoice)

    async def look(self, provider_payment_id: str) -> ProviderPayment | None:
        """Telegram answers no such question."""
        return None

    async def cancel(self, provider_payment_id: str) -> None:
        """The invoice stays in the chat, and paying it is refused before the money moves."""

    def read_notice(self, headers: Mapping[str, str], body: bytes, source_ip: str) -> Notice | Refused:
        """Telegram's word comes with the bot's updates, never to this address."""
        return Refused("Telegram sends no notices here", 404)

    async def close(self) -> None:
        """The bot's connection is the messenger's."""


class TelegramCashier:
    """Implements :class:`handlers.telegram.cashier.Cashier` on the orders."""

    def __init__(self, load: LoadOrder, keep: KeepNotice, clock: Clock, operator: Operator) -> None:
        self._load = load
        self._keep = keep
        self._clock = clock
        self._operator = operator

    async def may_pay(self, asked: Checkout) -> str:
        t = self._translator(asked.language)
        order_id = own_id(asked.payload)
        order = await self._load(order_id) if order_id else None
        if order is None or order.provider != NAME:
            return checkout_words.unknown(t)
        if not order.payable(self._clock.now()):
            return checkout_words.over(t, order)
        if (asked.amount, asked.currency) != (to_units(order.amount), order.amount.currency):
            log.error("a checkout asks for another sum than was ordered", order=order.id)
            return checkout_words.unknown(t)
        return ""

    def sorry(self, language: str) -> str:
        return checkout_words.sorry(self._translator(language))

    async def paid(self, payment: Paid) -> None:
        """The money has moved: whatever is wrong with it, it is written down, and found out later."""
        try:
            amount = from_units(payment.amount, payment.currency)
        except ValueError:
            # No sum of ours: nothing can agree with it, and the staff are to see it.
            log.error("a payment in the chat has a sum that its currency does not have")
            amount = Money.zero(self._operator.currency)
        order_id = own_id(payment.payload)
        # Both are Telegram's, and an id is at most 120 characters: a longer one would no longer be unique if cut.
        charge = payment.charge_id
        if len(charge) > 120:
            charge = hashlib.sha256(charge.encode()).hexdigest()
        truth = ProviderPayment(charge, ProviderStatus.succeeded, amount, order_id, paid_at=payment.at)
        notice = Notice(f"successful_payment:{charge}", "successful_payment", charge, order_id, truth)
        fresh = await self._keep(NAME, notice, b"")
        log.info("paid in the chat", order=order_id, fresh=fresh)

    def _translator(self, language: str) -> Translator:
        languages = self._operator.languages
        return Translator(choose_language(language, languages), self._operator.zone)
