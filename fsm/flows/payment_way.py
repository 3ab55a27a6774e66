"""By which way to pay, and the order that comes of it; and how a typed sum is taken."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from core.money import Money
from core.payments.models import PaymentLine, PaymentOrder
from core.payments.protocol import Means
from fsm.action import Action
from fsm.actions import AnotherWay
from fsm.flows.payment_order import OnePayment, PaymentReady
from fsm.payment_reads import lines_total, out_of_limits
from fsm.payment_words import read_amount, way_label
from fsm.screen import Choice, Screen, bold, lines, screen
from fsm.state import State, entry
from fsm.talk import Talk

SOON_OVER = timedelta(minutes=15)
"""A link that ends sooner is not worth showing again."""

DOUBLE_TAP = timedelta(minutes=1)


class TakeWay(Action, frozen=True, tag="pay.way"):
    name: str


class ChooseWay(State, frozen=True):
    """By which way; skipped where there is only one. ``instead``: the order that is then wanted no more."""

    parts: tuple[PaymentLine, ...]
    instead: str = ""
    unfinished = True

    async def show(self, talk: Talk) -> Screen:
        ways = talk.core.payments.ways(talk.chat.channel)
        sum_ = talk.translator.money(lines_total(self.parts))
        return screen(
            lines(bold(talk.t("To pay: {sum}", sum=sum_)), talk.t("How do you want to pay?")),
            *(Choice(way_label(talk.translator, means), TakeWay(name)) for name, means in ways.items()),
        )

    async def on_way(self, talk: Talk, press: TakeWay) -> PaymentReady | ChooseWay:
        if press.name not in talk.core.payments.ways(talk.chat.channel):
            return self
        return await make_ready(talk, self.parts, press.name, self.instead)


@entry()
async def another_way(talk: Talk, action: AnotherWay) -> ChooseWay | OnePayment:
    """The payment that was made ready stays until another takes its place."""
    order = await talk.core.payments.get(action.order_id, talk.subscriber.id)
    if order is None or not order.payable(talk.now):
        return OnePayment(action.order_id)
    return ChooseWay(order.lines, order.id)


async def proceed(talk: Talk, parts: tuple[PaymentLine, ...], instead: str = "") -> ChooseWay | PaymentReady:
    ways = list(talk.core.payments.ways(talk.chat.channel))
    return await make_ready(talk, parts, ways[0], instead) if len(ways) == 1 else ChooseWay(parts, instead)


def first_way(ways: Mapping[str, Means]) -> str:
    """The way for somebody who was not asked: one with a link that also leads elsewhere, the operator's first."""
    return next((name for name, means in ways.items() if means.redirect), next(iter(ways)))


async def make_ready(talk: Talk, parts: tuple[PaymentLine, ...], way: str, instead: str = "") -> PaymentReady:
    """An order for exactly this: the one that is open already, or a new one. ``instead`` is called off then."""
    payments = talk.core.payments
    means = payments.means(way)
    known = await payments.open_like(talk.subscriber.id, way, parts)
    if known is not None and _still_good(talk, known, means):
        if instead not in ("", known.id):
            talk.write(payments.replace(instead, talk.subscriber.id))
        if known.chat_id != talk.chat.chat_id:
            talk.write(payments.asked_here(known.id, talk.subscriber.id, talk.chat.chat_id))
        return _ready(talk, known, means)
    olds = tuple(dict.fromkeys(one for one in (instead, known.id if known is not None else "") if one))
    for old in olds:
        talk.write(payments.replace(old, talk.subscriber.id))
    talk.write(payments.alone(talk.subscriber.id, way, parts, olds))
    order, write = payments.order(talk.subscriber.id, talk.chat.chat_id, way, parts)
    talk.write(write)
    return _ready(talk, order, means)


def _still_good(talk: Talk, order: PaymentOrder, means: Means | None) -> bool:
    """A link is shown again while it holds for a while. What came as a message of its own is up in the chat: made
    anew, but for a double tap."""
    if means is not None and means.redirect:
        return order.expires_at - talk.now > SOON_OVER
    return talk.now - order.created_at < DOUBLE_TAP


def _ready(talk: Talk, order: PaymentOrder, means: Means | None) -> PaymentReady:
    url = talk.core.payments.link(order) if means is not None and means.redirect else ""
    asks = means is not None and means.asks
    return PaymentReady(order.id, order.lines, order.expires_at, url, asks)


def typed_sum(talk: Talk, text: str) -> Money | None:
    """The sum that was typed; None after saying what is wrong with it."""
    amount = read_amount(text, talk.core.payments.terms.minimum.currency)
    if amount is None:
        talk.tell(talk.t("I could not read this sum. Please type it in figures, for example 500 or 349.50."))
        return None
    wrong = out_of_limits(talk, amount)
    if wrong:
        talk.tell(wrong)
        return None
    return amount


def ask_sum(talk: Talk) -> str:
    terms = talk.core.payments.terms
    least, most = talk.translator.money(terms.minimum), talk.translator.money(terms.maximum)
    return talk.t("How much do you pay? Choose below or type a sum, from {least} to {most}.", least=least, most=most)
