"""Tells the page that something changed, as server-sent events, without flooding it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable

from bot.sandbox.shapes import Json

DEBOUNCE = 0.05  # seconds: a turn changes several things at once, the page needs the last of them
HEARTBEAT = 15.0  # seconds: proxies and browsers drop a silent stream


class EventBus:
    """A version number that grows with each change, and those who wait for it to grow."""

    def __init__(self) -> None:
        self.version = 0
        self.closing = False
        self._signal = asyncio.Event()

    def changed(self) -> None:
        self.version += 1
        self._release()

    def close(self) -> None:
        """Ends every open stream, so that the web server can stop."""
        self.closing = True
        self._release()

    def _release(self) -> None:
        signal, self._signal = self._signal, asyncio.Event()
        signal.set()

    async def wait(self, seconds: float) -> bool:
        """True when something changed within `seconds`."""
        try:
            async with asyncio.timeout(seconds):
                await self._signal.wait()
        except TimeoutError:
            return False
        return True

    async def stream(self, state: Callable[[], Json]) -> AsyncIterator[str]:
        sent = -1
        while not self.closing:
            if sent != self.version:
                sent = self.version
                data = json.dumps({"v": sent, "state": state()}, ensure_ascii=False)
                yield f"event: change\nid: {sent}\ndata: {data}\n\n"
                await asyncio.sleep(DEBOUNCE)
            elif not await self.wait(HEARTBEAT):
                yield ": heartbeat\n\n"
