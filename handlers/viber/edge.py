"""Viber as the program runs it: a webhook that is set at every start, once the web server listens."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.routing import Route

from handlers.channel import TryLater
from handlers.edge import Finding
from handlers.intake import Intake
from handlers.viber.client import ViberClient, ViberError
from handlers.viber.outbound import ViberChannel
from handlers.viber.setup import connect, diagnose, explain
from handlers.viber.webhook import PATH, Receipts, ViberWebhook


class ViberEdge:
    """``public_url`` is the address of this program without the path."""

    name = "viber"

    def __init__(
        self,
        client: ViberClient,
        channel: ViberChannel,
        intake: Intake,
        *,
        token: str,
        public_url: str,
        receipts: Receipts | None = None,
    ) -> None:
        self._client = client
        self._webhook_url = f"{public_url}{PATH}"
        self._webhook = ViberWebhook(token, intake, channel.artist, receipts)

    def routes(self) -> Sequence[Route]:
        return [self._webhook.route()]

    async def connect(self) -> None:
        try:
            await connect(self._client, self._webhook_url)
        except ViberError as error:
            raise TryLater(explain(error), whole_channel=True) from None

    async def run(self) -> None:
        return None

    async def stop(self) -> None:
        return None

    async def diagnose(self) -> Sequence[Finding]:
        found = await diagnose(self._client, self._webhook_url)
        return [Finding("ok" if one.ok else "problem", one.text) for one in found]
