"""Providers' notices: written down as they came, each once, and worked off by a task that asks the provider itself."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import msgspec
from sqlalchemy import Connection, select, update

from core.clock import Clock
from core.database import Database
from core.delivery.tasks import plan
from core.delivery.writes import insert_for
from core.ids import is_id
from core.money import Money
from core.payments import store
from core.payments.attendant import Attendant
from core.payments.protocol import Notice, PaymentProvider, ProviderPayment, ProviderStatus
from core.payments.tables import notices

TAKE_NOTICE = "payment_notice"
"""The kind of the task that works a notice off: {notice}."""

_MOST = 40  # characters of a hash in a task's id


class _Told(msgspec.Struct, frozen=True):
    """An authentic notice's own words about the payment, as they are stored."""

    id: str
    status: str
    minor: int
    currency: str
    order_id: str
    accounts: tuple[str, ...]
    paid_at: datetime | None
    refunded: int | None


def keep(connection: Connection, provider: str, notice: Notice, body: bytes, now: datetime) -> bool:
    """Stores the notice and plans its task, in the caller's transaction. False when it came before."""
    key = hashlib.sha256(f"{provider}|{notice.external_id}".encode()).hexdigest()
    values = {
        "id": key,
        "provider": provider,
        "external_id": notice.external_id[:200],
        "event": notice.event[:60],
        "provider_payment_id": notice.provider_payment_id[:120],
        "order_id": notice.order_id[:40],
        "payment": _dump(notice.payment) if notice.payment is not None else "",
        # PostgreSQL takes no NUL in a text, and what is not UTF-8 is no notice of anybody's.
        "body": body.decode(errors="replace").replace("\x00", "�"),
        "received_at": now,
        "status": "new",
    }
    fresh = insert_for(connection, notices).on_conflict_do_nothing().returning(notices.c.id)
    if connection.execute(fresh, values).first() is None:
        connection.execute(update(notices).where(notices.c.id == key).values(repeats=notices.c.repeats + 1))
        return False
    plan(f"pay-notice:{key[:_MOST]}", TAKE_NOTICE, {"notice": key}, now).apply(connection)
    return True


def forget_bodies(connection: Connection, before: datetime) -> int:
    """What a notice says of the payer is needed no longer than a dispute lasts; that it came is kept."""
    old = update(notices).where(notices.c.received_at < before, notices.c.body != "")
    return connection.execute(old.values(body="", payment="")).rowcount


@dataclass(frozen=True, slots=True)
class _Kept:
    id: str
    provider: str
    payment_id: str
    order_id: str
    payment: ProviderPayment | None


class NoticeDesk:
    """Works notices off."""

    def __init__(
        self, database: Database, clock: Clock, providers: Mapping[str, PaymentProvider], attendant: Attendant
    ) -> None:
        self._database = database
        self._clock = clock
        self._providers = providers
        self._attendant = attendant

    async def take(self, notice_id: str) -> str:
        """``done``; ``foreign`` for a payment that is none of ours; ``aside`` for money that came for no order of ours.

        Raises OutsideUnavailable: call again later.
        """
        kept = await self._database.read(_load, notice_id)
        provider = self._providers.get(kept.provider) if kept is not None else None
        if kept is None or (provider is None and kept.payment is None):
            return "foreign"
        # A way that was switched off meanwhile cannot be asked; what it had said for itself still counts.
        asks = provider is not None and provider.means.asks
        order = await self._database.read(store.find_by_provider, kept.provider, kept.payment_id)
        status = "done"
        if asks and order is not None:
            await self._attendant.attend(order.id)
        else:
            # It may have come before the answer to our own call: the payment itself names the order.
            truth = await provider.look(kept.payment_id) if provider is not None and asks else kept.payment
            named = order.id if order is not None else truth.order_id if truth is not None else ""
            found = order or await self._database.read(store.load, named[:16])
            if truth is None or found is None or found.provider != kept.provider:
                status = "foreign"
                # Where a provider serves others beside us, what bears no id of ours is theirs.
                if truth is not None and truth.status is ProviderStatus.succeeded and (not asks or is_id(named)):
                    await self._attendant.put_aside(kept.provider, truth)
                    status = "aside"
            else:
                await self._attendant.take(found.id, truth)
        await self._database.write(_finish, notice_id, status)
        return status


def _load(connection: Connection, notice_id: str) -> _Kept | None:
    row = connection.execute(select(notices).where(notices.c.id == notice_id)).first()
    if row is None:
        return None
    payment = _read(row.payment) if row.payment else None
    return _Kept(row.id, row.provider, row.provider_payment_id, row.order_id, payment)


def _finish(connection: Connection, notice_id: str, status: str) -> None:
    connection.execute(update(notices).where(notices.c.id == notice_id).values(status=status))


def _dump(truth: ProviderPayment) -> str:
    told = _Told(
        truth.provider_payment_id,
        truth.status.value,
        truth.amount.minor,
        truth.amount.currency,
        truth.order_id,
        truth.accounts,
        truth.paid_at,
        truth.refunded.minor if truth.refunded is not None else None,
    )
    return msgspec.json.encode(told).decode()


def _read(stored: str) -> ProviderPayment:
    told = msgspec.json.decode(stored, type=_Told)
    return ProviderPayment(
        told.id,
        ProviderStatus(told.status),
        Money.from_minor(told.minor, told.currency),
        told.order_id,
        told.accounts,
        told.paid_at,
        Money.from_minor(told.refunded, told.currency) if told.refunded is not None else None,
    )
