"""What every payment provider owes the program, held against a double that is slow, repeats, fails and lies.

A rig joins a provider to its double; a test module that defines a ``rig`` fixture and inherits from
:class:`RedirectContract` (or :class:`UnaskedContract`) runs all of it.
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
from datetime import timedelta
from decimal import Decimal
from typing import Protocol

import pytest
from aiohttp import web
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.clock import ManualClock
from core.errors import OutsideUnavailable
from core.money import Money
from core.payments.models import PaymentLine, PaymentOrder, PaymentStatus
from core.payments.protocol import (
    Notice,
    Opened,
    PaymentProvider,
    PaymentRefused,
    ProviderPayment,
    ProviderStatus,
    Refused,
)
from tests.payments.doubles.server import Faults, Letter

BACK = "https://abonent.example/pay/token/back"
FRIGHTS = [
    web.Response(status=500, text="{}"),
    web.Response(status=502, text="<html>Bad gateway</html>"),
    web.Response(status=429, text="{}"),
    web.Response(status=401, text="{}"),
    web.Response(status=200, text="<html>Maintenance</html>"),
    web.Response(status=200, text="[]"),
    web.Response(status=200, text="{}"),
    web.Response(status=200, text='{"id": 5, "status": "succeeded", "amount": "1e99", "amount_total": 1.5}'),
]

_HEADERS = st.dictionaries(
    st.sampled_from(["stripe-signature", "x-bank-signature", "content-type"]),
    st.text(st.characters(max_codepoint=255)) | st.sampled_from(["t=1,v1=ä", "t=,v1=", "t=1=2,v1", "t=" + "9" * 5000]),
)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.dictionaries(
        st.sampled_from(["type", "event", "object", "id", "status", "data", "payment_id", "metadata"]), inner
    ),
    max_leaves=8,
)
_BODIES = (
    st.binary(max_size=200)
    | st.sampled_from([b"[" * 60_000, b"{}", b"null", b'{"type":"notification","event":5,"object":{}}'])
    | _JSON.map(lambda value: json.dumps(value).encode())
)
_SOURCES = st.sampled_from(["", "185.71.76.5", "::ffff:185.71.76.5", "nonsense", "2a02:5180::1"]) | st.text(max_size=9)


def an_order(clock: ManualClock, *parts: tuple[str, str], currency: str = "RUB", order_id: str = "") -> PaymentOrder:
    """For these accounts and sums; 500.50 for one account unless told."""
    lines = tuple(
        PaymentLine(account, Money(Decimal(sum_), currency)) for account, sum_ in parts or [("4001", "500.5")]
    )
    total = Money.zero(currency)
    for line in lines:
        total = total + line.amount
    return PaymentOrder(
        id=order_id or "0123456789abcdef",
        subscriber_id="subscriber-1",
        chat_id="telegram:7",
        provider="any",
        amount=total,
        lines=lines,
        status=PaymentStatus.opening,
        created_at=clock.now(),
        expires_at=clock.now() + timedelta(hours=24),
    )


class Rig(Protocol):
    """A provider, and the hand that moves its double."""

    clock: ManualClock

    @property
    def provider(self) -> PaymentProvider: ...

    @property
    def faults(self) -> Faults: ...

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must never be said aloud."""
        ...

    def opened(self) -> int:
        """How many payments the double knows."""
        ...

    def pay(self, payment_id: str) -> None: ...

    def decline(self, payment_id: str) -> None: ...

    def refund(self, payment_id: str, amount: Money) -> None: ...

    def letters(self) -> list[Letter]:
        """The notices on their way."""
        ...

    def forged(self, letter: Letter) -> list[Letter]:
        """The same words from somebody who is not the provider."""
        ...


def read(rig: Rig, letter: Letter) -> Notice | Refused:
    return rig.provider.read_notice(letter.headers, letter.body, letter.source_ip)


async def truth(rig: Rig, payment_id: str) -> ProviderPayment:
    found = await rig.provider.look(payment_id)
    assert found is not None
    return found


class AnyContract:
    """For every provider."""

    async def test_the_same_order_opens_the_same_payment(self, rig: Rig) -> None:
        order = an_order(rig.clock)
        first = await rig.provider.open(order, BACK, order.id)
        again = await rig.provider.open(order, BACK, order.id)
        assert first == again
        given = (bool(first.confirmation_url), first.invoice is not None, bool(first.qr))
        means = rig.provider.means
        assert given == (means.redirect, means.invoice, means.qr)
        assert sum(given) == 1

    async def test_orders_are_kept_apart(self, rig: Rig) -> None:
        one = an_order(rig.clock, order_id="1" * 16)
        other = an_order(rig.clock, order_id="2" * 16)
        assert await rig.provider.open(one, BACK, one.id) != await rig.provider.open(other, BACK, other.id)

    def test_its_name_fits_into_addresses(self, rig: Rig) -> None:
        name = rig.provider.name
        assert 0 < len(name) <= 20
        assert name.replace("_", "").isalnum() and name == name.lower() and name.isascii()

    async def test_what_is_not_known_is_not_there(self, rig: Rig) -> None:
        for unknown in (
            "",
            "22e12f66-000f-5000-8000-18db351245c7",
            "cs_test_nobody",
            "../payments",
            "x" * 300,
            "платёж",
        ):
            assert await rig.provider.look(unknown) is None

    # Each provider's class runs this on a rig of its own; reading a notice changes nothing in it.
    @settings(
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.differing_executors], max_examples=60
    )
    @given(headers=_HEADERS, body=_BODIES, source=_SOURCES)
    def test_whatever_is_posted_does_not_raise(
        self, rig: Rig, headers: dict[str, str], body: bytes, source: str
    ) -> None:
        said = rig.provider.read_notice(headers, body, source)
        assert isinstance(said, Notice | Refused)
        if isinstance(said, Refused):
            assert said.http_status in (200, 400, 403, 404)


class UnaskedContract(AnyContract):
    """For a provider that nobody can ask."""

    async def test_it_has_nothing_to_say(self, rig: Rig) -> None:
        order = an_order(rig.clock)
        opened = await rig.provider.open(order, BACK, order.id)
        assert not rig.provider.means.asks
        assert await rig.provider.look(opened.provider_payment_id or order.id) is None
        await rig.provider.cancel(opened.provider_payment_id or order.id)

    def test_nobody_can_post_to_it(self, rig: Rig) -> None:
        said = rig.provider.read_notice({}, b'{"id": "1", "event": "paid"}', "127.0.0.1")
        assert isinstance(said, Refused)
        assert said.http_status in (403, 404)


class RedirectContract(AnyContract):
    """For a provider with a page of its own, whose word can be asked for."""

    async def _opened(self, rig: Rig, order: PaymentOrder) -> Opened:
        return await rig.provider.open(order, BACK, order.id)

    async def test_a_payment_from_its_opening_to_the_money(self, rig: Rig) -> None:
        order = an_order(rig.clock, ("4001", "500.50"), ("4002", "99.01"))
        opened = await self._opened(rig, order)
        assert opened.confirmation_url.startswith(("https://", "http://127.0.0.1"))
        before = await truth(rig, opened.provider_payment_id)
        assert before.status is ProviderStatus.pending
        assert before.amount == order.amount

        rig.clock.move(timedelta(minutes=5))
        rig.pay(opened.provider_payment_id)
        after = await truth(rig, opened.provider_payment_id)
        assert after.status is ProviderStatus.succeeded
        assert after.provider_payment_id == opened.provider_payment_id
        assert after.amount == order.amount
        assert after.order_id == order.id
        assert after.accounts in ((), ("4001", "4002"))
        assert after.paid_at is not None
        assert after.paid_at == rig.clock.now()
        assert not after.refunded

    async def test_an_opening_that_failed_after_all_had_been_done(self, rig: Rig) -> None:
        order = an_order(rig.clock)
        rig.faults.fails_after_creating = 1
        with pytest.raises(OutsideUnavailable):
            await self._opened(rig, order)
        assert rig.opened() == 1
        opened = await self._opened(rig, order)
        assert rig.opened() == 1
        assert (await truth(rig, opened.provider_payment_id)).order_id == order.id

    async def test_an_opening_that_took_too_long(self, rig: Rig) -> None:
        order = an_order(rig.clock)
        rig.faults.slow = 1
        with pytest.raises(OutsideUnavailable):
            await self._opened(rig, order)
        await self._opened(rig, order)
        assert rig.opened() == 1

    async def test_two_processes_open_at_once(self, rig: Rig) -> None:
        order = an_order(rig.clock)
        opened = await asyncio.gather(*(self._opened(rig, order) for _ in range(5)))
        assert rig.opened() == 1
        assert len(set(opened)) == 1

    async def test_a_key_that_comes_back_after_the_money(self, rig: Rig) -> None:
        order = an_order(rig.clock)
        first = await self._opened(rig, order)
        rig.pay(first.provider_payment_id)
        again = await self._opened(rig, order)
        assert again.provider_payment_id == first.provider_payment_id
        assert again.confirmation_url  # somewhere to go: the provider's page, or our own
        assert rig.opened() == 1

    async def test_a_sum_that_nobody_takes(self, rig: Rig) -> None:
        order = an_order(rig.clock)
        nothing = Money.zero("RUB")
        empty = dataclasses.replace(order, amount=nothing, lines=(PaymentLine("4001", nothing),))
        with pytest.raises(PaymentRefused):
            await self._opened(rig, empty)
        assert rig.opened() == 0

    async def test_a_payment_that_was_declined(self, rig: Rig) -> None:
        opened = await self._opened(rig, an_order(rig.clock))
        rig.decline(opened.provider_payment_id)
        assert (await truth(rig, opened.provider_payment_id)).status is ProviderStatus.cancelled

    async def test_cancelling(self, rig: Rig) -> None:
        opened = await self._opened(rig, an_order(rig.clock))
        for _ in range(2):
            await rig.provider.cancel(opened.provider_payment_id)
        stopped = (await truth(rig, opened.provider_payment_id)).status
        assert stopped is (ProviderStatus.cancelled if rig.provider.means.cancels else ProviderStatus.pending)
        await rig.provider.cancel("nobody-knows-it")

    async def test_money_is_not_cancelled(self, rig: Rig) -> None:
        opened = await self._opened(rig, an_order(rig.clock))
        rig.pay(opened.provider_payment_id)
        await rig.provider.cancel(opened.provider_payment_id)
        found = await truth(rig, opened.provider_payment_id)
        assert (found.status, found.refunded or Money.zero("RUB")) == (ProviderStatus.succeeded, Money.zero("RUB"))

    async def test_refunds_add_up(self, rig: Rig) -> None:
        opened = await self._opened(rig, an_order(rig.clock))
        rig.pay(opened.provider_payment_id)
        for part, total in (("100", "100"), ("400.50", "500.50")):
            rig.refund(opened.provider_payment_id, Money(Decimal(part), "RUB"))
            found = await truth(rig, opened.provider_payment_id)
            assert found.status is ProviderStatus.succeeded
            assert found.refunded == Money(Decimal(total), "RUB")
            assert found.amount == Money(Decimal("500.50"), "RUB")

    # -- lies and nonsense -------------------------------------------------------------------------------------------

    @pytest.mark.parametrize(
        "lie", [{"amount": 1}, {"amount": 50051}, {"currency": "KZT"}, {"order_id": "f" * 16}, {"accounts": "6666"}]
    )
    async def test_what_it_says_is_passed_on_and_never_put_right(self, rig: Rig, lie: dict[str, object]) -> None:
        """Whether it agrees with the order is decided by those who know the order."""
        order = an_order(rig.clock)
        opened = await self._opened(rig, order)
        rig.pay(opened.provider_payment_id)
        honest = await truth(rig, opened.provider_payment_id)
        rig.faults.lies = dict(lie)
        if "accounts" in lie and not honest.accounts:
            pytest.fail("the provider does not give the accounts back: leave them out of the rig's lies")
        found = await truth(rig, opened.provider_payment_id)
        assert (found.amount, found.order_id, found.accounts) != (order.amount, order.id, ("4001",))
        assert found.provider_payment_id == opened.provider_payment_id

    @pytest.mark.parametrize("fright", FRIGHTS, ids=lambda answer: f"{answer.status}-{answer.text[:12]}")
    async def test_no_certain_answer_is_no_answer(
        self, rig: Rig, fright: web.Response, caplog: pytest.LogCaptureFixture
    ) -> None:
        order = an_order(rig.clock)
        opened = await self._opened(rig, order)
        rig.faults.answers = fright
        said = ""
        with pytest.raises(OutsideUnavailable) as unknown:
            await rig.provider.look(opened.provider_payment_id)
        said += str(unknown.value)
        with pytest.raises(OutsideUnavailable) as unknown:
            await self._opened(rig, order)
        said += str(unknown.value) + caplog.text
        assert not [secret for secret in rig.secrets if secret in said]
        rig.faults.answers = None
        assert await self._opened(rig, order) == opened

    # -- notices -----------------------------------------------------------------------------------------------------

    async def test_a_notice_leads_to_the_payment(self, rig: Rig) -> None:
        order = an_order(rig.clock)
        opened = await self._opened(rig, order)
        rig.pay(opened.provider_payment_id)
        rig.refund(opened.provider_payment_id, Money(Decimal(1), "RUB"))
        letters = rig.letters()
        assert len(letters) == 2
        notices = [read(rig, letter) for letter in letters]
        for notice in notices:
            assert isinstance(notice, Notice)
            assert notice.payment is None  # nobody is believed who can be asked
            assert 0 < len(notice.external_id) <= 200
            found = await truth(rig, notice.provider_payment_id)
            assert (found.provider_payment_id, found.order_id) == (opened.provider_payment_id, order.id)
        assert len({notice.external_id for notice in notices if isinstance(notice, Notice)}) == 2

    async def test_a_repeated_notice_is_the_same_one(self, rig: Rig) -> None:
        opened = await self._opened(rig, an_order(rig.clock))
        rig.pay(opened.provider_payment_id)
        rig.refund(opened.provider_payment_id, Money(Decimal(1), "RUB"))
        rig.faults.repeat, rig.faults.reorder = 3, True
        notices = [read(rig, letter) for letter in rig.letters()]
        assert len(notices) == 6
        assert len({notice.external_id for notice in notices if isinstance(notice, Notice)}) == 2

    async def test_two_refunds_are_two_notices(self, rig: Rig) -> None:
        opened = await self._opened(rig, an_order(rig.clock))
        rig.pay(opened.provider_payment_id)
        for _ in range(2):
            rig.refund(opened.provider_payment_id, Money(Decimal(1), "RUB"))
        ids = {getattr(read(rig, letter), "external_id", "") for letter in rig.letters()}
        assert len(ids) == 3

    async def test_a_forged_notice_is_refused(self, rig: Rig) -> None:
        opened = await self._opened(rig, an_order(rig.clock))
        rig.pay(opened.provider_payment_id)
        (letter,) = rig.letters()
        forged = rig.forged(letter)
        assert forged
        for one in forged:
            said = read(rig, one)
            assert isinstance(said, Refused)
            assert said.http_status == 403
            assert opened.provider_payment_id not in said.reason
