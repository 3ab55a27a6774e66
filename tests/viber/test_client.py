"""The transport: what goes over the wire, and what each kind of failure becomes."""

from __future__ import annotations

import pytest
from aiohttp import web

from handlers.viber.client import ViberClient, ViberRefused, ViberStatus, ViberUnavailable
from tests.support.ports import free_port
from tests.viber.support import BIG_TOKEN, TOKEN, USER, TinyViber


async def test_the_token_is_a_header_and_the_64_bit_token_comes_back_exact(
    viber: TinyViber, client: ViberClient
) -> None:
    answer = await client.send_message({"receiver": USER, "type": "text", "text": "Привет"})
    assert answer["message_token"] == BIG_TOKEN
    method, payload, header = viber.requests[0]
    assert (method, header) == ("send_message", TOKEN)
    assert payload == {"receiver": USER, "type": "text", "text": "Привет"}


async def test_every_method(viber: TinyViber, client: ViberClient) -> None:
    await client.set_webhook("https://x.example/viber/webhook", ["seen"], send_name=True)
    await client.get_account_info()
    await client.get_user_details(USER)
    await client.get_online([USER])
    assert [(method, payload) for method, payload, _ in viber.requests] == [
        ("set_webhook", {"url": "https://x.example/viber/webhook", "event_types": ["seen"], "send_name": True}),
        ("get_account_info", {}),
        ("get_user_details", {"id": USER}),
        ("get_online", {"ids": [USER]}),
    ]
    with pytest.raises(ValueError, match="100"):
        await client.get_online([USER] * 101)


@pytest.mark.parametrize("status", [status for status in ViberStatus if status])
async def test_every_status_is_typed(viber: TinyViber, client: ViberClient, status: ViberStatus) -> None:
    viber.answers = [{"status": int(status), "status_message": f"about {USER} and {TOKEN}"}]
    with pytest.raises(ViberRefused) as caught:
        await client.send_message({"receiver": USER})
    assert caught.value.status is status
    assert status.name in str(caught.value)
    assert TOKEN not in str(caught.value)
    assert USER not in str(caught.value)


async def test_an_unknown_status_keeps_its_code(viber: TinyViber, client: ViberClient) -> None:
    viber.answers = [{"status": 77}]
    with pytest.raises(ViberRefused) as caught:
        await client.get_account_info()
    assert (caught.value.status, caught.value.code) == (None, 77)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (web.Response(status=502, text="bad gateway"), "HTTP 502"),
        (web.Response(status=302, headers={"Location": "http://127.0.0.1:1/pa/send_message"}), "HTTP 302"),
        (web.Response(text="<html>"), "not JSON"),
        (web.Response(text="[" * 100_000), "not JSON"),
        (web.Response(text="[]"), "no status"),
        (web.Response(text='{"status": "0"}'), "no status"),
        (web.Response(body=b" " * (1024 * 1024 + 1)), "too long"),
    ],
)
async def test_no_usable_answer(viber: TinyViber, client: ViberClient, answer: web.Response, reason: str) -> None:
    viber.answers = [answer]
    with pytest.raises(ViberUnavailable, match=reason):
        await client.get_account_info()


async def test_nobody_listens() -> None:
    client = ViberClient(TOKEN, f"http://127.0.0.1:{free_port()}/pa")
    try:
        with pytest.raises(ViberUnavailable, match="network"):
            await client.get_account_info()
    finally:
        await client.close()


async def test_a_server_that_hangs(viber: TinyViber) -> None:
    viber.hangs = True
    client = ViberClient(TOKEN, f"{viber.url}/pa", total=0.05)
    try:
        with pytest.raises(ViberUnavailable, match="time limit"):
            await client.get_account_info()
    finally:
        await client.close()


async def test_connections_are_reused(viber: TinyViber, client: ViberClient) -> None:
    await client.get_account_info()
    first = client.session
    await client.get_account_info()
    assert client.session is first
    assert len(viber.requests) == 2
