"""What a provider owes the program that keeps means of payment: charged once, for a reason, and never by surprise."""

from __future__ import annotations

import asyncio
import dataclasses
from datetime import timedelta
from decimal import Decimal
from typing import Protocol, cast

import pytest
from aiohttp import web

from core.errors import OutsideUnavailable
from core.money import Money
from core.payments.models import PaymentOrder
from core.payments.protocol import (
    Decline,
    Keeper,
    Notice,
    PaymentRefused,
    ProviderPayment,
    ProviderStatus,
    Saved,
)
from tests.payments.contract import BACK, FRIGHTS, RedirectContract, Rig, an_order, read, truth


class KeepingRig(Rig, Protocol):
    def card(self, reference: str, state: str) -> None:
        """What becomes of the next charges: "ok", "slow", or a refusal: "funds", "holder", "gone"."""
        ...

    def charged(self) -> int:
        """How often money was taken from kept cards."""
        ...


def keeper(rig: KeepingRig) -> Keeper:
    return cast(Keeper, rig.provider)


async def kept(rig: KeepingRig) -> Saved:
    """A card that its holder lets us charge, from a payment that asked for it."""
    order = dataclasses.replace(an_order(rig.clock, order_id="f" * 16), saves=True)
    opened = await rig.provider.open(order, BACK, order.id)
    assert (await truth(rig, opened.provider_payment_id)).saved is None
    rig.pay(opened.provider_payment_id)
    rig.letters()
    saved = (await truth(rig, opened.provider_payment_id)).saved
    assert saved is not None
    return saved


class KeeperContract(RedirectContract):
    """For a provider with ``means.saves``."""

    async def _charge(self, rig: KeepingRig, order: PaymentOrder, saved: Saved) -> ProviderPayment:
        return await keeper(rig).charge(order, saved.reference, order.id)

    async def test_nothing_is_kept_that_nobody_agreed_to(self, rig: KeepingRig) -> None:
        opened = await rig.provider.open(an_order(rig.clock), BACK, "key")
        rig.pay(opened.provider_payment_id)
        assert (await truth(rig, opened.provider_payment_id)).saved is None

    async def test_a_kept_card_is_named_without_its_number(self, rig: KeepingRig) -> None:
        saved = await kept(rig)
        assert 0 < len(saved.reference) <= 120
        assert 0 < len(saved.title) <= 60
        assert sum(char.isdigit() for char in saved.title) <= 4

    async def test_a_charge_of_a_kept_card(self, rig: KeepingRig) -> None:
        saved = await kept(rig)
        rig.clock.move(timedelta(days=40))
        order = an_order(rig.clock, ("4001", "840"))
        said = await self._charge(rig, order, saved)
        found = await truth(rig, said.provider_payment_id)
        for one in (said, found):
            assert one.status is ProviderStatus.succeeded
            assert (one.amount, one.order_id, one.decline) == (order.amount, order.id, None)
            assert one.accounts in ((), ("4001",))
            assert one.paid_at == rig.clock.now()
        assert rig.charged() == 1

    async def test_the_same_key_charges_once(self, rig: KeepingRig) -> None:
        saved, order = await kept(rig), an_order(rig.clock)
        first = await self._charge(rig, order, saved)
        rig.clock.move(timedelta(hours=3))
        assert await self._charge(rig, order, saved) == first
        assert rig.charged() == 1

    async def test_two_processes_charge_at_once(self, rig: KeepingRig) -> None:
        saved, order = await kept(rig), an_order(rig.clock)
        said = await asyncio.gather(*(self._charge(rig, order, saved) for _ in range(5)))
        assert len(set(said)) == 1
        assert rig.charged() == 1

    async def test_charged_and_then_silent(self, rig: KeepingRig) -> None:
        """HTTP 500 after the money was taken, and an answer that comes too late: the key brings it to light."""
        saved, order = await kept(rig), an_order(rig.clock)
        rig.faults.fails_after_creating = 1
        with pytest.raises(OutsideUnavailable):
            await self._charge(rig, order, saved)
        rig.faults.slow = 1
        with pytest.raises(OutsideUnavailable):
            await self._charge(rig, order, saved)
        assert (await self._charge(rig, order, saved)).status is ProviderStatus.succeeded
        assert rig.charged() == 1

    @pytest.mark.parametrize(
        ("state", "decline"), [("funds", Decline.funds), ("holder", Decline.holder), ("gone", Decline.gone)]
    )
    async def test_a_refusal_says_what_to_do_about_it(self, rig: KeepingRig, state: str, decline: Decline) -> None:
        saved, order = await kept(rig), an_order(rig.clock)
        rig.card(saved.reference, state)
        said = await self._charge(rig, order, saved)
        assert (said.status, said.decline) == (ProviderStatus.cancelled, decline)
        found = await truth(rig, said.provider_payment_id)
        assert (found.status, found.decline) == (ProviderStatus.cancelled, decline)
        # The same key brings the same refusal, though the card works again.
        rig.card(saved.reference, "ok")
        assert (await self._charge(rig, order, saved)).status is ProviderStatus.cancelled
        assert rig.charged() == 0

    async def test_a_charge_that_takes_its_time(self, rig: KeepingRig) -> None:
        saved, order = await kept(rig), an_order(rig.clock)
        rig.card(saved.reference, "slow")
        said = await self._charge(rig, order, saved)
        assert said.status is ProviderStatus.pending
        assert (await truth(rig, said.provider_payment_id)).status is ProviderStatus.pending

    async def test_a_card_that_nobody_kept(self, rig: KeepingRig) -> None:
        for unknown in ("cus_1/pm_1", "22e12f66-000f-5000-8000-18db351245c7", "0" * 24):
            with pytest.raises(PaymentRefused) as refused:
                await keeper(rig).charge(an_order(rig.clock), unknown, "key")
            assert refused.value.decline is Decline.gone
        assert rig.charged() == 0

    async def test_forgetting_a_card(self, rig: KeepingRig) -> None:
        saved = await kept(rig)
        for _ in range(2):
            await keeper(rig).forget(saved.reference)
        await keeper(rig).forget("nobody/knows it")

    async def test_a_sum_that_nobody_charges(self, rig: KeepingRig) -> None:
        saved, order = await kept(rig), an_order(rig.clock)
        nothing = dataclasses.replace(order, amount=Money.zero("RUB"), lines=())
        with pytest.raises(PaymentRefused):
            await self._charge(rig, nothing, saved)
        assert rig.charged() == 0

    @pytest.mark.parametrize("lie", [{"amount": 1}, {"currency": "KZT"}, {"order_id": "f" * 16}])
    async def test_what_is_said_of_a_charge_is_passed_on(self, rig: KeepingRig, lie: dict[str, object]) -> None:
        saved, order = await kept(rig), an_order(rig.clock)
        rig.faults.lies = dict(lie)
        said = await self._charge(rig, order, saved)
        found = await truth(rig, said.provider_payment_id)
        for one in (said, found):
            assert (one.amount, one.order_id) != (order.amount, order.id)

    @pytest.mark.parametrize("fright", FRIGHTS, ids=lambda answer: f"{answer.status}-{answer.text[:12]}")
    async def test_no_certain_answer_is_no_charge_and_no_refusal(
        self, rig: KeepingRig, fright: web.Response, caplog: pytest.LogCaptureFixture
    ) -> None:
        saved, order = await kept(rig), an_order(rig.clock)
        rig.faults.answers = fright
        with pytest.raises(OutsideUnavailable) as unknown:
            await self._charge(rig, order, saved)
        said = str(unknown.value) + caplog.text
        assert not [secret for secret in (*rig.secrets, saved.reference) if secret in said]

    async def test_a_notice_of_a_charge_leads_to_it(self, rig: KeepingRig) -> None:
        saved, order = await kept(rig), an_order(rig.clock)
        said = await self._charge(rig, order, saved)
        rig.refund(said.provider_payment_id, Money(Decimal(1), "RUB"))
        notices = [read(rig, letter) for letter in rig.letters()]
        assert len(notices) == 2
        for notice in notices:
            assert isinstance(notice, Notice)
            found = await truth(rig, notice.provider_payment_id)
            assert (found.provider_payment_id, found.order_id) == (said.provider_payment_id, order.id)
            assert found.refunded == Money(Decimal(1), "RUB")

    async def test_a_charge_that_was_made_is_not_cancelled(self, rig: KeepingRig) -> None:
        saved, order = await kept(rig), an_order(rig.clock)
        said = await self._charge(rig, order, saved)
        await rig.provider.cancel(said.provider_payment_id)
        assert (await truth(rig, said.provider_payment_id)).status is ProviderStatus.succeeded
