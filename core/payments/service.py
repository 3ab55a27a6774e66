"""Payments as conversations and pages use them: orders are read at once, changes are returned as writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, select

from core.billing.numbers import AccountNumber
from core.clock import Clock
from core.database import Database
from core.delivery.tasks import plan
from core.delivery.writes import Write
from core.errors import Stale
from core.ids import new_id
from core.money import Money
from core.payments import store
from core.payments.links import PaymentLinks
from core.payments.models import CALLED_OFF, PaymentLine, PaymentOrder, PaymentStatus
from core.payments.promises import Promises, PromiseTerms
from core.payments.protocol import Means
from core.subscribers.tables import subscribers

ATTEND = "payment_attend"
"""The kind of the task that looks after an order: {order}."""

MOST_AN_HOUR = 20  # orders of one subscriber: more is a stuck finger or mischief
MOST_LINES = 10  # accounts in one order
BACKUP = timedelta(seconds=30)  # after which an opening whose task was lost is taken up by the sweep
SWEEP_LEASE = timedelta(minutes=3)


@dataclass(frozen=True, slots=True)
class PaymentTerms:
    """The operator's limits. A sum is for one account; ``lifetime`` is that of a link or an invoice."""

    minimum: Money
    maximum: Money
    lifetime: timedelta = timedelta(hours=24)


class PaymentService:
    """``ways``: the providers that are switched on, by name, in the order in which they are offered."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        terms: PaymentTerms,
        links: PaymentLinks,
        ways: Mapping[str, Means],
        promise_terms: PromiseTerms | None = None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._ways = ways
        self._links = links
        self.terms = terms
        self.promises = Promises(database, clock, promise_terms)

    # -- what there is -----------------------------------------------------------------------------------------------

    def ways(self, channel: str) -> dict[str, Means]:
        """Those that work in this messenger. Empty: paying is switched off here."""
        return {name: one for name, one in self._ways.items() if not one.channels or channel in one.channels}

    def means(self, provider: str) -> Means | None:
        return self._ways.get(provider)

    def link(self, order: PaymentOrder) -> str:
        return self._links.url(order.id)

    def token(self, order: PaymentOrder) -> str:
        return self._links.token(order.id)

    async def get(self, order_id: str, subscriber_id: str) -> PaymentOrder | None:
        """None also for somebody else's: the id may be forged."""
        order = await self._database.read(store.load, order_id)
        return order if order is not None and order.subscriber_id == subscriber_id else None

    async def by_token(self, token: str) -> PaymentOrder | None:
        """The order behind a payment link; None for a link that we did not write."""
        order_id = self._links.order_id(token)
        return await self._database.read(store.load, order_id) if order_id is not None else None

    async def of_subscriber(self, subscriber_id: str, limit: int = 10, offset: int = 0) -> list[PaymentOrder]:
        """The newest first."""
        return await self._database.read(store.of_subscriber, subscriber_id, limit, offset)

    async def open_like(self, subscriber_id: str, provider: str, lines: Sequence[PaymentLine]) -> PaymentOrder | None:
        """The newest order for exactly these accounts and sums that can still be paid this way."""
        return await self._database.read(_open_like, subscriber_id, provider, lines, self._clock.now())

    async def on_their_way(self, accounts: Sequence[AccountNumber]) -> frozenset[AccountNumber]:
        """Accounts whose money has come and is not in the billing yet."""
        return await self._database.read(store.unposted, accounts)

    async def too_many(self, subscriber_id: str) -> bool:
        since = self._clock.now() - timedelta(hours=1)
        return await self._database.read(store.count_since, subscriber_id, since) >= MOST_AN_HOUR

    # -- changes -----------------------------------------------------------------------------------------------------

    def order(
        self, subscriber_id: str, chat_id: str, provider: str, lines: Sequence[PaymentLine], *, saves: bool = False
    ) -> tuple[PaymentOrder, Write]:
        """A new order and the write that records it; the provider hears of it later.

        ``saves``: the payer has agreed that what they pay with is kept for auto-payment.
        Raises ValueError for what no conversation should ask: no line, a sum out of limits, an unknown way.
        """
        if not 0 < len(lines) <= MOST_LINES or len({line.account for line in lines}) < len(lines):
            raise ValueError(f"an order has 1 to {MOST_LINES} lines, an account each")
        if any(not self.terms.minimum <= line.amount <= self.terms.maximum for line in lines):
            raise ValueError("a sum is out of the limits")
        means = self._ways.get(provider)
        if means is None:
            raise ValueError(f"there is no way to pay called {provider}")
        now = self._clock.now()
        # What has no page to be opened from is opened at once.
        status = PaymentStatus.created if means.redirect else PaymentStatus.opening
        total = Money.zero(lines[0].amount.currency)
        for line in lines:
            total = total + line.amount
        order = PaymentOrder(
            id=new_id(now),
            subscriber_id=subscriber_id,
            chat_id=chat_id,
            provider=provider,
            amount=total,
            lines=tuple(lines),
            status=status,
            created_at=now,
            expires_at=now + (means.lifetime or self.terms.lifetime),
            saves=saves and means.saves,
        )

        def apply(connection: Connection) -> None:
            if store.count_since(connection, subscriber_id, now - timedelta(hours=1)) >= MOST_AN_HOUR:
                raise Stale("order payment: too many in an hour")
            if status is PaymentStatus.opening:
                store.add_order(connection, order, now + BACKUP)
                self._attend(order.id, "open").apply(connection)
            else:
                store.add_order(connection, order, order.expires_at)

        return order, Write("order payment", apply)

    def alone(
        self, subscriber_id: str, provider: str, lines: Sequence[PaymentLine], instead: Sequence[str] = ()
    ) -> Write:
        """Expects that no order for the same is open, those in ``instead`` apart: two chats at once make one."""
        now = self._clock.now()

        def apply(connection: Connection) -> None:
            person = select(subscribers.c.id).where(subscribers.c.id == subscriber_id)
            connection.execute(person.with_for_update()).first()
            found = _open_like(connection, subscriber_id, provider, lines, now)
            if found is not None and found.id not in instead:
                raise Stale("order payment: the same is open already")

        return Write("one payment", apply)

    def asked_here(self, order_id: str, subscriber_id: str, chat_id: str) -> Write:
        """The person has asked for this very payment again in another chat: what becomes of it is said there."""

        def apply(connection: Connection) -> None:
            order = store.load(connection, order_id, lock=True)
            if order is not None and order.subscriber_id == subscriber_id:
                store.change_order(connection, order_id, chat_id=chat_id)

        return Write("move payment", apply)

    def press(self, order_id: str) -> Write:
        """The button on the page: from now on the provider is being asked. Pressing again changes nothing."""
        now = self._clock.now()

        def apply(connection: Connection) -> None:
            order = store.load(connection, order_id, lock=True)
            if order is None or order.status is not PaymentStatus.created or not order.payable(now):
                return
            store.change_order(connection, order_id, status=PaymentStatus.opening.value, attend_at=now + BACKUP)
            self._attend(order_id, "open").apply(connection)

        return Write("open payment", apply)

    def check_now(self, order_id: str) -> Write:
        """Asks the provider soon; at most one question in some seconds comes of it."""
        return self._attend(order_id, f"c{int(self._clock.now().timestamp()) // 3}")

    def call_off(self, order_id: str, subscriber_id: str) -> Write:
        """The person wants no payment any more. Where the provider knows of it, it is told by the look-after."""
        now = self._clock.now()

        def apply(connection: Connection) -> None:
            order = store.load(connection, order_id, lock=True)
            if order is None or order.subscriber_id != subscriber_id or order.means or not order.payable(now):
                raise Stale("call off payment: it is over, or somebody else's")
            if order.status is PaymentStatus.created:
                store.change_order(
                    connection, order_id, status=PaymentStatus.cancelled.value, reason=CALLED_OFF, attend_at=None
                )
            else:
                # Its time is over at once: the look-after stops it at the provider, unless money has come.
                store.change_order(connection, order_id, expires_at=now, attend_at=now, reason=CALLED_OFF)
                self._attend(order_id, "off").apply(connection)

        return Write("call off payment", apply)

    def replace(self, order_id: str, subscriber_id: str) -> Write:
        """As :meth:`call_off`, for an order that another takes the place of: one that is over already is left alone."""
        now = self._clock.now()
        call_off = self.call_off(order_id, subscriber_id)

        def apply(connection: Connection) -> None:
            order = store.load(connection, order_id, lock=True)
            if order is not None and order.subscriber_id == subscriber_id and order.payable(now):
                call_off.apply(connection)

        return Write("replace payment", apply)

    def _attend(self, order_id: str, why: str) -> Write:
        return plan(f"pay:{order_id}:{why}", ATTEND, {"order": order_id}, self._clock.now())


def _open_like(
    connection: Connection, subscriber_id: str, provider: str, lines: Sequence[PaymentLine], now: datetime
) -> PaymentOrder | None:
    wanted = sorted((line.account, line.amount.minor, line.own) for line in lines)
    for order in store.payable_of(connection, subscriber_id, provider, now):
        # A consent to keep a card is for that payment alone, and what is charged by itself is nobody's link.
        if order.saves or order.means:
            continue
        if sorted((line.account, line.amount.minor, line.own) for line in order.lines) == wanted:
            return order
    return None


def sweep(connection: Connection, now: datetime, limit: int = 200) -> int:
    """Plans a look-after for every order whose time has come; a job calls it every few seconds."""
    due = store.take_due(connection, now, SWEEP_LEASE, limit)
    for order_id, count in due:
        plan(f"pay:{order_id}:{count}", ATTEND, {"order": order_id}, now).apply(connection)
    return len(due)
