"""The words of the page behind a payment link, chosen by how far the payment has come."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from core.payments.models import PAYABLE, PaymentOrder, PaymentStatus
from fsm.texts import Translator


@dataclass(frozen=True, slots=True)
class PageWords:
    """``tone``: waiting, good, bad or plain. ``button`` is empty where nothing can be pressed.

    ``refresh`` is in seconds, 0 for a page that stays as it is.
    """

    title: str
    text: str
    tone: str = "plain"
    button: str = ""
    refresh: int = 0
    sum: str = ""
    accounts: tuple[str, ...] = ()
    details: tuple[tuple[str, str], ...] = ()
    account_label: str = ""


def masked(number: str) -> str:
    """The last four characters: enough to know one's own account, too little to know somebody's."""
    return "•••• " + number[-4:] if len(number) > 5 else "••••"


def pay_page(t: Translator, order: PaymentOrder, now: datetime) -> PageWords:
    """What the link shows."""
    words = _status(t, order, now)
    if words is not None:
        return _with_order(t, order, words)
    until = t.moment(order.expires_at)
    return _with_order(
        t,
        order,
        PageWords(
            t.t("Payment"),
            _next_page(t, order),
            button=t.t("Pay {sum}", sum=t.money(order.amount)),
            details=((t.t("Valid until"), until),),
        ),
    )


def _next_page(t: Translator, order: PaymentOrder) -> str:
    said = t.t("The bank's page opens next. Please compare the sum there with this one.")
    if not order.saves:
        return said
    kept = t.t(
        "By paying you agree that this card is kept for auto-payment; it is switched off in the chat at any time."
    )
    return f"{said} {kept}"


def preparing_page(t: Translator, order: PaymentOrder, now: datetime) -> PageWords:
    """Pressed, and the provider has not answered yet."""
    words = _status(t, order, now)
    if words is None:
        said = t.t("This takes a few seconds. The page goes on by itself.")
        words = PageWords(t.t("Opening the bank's page…"), said, "waiting", button=t.t("Go on"), refresh=3)
    return _with_order(t, order, words)


def back_page(t: Translator, order: PaymentOrder, now: datetime) -> PageWords:
    """Where the provider sends the person back to."""
    if order.status in PAYABLE:
        said = t.t(
            "As soon as the bank confirms, you will read it in the chat. You may close this page. "
            "If you have not paid, you can still do so."
        )
        title = t.t("Waiting for the bank's confirmation")
        words = PageWords(title, said, "waiting", button=t.t("Back to the payment"), refresh=4)
        return _with_order(t, order, words)
    words = _status(t, order, now) or PageWords(t.t("Payment"), "")
    return _with_order(t, order, words)


def new_link(t: Translator, messenger: str) -> str:
    """The button of a link that is over."""
    return t.t("New link in {messenger}", messenger=messenger)


def unknown_page(t: Translator) -> PageWords:
    return PageWords(
        t.t("There is no such link"),
        t.t("Perhaps a part of the address was lost. Please open the link from the chat again, or ask for a new one."),
        "bad",
    )


def failed_page(t: Translator) -> PageWords:
    return PageWords(
        t.t("Something went wrong on our side"),
        t.t("Nothing was taken. Please try again in a few minutes."),
        "bad",
    )


def _status(t: Translator, order: PaymentOrder, now: datetime) -> PageWords | None:
    """None while the order can be paid."""
    match order.seen(now):
        case PaymentStatus.paid | PaymentStatus.posted:
            said = t.t("Thank you! The new balance and the receipt are in the chat.")
            return PageWords(t.t("Paid"), said, "good")
        case PaymentStatus.refunded:
            return PageWords(t.t("The money was given back"), t.t("The bank returns it to where you paid from."))
        case PaymentStatus.aside:
            said = t.t("What the bank reported differs from what was ordered. Nothing is lost: our staff look into it.")
            return PageWords(t.t("The payment is being checked"), said, "waiting")
        case PaymentStatus.cancelled:
            said = t.t("No money was taken. Ask for a new link in the chat.")
            return PageWords(t.t("The payment was cancelled"), said, "bad")
        case PaymentStatus.expired:
            said = t.t("No money was taken. Ask for a new link in the chat.")
            return PageWords(t.t("The link has expired"), said, "bad")
        case _:
            return None


def _with_order(t: Translator, order: PaymentOrder, words: PageWords) -> PageWords:
    return PageWords(
        words.title,
        words.text,
        words.tone,
        words.button,
        words.refresh,
        t.money(order.amount),
        tuple(masked(line.account) for line in order.lines),
        words.details,
        t.n("Account", "Accounts", len(order.lines)),
    )
