"""Keeps a bot below its messenger's overall rate, and lets replies pass before bulk."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable


class Pace:
    """At most ``rate`` messages a second, in bursts of at most one second's worth.

    Bulk leaves a fifth of the rate to replies. ``monotonic`` (seconds) and ``sleep`` are replaced in tests.
    """

    def __init__(
        self,
        rate: float,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._rate = rate
        self._tokens = rate
        self._monotonic = monotonic
        self._sleep = sleep
        self._filled = monotonic()
        # Whoever is first in each line waits for the clock, the others for them: a hundred chats that all slept for the
        # same moment would wake a hundred times for each message.
        self._lines = {bulk: asyncio.Lock() for bulk in (False, True)}

    async def turn(self, *, bulk: bool = False) -> None:
        """Waits until one more message may go; in the order of asking, replies and bulk each in a line of their own."""
        async with self._lines[bulk]:
            await self._wait(self._rate * 0.2 if bulk else 0.0)

    async def _wait(self, reserve: float) -> None:
        while True:
            now = self._monotonic()
            self._tokens = min(self._rate, self._tokens + (now - self._filled) * self._rate)
            self._filled = now
            if self._tokens >= 1 + reserve - 1e-9:  # what rounding leaves is not worth another sleep
                self._tokens -= 1
                return
            await self._sleep((1 + reserve - self._tokens) / self._rate)
