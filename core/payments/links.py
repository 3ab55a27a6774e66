"""Addresses that lead to one order: short, unguessable, and free of anything about a person."""

from __future__ import annotations

import base64
import hashlib
import hmac

_ID = 16  # characters of an order's id
_BYTES = 15  # 120 bits of signature: 20 characters


class PaymentLinks:
    """``<public>/pay/<token>``, where a token is an order's id and a signature of it."""

    def __init__(self, secret_key: str, public_url: str) -> None:
        self._key = hashlib.sha256(b"pay|" + secret_key.encode()).digest()
        self._public_url = public_url

    def token(self, order_id: str) -> str:
        digest = hmac.new(self._key, order_id.encode(), hashlib.sha256).digest()[:_BYTES]
        return order_id + base64.urlsafe_b64encode(digest).decode()

    def url(self, order_id: str) -> str:
        return f"{self._public_url}/pay/{self.token(order_id)}"

    def return_url(self, order_id: str) -> str:
        """Where the provider sends the person back to."""
        return f"{self.url(order_id)}/back"

    def order_id(self, token: str) -> str | None:
        """None for everything that we did not write."""
        if not token.isascii() or len(token) > 64:
            return None
        order_id = token[:_ID]
        return order_id if hmac.compare_digest(self.token(order_id).encode(), token.encode()) else None
