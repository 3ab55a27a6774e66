"""Stripe charging a card that it keeps: a payment intent of our own, confirmed without its holder.

Facts: https://docs.stripe.com/payments/save-during-payment, /declines/codes.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import stripe
import structlog

from bot.integrations.payments.reading import cut
from bot.integrations.payments.stripe_sums import ID, from_minor, stripe_id, to_minor
from core.errors import OutsideUnavailable
from core.payments.models import PaymentOrder
from core.payments.protocol import Decline, PaymentRefused, ProviderPayment, ProviderStatus, Saved

if TYPE_CHECKING:
    from stripe.params import PaymentIntentCreateParams

log = structlog.get_logger("payments.stripe")

_DECLINES = {
    "insufficient_funds": Decline.funds,
    "card_velocity_exceeded": Decline.funds,
    "withdrawal_count_limit_exceeded": Decline.funds,
    "authentication_required": Decline.holder,
    "authentication_not_handled": Decline.holder,
    "call_issuer": Decline.holder,
    "approve_with_id": Decline.holder,
    "expired_card": Decline.gone,
    "incorrect_number": Decline.gone,
    "invalid_account": Decline.gone,
    "invalid_expiry_month": Decline.gone,
    "invalid_expiry_year": Decline.gone,
    "invalid_number": Decline.gone,
    "lost_card": Decline.gone,
    "new_account_information_available": Decline.gone,
    "pickup_card": Decline.gone,
    "restricted_card": Decline.gone,
    "revocation_of_all_authorizations": Decline.gone,
    "revocation_of_authorization": Decline.gone,
    "stolen_card": Decline.gone,
    "stop_payment_order": Decline.gone,
}

# Nobody goes on with an intent of ours that was not approved at once: for us that is its end.
_STATUSES = {
    "succeeded": ProviderStatus.succeeded,
    "processing": ProviderStatus.pending,
    "requires_capture": ProviderStatus.pending,
    "requires_payment_method": ProviderStatus.cancelled,
    "requires_confirmation": ProviderStatus.cancelled,
    "requires_action": ProviderStatus.cancelled,
    "canceled": ProviderStatus.cancelled,
}


def saved_of(session: Any, intent: Any) -> Saved | None:
    """What a Checkout session kept: the customer and the card, "cus_.../pm_..."."""
    means = getattr(intent, "payment_method", None)
    customer, kept = getattr(session, "customer", None), getattr(intent, "setup_future_usage", None)
    if kept != "off_session" or not isinstance(means, stripe.PaymentMethod) or not isinstance(customer, str):
        return None
    card: Any = getattr(means, "card", None)
    title = f"{str(card.brand).capitalize()} •• {card.last4}" if card is not None else str(means.type)
    return Saved(f"{stripe_id(customer)}/{stripe_id(means.id)}", cut(title, 60))


async def charge(
    client: stripe.StripeClient, order: PaymentOrder, reference: str, metadata: dict[str, str], what: str, key: str
) -> ProviderPayment:
    """See :meth:`core.payments.protocol.Keeper.charge`. The same key brings the same refusal, too."""
    customer, _, means = reference.partition("/")
    if not ID.fullmatch(customer) or not ID.fullmatch(means):
        raise PaymentRefused("not a card of Stripe's", Decline.gone)
    try:
        params: PaymentIntentCreateParams = {
            "amount": to_minor(order.amount),
            "currency": order.amount.currency.lower(),
            "customer": customer,
            "payment_method": means,
            "off_session": True,
            "confirm": True,
            "description": what,
            "metadata": metadata,
            "expand": ["latest_charge"],
        }
    except ValueError as error:
        raise PaymentRefused(str(error)) from None
    try:
        intent = await client.v1.payment_intents.create_async(params, {"idempotency_key": key})
    except stripe.CardError as error:
        return _refusal(order, error)
    except stripe.InvalidRequestError as error:
        log.error("Stripe refuses a charge", order=order.id, code=error.code, parameter=error.param)
        gone = Decline.gone if error.param in ("payment_method", "customer") else None
        raise PaymentRefused(f"Stripe refuses it: {error.code or 'invalid request'}", gone) from None
    except stripe.StripeError as error:
        raise unavailable(error) from None
    return read_intent(intent)


async def look(client: stripe.StripeClient, intent_id: str) -> ProviderPayment | None:
    """An intent of our own; None when there is none."""
    try:
        intent = await client.v1.payment_intents.retrieve_async(intent_id, {"expand": ["latest_charge"]})
    except stripe.InvalidRequestError as error:
        if error.http_status == 404 or error.code == "resource_missing":
            return None
        raise unavailable(error) from None
    except stripe.StripeError as error:
        raise unavailable(error) from None
    return read_intent(intent)


async def forget(client: stripe.StripeClient, reference: str) -> None:
    means = reference.partition("/")[2]
    if not ID.fullmatch(means):
        return
    try:
        await client.v1.payment_methods.detach_async(means)
    except stripe.InvalidRequestError:
        return  # gone, or never there: nothing is kept
    except stripe.StripeError as error:
        raise unavailable(error) from None


def read_intent(intent: stripe.PaymentIntent) -> ProviderPayment:
    """Raises OutsideUnavailable for what is not an intent."""
    try:
        metadata = intent.metadata.to_dict()
        made: Any = intent.latest_charge
        made = made if isinstance(made, stripe.Charge) else None
        status = _STATUSES[intent.status]
        listed = str(metadata.get("accounts") or "")
        return ProviderPayment(
            provider_payment_id=stripe_id(intent.id),
            status=status,
            amount=from_minor(intent.amount, intent.currency),
            order_id=str(metadata.get("order_id") or ""),
            accounts=tuple(listed.split(",")) if listed else (),
            paid_at=datetime.fromtimestamp(made.created, UTC) if made is not None else None,
            refunded=from_minor(made.amount_refunded, made.currency) if made is not None else None,
            decline=_decline(intent.last_payment_error) if status is ProviderStatus.cancelled else None,
        )
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError) as error:
        raise OutsideUnavailable("Stripe answered nonsense") from error


def _refusal(order: PaymentOrder, error: stripe.CardError) -> ProviderPayment:
    """A refused charge leaves an intent behind, which bears the refusal."""
    body: Any = error.json_body
    said = (body.get("error") or {}) if isinstance(body, dict) else {}
    decline = _DECLINES.get(str(said.get("decline_code")), _DECLINES.get(str(error.code), Decline.declined))
    intent = said.get("payment_intent") or {}
    if not isinstance(intent, dict) or not ID.fullmatch(str(intent.get("id"))):
        raise PaymentRefused("the card was refused", decline)
    return ProviderPayment(str(intent["id"]), ProviderStatus.cancelled, order.amount, order.id, decline=decline)


def _decline(error: Any) -> Decline:
    words = (getattr(error, "decline_code", None), getattr(error, "code", None))
    return next((_DECLINES[str(word)] for word in words if str(word) in _DECLINES), Decline.declined)


def unavailable(error: stripe.StripeError) -> OutsideUnavailable:
    if isinstance(error, stripe.AuthenticationError | stripe.PermissionError):
        log.error("Stripe does not know us: check ABONENT_STRIPE_SECRET_KEY")
    # The error's own words may quote the request: its kind and status say enough.
    return OutsideUnavailable(f"Stripe did not answer: {type(error).__name__} {error.http_status or ''}".strip())
