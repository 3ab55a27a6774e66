"""Codes by SMS through an HTTP gateway: each is POSTed as ``{"to": "+...", "text": "..."}``."""

from __future__ import annotations

import aiohttp

from bot.integrations.codes.gateway import TIME_LIMIT, Refused
from core.errors import OutsideUnavailable

_LATER = frozenset({408, 425, 429})


class SmsHttp:
    """``url`` is the gateway's address; a login in it (``https://user:password@...``) goes as basic authentication."""

    def __init__(self, url: str, *, time_limit: float = TIME_LIMIT) -> None:
        self._url = url
        self._timeout = aiohttp.ClientTimeout(total=time_limit)
        self._session: aiohttp.ClientSession | None = None

    async def send(self, to: str, subject: str, text: str, key: str) -> None:
        """Any 2xx means that it was taken; see :class:`bot.integrations.codes.gateway.Gateway`."""
        try:
            async with self._connected().post(
                self._url, json={"to": to, "text": text}, headers={"Idempotency-Key": key}, allow_redirects=False
            ) as response:
                status = response.status
        except (aiohttp.ClientError, TimeoutError) as error:
            # The error's own words may hold the address with its login: its name says enough.
            raise OutsideUnavailable(f"the SMS gateway did not answer: {type(error).__name__}") from None
        if status >= 500 or status in _LATER:
            raise OutsideUnavailable(f"the SMS gateway answered {status}")
        if not 200 <= status < 300:
            raise Refused(f"the SMS gateway answered {status}")

    def _connected(self) -> aiohttp.ClientSession:
        if self._session is None or self._session.closed:
            self._session = aiohttp.ClientSession(timeout=self._timeout)
        return self._session

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
