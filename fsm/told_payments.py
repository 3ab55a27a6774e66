"""What payers are told when something becomes of their payment; it comes by itself, whatever they are doing."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import TypeAlias

import segno

from core.billing.models import AccountOverview
from core.delivery.messages import InvoiceCard
from core.payments.attendant import Facts
from core.payments.models import PaymentOrder
from core.payments.promises import Promise, PromiseStatus
from core.payments.protocol import Invoice
from core.payments.settle import News
from fsm.account_words import spaced
from fsm.actions import (
    OpenAccount,
    OpenAccounts,
    OpenPayment,
    OpenPaymentOrder,
    OpenPerson,
    OpenReceipt,
    PayAgain,
    SetUpAutopay,
)
from fsm.payment_words import what
from fsm.screen import Choice, Picture, Rich, Screen, Tone, bold, lines, paragraphs, screen
from fsm.texts import Translator

_DESCRIPTION = 255  # characters of an invoice's description; Telegram's limit

Say: TypeAlias = Callable[[Translator], Screen]
"""Draws a message in a chat's language."""


def news(t: Translator, order: PaymentOrder, happened: News, facts: Facts, *, repeats: bool = False) -> Screen:
    """``repeats``: auto-payment is offered with thanks for a payment."""
    match happened:
        case News.paid:
            return _paid(t, order, facts, repeats=repeats)
        case News.received:
            said = t.t(
                "The bank has confirmed your payment. Our billing system is slow right now: "
                "I will write as soon as the account shows it."
            )
            return screen(paragraphs(_head(t.t("✅ {sum} received", sum=t.money(order.amount))), what(t, order), said))
        case News.cancelled:
            said = t.t("No money was taken. You can try again whenever you like.")
            head = _head(t.t("✖️ The payment of {sum} did not go through", sum=t.money(order.amount)))
            return screen(paragraphs(head, what(t, order), said), _again(t, order), _account(t, order))
        case News.expired:
            said = t.t("Nothing was paid by the link, so it no longer works. Ask for a new one when you need it.")
            head = _head(t.t("⌛ The link for {sum} has expired", sum=t.money(order.amount)))
            return screen(paragraphs(head, what(t, order), said), _again(t, order))
        case News.refunded:
            back = order.refunded if order.refunded is not None else order.amount
            head = _head(t.t("↩️ Money was given back: {sum}", sum=t.money(back)))
            said = t.t("The bank returns it to where you paid from; that may take some days.")
            return screen(paragraphs(head, what(t, order), balances(t, order, facts), said), _account(t, order))
        case News.aside:
            head = _head(t.t("🔎 Your payment is being checked by hand"))
            said = t.t("What the bank reported differs from what you ordered. Nothing is lost: our staff look into it.")
            number = t.t("The payment's number is {number}.", number=order.id)
            return screen(paragraphs(head, what(t, order), said, number), Choice(t.t("🙋 A person"), OpenPerson()))
        case News.opened:
            return _opened(t, order, facts)


def _paid(t: Translator, order: PaymentOrder, facts: Facts, *, repeats: bool) -> Screen:
    restored = t.t("▶️ The service works again.") if facts.restored else ""
    return screen(
        paragraphs(
            _head(t.t("✅ Paid: {sum}. Thank you!", sum=t.money(order.amount))),
            what(t, order),
            balances(t, order, facts),
            restored,
        ),
        Choice(t.t("🧾 Receipt"), OpenReceipt(order.id)),
        Choice(t.t("🔁 Pay it automatically"), SetUpAutopay(order.lines[0].account)) if repeats else None,
        _account(t, order),
    )


def _opened(t: Translator, order: PaymentOrder, facts: Facts) -> Screen:
    head = _head(t.t("To pay: {sum}", sum=t.money(order.amount)))
    if facts.opened is None or not facts.opened.qr:
        invoice = facts.opened.invoice if facts.opened is not None else None
        return screen(
            paragraphs(head, what(t, order)),
            Choice(t.t("The payment"), OpenPaymentOrder(order.id)),
            invoice=_card(t, order, invoice) if invoice is not None else None,
        )
    said = t.t(
        "Scan the code in your bank's app, or open it from your pictures. The money comes in 1 to 3 days: the account "
        "shows it then, and I cannot see it earlier."
    )
    return screen(
        paragraphs(head, what(t, order), said),
        Choice(t.t("The payment"), OpenPaymentOrder(order.id)),
        picture=Picture(qr_png(facts.opened.qr), "qr.png"),
    )


def _card(t: Translator, order: PaymentOrder, invoice: Invoice) -> InvoiceCard:
    described = str(what(t, order))
    return InvoiceCard(
        title=invoice.title,
        description=described if len(described) <= _DESCRIPTION else invoice.description,
        payload=invoice.payload,
        amount=invoice.amount.minor,
        currency=invoice.amount.currency,
    )


def promised(t: Translator, promise: Promise, status: PromiseStatus) -> Screen:
    account = t.t("Account {number}", number=spaced(promise.account))
    if status is PromiseStatus.granted:
        head = _head(t.t("🤝 The promised payment is in force until {day}", day=t.day(promise.until)))
        said = t.t("Please pay {sum} by then, so that the service goes on.", sum=t.money(promise.amount))
        return screen(
            paragraphs(head, account, said), Choice(t.t("💳 Pay"), OpenPayment(promise.account), Tone.primary)
        )
    head = _head(t.t("The promised payment could not be given"))
    said = t.t("The billing system refused it. A person can tell you why.")
    return screen(paragraphs(head, account, said), Choice(t.t("🙋 A person"), OpenPerson()))


def qr_png(text: str) -> bytes:
    """A QR code that a phone reads off another phone's screen: 8 pixels a module, with the quiet zone it needs."""
    image = io.BytesIO()
    segno.make(text, error="m", micro=False).save(image, kind="png", scale=8, border=4)
    return image.getvalue()


def _head(text: str) -> Rich:
    return bold(text)


def balances(t: Translator, order: PaymentOrder, facts: Facts) -> Rich | None:
    """How the payer's own accounts stand now."""
    found = [facts.overviews[line.account] for line in order.lines if line.account in facts.overviews]
    if len(found) == 1:
        return lines(_standing(t, found[0]))
    return lines(*(f"{spaced(one.number)}: {_standing(t, one)}" for one in found)) if found else None


def _standing(t: Translator, overview: AccountOverview) -> str:
    if overview.balance.minor < 0:
        return t.t("Still to pay: {sum}", sum=t.money(overview.debt))
    if overview.balance.minor > 0:
        return t.t("On the account now: {sum}", sum=t.money(overview.balance))
    return t.t("Nothing more to pay.")


def _again(t: Translator, order: PaymentOrder) -> Choice:
    return Choice(t.t("💳 Pay again"), PayAgain(order.id), Tone.primary)


def _account(t: Translator, order: PaymentOrder) -> Choice | None:
    own = [line.account for line in order.lines if line.own]
    if not own:
        return None
    return Choice(t.t("💰 Balance & charges"), OpenAccount(own[0]) if len(own) == 1 else OpenAccounts())
