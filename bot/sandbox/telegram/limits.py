"""How often a bot may write: approximations of Telegram's published limits, adjustable by a test."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Limits:
    """Telegram's FAQ names 1 message/s a chat, 20/min a group, 30/s in all, and tolerates short bursts.

    How large a burst may be is not published; `chat_burst` is an approximation. None switches a limit off.
    `query_life` is for how long a pressed button may be answered.
    """

    chat_burst: int | None = 20
    chat_per_second: float = 1.0
    group_per_minute: int | None = 20
    total_per_second: int | None = 30
    query_life: timedelta = timedelta(seconds=150)

    @classmethod
    def off(cls) -> Limits:
        """For tests whose clock stands still: without a moving clock no allowance ever comes back."""
        return cls(chat_burst=None, group_per_minute=None, total_per_second=None)


class Bucket:
    """A token bucket on the sandbox's clock."""

    def __init__(self, capacity: float, per_second: float) -> None:
        self._capacity = capacity
        self._rate = per_second
        self._level = capacity
        self._at: datetime | None = None

    def wait(self, now: datetime) -> int:
        """Whole seconds until a message fits, 0 when it fits now; takes nothing."""
        if self._at is not None:
            passed = max(0.0, (now - self._at).total_seconds())
            self._level = min(self._capacity, self._level + passed * self._rate)
        self._at = now
        return 0 if self._level >= 1 else max(1, math.ceil((1 - self._level) / self._rate))

    def take(self) -> None:
        self._level -= 1


class Throttle:
    """Decides whether the bot may write to a chat now."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._chats: dict[int, Bucket] = {}
        self._total = Bucket(limits.total_per_second or 1, limits.total_per_second or 1)

    def admit(self, chat_id: int, group: bool, now: datetime) -> int:
        """0 when the message may pass (and is counted), else how many seconds to wait."""
        buckets: list[Bucket] = []
        if self.limits.total_per_second is not None:
            buckets.append(self._total)
        allowance = self.limits.group_per_minute if group else self.limits.chat_burst
        if allowance is not None:
            rate = allowance / 60 if group else self.limits.chat_per_second
            buckets.append(self._chats.setdefault(chat_id, Bucket(allowance, rate)))
        wait = max((bucket.wait(now) for bucket in buckets), default=0)
        if not wait:
            for bucket in buckets:
                bucket.take()
        return wait
