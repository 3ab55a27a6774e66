"""A tiny Viber on a free port, and a client and a channel that talk to it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from handlers.viber.client import ViberClient
from handlers.viber.outbound import ViberChannel
from tests.viber.support import TOKEN, TinyViber


def blob_url(blob: str, name: str) -> str:
    return f"https://abonent.example/b/{blob}/{name}"


@pytest.fixture
async def viber() -> AsyncIterator[TinyViber]:
    async with TinyViber().running() as server:
        yield server


@pytest.fixture
async def client(viber: TinyViber) -> AsyncIterator[ViberClient]:
    client = ViberClient(TOKEN, f"{viber.url}/pa")
    yield client
    await client.close()


@pytest.fixture
async def channel(client: ViberClient) -> ViberChannel:
    return ViberChannel(client, "Ромашка Телеком", blob_url, menu_label=lambda language: f"Menu {language}")
