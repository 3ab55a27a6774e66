"""How payments are put into words: ways to pay, statuses, sums that people type."""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal

from core.money import Money, exponent
from core.payments.models import PaymentOrder, PaymentStatus
from core.payments.protocol import Means, Way
from fsm.account_words import spaced
from fsm.screen import Rich, lines
from fsm.texts import Translator

_DROPPED = re.compile(r"(?:руб(?:л(?:ей|я|ь))?|р(?=\W|$)|rub|roubles?|rubles?|₽|€|\$|тг|₸|byn|kzt|eur|usd)\.?", re.I)
_AMOUNT = re.compile(r"(?:\d{1,3}(?:([ .,'])\d{3})+|\d+)(?:[.,](\d{1,2}))?")
_LONGEST = 200  # characters: a sum is shorter, and thousands of spaces in one would be read for seconds
_KOPECKS = re.compile(r"^(.*?)\s*(\d{1,2})\s*(?:коп(?:е(?:ек|йки|йка))?|kop)\.?$", re.I)


def read_amount(typed: str, currency: str) -> Money | None:
    """``1 234,50``, ``1234.5 руб.``, ``1,234.50``, ``500р 20коп``; None for anything that may mean two sums."""
    if len(typed) > _LONGEST:
        return None
    text = unicodedata.normalize("NFKC", typed).strip()
    kopecks = ""
    if found := _KOPECKS.match(text):
        text, kopecks = found[1], found[2].zfill(2)
    text = " ".join(_DROPPED.sub(" ", text).split())
    match = _AMOUNT.fullmatch(text)
    if match is None or (kopecks and match[2]):
        return None
    fraction = match[2] or kopecks
    whole = text[: match.start(2) - 1] if match[2] else text
    marks = {char for char in whole if not char.isdigit()}
    if len(marks) > 1 or (match[2] and text[match.start(2) - 1] in marks):
        return None
    digits = "".join(char for char in whole if char.isdigit())
    if len(digits) > 9 or len(fraction) > exponent(currency) or not (digits + fraction).isascii():
        return None
    return Money(Decimal(f"{digits}.{fraction or '0'}"), currency)


def way_label(t: Translator, means: Means) -> str:
    """For a button."""
    match means.way:
        case Way.card:
            return t.t("💳 Bank card")
        case Way.fast:
            return t.t("⚡ Fast payment (SBP)")
        case Way.online:
            return t.t("🌐 Card or SBP")
        case Way.chat:
            return t.t("💬 Here in the chat")
        case Way.transfer:
            return t.t("🏦 QR code for a bank app")
        case Way.demo:
            return t.t("🏦 The demo's bank")


def status_word(t: Translator, status: PaymentStatus) -> str:
    match status:
        case PaymentStatus.created | PaymentStatus.opening | PaymentStatus.open:
            return t.t("⏳ waiting for payment")
        case PaymentStatus.paid:
            return t.t("✅ paid, on its way to the account")
        case PaymentStatus.posted:
            return t.t("✅ paid")
        case PaymentStatus.refunded:
            return t.t("↩️ given back")
        case PaymentStatus.cancelled:
            return t.t("✖️ cancelled")
        case PaymentStatus.expired:
            return t.t("⌛ the time is over")
        case PaymentStatus.aside:
            return t.t("🔎 being checked")


def what(t: Translator, order: PaymentOrder) -> Rich:
    """The accounts, with their sums where there are several."""
    if len(order.lines) == 1:
        return lines(t.t("Account {number}", number=spaced(order.lines[0].account)))
    return lines(
        *(t.t("Account {number}: {sum}", number=spaced(line.account), sum=t.money(line.amount)) for line in order.lines)
    )
