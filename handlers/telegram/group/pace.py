"""Keeps below what Telegram allows in one group: nobody is made to wait, who comes too early is told when to come."""

from __future__ import annotations

from datetime import datetime, timedelta

from core.clock import Clock
from core.errors import OutsideUnavailable

PER_MINUTE = 18  # core.telegram.org/bots/faq: 20 a minute; the rest is for what another process does
URGENT = 4  # of them are kept for answers to staff


class Busy(OutsideUnavailable):
    """Not now: the group has had its share. Nothing was sent."""

    def __init__(self, until: datetime) -> None:
        super().__init__("the group has had its share of messages")
        self.until = until


class GroupPace:
    """A bucket of messages on the program's clock."""

    def __init__(self, clock: Clock, per_minute: int = PER_MINUTE, urgent: int = URGENT) -> None:
        self._clock = clock
        self._most = float(per_minute)
        self._rate = per_minute / 60
        self._urgent = urgent
        self._level = self._most
        self._at = clock.now()
        self._resting: datetime | None = None

    def take(self, *, urgent: bool = False) -> None:
        """One message may go. Raises Busy."""
        now = self._clock.now()
        if self._resting is not None and now < self._resting:
            raise Busy(self._resting)
        passed = max(0.0, (now - self._at).total_seconds())
        self._level, self._at = min(self._most, self._level + passed * self._rate), now
        needed = 1.0 if urgent else 1.0 + self._urgent
        if self._level < needed:
            raise Busy(now + timedelta(seconds=(needed - self._level) / self._rate))
        self._level -= 1

    def rest(self, seconds: float) -> Busy:
        """Telegram itself has said how long to wait."""
        self._resting = self._clock.now() + timedelta(seconds=seconds)
        self._level = 0.0
        return Busy(self._resting)
