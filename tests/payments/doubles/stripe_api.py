"""Stripe as a stateful double: Checkout sessions, their intents and charges, keys and signed events."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, field
from typing import Any

import stripe
from aiohttp import web

from core.clock import Clock
from tests.payments.doubles.server import Letter, Server, json_answer

KEY, WEBHOOK_SECRET = "sk_test_of_the_double", "whsec_of_the_double"
_REFUSALS = {
    "funds": ("card_declined", "insufficient_funds"),
    "holder": ("authentication_required", "authentication_required"),
    "gone": ("expired_card", "expired_card"),
}


@dataclass
class StripeServer(Server):
    clock: Clock = field(kw_only=True)
    sessions: dict[str, dict[str, Any]] = field(default_factory=dict)
    keys: dict[str, tuple[bytes, str]] = field(default_factory=dict)
    intents: dict[str, dict[str, Any]] = field(default_factory=dict)  # those of charges of kept cards
    kept: dict[str, str] = field(default_factory=dict)  # the customer of each card that can be charged

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/v1/checkout/sessions", self._create),
            web.get("/v1/checkout/sessions", self._list),
            web.get("/v1/checkout/sessions/{id}", self._look),
            web.post("/v1/checkout/sessions/{id}/expire", self._expire),
            web.post("/v1/payment_intents", self._charge),
            web.get("/v1/payment_intents/{id}", self._look_at_intent),
            web.post("/v1/payment_intents/{id}/cancel", self._cancel_intent),
            web.post("/v1/payment_methods/{id}/detach", self._detach),
        ]

    # -- what happens at the bank ------------------------------------------------------------------------------------

    def pay(self, session_id: str) -> None:
        session = self.sessions[session_id]
        assert session["status"] == "open"
        self._complete(session, "succeeded")
        session["payment_status"] = "paid"
        self._notify("checkout.session.completed", session)

    def pay_slowly(self, session_id: str) -> None:
        """A direct debit: the page is done, the money is not there yet."""
        session = self.sessions[session_id]
        self._complete(session, "processing")
        self._notify("checkout.session.completed", session)

    def fail_after_all(self, session_id: str) -> None:
        session = self.sessions[session_id]
        session["payment_intent"]["status"] = "requires_payment_method"
        self._notify("checkout.session.async_payment_failed", session)

    def decline(self, session_id: str) -> None:
        """A session outlives a card that was refused: only its end is final."""
        self._end(self.sessions[session_id])

    def refund(self, session_id: str, minor: int) -> None:
        intent = self.intents[session_id] if session_id in self.intents else self.sessions[session_id]["payment_intent"]
        charge = intent["latest_charge"]
        charge["amount_refunded"] += minor
        assert charge["amount_refunded"] <= charge["amount"]
        self._notify("charge.refunded", charge)

    # -- the API -----------------------------------------------------------------------------------------------------

    async def _create(self, request: web.Request) -> web.Response:
        if (refusal := self._unauthorised(request)) is not None:
            return refusal
        key, raw = request.headers.get("Idempotency-Key", ""), await request.read()
        if key in self.keys:
            body, session_id = self.keys[key]
            if body != raw:
                return _error(400, "idempotency_error")
            return json_answer(self._said(self.sessions[session_id]))
        form = {str(name): str(value) for name, value in (await request.post()).items()}
        ends = int(form.get("expires_at", "0"))
        now = int(self.clock.now().timestamp())
        if ends and not 1800 <= ends - now <= 86400:
            return _error(400, "invalid_request_error", code="invalid_expires_at", param="expires_at")
        session = self._new(form)
        self.sessions[session["id"]] = session
        self.keys[key] = (raw, session["id"])
        if self.faults.fails_after_creating > 0:
            self.faults.fails_after_creating -= 1
            return _error(500, "api_error")
        return json_answer(self._said(session))

    async def _look(self, request: web.Request) -> web.Response:
        if (refusal := self._unauthorised(request)) is not None:
            return refusal
        session = self.sessions.get(request.match_info["id"])
        if session is None:
            return _error(404, "invalid_request_error", code="resource_missing", param="id")
        return json_answer(self._said(session, expanded="expand[0]" in request.query))

    async def _list(self, request: web.Request) -> web.Response:
        if (refusal := self._unauthorised(request)) is not None:
            return refusal
        wanted = request.query.get("payment_intent")
        found = [
            self._said(session, expanded="expand[0]" in request.query)
            for session in self.sessions.values()
            if session["payment_intent"] is not None and session["payment_intent"]["id"] == wanted
        ]
        return json_answer({"object": "list", "data": found, "has_more": False, "url": "/v1/checkout/sessions"})

    async def _expire(self, request: web.Request) -> web.Response:
        if (refusal := self._unauthorised(request)) is not None:
            return refusal
        session = self.sessions.get(request.match_info["id"])
        if session is None:
            return _error(404, "invalid_request_error", code="resource_missing", param="session")
        if session["status"] != "open":
            return _error(400, "invalid_request_error")
        self._end(session)
        return json_answer(self._said(session))

    async def _charge(self, request: web.Request) -> web.Response:
        if (refusal := self._unauthorised(request)) is not None:
            return refusal
        key, raw = request.headers.get("Idempotency-Key", ""), await request.read()
        if key in self.keys:
            body, intent_id = self.keys[key]
            return _error(400, "idempotency_error") if body != raw else self._answer_charge(self.intents[intent_id])
        form = {str(name): str(value) for name, value in (await request.post()).items()}
        card = form["payment_method"]
        if (form["off_session"], form["confirm"]) != ("true", "true") or int(form["amount"]) <= 0:
            return _error(400, "invalid_request_error", param="amount")
        if self.kept.get(card) != form["customer"]:
            return _error(400, "invalid_request_error", code="resource_missing", param="payment_method")
        intent = self._intent(form, self.faults.cards.get(f"{form['customer']}/{card}", "ok"))
        self.intents[intent["id"]] = intent
        self.keys[key] = (raw, intent["id"])
        succeeded = intent["status"] == "succeeded"
        if intent["status"] != "processing":
            self._notify(f"payment_intent.{'succeeded' if succeeded else 'payment_failed'}", self._said_intent(intent))
        if self.faults.fails_after_creating > 0:
            self.faults.fails_after_creating -= 1
            return _error(500, "api_error")
        return self._answer_charge(intent)

    def _answer_charge(self, intent: dict[str, Any]) -> web.Response:
        refused = intent["last_payment_error"]
        if intent["status"] == "requires_payment_method" and refused is not None:
            return json_answer({"error": refused | {"payment_intent": self._said_intent(intent)}}, 402)
        return json_answer(self._said_intent(intent, expanded=True))

    async def _look_at_intent(self, request: web.Request) -> web.Response:
        if (refusal := self._unauthorised(request)) is not None:
            return refusal
        intent = self.intents.get(request.match_info["id"])
        if intent is None:
            return _error(404, "invalid_request_error", code="resource_missing", param="intent")
        return json_answer(self._said_intent(intent, expanded="expand[0]" in request.query))

    async def _cancel_intent(self, request: web.Request) -> web.Response:
        if (refusal := self._unauthorised(request)) is not None:
            return refusal
        intent = self.intents.get(request.match_info["id"])
        if intent is None or intent["status"] in ("succeeded", "canceled", "processing"):
            return _error(400, "invalid_request_error", code="payment_intent_unexpected_state")
        intent["status"] = "canceled"
        return json_answer(self._said_intent(intent))

    async def _detach(self, request: web.Request) -> web.Response:
        if (refusal := self._unauthorised(request)) is not None:
            return refusal
        card = request.match_info["id"]
        if self.kept.pop(card, None) is None:
            return _error(400, "invalid_request_error", param="payment_method")
        return json_answer({"id": card, "object": "payment_method", "customer": None})

    def _intent(self, form: dict[str, str], state: str) -> dict[str, Any]:
        intent: dict[str, Any] = {
            "id": f"pi_{secrets.token_hex(12)}",
            "object": "payment_intent",
            "amount": int(form["amount"]),
            "currency": form["currency"],
            "customer": form["customer"],
            "metadata": _inner(form, "metadata"),
            "status": {"ok": "succeeded", "slow": "processing"}.get(state, "requires_payment_method"),
            "latest_charge": None,
            "last_payment_error": None,
        }
        if state == "ok":
            intent["latest_charge"] = self._made(intent)
        elif state != "slow":
            code, decline = _REFUSALS[state]
            intent["last_payment_error"] = {"type": "card_error", "code": code, "decline_code": decline, "message": "…"}
        return intent

    def _made(self, intent: dict[str, Any]) -> dict[str, Any]:
        return {
            "id": f"ch_{secrets.token_hex(12)}",
            "object": "charge",
            "amount": intent["amount"],
            "amount_refunded": 0,
            "currency": intent["currency"],
            "created": int(self.clock.now().timestamp()),
            "metadata": intent["metadata"],
            "payment_intent": intent["id"],
        }

    def _said_intent(self, intent: dict[str, Any], *, expanded: bool = False) -> dict[str, Any]:
        said: dict[str, Any] = json.loads(json.dumps(intent))
        if said["latest_charge"] is not None and not expanded:
            said["latest_charge"] = said["latest_charge"]["id"]
        lies = self.faults.lies
        said |= {name: lies[name] for name in ("amount",) if name in lies}
        said |= {"currency": lies["currency"].lower()} if "currency" in lies else {}
        said["metadata"] |= {name: lies[name] for name in ("order_id", "accounts") if name in lies}
        return said

    def approve(self, intent_id: str) -> None:
        """A charge that was being processed has come through."""
        intent = self.intents[intent_id]
        intent |= {"status": "succeeded", "latest_charge": self._made(intent)}
        self._notify("payment_intent.succeeded", self._said_intent(intent))

    # -- inside ------------------------------------------------------------------------------------------------------

    def _new(self, form: dict[str, str]) -> dict[str, Any]:
        total, n = 0, 0
        while f"line_items[{n}][price_data][unit_amount]" in form:
            item = f"line_items[{n}]"
            total += int(form[f"{item}[price_data][unit_amount]"]) * int(form[f"{item}[quantity]"])
            n += 1
        session_id = f"cs_test_{secrets.token_hex(24)}"
        prefix = "payment_intent_data[metadata]"
        return {
            "id": session_id,
            "object": "checkout.session",
            "mode": form["mode"],
            "status": "open",
            "payment_status": "unpaid",
            "amount_total": total,
            "currency": form["line_items[0][price_data][currency]"],
            "client_reference_id": form.get("client_reference_id"),
            "metadata": _inner(form, "metadata"),
            "payment_intent": None,
            "expires_at": int(form.get("expires_at", "0")) or int(self.clock.now().timestamp()) + 86400,
            "url": f"https://checkout.stripe.com/c/pay/{session_id}",
            "intent_metadata": _inner(form, prefix),
            "customer": None,
            "keeps": form.get("payment_intent_data[setup_future_usage]") == "off_session"
            and form.get("customer_creation") == "always",
        }

    def _complete(self, session: dict[str, Any], intent_status: str) -> None:
        charge = {
            "id": f"ch_{secrets.token_hex(12)}",
            "object": "charge",
            "amount": session["amount_total"],
            "amount_refunded": 0,
            "currency": session["currency"],
            "created": int(self.clock.now().timestamp()),
            "metadata": session["intent_metadata"],
        }
        intent: dict[str, Any] = {
            "id": f"pi_{secrets.token_hex(12)}",
            "object": "payment_intent",
            "status": intent_status,
            "latest_charge": charge,
            "setup_future_usage": None,
            "payment_method": {
                "id": f"pm_{secrets.token_hex(12)}",
                "object": "payment_method",
                "type": "card",
                "card": {"brand": "visa", "last4": "4242"},
            },
        }
        if session["keeps"]:
            session["customer"] = f"cus_{secrets.token_hex(7)}"
            intent["setup_future_usage"] = "off_session"
            self.kept[intent["payment_method"]["id"]] = session["customer"]
        charge["payment_intent"] = intent["id"]
        session |= {"status": "complete", "payment_intent": intent, "url": None}

    def _end(self, session: dict[str, Any]) -> None:
        session |= {"status": "expired", "url": None}
        self._notify("checkout.session.expired", session)

    def _said(self, session: dict[str, Any], *, expanded: bool = False) -> dict[str, Any]:
        """The session as it is told, which need not be as it is."""
        said: dict[str, Any] = json.loads(json.dumps(session))
        del said["intent_metadata"], said["keeps"]
        if said["payment_intent"] is not None and not expanded:
            said["payment_intent"] = said["payment_intent"]["id"]
        lies = self.faults.lies
        if "amount" in lies:
            said["amount_total"] = lies["amount"]
        if "currency" in lies:
            said["currency"] = lies["currency"].lower()
        if "order_id" in lies:
            said["client_reference_id"] = lies["order_id"]
        if "accounts" in lies:
            said["metadata"]["accounts"] = lies["accounts"]
        return said

    def _notify(self, kind: str, what: dict[str, Any]) -> None:
        said = self._said(what) if what["object"] == "checkout.session" else what
        event = {"id": f"evt_{secrets.token_hex(12)}", "object": "event", "type": kind, "data": {"object": said}}
        self.letters.append(self.sign(json.dumps(event).encode()))

    def sign(self, body: bytes, secret: str = WEBHOOK_SECRET) -> Letter:
        moment = int(self.clock.now().timestamp())
        header = stripe.WebhookSignature.generate_signature_header(body.decode(), secret, moment)
        return Letter({"stripe-signature": header}, body, "3.18.12.63")

    def _unauthorised(self, request: web.Request) -> web.Response | None:
        if request.headers.get("Authorization") == f"Bearer {KEY}":
            return None
        return _error(401, "invalid_request_error")


def _inner(form: dict[str, str], prefix: str) -> dict[str, str]:
    return {name[len(prefix) + 1 : -1]: value for name, value in form.items() if name.startswith(f"{prefix}[")}


def _error(status: int, kind: str, **more: str) -> web.Response:
    return json_answer({"error": {"type": kind, "message": "…", **more}}, status)
