"""The demo's bank keeps the same contract as the real ones, behind a front that can have their bad days."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest
from aiohttp import web
from starlette.applications import Starlette

from bot.integrations.payments.sandbox_bank import SandboxBank
from bot.sandbox.bank.server import BankServer
from bot.sandbox.bank.service import BANK_KEY, Bank, signature
from core.clock import ManualClock
from core.money import Money
from tests.payments.doubles.server import Faults, Letter, Server
from tests.payments.keeping import KeeperContract
from tests.payments.rigs import PATIENCE

OURS = "http://127.0.0.1:7001"


class BankFront(Server):
    """Hands every call on to the bank, and tells what the faults say instead of the truth."""

    def __init__(self, bank: Bank) -> None:
        super().__init__()
        self.bank = bank
        app = Starlette(routes=BankServer(bank).routes())
        self._bank_http = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://bank")

    def routes(self) -> list[web.RouteDef]:
        return [web.route("*", "/{path:.*}", self._pass_on)]

    async def _pass_on(self, request: web.Request) -> web.Response:
        self.bank.faults.fails_after_creating, self.faults.fails_after_creating = self.faults.fails_after_creating, 0
        headers = {name: value for name, value in request.headers.items() if name.lower() != "host"}
        body = await request.read()
        answer = await self._bank_http.request(request.method, request.raw_path, content=body, headers=headers)
        said: dict[str, Any] = answer.json()
        lies = dict(self.faults.lies)
        if "amount" in lies:
            lies["amount"] = str(Decimal(lies["amount"]).scaleb(-2))
        if "accounts" in lies:
            lies["accounts"] = [lies["accounts"]]
        return web.json_response(said | lies, status=answer.status_code)


@dataclasses.dataclass
class BankRig:
    clock: ManualClock
    front: BankFront
    provider: SandboxBank

    secrets = (BANK_KEY,)

    @property
    def faults(self) -> Faults:
        return self.front.faults

    def card(self, reference: str, state: str) -> None:
        self.front.bank.cards[reference].state = state

    def charged(self) -> int:
        return sum(one.taken for one in self.front.bank.payments.values() if one.card)

    def opened(self) -> int:
        return len(self.front.bank.payments)

    def pay(self, payment_id: str) -> None:
        self.front.bank.act(self.front.bank.payments[payment_id], "pay")

    def decline(self, payment_id: str) -> None:
        self.front.bank.act(self.front.bank.payments[payment_id], "decline")

    def refund(self, payment_id: str, amount: Money) -> None:
        self.front.bank.refund(self.front.bank.payments[payment_id], amount.amount)

    def letters(self) -> list[Letter]:
        bank = self.front.bank
        self.front.letters = [
            Letter({"x-bank-signature": bank.sign(letter.body)}, letter.body, "127.0.0.1") for letter in bank.letters
        ]
        bank.letters.clear()
        return self.front.take_letters()

    def forged(self, letter: Letter) -> list[Letter]:
        now = int(self.clock.now().timestamp())
        stale = now - int(timedelta(minutes=6).total_seconds())
        wrong = {
            "",
            "t=,v1=",
            f"t={now},v1=ü",
            f"t={now},v1={signature('another key', now, letter.body)}",
            f"t={stale},v1={signature(BANK_KEY, stale, letter.body)}",
        }
        forged = [dataclasses.replace(letter, headers={"x-bank-signature": one}) for one in sorted(wrong)]
        return [*forged, dataclasses.replace(letter, headers={}), dataclasses.replace(letter, body=letter.body + b" ")]


class TestSandboxBank(KeeperContract):
    @pytest.fixture
    async def rig(self, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[BankRig]:
        monkeypatch.setattr("bot.integrations.payments.sandbox_bank.LIMIT", PATIENCE)
        clock = ManualClock()
        async with httpx.AsyncClient() as http:
            front = BankFront(Bank(clock, http, lambda: OURS))
            async with front.running(front.routes()):
                provider = SandboxBank(f"{front.url}/bank", BANK_KEY, OURS, clock, "Связь")
                yield BankRig(clock, front, provider)
                await provider.close()
