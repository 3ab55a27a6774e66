"""The world around a process that is killed: a bank that remembers, a payer who pays at once, a messenger."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import httpx
from starlette.applications import Starlette

from bot.sandbox.bank.server import BankServer
from bot.sandbox.bank.service import Bank
from core.clock import ManualClock
from tests.durability.messenger import Outside
from tests.payments.conftest import BANK

REFUND = Decimal(40)


@dataclass
class BankOutside(Outside):
    """Also the payer: pays as soon as the bank has opened a payment; a part goes back when thanks have arrived."""

    clock: ManualClock = field(default_factory=ManualClock)
    pressed: dict[str, str] = field(default_factory=dict)  # links that are being pressed, by their paths
    heard: set[str] = field(default_factory=set)
    autopay: bool = False  # the operator offers it; a card is charged without its holder, and nothing is given back

    def __post_init__(self) -> None:
        self.bank = Bank(self.clock, httpx.AsyncClient(), lambda: BANK)
        self._app = Starlette(routes=BankServer(self.bank).routes())

    @property
    def texts(self) -> list[str]:
        return self.received.get("42", [])

    def answer(self, request: dict[str, Any]) -> Any:
        match request:
            case {"op": "wanted"}:
                return self._wanted()
            case {"op": "heard", "id": name}:
                self.heard.add(name)
                return None
            case {"op": "autopay"}:
                return self.autopay
            case {"op": "bank"}:
                return asyncio.run(self._call(request))
            case {"op": "send", "text": text}:
                number = super().answer(request)
                if "Thank you" in text:
                    self._give_back()
                return number
        return super().answer(request)

    def _wanted(self) -> list[dict[str, Any]]:
        """What is repeated until it is answered: a press on the page, and each of the bank's notices."""
        presses = [{"id": path, "path": path, "headers": {}, "body": ""} for path in self.pressed]
        letters = [
            {
                "id": f"letter {number}",
                "path": "/payments/sandbox/notice",
                "headers": {"Content-Type": "application/json", "X-Bank-Signature": self.bank.sign(letter.body)},
                "body": letter.body.decode(),
            }
            for number, letter in enumerate(self.bank.letters)
        ]
        return [one for one in (*presses, *letters) if one["id"] not in self.heard]

    async def _call(self, request: dict[str, Any]) -> tuple[int, str]:
        transport = httpx.ASGITransport(self._app)
        async with httpx.AsyncClient(transport=transport, base_url=BANK) as client:
            answer = await client.request(
                request["method"], request["path"], headers=request["headers"], content=request["body"]
            )
        for payment in self.bank.payments.values():
            self.bank.act(payment, "pay")
        return answer.status_code, answer.text

    def _give_back(self) -> None:
        for payment in self.bank.payments.values():
            if payment.status == "succeeded" and not payment.refunded:
                self.bank.refund(payment, REFUND)
