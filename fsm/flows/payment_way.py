"""By which way to pay, and the order that comes of it; and how a typed sum is taken."""

from __future__ import annotations

from core.money import Money
from core.payments.models import PaymentLine
from fsm.action import Action
from fsm.flows.payment_order import PaymentReady
from fsm.payment_reads import lines_total, out_of_limits
from fsm.payment_words import read_amount, way_label
from fsm.screen import Choice, Screen, bold, lines, screen
from fsm.state import State
from fsm.talk import Talk


class TakeWay(Action, frozen=True, tag="pay.way"):
    name: str


class ChooseWay(State, frozen=True):
    """By which way; skipped where there is only one."""

    parts: tuple[PaymentLine, ...]
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
        return _order(talk, self.parts, press.name)


async def proceed(talk: Talk, parts: tuple[PaymentLine, ...]) -> ChooseWay | PaymentReady:
    ways = list(talk.core.payments.ways(talk.chat.channel))
    return _order(talk, parts, ways[0]) if len(ways) == 1 else ChooseWay(parts)


def _order(talk: Talk, parts: tuple[PaymentLine, ...], way: str) -> PaymentReady:
    order, write = talk.core.payments.order(talk.subscriber.id, talk.chat.chat_id, way, parts)
    talk.write(write)
    means = talk.core.payments.means(way)
    url = talk.core.payments.link(order) if means is not None and means.redirect else ""
    return PaymentReady(order.id, parts, order.expires_at, url, asks=means is not None and means.asks)


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
