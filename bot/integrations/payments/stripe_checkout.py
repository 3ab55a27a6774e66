"""Stripe as a payment provider: a Checkout page for each order, and notices signed over the raw body.

Facts: https://docs.stripe.com/api/checkout/sessions, /currencies, /webhooks.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import stripe
import structlog

from bot.integrations.payments import stripe_saved
from bot.integrations.payments.reading import cut, json_object, own_id, payment_page
from bot.integrations.payments.stripe_saved import unavailable
from bot.integrations.payments.stripe_sums import ID, from_minor, stripe_id, to_minor
from core.clock import Clock
from core.errors import OutsideUnavailable
from core.payments.models import PaymentOrder
from core.payments.protocol import (
    Means,
    Notice,
    Opened,
    PaymentRefused,
    ProviderPayment,
    ProviderStatus,
    Refused,
    Way,
)

if TYPE_CHECKING:
    from stripe.checkout import Session
    from stripe.params.checkout import SessionCreateParams, SessionCreateParamsLineItem

log = structlog.get_logger("payments.stripe")

API = "https://api.stripe.com"
TIME_LIMIT = 15.0  # seconds for one call
TOLERANCE = timedelta(seconds=300)  # Stripe's own: an older signature is a replay
SHORTEST, LONGEST = timedelta(minutes=31), timedelta(hours=24)
"""Between these a session may end: Stripe takes 30 minutes to 24 hours, and a call takes its time."""

_METADATA = 500  # characters of one value
_EXPAND = ("payment_intent.latest_charge", "payment_intent.payment_method")
_OF_A_SESSION = frozenset({
    "checkout.session.completed",
    "checkout.session.async_payment_succeeded",
    "checkout.session.async_payment_failed",
    "checkout.session.expired",
})  # fmt: skip
_OF_A_CHARGE = frozenset({"charge.refunded"})
_OF_AN_INTENT = frozenset({"payment_intent.succeeded", "payment_intent.payment_failed"})


class StripeCheckout:
    """Implements ``PaymentProvider`` and ``Keeper`` of core.payments.protocol on Stripe's own library.

    ``webhook_secret`` is that of the endpoint (``whsec_...``).
    """

    name = "stripe"
    means = Means(way=Way.card, redirect=True, saves=True)

    def __init__(
        self,
        secret_key: str,
        webhook_secret: str,
        clock: Clock,
        *,
        operator: str,
        api_url: str = API,
        time_limit: float = TIME_LIMIT,
    ) -> None:
        self._clock = clock
        self._operator = operator
        self._webhook_secret = webhook_secret
        self._http = stripe.HTTPXClient(timeout=time_limit)
        # Tries are counted by our own tasks: a second layer of them would only stretch the time limit.
        self._stripe = stripe.StripeClient(
            secret_key, http_client=self._http, base_addresses={"api": api_url.rstrip("/")}, max_network_retries=0
        )

    async def open(self, order: PaymentOrder, return_url: str, idempotency_key: str) -> Opened:
        now = self._clock.now()
        if now >= order.expires_at:
            # Stripe forgets a key after a day, and the address of a first try was never shown to anybody.
            raise PaymentRefused("the order's time is over")
        try:
            params = self._params(order, return_url)
        except ValueError as error:
            raise PaymentRefused(str(error)) from None
        # The same key must come with the same contents. Where the end cannot be the order's own, the key says so.
        if order.expires_at - now > LONGEST:
            idempotency_key += "-long"  # Stripe's own end: after 24 hours
        elif order.expires_at - now < SHORTEST:
            idempotency_key += "-late"
            params["expires_at"] = int((order.expires_at + SHORTEST).timestamp())
        else:
            params["expires_at"] = int(order.expires_at.timestamp())
        try:
            session = await self._stripe.v1.checkout.sessions.create_async(params, {"idempotency_key": idempotency_key})
        except (stripe.InvalidRequestError, stripe.CardError) as error:
            log.error("Stripe refuses a payment", order=order.id, code=error.code, parameter=error.param)
            raise PaymentRefused(f"Stripe refuses it: {error.code or 'invalid request'}") from None
        except stripe.StripeError as error:
            raise unavailable(error) from None
        try:
            return Opened(stripe_id(session.id), payment_page(session.url) if session.url else return_url)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise OutsideUnavailable("Stripe answered nonsense") from error

    async def look(self, provider_payment_id: str) -> ProviderPayment | None:
        """A payment is its Checkout session (``cs_...``) or, charged from a kept card, its intent (``pi_...``).

        The notice of a session's refund knows only its intent.
        """
        if not ID.fullmatch(provider_payment_id):
            return None
        sessions = self._stripe.v1.checkout.sessions
        try:
            if provider_payment_id.startswith("pi_"):
                found = await sessions.list_async(
                    {"payment_intent": provider_payment_id, "limit": 1, "expand": [f"data.{one}" for one in _EXPAND]}
                )
                session = found.data[0] if found.data else None
            else:
                session = await sessions.retrieve_async(provider_payment_id, {"expand": list(_EXPAND)})
        except stripe.InvalidRequestError as error:
            if error.http_status == 404 or error.code == "resource_missing":
                return None
            raise unavailable(error) from None
        except stripe.StripeError as error:
            raise unavailable(error) from None
        except (AttributeError, KeyError, TypeError) as error:
            raise OutsideUnavailable("Stripe answered nonsense") from error
        if session is None:
            return await stripe_saved.look(self._stripe, provider_payment_id)
        try:
            payment = _read(session)
        except (AttributeError, KeyError, TypeError, ValueError, OverflowError) as error:
            raise OutsideUnavailable("Stripe answered nonsense") from error
        if provider_payment_id.startswith("cs_") and payment.provider_payment_id != provider_payment_id:
            raise OutsideUnavailable("Stripe answered with another payment")
        return payment

    async def cancel(self, provider_payment_id: str) -> None:
        if not ID.fullmatch(provider_payment_id):
            return
        try:
            if provider_payment_id.startswith("pi_"):
                await self._stripe.v1.payment_intents.cancel_async(provider_payment_id)
            else:
                await self._stripe.v1.checkout.sessions.expire_async(provider_payment_id)
        except stripe.InvalidRequestError:
            return  # paid, over, or unknown: there is nothing to stop
        except stripe.StripeError as error:
            raise unavailable(error) from None

    async def charge(self, order: PaymentOrder, reference: str, idempotency_key: str) -> ProviderPayment:
        what = cut(f"{self._operator}: {', '.join(line.account for line in order.lines)}", 250)
        return await stripe_saved.charge(self._stripe, order, reference, _metadata(order), what, idempotency_key)

    async def forget(self, reference: str) -> None:
        await stripe_saved.forget(self._stripe, reference)

    def read_notice(self, headers: Mapping[str, str], body: bytes, source_ip: str) -> Notice | Refused:
        signature = headers.get("stripe-signature", "")
        try:
            # The library would hold the moment against the machine's clock: ours may be another.
            stripe.WebhookSignature.verify_header(body, signature, self._webhook_secret, tolerance=None)
            signed_at = int(next(part[2:] for part in signature.split(",") if part.startswith("t=")))
        except (stripe.SignatureVerificationError, ValueError, TypeError, StopIteration):
            return Refused("wrong signature")
        if abs(self._clock.now().timestamp() - signed_at) > TOLERANCE.total_seconds():
            return Refused("the signature is too old")
        try:
            event = json_object(body)
            kind, what = str(event["type"])[:60], event["data"]["object"]
            if kind not in _OF_A_SESSION | _OF_A_CHARGE | _OF_AN_INTENT:
                return Refused("an event that is of no interest", 200)
            payment_id = what["payment_intent"] if kind in _OF_A_CHARGE else what["id"]
            order_id = own_id((what.get("metadata") or {}).get("order_id"))
            return Notice(stripe_id(event["id"]), kind, stripe_id(payment_id), order_id)
        except (KeyError, TypeError, ValueError, AttributeError):
            return Refused("not an event of Stripe's", 400)

    async def close(self) -> None:
        await self._http.close_async()  # type: ignore[no-untyped-call]  # the library's own gap

    def _params(self, order: PaymentOrder, return_url: str) -> SessionCreateParams:
        metadata = _metadata(order)
        items: list[SessionCreateParamsLineItem] = [
            {
                "quantity": 1,
                "price_data": {
                    "currency": line.amount.currency.lower(),
                    "unit_amount": to_minor(line.amount),
                    "product_data": {"name": cut(f"{self._operator}: {line.account}", 250)},
                },
            }
            for line in order.lines
        ]
        params: SessionCreateParams = {
            "mode": "payment",
            "line_items": items,
            "client_reference_id": order.id,
            "metadata": metadata,
            # A charge and its refunds bear the intent's metadata.
            "payment_intent_data": {"metadata": metadata},
            # The sum is the order's, in its currency.
            "adaptive_pricing": {"enabled": False},
            "success_url": return_url,
            "cancel_url": return_url,
        }
        if order.saves:
            # Only what belongs to a customer can be charged later.
            params["customer_creation"] = "always"
            params["payment_intent_data"] = {"metadata": metadata, "setup_future_usage": "off_session"}
        return params


def _metadata(order: PaymentOrder) -> dict[str, str]:
    metadata = {"order_id": order.id}
    if len(listed := ",".join(line.account for line in order.lines)) <= _METADATA:
        metadata["accounts"] = listed
    return metadata


def _read(session: Session) -> ProviderPayment:
    """Raises AttributeError, KeyError, TypeError or ValueError for what is not a session."""
    metadata = session.metadata.to_dict() if session.metadata is not None else {}
    intent: Any = session.payment_intent
    intent = intent if isinstance(intent, stripe.PaymentIntent) else None
    charge: Any = intent.latest_charge if intent is not None else None
    charge = charge if isinstance(charge, stripe.Charge) else None
    listed = str(metadata.get("accounts") or "")
    return ProviderPayment(
        provider_payment_id=stripe_id(session.id),
        status=_status(session, intent),
        amount=from_minor(session.amount_total, session.currency),
        order_id=session.client_reference_id or "",
        accounts=tuple(listed.split(",")) if listed else (),
        paid_at=datetime.fromtimestamp(charge.created, UTC) if charge is not None else None,
        refunded=from_minor(charge.amount_refunded, charge.currency) if charge is not None else None,
        saved=stripe_saved.saved_of(session, intent) if intent is not None else None,
    )


def _status(session: Session, intent: stripe.PaymentIntent | None) -> ProviderStatus:
    match session.status, session.payment_status:
        case _, "paid":
            return ProviderStatus.succeeded
        case "expired", _:
            return ProviderStatus.cancelled
        case "complete", _ if intent is not None and intent.status in ("canceled", "requires_payment_method"):
            return ProviderStatus.cancelled  # a slow means of payment (a direct debit) that failed after all
        case "open" | "complete", _:
            return ProviderStatus.pending
        case _:
            raise ValueError("an unknown status")
