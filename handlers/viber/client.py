"""Our own transport to Viber's REST API, because viberbot's blocks, has no time limit and logs the token."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from enum import IntEnum
from typing import Any

import aiohttp

PRODUCTION_URL = "https://chatapi.viber.com/pa"
MAX_REQUEST = 30 * 1024  # bytes of JSON; Viber's limit for send_message
MAX_ANSWER = 1024 * 1024  # bytes; an answer is a few hundred, get_account_info a few thousand
MAX_ONLINE_IDS = 100  # get_online's limit


class ViberStatus(IntEnum):
    """The ``status`` field of an answer, from the API's table of error codes."""

    ok = 0
    invalid_url = 1
    invalid_auth_token = 2
    bad_data = 3
    missing_data = 4
    receiver_not_registered = 5
    receiver_not_subscribed = 6
    receiver_blocked = 7
    account_not_found = 8
    account_suspended = 9
    webhook_not_set = 10
    no_suitable_device = 11
    too_many_requests = 12
    api_version_not_supported = 13
    incompatible_with_version = 14
    not_authorized = 15
    inline_message_not_allowed = 16
    chat_is_not_inline = 17
    chat_is_not_public = 18
    cannot_send_broadcast = 19
    broadcast_not_allowed = 20
    unsupported_country = 21
    payment_unsupported = 22
    free_messages_exceeded = 23
    no_balance = 24


class ViberError(Exception):
    """A call did not succeed. The text names the method and the reason, never the token, a person or the content."""


class ViberRefused(ViberError):
    """Viber answered with a status other than 0. ``status`` is None for a code that its documentation does not list."""

    def __init__(self, method: str, code: int) -> None:
        self.code = code
        self.status = _status(code)
        super().__init__(f"{method}: Viber status {code} ({self.status.name if self.status else 'unknown'})")


class ViberUnavailable(ViberError):
    """No usable answer: network, time limit, HTTP error or nonsense. ``http`` is the HTTP status, if there was one."""

    def __init__(self, method: str, reason: str, http: int | None = None) -> None:
        self.http = http
        super().__init__(f"{method}: {reason}")


def _status(code: int) -> ViberStatus | None:
    try:
        return ViberStatus(code)
    except ValueError:
        return None


class ViberClient:
    """One pooled HTTP session to one bot account.

    ``base_url`` ends in ``/pa``. ``total`` and ``connect`` are seconds for the whole call and for a connection.
    """

    def __init__(
        self,
        token: str,
        base_url: str = PRODUCTION_URL,
        *,
        total: float = 10.0,
        connect: float = 5.0,
        connections: int = 20,
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self._token = token
        self._timeout = aiohttp.ClientTimeout(total=total, connect=connect)
        self._connections = connections
        self._session: aiohttp.ClientSession | None = None

    @property
    def session(self) -> aiohttp.ClientSession:
        """The pooled session; carries no token, so it may also fetch media from other hosts."""
        if self._session is None or self._session.closed:
            self._session = aiohttp.ClientSession(
                timeout=self._timeout,
                connector=aiohttp.TCPConnector(limit=self._connections),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"User-Agent": "Abonent"},
            )
        return self._session

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def call(self, method: str, payload: Mapping[str, Any]) -> dict[str, Any]:
        """Calls a method and returns its answer. Raises ViberRefused or ViberUnavailable."""
        try:
            async with self.session.post(
                f"{self.base_url}/{method}",
                data=encode(payload),
                headers={"X-Viber-Auth-Token": self._token, "Content-Type": "application/json; charset=utf-8"},
                allow_redirects=False,  # a redirect would carry the token to another host
            ) as response:
                if response.status != 200:
                    raise ViberUnavailable(method, f"HTTP {response.status}", response.status)
                body = await read_at_most(response.content, MAX_ANSWER)
        except TimeoutError:
            raise ViberUnavailable(method, "no answer within the time limit") from None
        except (aiohttp.ClientError, OSError) as error:
            # Only the class: an error's text may hold the address of a private server.
            raise ViberUnavailable(method, f"network: {type(error).__name__}") from None
        return _answer(method, body)

    async def send_message(self, message: Mapping[str, Any]) -> dict[str, Any]:
        """``message`` bears ``receiver``, ``sender``, ``type`` and the rest; the answer bears ``message_token``."""
        return await self.call("send_message", message)

    async def set_webhook(self, url: str, event_types: Iterable[str], **options: bool) -> dict[str, Any]:
        """Viber calls the URL at once and expects HTTP 200. ``options``: ``send_name``, ``send_photo``."""
        return await self.call("set_webhook", {"url": url, "event_types": list(event_types), **options})

    async def get_account_info(self) -> dict[str, Any]:
        return await self.call("get_account_info", {})

    async def get_user_details(self, user_id: str) -> dict[str, Any]:
        """At most two calls for each user in 12 hours; then status 12."""
        return await self.call("get_user_details", {"id": user_id})

    async def get_online(self, user_ids: Iterable[str]) -> dict[str, Any]:
        ids = list(user_ids)
        if len(ids) > MAX_ONLINE_IDS:
            raise ValueError(f"get_online takes at most {MAX_ONLINE_IDS} ids")
        return await self.call("get_online", {"ids": ids})


def encode(payload: Mapping[str, Any]) -> bytes:
    """The JSON as it goes over the wire: compact, and UTF-8 as it is, because the 30 KB are counted in bytes."""
    return json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


async def read_at_most(stream: aiohttp.StreamReader, limit: int) -> bytes:
    """The whole body, or ``limit`` + 1 bytes of a longer one: the caller sees by the length that it is too long."""
    chunks: list[bytes] = []
    left = limit + 1
    while left > 0 and (chunk := await stream.read(min(left, 64 * 1024))):
        chunks.append(chunk)
        left -= len(chunk)
    return b"".join(chunks)


def _answer(method: str, body: bytes) -> dict[str, Any]:
    if len(body) > MAX_ANSWER:
        raise ViberUnavailable(method, "the answer is too long", 200)
    try:
        answer = json.loads(body)  # the standard decoder keeps 64-bit integers exact
    except (ValueError, RecursionError):
        raise ViberUnavailable(method, "the answer is not JSON", 200) from None
    code = answer.get("status") if isinstance(answer, dict) else None
    if not isinstance(answer, dict) or not isinstance(code, int):
        raise ViberUnavailable(method, "the answer has no status", 200)
    if code != ViberStatus.ok:
        raise ViberRefused(method, code)
    return answer
