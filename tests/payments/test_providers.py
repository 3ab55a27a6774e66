"""The contract of payment providers, passed by each of them against its double."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from core.clock import ManualClock
from tests.payments.keeping import KeeperContract
from tests.payments.rigs import StripeRig, YooKassaRig, stripe_rig, yookassa_rig


class TestYooKassa(KeeperContract):
    @pytest.fixture
    async def rig(self) -> AsyncIterator[YooKassaRig]:
        async with yookassa_rig(ManualClock()) as rig:
            yield rig


class TestStripe(KeeperContract):
    @pytest.fixture
    async def rig(self) -> AsyncIterator[StripeRig]:
        async with stripe_rig(ManualClock()) as rig:
            yield rig
