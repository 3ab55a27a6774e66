"""What a payer reads when an invoice in the chat cannot be paid: Telegram shows it over the invoice."""

from __future__ import annotations

from core.payments.models import PaymentOrder, PaymentStatus
from fsm.texts import Translator

_MADE = frozenset({PaymentStatus.paid, PaymentStatus.posted, PaymentStatus.refunded, PaymentStatus.aside})


def unknown(t: Translator) -> str:
    return t.t("This invoice cannot be paid. No money was taken. Please ask me for a new one.")


def over(t: Translator, order: PaymentOrder) -> str:
    if order.status in _MADE:
        return t.t("This invoice is paid already. No money was taken a second time.")
    return t.t("This invoice is no longer valid. No money was taken. Please ask me for a new one.")


def sorry(t: Translator) -> str:
    return t.t("I cannot take the payment right now. No money was taken. Please try again in a minute.")
