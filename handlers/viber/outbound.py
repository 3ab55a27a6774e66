"""Viber as a channel: sends drawn messages, says in the program's words what became of them, downloads files."""

from __future__ import annotations

import asyncio
import ipaddress
import json
import socket
from datetime import datetime
from functools import partial
from typing import Any

import aiohttp
import structlog
from yarl import URL

from core.delivery.messages import OutgoingMessage
from handlers.channel import (
    BlobUrl,
    Capabilities,
    ChatGone,
    Delivered,
    DeliveryError,
    Fetched,
    TooLarge,
    TryLater,
    Undeliverable,
)
from handlers.parts import Parts
from handlers.viber.client import ViberClient, ViberRefused, ViberStatus, ViberUnavailable, read_at_most
from handlers.viber.drawing import Artist, MenuLabel, downgraded

MAX_REDIRECTS = 3
LOOPBACK = ("127.0.0.1", "localhost", "::1")
HOURLY_PAUSE = 600.0  # seconds: the limit is 100 messages an hour without a reply, and Viber does not say when it ends

BOT_PAUSE = 60.0  # seconds: only an operator can mend it, so there is no hurry

_GONE = (ViberStatus.receiver_not_registered, ViberStatus.receiver_not_subscribed, ViberStatus.receiver_blocked)
_WHOLE_BOT = (
    ViberStatus.invalid_url,
    ViberStatus.invalid_auth_token,
    ViberStatus.account_not_found,
    ViberStatus.account_suspended,
    ViberStatus.webhook_not_set,
    ViberStatus.free_messages_exceeded,
    ViberStatus.no_balance,
)

log = structlog.get_logger(__name__)


class ViberChannel:
    """The Channel of Viber. Messages cannot be edited there, so ``edits`` is not looked at."""

    name = "viber"
    capabilities = Capabilities(edits=False, vouches_for_contact=False, toasts=False, files_by_url=True)

    def __init__(
        self,
        client: ViberClient,
        operator: str,
        blob_url: BlobUrl,
        *,
        menu_label: MenuLabel | None = None,
        fetch_timeout: float = 30.0,
    ) -> None:
        """``fetch_timeout`` is in seconds, for a whole download."""
        self._client = client
        # The emulated Viber of the demo and of tests stands on this machine, and so do its files.
        self._in_sandbox = (URL(client.base_url).host or "") in LOOPBACK
        self._fetch_timeout = aiohttp.ClientTimeout(total=fetch_timeout, connect=10.0)
        self.artist = Artist(operator, blob_url, menu_label)

    async def deliver(self, address: str, message: OutgoingMessage, parts: Parts | None = None) -> Delivered:
        """As :meth:`handlers.channel.Channel.deliver`; the id is that of the last of the messages it took."""
        parts = parts or Parts()
        message_id = ""
        bodies = self.artist.draw(message)
        for left, body in zip(range(len(bodies) - 1, -1, -1), bodies, strict=True):
            message_id = await parts.send(partial(self._send, {"receiver": address, **body}), more=left > 0)
        # The higher status is the dearer one: 5 says that a message was charged.
        return Delivered(message_id, parts.billing_status)

    async def _send(self, body: dict[str, Any]) -> Delivered:
        try:
            try:
                answer = await self._client.send_message(body)
            except ViberRefused as refused:
                simpler = downgraded(body, refused.status)
                if simpler is None:
                    raise
                answer = await self._client.send_message(simpler)
        except ViberRefused as refused:
            raise _refusal(refused) from refused
        except ViberUnavailable as away:
            raise _outage(away) from away
        return Delivered(str(answer.get("message_token", "")), _billing_status(answer))

    async def fetch(self, ref: str, max_bytes: int) -> Fetched:
        """As :meth:`handlers.channel.Channel.fetch`. Viber keeps a file for one hour."""
        address = file_url(ref)
        for _ in range(MAX_REDIRECTS + 1):
            url = _web(address)
            try:
                if not self._in_sandbox and not await _is_public(url):
                    raise Undeliverable("the file's address is not on the public internet")
                async with self._client.session.get(
                    url, timeout=self._fetch_timeout, allow_redirects=False
                ) as response:
                    if response.status not in (301, 302, 303, 307, 308):
                        return await _download(response, max_bytes)
                    address = str(url.join(URL(response.headers.get("Location", ""))))
            except TimeoutError:
                raise TryLater("the file did not arrive within the time limit") from None
            except (aiohttp.InvalidURL, ValueError):
                raise Undeliverable("the file's address cannot be read") from None
            except (aiohttp.ClientError, OSError) as error:
                raise TryLater(f"the file did not arrive: {type(error).__name__}") from None
        raise Undeliverable("the file's address leads from one to the next")

    async def close(self) -> None:
        await self._client.close()


def file_ref(url: str, until: datetime) -> str:
    """What an incoming file is found by: its address and the moment at which that dies."""
    return json.dumps({"url": url, "until": until.isoformat()}, separators=(",", ":"))


def file_url(ref: str) -> str:
    try:
        data = json.loads(ref)
        return str(data["url"])
    except (ValueError, KeyError, TypeError):
        raise Undeliverable("not a file of Viber") from None


def _web(address: str) -> URL:
    """The address comes in signed webhooks, and yet only the web's schemes are followed."""
    try:
        url = URL(address)
    except ValueError:
        raise Undeliverable("the file's address cannot be read") from None
    if url.scheme not in ("http", "https") or not url.host:
        raise Undeliverable("the file's address is not on the web")
    return url


async def _is_public(url: URL) -> bool:
    """Whether every address that the host's name stands for belongs to the internet and not to the operator's network.

    Raises OSError when the name is not known.
    """
    found = await asyncio.get_running_loop().getaddrinfo(url.host, url.port, type=socket.SOCK_STREAM)
    return all(ipaddress.ip_address(str(address[0]).partition("%")[0]).is_global for *_rest, address in found)


async def _download(response: aiohttp.ClientResponse, max_bytes: int) -> Fetched:
    if response.status in (408, 429) or response.status >= 500:
        raise TryLater(f"the file's server answered {response.status}")
    if response.status != 200:
        raise Undeliverable(f"the file is gone: its server answered {response.status}")
    if (response.content_length or 0) > max_bytes:
        raise TooLarge(f"the file is larger than {max_bytes} bytes")
    data = await read_at_most(response.content, max_bytes)
    if len(data) > max_bytes:
        raise TooLarge(f"the file is larger than {max_bytes} bytes")
    return Fetched(data, response.content_type)


def _refusal(refused: ViberRefused) -> DeliveryError:
    reason = str(refused)
    if refused.status in _GONE:
        return ChatGone(reason)
    if refused.status == ViberStatus.too_many_requests:
        return TryLater(reason, after=HOURLY_PAUSE)
    if refused.status in _WHOLE_BOT:
        log.error("viber refuses the whole bot", status=refused.code, reason=reason)
        return TryLater(reason, BOT_PAUSE, whole_channel=True)
    return Undeliverable(reason)


def _outage(away: ViberUnavailable) -> TryLater:
    if away.http is not None and 300 <= away.http < 500 and away.http not in (408, 429):
        log.error("viber is not reached at its address", http=away.http)
        return TryLater(str(away), BOT_PAUSE, whole_channel=True)
    return TryLater(str(away), whole_channel=away.http == 429)


def _billing_status(answer: dict[str, Any]) -> int | None:
    value = answer.get("billing_status")
    return value if isinstance(value, int) and not isinstance(value, bool) else None
