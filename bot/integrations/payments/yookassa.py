"""YooKassa as a payment provider: a page of its own, SBP, receipts of 54-FZ, and notices that nobody signs.

Facts: https://yookassa.ru/developers/api and /developers/using-api/webhooks.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import quote

import aiohttp
import structlog

from bot.integrations.payments.reading import cut, exact_money, json_object, moment, own_id, payment_page
from core.clock import Clock
from core.errors import OutsideUnavailable
from core.money import Money
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

log = structlog.get_logger("payments.yookassa")

API = "https://api.yookassa.ru/v3"
TIME_LIMIT = 15.0  # seconds for one call
NETWORKS = (  # yookassa.ru/developers/using-api/webhooks#ip
    "77.75.153.0/25",
    "77.75.154.128/25",
    "77.75.156.11/32",
    "77.75.156.35/32",
    "185.71.76.0/27",
    "185.71.77.0/27",
    "2a02:5180::/32",
)
_DESCRIPTION = 128  # characters, of a payment's and of a receipt's item's
_METADATA = 512  # characters of one value
_ID = re.compile(r"[0-9A-Za-z-]{1,64}")

Method = Literal["", "sbp", "bank_card"]
_WAYS: dict[Method, Way] = {"": Way.online, "sbp": Way.fast, "bank_card": Way.card}

# What the shop may be asked to tell us of; a two-step payment never comes about, because `capture` is true.
_OF_A_PAYMENT = ("payment.succeeded", "payment.canceled", "payment.waiting_for_capture")
_OF_A_REFUND = ("refund.succeeded",)

# "waiting_for_capture" is money that is not the shop's yet.
_STATUSES = {
    "pending": ProviderStatus.pending,
    "waiting_for_capture": ProviderStatus.pending,
    "succeeded": ProviderStatus.succeeded,
    "canceled": ProviderStatus.cancelled,
}

# yookassa.ru/developers/payment-acceptance/after-the-payment/declined-payments#cancellation-details-reason
_DECLINES = {
    "insufficient_funds": Decline.funds,
    "payment_method_limit_exceeded": Decline.funds,
    "3d_secure_failed": Decline.holder,
    "call_issuer": Decline.holder,
    "identification_required": Decline.holder,
    "card_expired": Decline.gone,
    "invalid_card_number": Decline.gone,
    "payment_method_restricted": Decline.gone,
    "permission_revoked": Decline.gone,
}


@dataclass(frozen=True, slots=True)
class PayerContact:
    """Where a receipt goes: an e-mail address, or a phone number in international form. Empty where unknown."""

    email: str = ""
    phone: str = ""


FindContact = Callable[[str], Awaitable[PayerContact]]
"""The contact of a subscriber, by id."""


@dataclass(frozen=True, slots=True)
class Receipts:
    """What a receipt of 54-FZ says. ``vat_code`` is YooKassa's, 1 to 12; ``item`` is what is paid for.

    Money paid into a personal account is an advance: which services it will pay for is not known yet.
    """

    vat_code: int
    item: str
    contact: FindContact


class YooKassa:
    """Implements :class:`core.payments.protocol.PaymentProvider` and :class:`core.payments.protocol.Keeper`.

    ``method`` leads to one way of paying at once; empty lets the person choose on YooKassa's page. ``networks`` are
    those that notices come from.
    """

    name = "yookassa"

    def __init__(
        self,
        shop_id: str,
        secret_key: str,
        clock: Clock,
        *,
        operator: str,
        api_url: str = API,
        method: Method = "",
        receipts: Receipts | None = None,
        networks: Sequence[str] = NETWORKS,
        time_limit: float = TIME_LIMIT,
    ) -> None:
        # An unpaid payment cannot be stopped from outside: it ends by itself, within an hour of being opened.
        self.means = Means(way=_WAYS[method], redirect=True, cancels=False, saves=True)
        self._headers = {"Authorization": aiohttp.encode_basic_auth(shop_id, secret_key)}
        self._clock = clock
        self._operator = operator
        self._api_url = api_url.rstrip("/")
        self._method = method
        self._receipts = receipts
        self._networks = [ipaddress.ip_network(network) for network in networks]
        self._timeout = aiohttp.ClientTimeout(total=time_limit)
        self._session: aiohttp.ClientSession | None = None

    async def open(self, order: PaymentOrder, return_url: str, idempotency_key: str) -> Opened:
        if self._clock.now() >= order.expires_at:
            # YooKassa forgets a key after a day, and the address of a first try was never shown to anybody.
            raise PaymentRefused("the order's time is over")
        body = await self._request_for(order)
        body["confirmation"] = {"type": "redirect", "return_url": return_url}
        if self._method:
            body["payment_method_data"] = {"type": self._method}
        if order.saves:
            body["save_payment_method"] = True
        answer = await self._create(order, body, idempotency_key)
        try:
            payment = _read(answer)
            if payment.status is ProviderStatus.pending:
                return Opened(payment.provider_payment_id, payment_page(answer["confirmation"]["confirmation_url"]))
        except (KeyError, TypeError, ValueError) as error:
            raise OutsideUnavailable("YooKassa answered nonsense") from error
        # A repeated key after the payment went on: there is nothing to confirm, and what became of it is looked up.
        return Opened(payment.provider_payment_id, return_url)

    async def charge(self, order: PaymentOrder, reference: str, idempotency_key: str) -> ProviderPayment:
        body = await self._request_for(order)
        body["payment_method_id"] = reference
        answer = await self._create(order, body, idempotency_key)
        try:
            return _read(answer)
        except (KeyError, TypeError, ValueError) as error:
            raise OutsideUnavailable("YooKassa answered nonsense") from error

    async def forget(self, reference: str) -> None:
        """Nothing: YooKassa has no way to be told. What is not charged any more harms nobody."""

    async def _create(self, order: PaymentOrder, body: dict[str, Any], key: str) -> dict[str, Any]:
        status, answer = await self._call("POST", "/payments", body, key)
        if status in (400, 404, 405, 415, 422):
            where = str(answer.get("parameter", ""))[:60]
            log.error("YooKassa refuses a payment", order=order.id, status=status, parameter=where)
            if where.lower() == "idempotence-key":
                # The key is known with another body (the payer's e-mail has changed since): the payment exists.
                raise OutsideUnavailable("YooKassa has this order with other contents")
            gone = Decline.gone if where == "payment_method_id" else None
            raise PaymentRefused(f"YooKassa refuses it: {answer.get('code', status)}", gone)
        if status != 200:
            raise _unavailable(status)
        return answer

    async def look(self, provider_payment_id: str) -> ProviderPayment | None:
        if not _ID.fullmatch(provider_payment_id):
            return None
        status, answer = await self._call("GET", f"/payments/{quote(provider_payment_id)}")
        if status == 404:
            return None
        if status != 200:
            raise _unavailable(status)
        try:
            payment = _read(answer)
        except (KeyError, TypeError, ValueError) as error:
            raise OutsideUnavailable("YooKassa answered nonsense") from error
        if payment.provider_payment_id != provider_payment_id:
            raise OutsideUnavailable("YooKassa answered with another payment")
        return payment

    async def cancel(self, provider_payment_id: str) -> None:
        """Nothing: YooKassa lets only authorised payments be cancelled, and ours are captured at once."""

    def read_notice(self, headers: Mapping[str, str], body: bytes, source_ip: str) -> Notice | Refused:
        """There is no signature: the sender's network is all that can be checked. The API is asked before believing."""
        if not self._is_theirs(source_ip):
            return Refused("not from YooKassa's networks")
        try:
            told = json_object(body)
            event, what = told["event"], told["object"]
            if told["type"] != "notification" or not isinstance(event, str) or not isinstance(what, dict):
                raise ValueError("not a notification")
            if event not in (*_OF_A_PAYMENT, *_OF_A_REFUND):
                return Refused("an event that is of no interest", 200)
            payment_id = what["payment_id"] if event in _OF_A_REFUND else what["id"]
            # In words of our own: nobody's nonsense gets into addresses, logs or the database.
            for word in (what["id"], payment_id, what["status"]):
                if not isinstance(word, str) or not _ID.fullmatch(word.replace("_", "-")):
                    raise ValueError("not an id")
            metadata = what.get("metadata")
            order_id = own_id(metadata.get("order_id")) if isinstance(metadata, dict) else ""
        except (KeyError, TypeError, ValueError):
            return Refused("not a notification of YooKassa's", 400)
        return Notice(f"{event}:{what['id']}:{what['status']}", event, payment_id, order_id)

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    # -- inside ------------------------------------------------------------------------------------------------------

    async def _request_for(self, order: PaymentOrder) -> dict[str, Any]:
        """The same for the same order: YooKassa refuses a known key with another body."""
        accounts = ", ".join(line.account for line in order.lines)
        metadata = {"order_id": order.id}
        if len(listed := ",".join(line.account for line in order.lines)) <= _METADATA:
            metadata["accounts"] = listed
        body: dict[str, Any] = {
            "amount": _amount(order.amount),
            "capture": True,
            "description": cut(f"{self._operator}: {accounts}", _DESCRIPTION),
            "metadata": metadata,
        }
        if self._receipts is not None:
            body["receipt"] = await self._receipt(self._receipts, order)
        return body

    async def _receipt(self, receipts: Receipts, order: PaymentOrder) -> dict[str, Any]:
        contact = await receipts.contact(order.subscriber_id)
        customer = {"email": contact.email} if contact.email else {"phone": contact.phone.removeprefix("+")}
        if not any(customer.values()):
            raise PaymentRefused("there is no address for the receipt")
        return {
            "customer": customer,
            "internet": True,
            "items": [
                {
                    "description": cut(f"{receipts.item}, л/с {line.account}", _DESCRIPTION),
                    "quantity": 1,
                    "amount": _amount(line.amount),
                    "vat_code": receipts.vat_code,
                    "payment_subject": "payment",
                    "payment_mode": "advance",
                }
                for line in order.lines
            ],
        }

    def _is_theirs(self, source_ip: str) -> bool:
        try:
            address = ipaddress.ip_address(source_ip)
        except ValueError:
            return False
        if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        return any(address in network for network in self._networks)

    async def _call(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, key: str = ""
    ) -> tuple[int, dict[str, Any]]:
        headers = {"Idempotence-Key": key} if key else {}
        try:
            async with self._connected().request(
                method, self._api_url + path, json=body, headers=headers, allow_redirects=False
            ) as response:
                status, content = response.status, await response.read()
        except (aiohttp.ClientError, TimeoutError) as error:
            raise OutsideUnavailable(f"YooKassa did not answer: {type(error).__name__}") from None
        if status in (401, 403):
            log.error("YooKassa does not know us: check ABONENT_YOOKASSA_SHOP_ID and ABONENT_YOOKASSA_SECRET_KEY")
        try:
            return status, json_object(content)
        except ValueError:
            if status == 200:
                raise OutsideUnavailable("YooKassa answered nonsense") from None
            return status, {}

    def _connected(self) -> aiohttp.ClientSession:
        if self._session is None or self._session.closed:
            self._session = aiohttp.ClientSession(timeout=self._timeout, headers=self._headers)
        return self._session


def _read(answer: Mapping[str, Any]) -> ProviderPayment:
    """Raises KeyError, TypeError or ValueError for what is not a payment."""
    metadata = answer.get("metadata") or {}
    refunded = answer.get("refunded_amount")
    listed = str(metadata.get("accounts") or "")
    return ProviderPayment(
        provider_payment_id=str(answer["id"]),
        status=_STATUSES[answer["status"]],
        amount=exact_money(answer["amount"]["value"], answer["amount"]["currency"]),
        order_id=str(metadata.get("order_id") or ""),
        accounts=tuple(listed.split(",")) if listed else (),
        paid_at=moment(answer.get("captured_at")),
        refunded=exact_money(refunded["value"], refunded["currency"]) if refunded is not None else None,
        saved=_saved(answer.get("payment_method")),
        decline=_decline(answer.get("cancellation_details")),
    )


def _saved(means: object) -> Saved | None:
    if not isinstance(means, dict) or means.get("saved") is not True or not _ID.fullmatch(str(means.get("id"))):
        return None
    card = means.get("card")
    if isinstance(card, dict) and card.get("last4"):
        return Saved(str(means["id"]), cut(f"{card.get('card_type') or ''} •• {card['last4']}".strip(), 60))
    return Saved(str(means["id"]), cut(str(means.get("title") or means["type"]), 60))


def _decline(details: object) -> Decline | None:
    """None for a payment that was not cancelled."""
    if not isinstance(details, dict):
        return None
    return _DECLINES.get(str(details.get("reason")), Decline.declined)


def _amount(money: Money) -> dict[str, str]:
    return {"value": str(money.amount), "currency": money.currency}


def _unavailable(status: int) -> OutsideUnavailable:
    """HTTP 500 means that what became of the request is unknown: the same key and body bring it to light."""
    return OutsideUnavailable(f"YooKassa answered {status}")
