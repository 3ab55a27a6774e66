"""One try at charging a saved means: what the provider says, a final no, or nothing that anybody could be sure of."""

from __future__ import annotations

from datetime import datetime
from typing import TypeAlias, cast

from core.database import Database
from core.payments.autopay.store import load_means
from core.payments.models import PaymentOrder
from core.payments.protocol import Decline, Keeper, PaymentProvider, PaymentRefused, ProviderPayment

Charged: TypeAlias = ProviderPayment | str | None
"""The truth; the reason why none was made and none will be; or None, when asking again could charge a second time."""


async def charge_by(provider: PaymentProvider, database: Database, order: PaymentOrder, now: datetime) -> Charged:
    """Raises OutsideUnavailable while nothing is certain. After the order's time the key is not used any more."""
    if now >= order.expires_at:
        return None
    means = await database.read(load_means, order.means)
    if means is None or not provider.means.saves:
        return Decline.gone.value
    try:
        return await cast(Keeper, provider).charge(order, means.reference, order.id)
    except PaymentRefused as error:
        return (error.decline or Decline.declined).value
