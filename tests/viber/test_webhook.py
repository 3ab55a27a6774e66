"""The webhook as Viber sees it: what is answered, and what has happened by then."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from structlog.testing import capture_logs

from core.delivery.messages import Attachment, Button
from fsm.event import Opened, Text
from handlers.intake import TurnDone
from handlers.viber.drawing import Artist
from handlers.viber.webhook import MAX_BODY, PATH, SIGNATURE, ViberWebhook
from tests.viber.conftest import blob_url
from tests.viber.support import (
    BIG_TOKEN,
    TOKEN,
    USER,
    FakeIntake,
    FakeReceipts,
    body,
    said,
    say,
    schema_faults,
    sign,
)

HELLO = said({"type": "text", "text": "Привет"})
OPENED = body("conversation_started", user={"id": USER, "name": "Анна"}, context="link_4001", subscribed=False)
MENU = ((Button("Menu", payload='----["m"]'),),)


@pytest.fixture
def intake() -> FakeIntake:
    return FakeIntake()


@pytest.fixture
def receipts() -> FakeReceipts:
    return FakeReceipts()


@pytest.fixture
async def http(intake: FakeIntake, receipts: FakeReceipts) -> AsyncIterator[httpx.AsyncClient]:
    webhook = ViberWebhook(TOKEN, intake, Artist("Ромашка", blob_url), receipts)
    transport = httpx.ASGITransport(Starlette(routes=[webhook.route()]))
    async with httpx.AsyncClient(transport=transport, base_url="http://bot") as client:
        yield client


async def post(http: httpx.AsyncClient, raw: bytes, signature: str | bytes | None = "") -> httpx.Response:
    given: Any = sign(raw) if signature == "" else signature
    return await http.post(PATH, content=raw, headers={} if given is None else {SIGNATURE: given})


async def test_a_signed_message_is_taken_and_answered(http: httpx.AsyncClient, intake: FakeIntake) -> None:
    answer = await post(http, HELLO)
    assert (answer.status_code, answer.content) == (200, b"")
    assert [event.input for event in intake.events] == [Text("Привет")]


@pytest.mark.parametrize("signature", [None, "00", sign(HELLO, "another token"), sign(b"another body"), "ж".encode()])
async def test_a_forged_message_is_not(
    http: httpx.AsyncClient, intake: FakeIntake, signature: str | bytes | None
) -> None:
    assert (await post(http, HELLO, signature)).status_code == 403
    assert intake.events == []


async def test_one_changed_byte_breaks_the_signature(http: httpx.AsyncClient, intake: FakeIntake) -> None:
    assert (await post(http, HELLO + b" ", sign(HELLO))).status_code == 403
    assert intake.events == []


async def test_only_post(http: httpx.AsyncClient) -> None:
    assert (await http.get(PATH)).status_code == 405


async def test_what_was_not_committed_comes_again_as_the_same_update(
    http: httpx.AsyncClient, intake: FakeIntake
) -> None:
    intake.away = True
    assert (await post(http, HELLO)).status_code == 503
    intake.away = False
    assert (await post(http, HELLO)).status_code == 200
    intake.done = TurnDone(duplicate=True)
    assert (await post(http, HELLO)).status_code == 200
    assert {event.update_id for event in intake.events} == {f"message:{BIG_TOKEN}"}


async def test_a_huge_body(http: httpx.AsyncClient, intake: FakeIntake) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b"x" * 100_000

    assert (await post(http, b"x" * (MAX_BODY + 1))).status_code == 413
    assert (await http.post(PATH, content=pieces())).status_code == 413
    assert (await post(http, b" " * (MAX_BODY - len(HELLO)) + HELLO)).status_code == 200
    assert len(intake.events) == 1


@pytest.mark.parametrize(
    "raw", [b"", b"{", b"[]", body("message"), body("webhook"), body("client_status"), body("brand_new")]
)
async def test_what_cannot_be_used_is_answered_200(http: httpx.AsyncClient, intake: FakeIntake, raw: bytes) -> None:
    assert (await post(http, raw)).status_code == 200
    assert intake.events == []


async def test_an_unknown_event_is_logged_by_its_name_alone(http: httpx.AsyncClient) -> None:
    with capture_logs() as logs:
        await post(http, body("brand_new", user={"id": USER, "name": "Анна"}, phone="+79161234567"))
        await post(http, body("message", sender={"id": USER, "name": "Анна"}, message={"text": "секрет"}))
        await post(http, HELLO, sign(HELLO, "wrong"))
    assert [entry["log_level"] for entry in logs] == ["warning"] * 3
    assert logs[0]["event_name"] == "brand_new"
    for secret in (USER, "Анна", "79161234567", "секрет", TOKEN, sign(HELLO)):
        assert secret not in str(logs)


async def test_the_welcome_message_is_the_answer(http: httpx.AsyncClient, intake: FakeIntake) -> None:
    intake.done = TurnDone(welcome=say("Здравствуйте", rows=MENU, asks_contact="Номер"))
    answer = await post(http, OPENED)
    assert answer.headers["content-type"] == "application/json"
    welcome = answer.json()
    assert (welcome["type"], welcome["text"], welcome["min_api_version"]) == ("text", "Здравствуйте", 3)
    assert welcome["sender"] == {"name": "Ромашка"}
    assert "receiver" not in welcome
    assert schema_faults(welcome["keyboard"]) == []
    assert intake.events[0].input == Opened("link_4001", subscribed=False)


async def test_a_welcome_that_is_more_than_one_message_keeps_its_words_and_buttons(
    http: httpx.AsyncClient, intake: FakeIntake
) -> None:
    document = Attachment("ab", "terms.pdf", "application/pdf", 5, "document")
    intake.done = TurnDone(welcome=say("слово " * 2000, rows=MENU, attachment=document))
    welcome = (await post(http, OPENED)).json()
    assert (welcome["type"], "keyboard" in welcome) == ("text", True)
    intake.done = TurnDone(welcome=say(""))
    answer = await post(http, OPENED)
    assert (answer.status_code, answer.content) == (200, b"")


async def test_receipts_are_handed_on(http: httpx.AsyncClient, receipts: FakeReceipts, intake: FakeIntake) -> None:
    await post(http, body("delivered", user_id=USER))
    await post(http, body("seen", user_id=USER))
    await post(http, body("failed", user_id=USER, desc="keyboard"))
    token, at = str(BIG_TOKEN), "2026-01-01T00:00:00.123000+00:00"
    assert receipts.told == [
        ("delivered", token, USER, at),
        ("seen", token, USER, at),
        ("failed", token, USER, "keyboard"),
    ]
    assert intake.events == []


async def test_nobody_need_listen_to_receipts(intake: FakeIntake) -> None:
    webhook = ViberWebhook(TOKEN, intake, Artist("Ромашка", blob_url))
    transport = httpx.ASGITransport(Starlette(routes=[webhook.route()]))
    async with httpx.AsyncClient(transport=transport, base_url="http://bot") as client:
        assert (await post(client, body("failed", user_id=USER, desc="x"))).status_code == 200
