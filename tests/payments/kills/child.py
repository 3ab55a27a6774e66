"""The process that is killed while it takes a payment: the real page, worker, billing and sender on a real database.

The bank, the payer and the messenger live outside of it, behind a socket. tests/durability/child.py forks alike.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

import httpx
from starlette.applications import Starlette

from bot.integrations.payments.sandbox_bank import SandboxBank
from bot.sandbox.bank.service import BANK_KEY
from bot.wiring import build_services, zone_finder
from bot.wiring_autopay import build_job
from bot.wiring_payments import build_autopay, build_payments, payment_routes, payment_tasks
from core.billing.embedded import EmbeddedBilling
from core.billing.models import AccountNumber
from core.clock import ManualClock
from core.money import Money
from core.payments.autopay.models import AutopayTerms
from core.payments.links import PaymentLinks
from core.payments.protocol import PaymentProvider
from core.payments.service import PaymentTerms, sweep
from fsm.engine import Engine
from fsm.state import Registry
from handlers.sender import Sender
from handlers.worker import Worker
from tests.durability.messenger import Orders
from tests.durability.watched import Link, LinkedChannel, WatchedDatabase, serve
from tests.payments.conftest import BANK, OPERATOR, OURS, rub
from tests.support.dialogue import SECRET

_registry = Registry()


class WatchedBilling(EmbeddedBilling):
    """Before it is asked to book, and after it has booked and nobody has heard of it."""

    link: Link

    async def post_payment(
        self, account: AccountNumber, amount: Money, external_id: str, paid_at: datetime, method: str
    ) -> None:
        self.link.at("before booking")
        await super().post_payment(account, amount, external_id, paid_at, method)
        self.link.at("after booking")

    async def post_refund(
        self, account: AccountNumber, amount: Money, external_id: str, refunded_at: datetime, method: str
    ) -> None:
        self.link.at("before booking back")
        await super().post_refund(account, amount, external_id, refunded_at, method)
        self.link.at("after booking back")


class ToTheBank(httpx.AsyncBaseTransport):
    """The way to the bank outside."""

    def __init__(self, link: Link) -> None:
        self._link = link

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        what = f"{request.method} {'payment' if request.url.path.count('/') > 2 else 'payments'}"
        self._link.at(f"before {what}")
        body = (await request.aread()).decode()
        headers = {name: value for name, value in request.headers.items() if name != "content-length"}
        status, content = self._link.ask(
            "bank", method=request.method, path=request.url.path, headers=headers, body=body
        )
        self._link.at(f"after {what}")
        return httpx.Response(status, content=content.encode(), request=request)


async def run(orders: Orders) -> None:
    """Until nobody wants anything and nothing is left to be done."""
    link = Link(orders.socket)
    clock = ManualClock()
    clock.move(timedelta(seconds=orders.shift))
    database = WatchedDatabase(orders.url, link)
    bank = SandboxBank(f"{BANK}/bank", BANK_KEY, OURS, clock, "Svyaz", ToTheBank(link))
    providers: dict[str, PaymentProvider] = {bank.name: bank}
    links = PaymentLinks(SECRET, OURS)
    payments = build_payments(database, clock, PaymentTerms(rub("10"), rub("50000")), links, providers)
    billing = WatchedBilling(database, clock, live=True, zone=OPERATOR.zone)
    billing.link = link
    autopay = build_autopay(database, clock, AutopayTerms(rub("90000")) if link.ask("autopay") else None, providers)
    services = build_services(database, clock, OPERATOR, billing, secret_key=SECRET, payments=payments, autopay=autopay)
    job = build_job(database, services, _registry)
    worker = Worker(database, clock, payment_tasks(database, services, _registry, providers, links, lambda: None))
    engine = Engine(_registry, services, zone_finder(OPERATOR))
    sender = Sender(database, clock, {"telegram": LinkedChannel(link, False)}, engine.fallback)
    app = Starlette(routes=payment_routes(database, services, providers, OURS, [], lambda: None, patience=0))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=OURS) as web:
        while True:
            wanted = link.ask("wanted")
            for one in wanted:
                link.at("asked")
                answer = await web.post(one["path"], headers=one["headers"], content=one["body"])
                assert answer.status_code < 400, answer.text
                link.at("answered, not heard")
                link.ask("heard", id=one["id"])
            await database.write(sweep, clock.now())
            await job.tick()
            if not await worker.drain() + await sender.drain() and not wanted:
                break
    await bank.close()
    await database.close()


if __name__ == "__main__":
    serve(run, logging.CRITICAL)
