"""The webhook: nobody without the secret, and 200 only after the commit."""

import asyncio
import hmac
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from handlers.intake import NotCommitted
from handlers.telegram.receiver import Receiver
from handlers.telegram.webhook import MAX_BODY, webhook_route
from tests.telegram.conftest import FakeIntake
from tests.telegram.samples import text

SECRET = "s3cret_-S3CRET"
HEADER = {"X-Telegram-Bot-Api-Secret-Token": SECRET}


@pytest.fixture
async def web(receiver: Receiver) -> AsyncIterator[httpx.AsyncClient]:
    app = Starlette(routes=[webhook_route(receiver, SECRET)])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://bot") as client:
        yield client


async def test_an_update_is_taken(web: httpx.AsyncClient, intake: FakeIntake) -> None:
    answer = await web.post("/telegram/webhook", json=text("Hello", 7), headers=HEADER)
    assert (answer.status_code, intake.ids) == (200, [7])


@pytest.mark.parametrize(
    "headers",
    [{}, {"X-Telegram-Bot-Api-Secret-Token": ""}, {"X-Telegram-Bot-Api-Secret-Token": SECRET + "x"}],
)
async def test_nobody_without_the_secret(web: httpx.AsyncClient, intake: FakeIntake, headers: dict[str, str]) -> None:
    answer = await web.post("/telegram/webhook", json=text("Hello"), headers=headers)
    assert (answer.status_code, intake.tried) == (401, [])


async def test_a_secret_in_other_letters_is_wrong_and_no_crash(web: httpx.AsyncClient) -> None:
    headers = {b"X-Telegram-Bot-Api-Secret-Token": "секрет".encode()}
    assert (await web.post("/telegram/webhook", json=text("Hello"), headers=headers)).status_code == 401


async def test_the_secret_is_compared_in_constant_time(web: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[object, object]] = []

    def compare(given: bytes, expected: bytes, real: Any = hmac.compare_digest) -> bool:
        compared.append((given, expected))
        return bool(real(given, expected))

    monkeypatch.setattr(hmac, "compare_digest", compare)
    await web.post("/telegram/webhook", json=text("Hello"), headers={"X-Telegram-Bot-Api-Secret-Token": "x"})
    assert compared == [(b"x", SECRET.encode())]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"7", b"\xff\xfe", b"[" * 100_000])
async def test_what_is_no_update(web: httpx.AsyncClient, body: bytes) -> None:
    assert (await web.post("/telegram/webhook", content=body, headers=HEADER)).status_code == 400


async def test_too_much(web: httpx.AsyncClient, intake: FakeIntake) -> None:
    body = json.dumps(text("x" * MAX_BODY)).encode()
    assert (await web.post("/telegram/webhook", content=body, headers=HEADER)).status_code == 413
    assert intake.tried == []


async def test_an_update_that_cannot_be_read_is_not_asked_for_again(web: httpx.AsyncClient, intake: FakeIntake) -> None:
    answer = await web.post("/telegram/webhook", json={"update_id": 1, "message": {"odd": 1}}, headers=HEADER)
    assert (answer.status_code, intake.tried) == (200, [])


async def test_not_committed_comes_again(web: httpx.AsyncClient, intake: FakeIntake) -> None:
    intake.errors["7"] = [NotCommitted()]
    first = await web.post("/telegram/webhook", json=text("Hello", 7), headers=HEADER)
    second = await web.post("/telegram/webhook", json=text("Hello", 7), headers=HEADER)
    assert (first.status_code, second.status_code, intake.ids) == (503, 200, [7])


async def test_the_answer_waits_for_the_commit(web: httpx.AsyncClient, intake: FakeIntake) -> None:
    gate = intake.hold(7)
    call = asyncio.create_task(web.post("/telegram/webhook", json=text("Hello", 7), headers=HEADER))
    await intake.reached["7"].wait()
    assert not call.done()
    gate.set()
    assert (await call).status_code == 200


async def test_other_methods(web: httpx.AsyncClient) -> None:
    assert (await web.get("/telegram/webhook", headers=HEADER)).status_code == 405


def test_no_webhook_without_a_secret(receiver: Receiver) -> None:
    with pytest.raises(ValueError, match="secret"):
        webhook_route(receiver, "")
