"""The sandbox's bank as a payment provider: the demo's way to pay, and the plainest example of the protocol."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import httpx

from bot.integrations.payments.reading import exact_money, json_object, payment_page
from core.clock import Clock
from core.errors import OutsideUnavailable
from core.payments.models import PaymentOrder
from core.payments.protocol import (
    Decline,
    Means,
    Notice,
    Opened,
    PaymentRefused,
    ProviderPayment,
    ProviderStatus,
    Refused,
    Saved,
    Way,
)

LIMIT = 10.0  # seconds
_ID = re.compile(r"[0-9A-Za-z_-]{1,120}")
TOLERANCE = timedelta(minutes=5)  # between the bank's clock and ours: an older signature is a replay


class SandboxBank:
    """Implements ``PaymentProvider`` and ``Keeper`` of core.payments.protocol over the API of bot/sandbox/bank."""

    name = "sandbox"
    means = Means(way=Way.demo, redirect=True, saves=True)

    def __init__(
        self,
        base_url: str,
        key: str,
        public_url: str,
        clock: Clock,
        operator: str,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._key = key
        self._clock = clock
        self._operator = operator
        self._notice_url = f"{public_url}/payments/{self.name}/notice"
        # The bank is a neighbour: a proxy from the environment must not come between.
        self._http = httpx.AsyncClient(
            base_url=base_url,
            timeout=LIMIT,
            trust_env=False,
            headers={"Authorization": f"Bearer {key}"},
            transport=transport,
        )

    async def open(self, order: PaymentOrder, return_url: str, idempotency_key: str) -> Opened:
        wanted = self._wanted(order) | {"return_url": return_url, "save": order.saves}
        headers = {"Idempotence-Key": idempotency_key}
        found = await self._call("POST", "/payments", json=wanted, headers=headers)
        if found is None:
            raise OutsideUnavailable("the bank knows no such address")
        try:
            return Opened(str(found["id"]), confirmation_url=payment_page(found["confirmation_url"]))
        except (KeyError, TypeError, ValueError) as error:
            raise OutsideUnavailable("the bank answered nonsense") from error

    def _wanted(self, order: PaymentOrder) -> dict[str, Any]:
        return {
            "order_id": order.id,
            "amount": str(order.amount.amount),
            "currency": order.amount.currency,
            "description": self._operator,
            "accounts": [line.account for line in order.lines],
            "notice_url": self._notice_url,
        }

    async def look(self, provider_payment_id: str) -> ProviderPayment | None:
        if not _ID.fullmatch(provider_payment_id):
            return None
        found = await self._call("GET", f"/payments/{provider_payment_id}")
        return _read(found) if found is not None else None

    async def charge(self, order: PaymentOrder, reference: str, idempotency_key: str) -> ProviderPayment:
        wanted = self._wanted(order) | {"card": reference}
        found = await self._call("POST", "/charges", json=wanted, headers={"Idempotence-Key": idempotency_key})
        if found is None:
            raise PaymentRefused("the bank does not know this card", Decline.gone)
        return _read(found)

    async def forget(self, reference: str) -> None:
        if _ID.fullmatch(reference):
            await self._call("DELETE", f"/cards/{reference}")

    async def cancel(self, provider_payment_id: str) -> None:
        if _ID.fullmatch(provider_payment_id):
            await self._call("POST", f"/payments/{provider_payment_id}/cancel")

    def read_notice(self, headers: Mapping[str, str], body: bytes, source_ip: str) -> Notice | Refused:
        parts = dict(part.partition("=")[::2] for part in headers.get("x-bank-signature", "").split(","))
        moment = parts.get("t", "")
        if not (moment.isascii() and moment.isdigit() and len(moment) <= 12):
            return Refused("no signature")
        expected = hmac.new(self._key.encode(), moment.encode() + b"." + body, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(expected.encode(), parts.get("v1", "").encode("utf-8", "replace")):
            return Refused("wrong signature")
        if abs(self._clock.now().timestamp() - int(moment)) > TOLERANCE.total_seconds():
            return Refused("the signature is too old")
        try:
            told = json_object(body)
            if not _ID.fullmatch(told["id"]) or not _ID.fullmatch(told["payment"]):
                raise ValueError("not an id")
            return Notice(told["id"], str(told["event"])[:60], told["payment"])
        except (ValueError, KeyError, TypeError):
            return Refused("not a notice of the bank's", 400)

    async def close(self) -> None:
        await self._http.aclose()

    async def _call(self, method: str, path: str, **options: Any) -> Any:
        try:
            answer = await self._http.request(method, path, **options)
        except httpx.HTTPError as error:
            raise OutsideUnavailable(f"the bank did not answer: {type(error).__name__}") from error
        if answer.status_code == 404:
            return None
        if answer.status_code in (400, 422):
            raise PaymentRefused("the bank does not take this payment")
        if answer.status_code != 200:
            raise OutsideUnavailable(f"the bank answered {answer.status_code}")
        try:
            return answer.json()
        except ValueError as error:
            raise OutsideUnavailable("the bank answered nonsense") from error


def _read(found: Any) -> ProviderPayment:
    """Raises OutsideUnavailable for what is not a payment."""
    try:
        currency, card = str(found["currency"]), found["saved"]
        return ProviderPayment(
            provider_payment_id=str(found["id"]),
            status=ProviderStatus(found["status"]),
            amount=exact_money(found["amount"], currency),
            order_id=str(found["order_id"]),
            accounts=tuple(found["accounts"]),
            paid_at=datetime.fromisoformat(found["paid_at"]) if found["paid_at"] else None,
            refunded=exact_money(found["refunded"], currency),
            saved=Saved(str(card["id"]), str(card["title"])[:60]) if card else None,
            decline=Decline(found["decline"]) if found["decline"] else None,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise OutsideUnavailable("the bank answered nonsense") from error
