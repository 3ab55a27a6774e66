"""Setting the webhook, and the sentences that an operator reads."""

from __future__ import annotations

from typing import Any

import pytest
from aiohttp import web

from handlers.viber.client import ViberClient, ViberRefused
from handlers.viber.setup import EVENT_TYPES, connect, diagnose, explain
from tests.viber.support import TOKEN, TinyViber

HOOK = "https://abonent.example/viber/webhook"
ACCOUNT: dict[str, Any] = {
    "status": 0,
    "name": "Ромашка",
    "webhook": HOOK,
    "event_types": [*EVENT_TYPES, "message"],
    "subscribers_count": 35,
}


async def test_the_webhook_is_set_with_names_and_without_photos(viber: TinyViber, client: ViberClient) -> None:
    await connect(client, HOOK)
    method, payload, _ = viber.requests[0]
    assert method == "set_webhook"
    assert payload == {"url": HOOK, "event_types": list(EVENT_TYPES), "send_name": True, "send_photo": False}


async def test_a_webhook_that_viber_does_not_accept(viber: TinyViber, client: ViberClient) -> None:
    viber.answers = [{"status": 1}]
    with pytest.raises(ViberRefused) as caught:
        await connect(client, HOOK)
    assert "https" in explain(caught.value)


async def test_all_is_well(viber: TinyViber, client: ViberClient) -> None:
    viber.answers = [ACCOUNT]
    findings = await diagnose(client, HOOK)
    assert all(finding.ok for finding in findings)
    assert "35 subscribers" in findings[-1].text


@pytest.mark.parametrize(
    ("account", "words"),
    [
        ({"webhook": ""}, "no webhook is set"),
        ({"webhook": "https://old.example/secret-path"}, "leads to old.example"),
        ({"event_types": ["message"]}, "not told of delivered, seen"),
    ],
)
async def test_what_is_to_be_mended(viber: TinyViber, client: ViberClient, account: dict[str, Any], words: str) -> None:
    viber.answers = [{**ACCOUNT, **account}]
    bad = [finding.text for finding in await diagnose(client, HOOK) if not finding.ok]
    assert len(bad) == 1
    assert words in bad[0]
    assert "secret-path" not in bad[0]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({"status": 2}, "does not know the token"),
        ({"status": 9}, "suspended"),
        ({"status": 77}, "status 77"),
        (web.Response(status=404), "VIBER_API_URL"),
    ],
)
async def test_no_account(viber: TinyViber, client: ViberClient, answer: Any, words: str) -> None:
    viber.answers = [answer]
    (finding,) = await diagnose(client, HOOK)
    assert not finding.ok
    assert words in finding.text
    assert TOKEN not in finding.text
