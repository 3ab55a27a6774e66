"""Providers joined to their doubles, for the contract and for whatever else needs a bank."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import AsyncIterator
from datetime import timedelta

from bot.integrations.payments.stripe_checkout import StripeCheckout
from bot.integrations.payments.stripe_sums import to_minor
from bot.integrations.payments.yookassa import YooKassa
from core.clock import ManualClock
from core.money import Money
from tests.payments.doubles import stripe_api, yookassa
from tests.payments.doubles.server import Faults, Letter
from tests.payments.doubles.stripe_api import StripeServer
from tests.payments.doubles.yookassa import YooKassaServer

PATIENCE = 0.5  # seconds: the doubles' "too slow" lasts until they are stopped


@dataclasses.dataclass
class YooKassaRig:
    clock: ManualClock
    server: YooKassaServer
    provider: YooKassa

    secrets = (yookassa.SECRET,)

    @property
    def faults(self) -> Faults:
        return self.server.faults

    def opened(self) -> int:
        return len(self.server.payments)

    def card(self, reference: str, state: str) -> None:
        self.faults.cards[reference] = state

    def charged(self) -> int:
        paid = [one for one in self.server.payments.values() if one["status"] == "succeeded"]
        return len([one for one in paid if one["payment_method"]["id"] != one["id"]])

    def pay(self, payment_id: str) -> None:
        self.server.pay(payment_id)

    def decline(self, payment_id: str) -> None:
        self.server.decline(payment_id)

    def refund(self, payment_id: str, amount: Money) -> None:
        self.server.refund(payment_id, amount.amount)

    def letters(self) -> list[Letter]:
        return self.server.take_letters()

    def forged(self, letter: Letter) -> list[Letter]:
        strangers = ["8.8.8.8", "185.71.76.32", "77.75.153.128", "127.0.0.1", "", "unknown", "2a02:5181::1"]
        return [dataclasses.replace(letter, source_ip=address) for address in strangers]


@dataclasses.dataclass
class StripeRig:
    clock: ManualClock
    server: StripeServer
    provider: StripeCheckout

    secrets = (stripe_api.KEY, stripe_api.WEBHOOK_SECRET)

    @property
    def faults(self) -> Faults:
        return self.server.faults

    def opened(self) -> int:
        return len(self.server.sessions)

    def card(self, reference: str, state: str) -> None:
        self.faults.cards[reference] = state

    def charged(self) -> int:
        return len([one for one in self.server.intents.values() if one["status"] == "succeeded"])

    def pay(self, payment_id: str) -> None:
        self.server.pay(payment_id)

    def decline(self, payment_id: str) -> None:
        self.server.decline(payment_id)

    def refund(self, payment_id: str, amount: Money) -> None:
        self.server.refund(payment_id, to_minor(amount))

    def letters(self) -> list[Letter]:
        return self.server.take_letters()

    def forged(self, letter: Letter) -> list[Letter]:
        headers = letter.headers["stripe-signature"]
        other = self.server.sign(letter.body, "whsec_of_somebody_else")
        self.clock.move(timedelta(seconds=-301))
        old = self.server.sign(letter.body)
        self.clock.move(timedelta(seconds=301))
        return [
            dataclasses.replace(letter, headers={}),
            dataclasses.replace(letter, headers={"stripe-signature": ""}),
            dataclasses.replace(letter, headers={"stripe-signature": headers.replace("v1=", "v0=")}),
            dataclasses.replace(letter, headers={"stripe-signature": headers + "0"}),
            dataclasses.replace(letter, headers={"stripe-signature": headers.replace("t=1", "t=2")}),
            dataclasses.replace(letter, body=letter.body + b" "),
            dataclasses.replace(letter, body=b"\xff" + letter.body),
            other,
            old,
        ]


@contextlib.asynccontextmanager
async def yookassa_rig(clock: ManualClock) -> AsyncIterator[YooKassaRig]:
    server = YooKassaServer(clock=clock)
    async with server.running(server.routes()):
        provider = YooKassa(
            yookassa.SHOP,
            yookassa.SECRET,
            clock,
            operator="Связь",
            api_url=f"{server.url}/v3",
            time_limit=PATIENCE,
        )
        yield YooKassaRig(clock, server, provider)
        await provider.close()


@contextlib.asynccontextmanager
async def stripe_rig(clock: ManualClock) -> AsyncIterator[StripeRig]:
    server = StripeServer(clock=clock)
    async with server.running(server.routes()):
        provider = StripeCheckout(
            stripe_api.KEY,
            stripe_api.WEBHOOK_SECRET,
            clock,
            operator="Связь",
            api_url=server.url,
            time_limit=PATIENCE,
        )
        yield StripeRig(clock, server, provider)
        await provider.close()
