"""The Bot API's methods by which a bot asks for updates: long polling and the webhook's settings."""

from __future__ import annotations

import asyncio
import re
from typing import Any
from urllib.parse import urlsplit

from bot.sandbox.shapes import Json
from bot.sandbox.telegram.call import Call, Table
from bot.sandbox.telegram.errors import ApiError, bad
from bot.sandbox.telegram.markup import is_loopback
from bot.sandbox.telegram.service import Telegram
from bot.sandbox.telegram.updates import UPDATE_TYPES

GET_UPDATES: Table = {"offset": "int", "limit": "int", "timeout": "int", "allowed_updates": "json"}
SET_WEBHOOK: Table = {
    "url": "str",
    "ip_address": "str",
    "max_connections": "int",
    "allowed_updates": "json",
    "drop_pending_updates": "bool",
    "secret_token": "str",
}
DELETE_WEBHOOK: Table = {"drop_pending_updates": "bool"}
_PORTS = (80, 88, 443, 8443)
_LONGEST_POLL = 50  # seconds


async def get_updates(telegram: Telegram, call: Call) -> list[Json]:
    """Waits up to `timeout` seconds for updates; 409 when a webhook is set or another poll begins."""
    queue = telegram.queue
    if telegram.webhook.url:
        raise ApiError(
            409,
            "Conflict: can't use getUpdates method while webhook is active; "
            "use deleteWebhook to delete the webhook first",
        )
    _allow(telegram, call.get("allowed_updates"))
    queue.poll += 1
    mine = queue.poll
    queue.notify()
    queue.confirm_before(call.integer("offset") or 0)
    limit = min(100, max(1, call.get("limit") or 100))
    loop = asyncio.get_running_loop()
    deadline = loop.time() + min(_LONGEST_POLL, max(0, call.get("timeout") or 0))
    while True:
        if queue.poll != mine:
            raise ApiError(
                409,
                "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running",
            )
        if telegram.webhook.url:
            raise ApiError(409, "Conflict: terminated by setWebhook request")
        batch = queue.pending(telegram.clock.now())[:limit]
        left = deadline - loop.time()
        if batch or left <= 0 or telegram.closing:
            return [update.body for update in batch]
        await queue.wait(left)


def _allow(telegram: Telegram, kinds: Any) -> None:
    """Without the parameter the previous list stays; an empty list means the default kinds."""
    if kinds is None:
        return
    if not isinstance(kinds, list) or not all(isinstance(kind, str) for kind in kinds):
        raise bad("can't parse allowed updates: array of strings expected")
    unknown = [kind for kind in kinds if kind not in UPDATE_TYPES]
    if unknown:  # stricter than the real server, which skips a misspelt kind
        raise bad(f"unknown parameter {unknown[0]} in allowed_updates")
    telegram.queue.allowed = kinds


def set_webhook(telegram: Telegram, call: Call) -> bool:
    url = call.get("url")
    if url is None:
        raise bad("parameter url is required")
    if url:
        _check_url(url)
    secret = call.get("secret_token") or None
    if secret is not None and not re.fullmatch(r"[A-Za-z0-9_-]{1,256}", secret):
        raise bad("secret token contains unallowed characters")
    connections = call.get("max_connections") or 40
    if not 1 <= connections <= 100:
        raise bad("max_connections must be between 1 and 100")
    _allow(telegram, call.get("allowed_updates"))
    webhook = telegram.webhook
    webhook.url, webhook.secret, webhook.max_connections = url, secret, connections
    webhook.last_error = webhook.last_error_at = None
    if call.get("drop_pending_updates"):
        telegram.queue.clear()
    telegram.queue.notify()
    telegram.changed()
    return True


def _check_url(url: str) -> None:
    parts = urlsplit(url)
    if not parts.hostname:
        raise bad("bad webhook: invalid webhook URL specified")
    # Deviation: the real server demands https on four ports for every address and refuses the loopback. The
    # demo's bot listens on the loopback without a certificate, so there plain http and any port will do.
    if is_loopback(parts.hostname):
        return
    if parts.scheme != "https":
        raise bad("bad webhook: An HTTPS URL must be provided for webhook")
    if (parts.port or 443) not in _PORTS:
        raise bad("bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443")


def delete_webhook(telegram: Telegram, call: Call) -> bool:
    telegram.webhook.url, telegram.webhook.secret = "", None
    if call.get("drop_pending_updates"):
        telegram.queue.clear()
    telegram.changed()
    return True


def webhook_info(telegram: Telegram, call: Call) -> Json:
    webhook = telegram.webhook
    info: Json = {
        "url": webhook.url,
        "has_custom_certificate": False,
        "pending_update_count": len(telegram.queue.pending(telegram.clock.now())),
    }
    if webhook.url:
        info["max_connections"] = webhook.max_connections
    if telegram.queue.allowed:
        info["allowed_updates"] = telegram.queue.allowed
    if webhook.last_error_at and webhook.last_error:
        info["last_error_date"] = int(webhook.last_error_at.timestamp())
        info["last_error_message"] = webhook.last_error
    return info
