"""The parts of one message on their way: each is written down before the next, and none is sent twice by a retry."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from core.delivery.progress import Progress
from handlers.channel import Delivered

Save = Callable[[Progress], Awaitable[None]]


async def _nowhere(_progress: Progress) -> None:
    """For a message whose sending nobody has to go on with."""


class Parts:
    """Passed to a channel's ``deliver``, which sends each part through :meth:`send`, always in the same order."""

    def __init__(self, progress: Progress | None = None, save: Save = _nowhere) -> None:
        self._progress = progress or Progress()
        self._save = save
        self._at = 0

    @property
    def begun(self) -> bool:
        """Some part has arrived."""
        return bool(self._progress.ids)

    @property
    def billing_status(self) -> int | None:
        """The dearest of all parts."""
        return self._progress.billing_status

    def again(self) -> None:
        """From the first part on, as after a refusal of one; those that have arrived are passed over."""
        self._at = 0

    async def send(self, act: Callable[[], Awaitable[Delivered]], *, more: bool) -> str:
        """Sends a part unless an earlier try has. ``more``: others follow. Says what the messenger calls it."""
        at, self._at = self._at, self._at + 1
        if more and at < len(self._progress.ids):  # the last is written down with the message itself
            return self._progress.ids[at]
        delivered = await act()
        self._progress = self._progress.took(delivered.message_id, delivered.billing_status)
        if more:
            await self._save(self._progress)
        return delivered.message_id
