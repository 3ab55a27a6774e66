"""The promise between a messenger's way in and the turn: what is handed over and what may be answered at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from core.delivery.messages import OutgoingMessage
from fsm.event import Event


class NotCommitted(Exception):
    """The update could not be recorded (the database is away): the messenger must bring it again."""


@dataclass(frozen=True, slots=True)
class TurnDone:
    """The update is committed; everything else that is to be said lies in the outbox.

    ``toast`` answers a button press in messengers that can. ``welcome`` is the first message for a chat that
    was opened but may not be written to yet: it goes out as the answer to the webhook, not through the outbox.
    """

    toast: str = ""
    welcome: OutgoingMessage | None = None
    duplicate: bool = False


class Intake(Protocol):
    """Takes updates. Returns only after the commit; updates of one chat are taken in the order of the calls."""

    async def take(self, event: Event) -> TurnDone:
        """Raises NotCommitted, and nothing else."""
        ...
