"""One messenger as the program runs it: connected at the start, running, stopped at the end, examined on request."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from starlette.routing import Route


@dataclass(frozen=True, slots=True)
class Finding:
    """A plain sentence for the operator: what is right, what should be known, what must be mended."""

    level: Literal["ok", "warning", "problem"]
    text: str


class Edge(Protocol):
    """What every messenger's package offers to the wiring."""

    name: str

    def routes(self) -> Sequence[Route]:
        """What the web server must answer for it."""
        ...

    async def connect(self) -> None:
        """Tells the messenger where we are; the web server is listening by now. Raises DeliveryError: tried again."""
        ...

    async def run(self) -> None:
        """Fetches updates until :meth:`stop`; returns at once where they come by webhook."""
        ...

    async def stop(self) -> None:
        """Takes no more updates and finishes those under way."""
        ...

    async def diagnose(self) -> Sequence[Finding]:
        """Never raises for what the messenger answers."""
        ...
