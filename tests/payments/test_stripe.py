"""What is Stripe's own: its units of money, the end of a session, slow means of payment, signatures of the future."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal

import pytest

from bot.integrations.payments.stripe_sums import from_minor, to_minor
from core.clock import ManualClock
from core.money import Money
from core.payments.models import PaymentLine
from core.payments.protocol import PaymentRefused, ProviderStatus, Refused
from tests.payments.contract import BACK, an_order, read, truth
from tests.payments.rigs import StripeRig, stripe_rig


@pytest.fixture
async def rig() -> AsyncIterator[StripeRig]:
    async with stripe_rig(ManualClock()) as rig:
        yield rig


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [
        ("10.01", "USD", 1001),
        ("10.01", "RUB", 1001),
        ("500", "JPY", 500),
        ("500", "KRW", 500),
        ("5", "ISK", 500),  # no coins any more, and yet two digits for Stripe
        ("5", "UGX", 500),
        ("5.12", "KWD", 5120),
        ("10.50", "HUF", 1050),
    ],
)
def test_sums_in_stripes_units(amount: str, currency: str, minor: int) -> None:
    money = Money(Decimal(amount), currency)
    assert to_minor(money) == minor
    assert from_minor(minor, currency.lower()) == money


def test_a_third_digit_must_be_zero() -> None:
    with pytest.raises(ValueError, match="does not take"):
        to_minor(Money(Decimal("5.124"), "KWD"))


@pytest.mark.parametrize(
    ("minor", "currency"), [(550, "isk"), (1.0, "usd"), (True, "usd"), (1, None), (1, "us"), (10**15, "usd")]
)
def test_sums_that_do_not_exist_are_not_rounded(minor: object, currency: object) -> None:
    with pytest.raises(ValueError):
        from_minor(minor, currency)


async def test_a_currency_without_coins_from_end_to_end(rig: StripeRig) -> None:
    order = an_order(rig.clock, ("4001", "500"), currency="JPY")
    opened = await rig.provider.open(order, BACK, order.id)
    assert rig.server.sessions[opened.provider_payment_id]["amount_total"] == 500
    rig.pay(opened.provider_payment_id)
    assert (await truth(rig, opened.provider_payment_id)).amount == order.amount


@pytest.mark.parametrize("hours", [1, 23, 24, 72])
@pytest.mark.parametrize("left", [timedelta(minutes=5), timedelta(minutes=40)])
async def test_a_session_ends_when_stripe_allows_it(rig: StripeRig, hours: int, left: timedelta) -> None:
    """Stripe takes an end from 30 minutes to 24 hours away; an order lives as long as the operator says."""
    order = an_order(rig.clock)
    order = dataclasses.replace(order, expires_at=order.created_at + timedelta(hours=hours))
    early = await rig.provider.open(order, BACK, order.id)
    rig.clock.move(timedelta(seconds=30))
    assert await rig.provider.open(order, BACK, order.id) == early
    rig.clock.at = order.expires_at - left
    other = dataclasses.replace(order, id="f" * 16)
    late = await rig.provider.open(other, BACK, other.id)
    assert late != early
    rig.clock.move(timedelta(seconds=20))
    assert await rig.provider.open(other, BACK, other.id) == late
    rig.clock.at = order.expires_at
    with pytest.raises(PaymentRefused):
        await rig.provider.open(order, BACK, order.id)


async def test_money_on_its_way_is_not_money_yet(rig: StripeRig) -> None:
    opened = await rig.provider.open(an_order(rig.clock), BACK, "key")
    rig.server.pay_slowly(opened.provider_payment_id)
    assert (await truth(rig, opened.provider_payment_id)).status is ProviderStatus.pending
    rig.server.fail_after_all(opened.provider_payment_id)
    assert (await truth(rig, opened.provider_payment_id)).status is ProviderStatus.cancelled


async def test_an_event_that_was_not_asked_for_is_taken_and_dropped(rig: StripeRig) -> None:
    letter = rig.server.sign(b'{"id": "evt_1", "type": "customer.created", "data": {"object": {"id": "cus_1"}}}')
    said = read(rig, letter)
    assert isinstance(said, Refused)
    assert said.http_status == 200


async def test_a_signature_of_the_future_is_refused(rig: StripeRig) -> None:
    rig.clock.move(timedelta(seconds=301))
    letter = rig.server.sign(b"{}")
    rig.clock.move(timedelta(seconds=-301))
    assert isinstance(read(rig, letter), Refused)


async def test_what_is_paid_for_stands_on_the_page(rig: StripeRig) -> None:
    lines = (PaymentLine("4001", Money(Decimal("10"), "RUB")), PaymentLine("4002", Money(Decimal("0.01"), "RUB")))
    order = dataclasses.replace(an_order(rig.clock), lines=lines, amount=Money(Decimal("10.01"), "RUB"))
    opened = await rig.provider.open(order, BACK, order.id)
    session = rig.server.sessions[opened.provider_payment_id]
    assert session["amount_total"] == 1001
    assert session["metadata"] == {"order_id": order.id, "accounts": "4001,4002"}
    assert session["intent_metadata"] == session["metadata"]
