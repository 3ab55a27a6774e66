"""Looks after orders: opens them at the provider, asks what became of them, and lets the billing know. Never twice.

Each step can be cut off and repeated: the provider knows the order's id as a key, the billing each posting's id, and
what was learned is written before the next step.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

from sqlalchemy import Connection

from core.billing.models import AccountNumber, AccountOverview, AccountState
from core.billing.protocol import CannotBook
from core.billing.service import BillingService
from core.clock import Clock
from core.database import Database
from core.errors import OutsideUnavailable
from core.payments import machine, store
from core.payments.charge import Charged, charge_by
from core.payments.links import PaymentLinks
from core.payments.models import (
    CALLED_OFF,
    PAYABLE,
    PaymentOrder,
    PaymentStatus,
    Posting,
    PostingKind,
    Trouble,
    TroubleKind,
)
from core.payments.protocol import Opened, PaymentProvider, PaymentRefused, ProviderPayment, ProviderStatus
from core.payments.settle import News, settle


@dataclass(frozen=True, slots=True)
class Facts:
    """What goes with a piece of news: the accounts as they are now, and which of them are served again."""

    overviews: Mapping[AccountNumber, AccountOverview] = field(default_factory=dict)
    restored: tuple[AccountNumber, ...] = ()
    opened: Opened | None = None


class Teller(Protocol):
    """Tells people, inside the transaction that makes it true. It only writes to the database."""

    def news(self, connection: Connection, order: PaymentOrder, news: News, facts: Facts) -> None: ...

    def alarm(self, connection: Connection, trouble: Trouble) -> None: ...

    def learned(self, connection: Connection, order_id: str, truth: ProviderPayment) -> None:
        """What the provider says of a payment that has been made, each time it does: whether it keeps the card."""
        ...


class Attendant:
    """``providers`` by name. An order of a provider that is switched off rests until it is there again."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        billing: BillingService,
        providers: Mapping[str, PaymentProvider],
        links: PaymentLinks,
        teller: Teller,
    ) -> None:
        self._database = database
        self._clock = clock
        self._billing = billing
        self._providers = providers
        self._links = links
        self._teller = teller

    async def attend(self, order_id: str) -> None:
        """Takes an order as far as it goes now. Raises OutsideUnavailable where it stopped; call it again later."""
        order = await self._database.read(store.load, order_id)
        if order is None:
            return
        provider = self._providers.get(order.provider)
        final = False
        if provider is not None:
            if order.status is PaymentStatus.opening:
                await (self._charge if order.means else self._open)(order, provider)
                order = await self._reload(order_id)
            truth = await self._look(order, provider)
            final = truth is not None and truth.status is not ProviderStatus.pending
            if order.status in PAYABLE and self._clock.now() >= order.expires_at and not final:
                truth = await self._stop(order, provider)
                final = truth is not None and truth.status is not ProviderStatus.pending
            final = final or not provider.means.asks
        await self._post(await self._reload(order_id))
        await self._database.write(self._schedule, order_id, final)

    async def take(self, order_id: str, truth: ProviderPayment) -> None:
        """An authentic word about an order that the provider need not be asked about again."""
        await self._database.write(self._settle, order_id, truth)
        await self._post(await self._reload(order_id))
        await self._database.write(self._schedule, order_id, truth.status is not ProviderStatus.pending)

    async def put_aside(self, provider: str, truth: ProviderPayment) -> None:
        """Money that has come for no order that we know: a person finds out whose it is."""
        await self._database.write(self._nobodys, provider, truth)

    def _nobodys(self, connection: Connection, provider: str, truth: ProviderPayment) -> None:
        said = f"paid {truth.amount.amount} {truth.amount.currency} for an order that is not here"
        kind, order_id, payment_id = TroubleKind.order, truth.order_id[:16], truth.provider_payment_id
        now = self._clock.now()
        self._alarm(connection, store.add_trouble(connection, kind, order_id, provider, payment_id, said, now))

    def _alarm(self, connection: Connection, trouble: Trouble | None) -> None:
        if trouble is not None:
            self._teller.alarm(connection, trouble)

    # -- the provider ------------------------------------------------------------------------------------------------

    async def _open(self, order: PaymentOrder, provider: PaymentProvider) -> None:
        try:
            opened = await provider.open(order, self._links.return_url(order.id), order.id)
        except PaymentRefused:
            await self._database.write(self._end, order.id, PaymentStatus.cancelled, "refused", News.cancelled)
            return
        await self._database.write(self._opened, order.id, opened)

    async def _charge(self, order: PaymentOrder, provider: PaymentProvider) -> None:
        """A saved means is charged without the person. The same key again tells what came of the first try."""
        now = self._clock.now()
        said = await charge_by(provider, self._database, order, now)
        await self._database.write(self._charged, order.id, said)

    def _charged(self, connection: Connection, order_id: str, said: Charged) -> None:
        if isinstance(said, ProviderPayment):
            self._settle(connection, order_id, said)
            order = store.load(connection, order_id, lock=True)
            if order is not None and order.status is PaymentStatus.opening:
                store.change_order(connection, order_id, status=PaymentStatus.open.value)
        elif said is None:
            order = store.load(connection, order_id, lock=True)
            if order is not None and order.status is PaymentStatus.opening:
                self._aside(connection, order_id, TroubleKind.unsure, "the provider never said whether it has charged")
        else:
            self._end(connection, order_id, PaymentStatus.cancelled, said, News.cancelled)

    async def _look(self, order: PaymentOrder, provider: PaymentProvider) -> ProviderPayment | None:
        if not order.provider_payment_id or not provider.means.asks:
            return None
        truth = await provider.look(order.provider_payment_id)
        if truth is not None:
            await self._database.write(self._settle, order.id, truth)
        return truth

    async def _stop(self, order: PaymentOrder, provider: PaymentProvider) -> ProviderPayment | None:
        """The time is over: no payment is wanted any more. One that came at the last moment is taken all the same."""
        if order.provider_payment_id and provider.means.cancels:
            await provider.cancel(order.provider_payment_id)
        # Somebody may have scanned a code without our knowing: "nothing was paid" could be wrong.
        news = None if provider.means.qr else News.expired
        await self._database.write(self._end, order.id, PaymentStatus.expired, "", news)
        return await self._look(order, provider)

    def _opened(self, connection: Connection, order_id: str, opened: Opened) -> None:
        order = store.load(connection, order_id, lock=True)
        if order is None:
            return
        if order.provider_payment_id and order.provider_payment_id != opened.provider_payment_id:
            return  # another try was given another payment: the first stays, the other shows up as a second
        # Where the provider names a payment only once it is made, that name is not known yet.
        values: dict[str, str | None] = {"provider_payment_id": opened.provider_payment_id or None}
        if order.status is PaymentStatus.opening:
            values |= {"status": PaymentStatus.open.value, "confirmation": opened.confirmation_url or opened.qr}
        store.change_order(connection, order_id, **values)
        if order.status is PaymentStatus.opening and not opened.confirmation_url and order.reason != CALLED_OFF:
            self._teller.news(connection, order, News.opened, Facts(opened=opened))

    def _settle(self, connection: Connection, order_id: str, truth: ProviderPayment) -> None:
        for order, news in settle(connection, order_id, truth, self._clock.now(), self._teller.alarm):
            self._teller.news(connection, order, news, Facts())
        if truth.status is ProviderStatus.succeeded:
            self._teller.learned(connection, order_id, truth)

    def _end(
        self, connection: Connection, order_id: str, status: PaymentStatus, reason: str, news: News | None
    ) -> None:
        """Without a word where the person has called it off themselves."""
        order = store.load(connection, order_id, lock=True)
        if order is None or order.status not in PAYABLE:
            return
        if order.reason == CALLED_OFF:
            status, reason, news = PaymentStatus.cancelled, CALLED_OFF, None
        store.change_order(connection, order_id, status=status.value, reason=reason)
        if news is not None:
            self._teller.news(connection, replace(order, status=status, reason=reason), news, Facts())

    # -- the billing -------------------------------------------------------------------------------------------------

    async def _post(self, order: PaymentOrder) -> None:
        waiting = [one for one in await self._database.read(store.postings_of, order) if one.posted_at is None]
        if not waiting or order.status is PaymentStatus.aside:
            return
        before = await self._overviews(order)
        posted: list[Posting] = []
        for posting in waiting:
            book = self._billing.post_payment if posting.kind is PostingKind.payment else self._billing.post_refund
            try:
                await book(posting.account, posting.amount, posting.external_id, posting.at, posting.method)
            except CannotBook as error:
                await self._database.write(self._unbooked, order.id, posting, str(error))
                return
            except OutsideUnavailable:
                await self._database.write(self._received, order.id)
                raise
            posted.append(posting)
            if len(posted) < len(waiting):
                await self._database.write(store.mark_posted, posting.external_id, self._clock.now())
        after = await self._overviews(order)
        restored = tuple(
            number
            for number, now in after.items()
            if now.state is AccountState.active and number in before and before[number].state is AccountState.suspended
        )
        await self._database.write(self._posted, order.id, posted, Facts(after, restored))

    async def _overviews(self, order: PaymentOrder) -> dict[AccountNumber, AccountOverview]:
        """Of the payer's own accounts; nothing where the billing does not say it just now."""
        try:
            known = await self._billing.overviews([line.account for line in order.lines if line.own])
        except OutsideUnavailable:
            return {}
        return {one.number: one for one in known.value} if known.fresh else {}

    def _posted(self, connection: Connection, order_id: str, posted: list[Posting], facts: Facts) -> None:
        order = store.load(connection, order_id, lock=True)
        if order is None:
            return
        open_before = [one for one in store.postings_of(connection, order) if one.posted_at is None]
        now = self._clock.now()
        for posting in posted:
            store.mark_posted(connection, posting.external_id, now)
        left = {one.external_id for one in open_before} - {one.external_id for one in posted}
        if not open_before or left:
            return  # another process has said it, or will
        status = order.status
        if status is PaymentStatus.paid:
            status = PaymentStatus.posted
            store.change_order(connection, order_id, status=status.value, reason="")
            self._teller.news(connection, replace(order, status=status, reason=""), News.paid, facts)
        if any(one.kind is PostingKind.refund for one in posted):
            if order.refunded == order.amount:
                status = PaymentStatus.refunded
                store.change_order(connection, order_id, status=status.value)
            self._teller.news(connection, replace(order, status=status), News.refunded, facts)

    def _received(self, connection: Connection, order_id: str) -> None:
        """The billing is away: the payer learns that the money has arrived, once."""
        order = store.load(connection, order_id, lock=True)
        if order is not None and order.status is PaymentStatus.paid and order.reason != "billing":
            store.change_order(connection, order_id, reason="billing")
            self._teller.news(connection, order, News.received, Facts())

    def _unbooked(self, connection: Connection, order_id: str, posting: Posting, why: str) -> None:
        said = f"the billing will not book {posting.kind} {posting.external_id}: {why}"
        self._aside(connection, order_id, TroubleKind.billing, said)

    def _aside(self, connection: Connection, order_id: str, kind: TroubleKind, said: str) -> None:
        """A person decides. The payer hears of it unless their money has arrived already."""
        order = store.load(connection, order_id, lock=True)
        if order is None:
            return
        # A charge of which nothing is known has no number at the provider: its own stands for it.
        number, now = order.provider_payment_id or order.id, self._clock.now()
        self._alarm(connection, store.add_trouble(connection, kind, order.id, order.provider, number, said, now))
        store.change_order(connection, order_id, status=PaymentStatus.aside.value, reason=kind.value)
        if order.status in (PaymentStatus.opening, PaymentStatus.paid):
            aside = replace(order, status=PaymentStatus.aside, reason=kind.value)
            self._teller.news(connection, aside, News.aside, Facts())

    # -- when next ---------------------------------------------------------------------------------------------------

    def _schedule(self, connection: Connection, order_id: str, final: bool) -> None:
        order = store.load(connection, order_id, lock=True)
        if order is None:
            return
        count = store.attended(connection, order_id)
        at: datetime | None = machine.attend_at(order, count, self._clock.now(), final=final)
        if order.provider not in self._providers and order.status is not PaymentStatus.paid:
            at = self._clock.now() + machine.LONGEST_PAUSE if at is not None else None
        elif order.status is PaymentStatus.open and not self._providers[order.provider].means.asks:
            at = order.expires_at
        elif any(one.posted_at is None for one in store.postings_of(connection, order)):
            at = self._clock.now() + machine.pause(count) if order.status is not PaymentStatus.aside else None
        store.change_order(connection, order_id, attend_at=at)

    async def _reload(self, order_id: str) -> PaymentOrder:
        order = await self._database.read(store.load, order_id)
        if order is None:
            raise LookupError("an order is never deleted while it is looked after")
        return order
