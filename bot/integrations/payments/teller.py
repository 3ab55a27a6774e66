"""Tells payers what became of their payments, and the staff what did not add up, in the commit that makes it true."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import structlog
from prometheus_client import Counter
from sqlalchemy import Connection, select

from bot.integrations.payments.autopay_voice import AutopayVoice
from core.billing.models import AccountNumber
from core.clock import Clock
from core.operator import Operator
from core.payments.attendant import Facts
from core.payments.models import PaymentOrder, Trouble
from core.payments.promises import Promise, PromiseStatus
from core.payments.protocol import ProviderPayment
from core.payments.settle import News
from core.reminders import prefs
from core.reminders.models import Kind, Prefs
from core.subscribers.models import Chat
from core.subscribers.tables import chats
from fsm import told_payments
from fsm.state import Registry
from handlers.tell import tell

log = structlog.get_logger("payments")

news_total = Counter(
    "abonent_payments_total", "Payment orders by provider and what became of them", ["provider", "news"]
)
troubles_total = Counter("abonent_payment_troubles_total", "Payments put aside for the staff", ["provider", "kind"])

OnPaid = Callable[[Connection, Sequence[AccountNumber]], None]
"""Runs in the commit in which the payment becomes known, with the accounts that owe nothing any more."""


class PaymentTeller:
    """Implements :class:`core.payments.attendant.Teller`. ``wake`` makes the sender look once the commit is done."""

    def __init__(
        self,
        clock: Clock,
        operator: Operator,
        registry: Registry,
        wake: Callable[[], None] = lambda: None,
        on_paid: OnPaid = lambda _connection, _accounts: None,
        autopay: AutopayVoice | None = None,
    ) -> None:
        self._clock = clock
        self._operator = operator
        self._registry = registry
        self._on_paid = on_paid
        self._autopay = autopay
        self.wake = wake

    def news(self, connection: Connection, order: PaymentOrder, news: News, facts: Facts) -> None:
        settled = [one.number for one in facts.overviews.values() if not one.debt]
        if news is News.paid and settled:
            self._on_paid(connection, settled)
        told = self._autopay is not None and order.means and self._autopay.news(connection, order, news, facts)
        # "Paid" alone can be done without: everything else asks for something, or says that something is wrong.
        if not told and (news is not News.paid or _wants_receipts(connection, order.subscriber_id)):
            repeats = news is News.paid and self._autopay is not None and self._autopay.offers(connection, order)
            self._say(connection, order, lambda t: told_payments.news(t, order, news, facts, repeats=repeats), order.id)
        news_total.labels(order.provider, news.value).inc()
        log.info("payment", order=order.id, provider=order.provider, news=news.value)

    def learned(self, connection: Connection, order_id: str, truth: ProviderPayment) -> None:
        if self._autopay is not None:
            self._autopay.learned(connection, order_id, truth)

    def alarm(self, connection: Connection, trouble: Trouble) -> None:
        """The staff find it with ``abonent payments list``; the metric is there to be alarmed by."""
        troubles_total.labels(trouble.provider, trouble.kind.value).inc()
        log.error(
            "payment put aside",
            trouble=trouble.id,
            kind=trouble.kind.value,
            order=trouble.order_id,
            provider=trouble.provider,
            said=trouble.said,
        )

    def promised(self, connection: Connection, promise: Promise, status: PromiseStatus) -> None:
        self._say(connection, promise, lambda t: told_payments.promised(t, promise, status), promise.id)

    def _say(self, connection: Connection, asked: PaymentOrder | Promise, say: told_payments.Say, cause: str) -> None:
        """Where it was asked for; whoever has signed out there is told in their other chats."""
        theirs = select(chats).where(chats.c.subscriber_id == asked.subscriber_id, chats.c.subscriber_id.is_not(None))
        found = [Chat(**row._mapping) for row in connection.execute(theirs)]
        tell(
            connection,
            [chat for chat in found if chat.chat_id == asked.chat_id] or found,
            say,
            registry=self._registry,
            operator=self._operator,
            now=self._clock.now(),
            cause=cause,
        )


def _wants_receipts(connection: Connection, subscriber_id: str) -> bool:
    return prefs.load(connection, [subscriber_id]).get(subscriber_id, Prefs()).wants(Kind.receipts)
