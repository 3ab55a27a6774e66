"""YooKassa as a stateful double: keys, payments, refunds and unsigned notices, in its own words."""

from __future__ import annotations

import base64
import json
import uuid
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from aiohttp import web

from core.clock import Clock
from tests.payments.doubles.server import Letter, Server, json_answer

SHOP, SECRET = "100500", "test_secret-of-the-shop"
SOURCE = "185.71.76.5"
_REASONS = {"funds": "insufficient_funds", "holder": "3d_secure_failed", "gone": "permission_revoked"}


@dataclass
class YooKassaServer(Server):
    """A payment that went on is told without an address, as the real one does it."""

    clock: Clock = field(kw_only=True)
    payments: dict[str, dict[str, Any]] = field(default_factory=dict)
    refunds: dict[str, dict[str, Any]] = field(default_factory=dict)
    keys: dict[str, tuple[bytes, str]] = field(default_factory=dict)
    asked: set[str] = field(default_factory=set)  # payments whose means is to be kept
    kept: set[str] = field(default_factory=set)  # means that their holders let the shop charge

    def routes(self) -> list[web.RouteDef]:
        return [web.post("/v3/payments", self._create), web.get("/v3/payments/{id}", self._look)]

    # -- what happens at the bank ------------------------------------------------------------------------------------

    def pay(self, payment_id: str) -> None:
        payment = self.payments[payment_id]
        assert payment["status"] == "pending"
        payment.pop("confirmation", None)
        payment["payment_method"] = _card(payment_id, saved=payment_id in self.asked)
        if payment_id in self.asked:
            self.kept.add(payment_id)  # YooKassa names a means by the payment that it was kept with
        self._succeed(payment)

    def _succeed(self, payment: dict[str, Any]) -> None:
        payment |= {"status": "succeeded", "paid": True, "refundable": True, "captured_at": self._now()}
        payment["refunded_amount"] = self._money(Decimal(0), payment)
        self._notify("payment.succeeded", self._said(payment))

    def _charge(self, payment: dict[str, Any], reference: str) -> None:
        """At once and without anybody: what the bank says is the answer."""
        payment["payment_method"] = _card(reference, saved=True)
        state = self.faults.cards.get(reference, "ok")
        if state == "ok":
            self._succeed(payment)
        elif state != "slow":
            payment["status"] = "canceled"
            payment["cancellation_details"] = {"party": "payment_network", "reason": _REASONS[state]}
            self._notify("payment.canceled", self._said(payment))

    def decline(self, payment_id: str) -> None:
        payment = self.payments[payment_id]
        payment |= {"status": "canceled"}
        payment["cancellation_details"] = {"party": "payment_network", "reason": "insufficient_funds"}
        payment.pop("confirmation", None)
        self._notify("payment.canceled", self._said(payment))

    def refund(self, payment_id: str, value: Decimal) -> None:
        payment = self.payments[payment_id]
        total = Decimal(payment["refunded_amount"]["value"]) + value
        assert payment["status"] == "succeeded" and total <= Decimal(payment["amount"]["value"])
        payment["refunded_amount"] = self._money(total, payment)
        refund: dict[str, Any] = {
            "id": str(uuid.uuid4()),
            "payment_id": payment_id,
            "status": "succeeded",
            "created_at": self._now(),
            "amount": self._money(value, payment),
        }
        self.refunds[refund["id"]] = refund
        self._notify("refund.succeeded", refund)

    # -- the API -----------------------------------------------------------------------------------------------------

    async def _create(self, request: web.Request) -> web.Response:
        if not self._authorised(request):
            return _error("invalid_credentials", 401)
        key, raw = request.headers.get("Idempotence-Key", ""), await request.read()
        if not 0 < len(key) <= 64:
            return _error("invalid_request", 400, "Idempotence-Key")
        if key in self.keys:
            body, payment_id = self.keys[key]
            if body != raw:
                return _error("invalid_request", 400, "Idempotence-Key")
            return json_answer(self._said(self.payments[payment_id]))
        wanted = json.loads(raw)
        if Decimal(wanted["amount"]["value"]) <= 0:
            return _error("invalid_request", 400, "amount.value")
        reference = wanted.get("payment_method_id")
        if reference is not None and reference not in self.kept:
            return _error("invalid_request", 400, "payment_method_id")
        payment = self._new(wanted)
        self.payments[payment["id"]] = payment
        self.keys[key] = (raw, payment["id"])
        if wanted.get("save_payment_method"):
            self.asked.add(payment["id"])
        if reference is not None:
            self._charge(payment, reference)
        if self.faults.fails_after_creating > 0:
            self.faults.fails_after_creating -= 1
            return _error("internal_server_error", 500)
        return json_answer(self._said(payment))

    async def _look(self, request: web.Request) -> web.Response:
        if not self._authorised(request):
            return _error("invalid_credentials", 401)
        payment = self.payments.get(request.match_info["id"])
        return json_answer(self._said(payment)) if payment is not None else _error("not_found", 404)

    # -- inside ------------------------------------------------------------------------------------------------------

    def _new(self, wanted: dict[str, Any]) -> dict[str, Any]:
        payment_id = str(uuid.uuid4())
        payment = {
            "id": payment_id,
            "status": "pending",
            "amount": wanted["amount"],
            "description": wanted.get("description", ""),
            "recipient": {"account_id": SHOP, "gateway_id": "200600"},
            "created_at": self._now(),
            "test": True,
            "paid": False,
            "refundable": False,
            "metadata": wanted.get("metadata", {}),
        }
        if "payment_method_id" not in wanted:
            payment["confirmation"] = {
                "type": "redirect",
                "return_url": wanted["confirmation"]["return_url"],
                "confirmation_url": f"https://yoomoney.ru/checkout/payments/v2/contract?orderId={payment_id}",
            }
        return payment

    def _said(self, payment: dict[str, Any]) -> dict[str, Any]:
        """The payment as it is told, which need not be as it is."""
        said = json.loads(json.dumps(payment))
        lies = self.faults.lies
        if "amount" in lies:
            said["amount"]["value"] = f"{Decimal(lies['amount']).scaleb(-2)}"
        if "currency" in lies:
            said["amount"]["currency"] = lies["currency"]
        for name in ("order_id", "accounts"):
            if name in lies:
                said["metadata"][name] = lies[name]
        return dict(said)

    def _notify(self, event: str, what: dict[str, Any]) -> None:
        body = json.dumps({"type": "notification", "event": event, "object": what}).encode()
        self.letters.append(Letter({"content-type": "application/json"}, body, SOURCE))

    def _authorised(self, request: web.Request) -> bool:
        expected = base64.b64encode(f"{SHOP}:{SECRET}".encode()).decode()
        return request.headers.get("Authorization") == f"Basic {expected}"

    def _now(self) -> str:
        return self.clock.now().isoformat(timespec="milliseconds").replace("+00:00", "Z")

    @staticmethod
    def _money(value: Decimal, payment: dict[str, Any]) -> dict[str, str]:
        return {"value": f"{value:.2f}", "currency": payment["amount"]["currency"]}


def _card(means_id: str, *, saved: bool) -> dict[str, Any]:
    return {
        "type": "bank_card",
        "id": means_id,
        "saved": saved,
        "status": "active" if saved else "inactive",
        "title": "Bank card *4477",
        "card": {
            "first6": "220138",
            "last4": "4477",
            "expiry_year": "2030",
            "expiry_month": "12",
            "card_type": "Mir",
            "issuer_country": "RU",
        },
    }


def _error(code: str, status: int, parameter: str = "") -> web.Response:
    content = {"type": "error", "id": str(uuid.uuid4()), "code": code, "description": "…"}
    return json_answer(content | ({"parameter": parameter} if parameter else {}), status)
