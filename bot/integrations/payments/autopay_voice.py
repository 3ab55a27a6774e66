"""Tells people of auto-payment, in all their chats and in their own zone, in the commit that makes it true."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import structlog
from prometheus_client import Counter
from sqlalchemy import Connection, select

from core.clock import Clock
from core.database import Database
from core.delivery.tasks import Task, plan
from core.operator import Operator
from core.payments.attendant import Facts
from core.payments.autopay import outcome, store
from core.payments.autopay.ending import FORGET_MEANS
from core.payments.autopay.models import AutopayTerms
from core.payments.autopay.tables import rules
from core.payments.autopay.telling import Matter, Said
from core.payments.models import PaymentOrder
from core.payments.protocol import Keeper, ProviderPayment
from core.payments.settle import News
from core.reminders.policy import Policy
from core.subscribers.models import Chat
from core.subscribers.tables import chats
from fsm import told_autopay
from fsm.screen import Screen
from fsm.state import Registry
from fsm.texts import Translator
from handlers.tell import tell

log = structlog.get_logger("autopay")

FORGET_PAUSE = timedelta(hours=1)
FORGET_TRIES = 24 * 14  # rounds: two weeks

autopay_total = Counter("abonent_autopay_total", "What auto-payment did and told people of", ["what"])


class AutopayVoice:
    """Implements :class:`core.payments.autopay.telling.AutopayTeller`; also takes in what providers say."""

    def __init__(
        self, clock: Clock, operator: Operator, policy: Policy, terms: AutopayTerms | None, registry: Registry
    ) -> None:
        self._clock = clock
        self._operator = operator
        self._policy = policy
        self._terms = terms
        self._registry = registry

    def tell(self, connection: Connection, matter: Matter) -> int:
        autopay_total.labels(matter.said.value).inc()
        log.info("autopay", what=matter.said.value, rule=matter.rule.id)
        cause = matter.charge.id if matter.charge is not None else matter.rule.id
        return self._say(connection, matter.rule.subscriber_id, lambda t: told_autopay.tell(t, matter), cause)

    def news(self, connection: Connection, order: PaymentOrder, news: News, facts: Facts) -> bool:
        """Of a charge. True when everything is said; what concerns any payment is left to whoever tells of those."""
        matters = outcome.record(connection, order, news, self._terms, self._operator, self._policy, self._clock.now())
        if matters is None:
            return False
        for matter in matters:
            if matter.said is Said.charged:
                autopay_total.labels(Said.charged.value).inc()
                title = matter.means.title if matter.means is not None else ""
                self._charged(connection, order, facts, title)
            else:
                self.tell(connection, matter)
        return news in (News.paid, News.cancelled, News.expired, News.opened)

    def _charged(self, connection: Connection, order: PaymentOrder, facts: Facts, title: str) -> None:
        self._say(connection, order.subscriber_id, lambda t: told_autopay.charged(t, order, facts, title), order.id)

    def learned(self, connection: Connection, order_id: str, truth: ProviderPayment) -> None:
        for matter in outcome.keep(connection, order_id, truth, self._clock.now()):
            self.tell(connection, matter)

    def offers(self, connection: Connection, order: PaymentOrder) -> bool:
        """Whether auto-payment is worth a button beside the thanks: one account of theirs, without a rule yet."""
        if self._terms is None or order.saves or len(order.lines) != 1 or not order.lines[0].own:
            return False
        mine = rules.c.subscriber_id == order.subscriber_id, rules.c.account == order.lines[0].account
        return not store.find_rules(connection, *mine, rules.c.status != "off")

    def _say(self, connection: Connection, subscriber_id: str, say: Callable[[Translator], Screen], cause: str) -> int:
        theirs = select(chats).where(chats.c.subscriber_id == subscriber_id)
        told = tell(
            connection,
            [Chat(**row._mapping) for row in connection.execute(theirs)],
            say,
            registry=self._registry,
            operator=self._operator,
            now=self._clock.now(),
            cause=cause,
        )
        return len(told)


class ForgetMeans:
    """Carries out tasks of the kind :data:`core.payments.autopay.ending.FORGET_MEANS`.

    The person was told that the card is forgotten: a provider that is away for days hears of it when it is back.
    """

    def __init__(self, keepers: dict[str, Keeper], database: Database, clock: Clock) -> None:
        self._keepers = keepers
        self._database = database
        self._clock = clock

    async def __call__(self, task: Task) -> None:
        keeper = self._keepers.get(task.payload["provider"])
        if keeper is not None:
            await keeper.forget(task.payload["reference"])

    async def gave_up(self, task: Task) -> None:
        """The card is charged by nobody here any more; the provider is told later."""
        again = int(task.payload.get("again", 0)) + 1
        if again > FORGET_TRIES:
            log.error("a provider still keeps a card that was forgotten: remove it there", task=task.id)
            return
        first = task.id.partition("~")[0]
        later = plan(
            f"{first}~{again}",
            FORGET_MEANS,
            task.payload | {"again": again},
            self._clock.now(),
            due_at=self._clock.now() + FORGET_PAUSE,
        )
        await self._database.write(later.apply)
        log.warning("a provider was not told to forget a card yet", task=task.id)
