"""The staff's desk on the demo's own address: one place to open, whatever port the bot itself listens on."""

from __future__ import annotations

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send


class DeskDoor:
    """The page is there before the bot is: until then it says so."""

    def __init__(self) -> None:
        self.desk: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = self.desk or PlainTextResponse("The demo is still starting.", 503, {"Retry-After": "2"})
        await answer(scope, receive, send)
