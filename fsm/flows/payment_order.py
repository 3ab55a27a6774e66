"""One payment: the link with its QR code, how far it has come, the receipt; and the list of all of them."""

from __future__ import annotations

import asyncio
from datetime import datetime

from core.payments.models import PaymentLine, PaymentOrder, PaymentStatus
from fsm.account_words import spaced
from fsm.action import Action
from fsm.actions import (
    AnotherSum,
    AnotherWay,
    OpenAccounts,
    OpenAutopay,
    OpenPayment,
    OpenPaymentOrder,
    OpenPayments,
    OpenReceipt,
    PayAgain,
)
from fsm.payment_reads import lines_total
from fsm.payment_words import status_word, what
from fsm.receipt import has_receipt, receipt_name, receipt_pdf
from fsm.screen import (
    Choice,
    Document,
    Link,
    Picture,
    Rich,
    Screen,
    Tone,
    bold,
    lines,
    paragraphs,
    screen,
)
from fsm.state import State, entry
from fsm.talk import Talk
from fsm.told_payments import qr_png

PAGE = 6  # payments on a screen


class CheckPayment(Action, frozen=True, tag="pay.check"):
    """Asks the provider now."""

    order_id: str


class CallOff(Action, frozen=True, tag="pay.off"):
    """No payment is wanted any more."""

    order_id: str


class TurnPayments(Action, frozen=True, tag="pays.page"):
    page: int


class PaymentReady(State, frozen=True):
    """Ordered just now: here is the link. ``url`` is empty where the way to pay comes as a message of its own.

    ``asks``: the provider can be asked whether the money has come.
    """

    order_id: str
    parts: tuple[PaymentLine, ...]
    expires_at: datetime
    url: str = ""
    asks: bool = True
    settles = True

    async def show(self, talk: Talk) -> Screen:
        sum_ = talk.translator.money(lines_total(self.parts))
        if not self.url:
            return screen(
                paragraphs(
                    bold(talk.t("To pay: {sum}", sum=sum_)),
                    _accounts(talk, self.parts),
                    talk.t("One moment: I am preparing the payment and will send it here."),
                ),
                Choice(talk.t("🔄 Check now"), CheckPayment(self.order_id)) if self.asks else None,
                *self._others(talk),
                Choice(talk.t("✖️ Cancel the payment"), CallOff(self.order_id)),
            )
        return screen(
            paragraphs(
                bold(talk.t("To pay: {sum}", sum=sum_)),
                _accounts(talk, self.parts),
                talk.t("The link holds until {moment}.", moment=talk.translator.moment(self.expires_at)),
                talk.t("Somebody else can pay too: let them scan the code. I will write when the money has come."),
            ),
            Link(talk.t("💳 Pay {sum}", sum=sum_), self.url),
            Choice(talk.t("🔄 Check now"), CheckPayment(self.order_id)),
            *self._others(talk),
            Choice(talk.t("✖️ Cancel the payment"), CallOff(self.order_id)),
            picture=Picture(qr_png(self.url), "qr.png"),
        )

    def _others(self, talk: Talk) -> list[Choice]:
        several = len(talk.core.payments.ways(talk.chat.channel)) > 1
        way = [Choice(talk.t("Another way to pay"), AnotherWay(self.order_id))] if several else []
        return [Choice(talk.t("✏️ Another sum"), AnotherSum(self.order_id)), *way]

    def expects(self, talk: Talk) -> str:
        return talk.t("Press the button to pay, or let somebody scan the code.")


class OnePayment(State, frozen=True):
    """One payment and how far it has come."""

    order_id: str

    async def show(self, talk: Talk) -> Screen:
        order = await talk.core.payments.get(self.order_id, talk.subscriber.id)
        if order is None:
            return screen(talk.t("I do not know this payment."), Choice(talk.t("🧾 My payments"), OpenPayments()))
        return screen(
            paragraphs(
                lines(
                    bold(talk.translator.money(order.amount)),
                    status_word(talk.translator, order.seen(talk.now)),
                ),
                what(talk.translator, order),
                _transfer(talk, order),
                talk.t("Charged by auto-payment") if order.means else None,
                lines(*_moments(talk, order)),
            ),
            *_ways_on(talk, order),
        )


class CalledOff(State, frozen=True):
    """The person wants no payment; the bank may have been faster."""

    settles = True

    async def show(self, talk: Talk) -> Screen:
        return screen(
            talk.t("The payment is cancelled: the link no longer works. Money that is already on its way is not lost."),
            Choice(talk.t("💳 Pay again"), OpenPayment(), Tone.primary),
            Choice(talk.t("🧾 My payments"), OpenPayments()),
        )


class Payments(State, frozen=True):
    """All payments made through this bot, the newest first."""

    page: int = 0

    async def show(self, talk: Talk) -> Screen:
        page = max(self.page, 0)
        found = await talk.core.payments.of_subscriber(talk.subscriber.id, PAGE + 1, page * PAGE)
        if not found:
            return screen(
                talk.t("No payments were made here yet. Payments made elsewhere are in the account's history."),
                Choice(talk.t("💳 Pay"), OpenPayment(), Tone.primary),
                Choice(talk.t("💰 My accounts"), OpenAccounts()),
            )
        pages = (
            Choice(talk.t("‹ Newer"), TurnPayments(page - 1)) if page else None,
            Choice(talk.t("Older ›"), TurnPayments(page + 1)) if len(found) > PAGE else None,
        )
        return screen(
            paragraphs(bold(talk.t("Your payments")), *(_line(talk, order) for order in found[:PAGE])),
            *(Choice(_label(talk, order), OpenPaymentOrder(order.id)) for order in found[:PAGE]),
            tuple(one for one in pages if one is not None),
            Choice(talk.t("💳 Pay"), OpenPayment()),
            Choice(talk.t("🔁 Auto-payment"), OpenAutopay()) if talk.core.autopay.on else None,
        )

    async def on_page(self, talk: Talk, press: TurnPayments) -> Payments:
        return Payments(max(press.page, 0))


@entry(commands=("payments",))
async def open_payments(talk: Talk, action: OpenPayments) -> Payments:
    return Payments()


@entry()
async def open_order(talk: Talk, action: OpenPaymentOrder) -> OnePayment:
    """The id may be forged: the state shows nothing of somebody else's."""
    return OnePayment(action.order_id)


@entry()
async def check_payment(talk: Talk, action: CheckPayment) -> OnePayment:
    """The answer comes as a message of its own, as soon as the provider has given it."""
    order = await talk.core.payments.get(action.order_id, talk.subscriber.id)
    if order is not None and _by_transfer(talk, order):
        return OnePayment(action.order_id)
    if order is not None and order.payable(talk.now) and order.status is not PaymentStatus.created:
        talk.write(talk.core.payments.check_now(order.id))
        talk.tell(talk.t("I have asked the bank. As soon as it confirms, I will write here."))
    elif order is not None and order.status is PaymentStatus.created:
        talk.tell(talk.t("The link was not opened yet."))
    return OnePayment(action.order_id)


@entry()
async def call_off(talk: Talk, action: CallOff) -> CalledOff | OnePayment:
    order = await talk.core.payments.get(action.order_id, talk.subscriber.id)
    if order is None or order.means or not order.payable(talk.now):
        return OnePayment(action.order_id)
    talk.write(talk.core.payments.call_off(order.id, talk.subscriber.id))
    return CalledOff()


@entry()
async def open_receipt(talk: Talk, action: OpenReceipt) -> OnePayment:
    """The file first, then the payment."""
    order = await talk.core.payments.get(action.order_id, talk.subscriber.id)
    if order is not None and has_receipt(order):
        pdf = await asyncio.to_thread(receipt_pdf, talk.translator, order, talk.core.operator)
        document = Document(pdf, receipt_name(order), "application/pdf")
        talk.show_first(screen(talk.t("The receipt of your payment"), document=document, footer=False))
    return OnePayment(action.order_id)


def _ways_on(talk: Talk, order: PaymentOrder) -> list[Choice | Link]:
    if order.means and order.payable(talk.now):
        return [Choice(talk.t("🔁 Auto-payment"), OpenAutopay(order.lines[0].account)), _all(talk)]
    if order.payable(talk.now):
        means = talk.core.payments.means(order.provider)
        pay: list[Choice | Link] = []
        if means is not None and means.redirect:
            sum_ = talk.translator.money(order.amount)
            pay.append(Link(talk.t("💳 Pay {sum}", sum=sum_), talk.core.payments.link(order)))
        if means is not None and means.asks:
            pay.append(Choice(talk.t("🔄 Check now"), CheckPayment(order.id)))
        return [*pay, Choice(talk.t("✖️ Cancel the payment"), CallOff(order.id)), _all(talk)]
    if has_receipt(order):
        return [Choice(talk.t("🧾 Receipt"), OpenReceipt(order.id)), _all(talk)]
    if order.status is PaymentStatus.aside:
        return [_all(talk)]
    return [Choice(talk.t("💳 Pay again"), PayAgain(order.id), Tone.primary), _all(talk)]


def _by_transfer(talk: Talk, order: PaymentOrder) -> bool:
    means = talk.core.payments.means(order.provider)
    return means is not None and means.qr


def _transfer(talk: Talk, order: PaymentOrder) -> str | None:
    """No bank tells us of a transfer: nothing is promised, and nothing is said to have failed."""
    if not _by_transfer(talk, order):
        return None
    if order.payable(talk.now):
        return talk.t("I cannot see a bank transfer on its way. The account shows it when the bank has passed it on.")
    if order.seen(talk.now) is PaymentStatus.expired:
        return talk.t(
            "I no longer wait for this transfer. If you have made it, the account shows it when the bank has passed "
            "it on; nothing is lost."
        )
    return None


def _all(talk: Talk) -> Choice:
    return Choice(talk.t("🧾 My payments"), OpenPayments())


def _moments(talk: Talk, order: PaymentOrder) -> list[str]:
    moment = talk.translator.moment
    said = [talk.t("Ordered: {moment}", moment=moment(order.created_at))]
    if order.payable(talk.now) and not _by_transfer(talk, order):
        said.append(talk.t("Valid until: {moment}", moment=moment(order.expires_at)))
    if order.paid_at is not None:
        said.append(talk.t("Paid: {moment}", moment=moment(order.paid_at)))
    if order.refunded:
        said.append(talk.t("Given back: {sum}", sum=talk.translator.money(order.refunded)))
    said.append(talk.t("Payment number: {number}", number=order.id))
    return said


def _accounts(talk: Talk, parts: tuple[PaymentLine, ...]) -> Rich:
    if len(parts) == 1:
        return lines(talk.t("Account {number}", number=spaced(parts[0].account)))
    return lines(
        *(
            talk.t("Account {number}: {sum}", number=spaced(part.account), sum=talk.translator.money(part.amount))
            for part in parts
        )
    )


def _line(talk: Talk, order: PaymentOrder) -> Rich:
    day = talk.translator.day(order.created_at)
    status = status_word(talk.translator, order.seen(talk.now))
    return lines(f"{day} · {talk.translator.money(order.amount)}", status)


def _label(talk: Talk, order: PaymentOrder) -> str:
    mark = status_word(talk.translator, order.seen(talk.now)).split(" ")[0]
    return f"{mark} {talk.translator.short_day(order.created_at)} · {talk.translator.money(order.amount)}"
