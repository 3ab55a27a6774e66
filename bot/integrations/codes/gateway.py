"""What a way to send codes has in common with any other."""

from __future__ import annotations

from typing import Protocol

TIME_LIMIT = 10.0  # seconds for one try


class Refused(Exception):
    """The gateway will never take this message. Says why without the code and without the address."""


class Gateway(Protocol):
    """Sends a text to one place."""

    async def send(self, to: str, subject: str, text: str, key: str) -> None:
        """``key`` is the same in every try of one message. A gateway without subjects leaves it out.

        Raises :class:`core.errors.OutsideUnavailable` when it may be tried again, :class:`Refused` when not.
        """
        ...

    async def close(self) -> None: ...
