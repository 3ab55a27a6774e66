"""Connects the bot's account to our webhook, and tells an operator in plain words what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from handlers.viber.client import ViberClient, ViberError, ViberRefused, ViberStatus, ViberUnavailable

EVENT_TYPES = ("delivered", "seen", "failed", "subscribed", "unsubscribed", "conversation_started")
"""``message``, ``subscribed`` and ``unsubscribed`` come anyway."""

_HELP = {
    ViberStatus.invalid_url: "Viber does not accept the webhook's address: it must be https with a certificate of a "
    "known authority, and it must answer 200 when Viber calls it. Check PUBLIC_URL and that the server is running.",
    ViberStatus.invalid_auth_token: "Viber does not know the token. Copy it again from partners.viber.com into "
    "ABONENT_VIBER_TOKEN.",
    ViberStatus.account_not_found: "Viber does not find the account that the token belongs to.",
    ViberStatus.account_suspended: "Viber has suspended the bot's account. Write to Viber's support.",
    ViberStatus.webhook_not_set: "The bot has no webhook. `abonent serve` sets it when PUBLIC_URL is given.",
    ViberStatus.not_authorized: "Viber says that the token may not do this.",
    ViberStatus.no_balance: "The bot's account has no money left for messages outside a session.",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of a check. ``text`` is for the operator, in English, and says what to mend where ``ok`` is false."""

    ok: bool
    text: str


async def connect(client: ViberClient, webhook_url: str) -> None:
    """Sets the webhook. Our server must already be listening: Viber calls it before it answers.

    Raises ViberRefused or ViberUnavailable; :func:`explain` puts either into words.
    """
    await client.set_webhook(webhook_url, EVENT_TYPES, send_name=True, send_photo=False)


async def diagnose(client: ViberClient, webhook_url: str) -> list[Finding]:
    """Tries the token and compares the webhook. Never raises for what Viber answers."""
    try:
        account = await client.get_account_info()
    except ViberError as error:
        return [Finding(False, explain(error))]
    return [_account(account), _webhook(account, webhook_url), *_events(account), _subscribers(account)]


def explain(error: ViberError) -> str:
    """A sentence for the operator. Holds neither the token nor anybody's data."""
    if isinstance(error, ViberRefused):
        known = _HELP.get(error.status) if error.status is not None else None
        return f"Viber: {known}" if known else f"Viber refused: {error}."
    if isinstance(error, ViberUnavailable) and error.http is not None:
        return f"Viber: {error}. Check that VIBER_API_URL is right and ends in /pa."
    return f"Viber cannot be reached ({error}). Check the network and VIBER_API_URL."


def _account(account: dict[str, Any]) -> Finding:
    return Finding(True, f"Viber: the token belongs to the bot “{account.get('name') or 'without a name'}”.")


def _webhook(account: dict[str, Any], wanted: str) -> Finding:
    actual = str(account.get("webhook") or "")
    if actual == wanted:
        return Finding(True, f"Viber: the webhook is {wanted}.")
    mend = "`abonent serve` sets it when it starts."
    if not actual:
        return Finding(False, f"Viber: no webhook is set, so nothing arrives. It should be {wanted}; {mend}")
    elsewhere = urlsplit(actual).hostname or "another address"
    return Finding(False, f"Viber: the webhook leads to {elsewhere} and not to {wanted}; {mend}")


def _events(account: dict[str, Any]) -> list[Finding]:
    listed = account.get("event_types")
    if not isinstance(listed, list):
        return []
    missing = [name for name in EVENT_TYPES if name not in listed]
    if not missing:
        return []
    return [Finding(False, f"Viber: the webhook is not told of {', '.join(missing)}; restart `abonent serve`.")]


def _subscribers(account: dict[str, Any]) -> Finding:
    count = account.get("subscribers_count")
    number = count if isinstance(count, int) else 0
    return Finding(True, f"Viber: the bot has {number} subscriber{'' if number == 1 else 's'}.")
