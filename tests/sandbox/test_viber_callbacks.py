"""What Viber tells the bot, read by viberbot's own classes and signatures."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import httpx
import pytest
from starlette.responses import JSONResponse, Response
from viberbot import Api, BotConfiguration
from viberbot.api.messages import ContactMessage, FileMessage, PictureMessage, StickerMessage, TextMessage
from viberbot.api.viber_requests import (
    ViberConversationStartedRequest,
    ViberMessageRequest,
    ViberSubscribedRequest,
    ViberUnsubscribedRequest,
    create_request,
)

from bot.sandbox import Impossible, Sandbox
from bot.sandbox.viber.people import ViberPerson
from core.clock import ManualClock
from tests.sandbox.conftest import HOOK, Listener, png

Json = dict[str, Any]


@pytest.fixture
async def anna(sandbox: Sandbox, client: httpx.AsyncClient, listener: Listener) -> ViberPerson:
    await hook(client, sandbox, url=HOOK)
    listener.bodies.clear()
    listener.raw.clear()
    listener.headers.clear()
    return sandbox.viber.person("Анна", "+79001112233")


async def hook(client: httpx.AsyncClient, sandbox: Sandbox, **body: Any) -> Json:
    headers = {"X-Viber-Auth-Token": sandbox.viber.token}
    found: Json = (await client.post("/viber/pa/set_webhook", json=body, headers=headers)).json()
    return found


async def send(client: httpx.AsyncClient, person: ViberPerson, **changes: Any) -> None:
    body = {"receiver": person.id, "type": "text", "text": "x", "sender": {"name": "А"}} | changes
    headers = {"X-Viber-Auth-Token": person.viber.token}
    answer = await client.post("/viber/pa/send_message", json=body, headers=headers)
    assert answer.json()["status"] == 0, answer.text


async def test_set_webhook_calls_the_address_first(
    client: httpx.AsyncClient, sandbox: Sandbox, listener: Listener
) -> None:
    answer = await hook(client, sandbox, url=HOOK, event_types=["delivered"])
    assert answer["status"] == 0
    assert set(answer["event_types"]) == {"message", "subscribed", "unsubscribed", "delivered"}
    assert create_request(listener.bodies[0]).event_type == "webhook"
    listener.answers = [Response(status_code=404)]
    refused = await hook(client, sandbox, url=HOOK)
    assert refused["status"] == 1
    assert (await hook(client, sandbox, url="http://bot.example/hook"))["status"] == 1
    assert (await hook(client, sandbox, url=HOOK, event_types=["dances"]))["status"] == 3
    assert (await hook(client, sandbox))["status"] == 4
    assert (await hook(client, sandbox, url=""))["status"] == 0
    assert sandbox.viber.callbacks.url == ""


async def test_unwanted_events_do_not_come(
    client: httpx.AsyncClient, sandbox: Sandbox, anna: ViberPerson, listener: Listener
) -> None:
    await hook(client, sandbox, url=HOOK, event_types=[])
    listener.bodies.clear()
    anna.open()
    anna.say("x")
    await send(client, anna)
    await sandbox.deliver_due()
    assert [body["event"] for body in listener.bodies] == ["message"]


async def test_signatures_are_those_of_viberbot(sandbox: Sandbox, anna: ViberPerson, listener: Listener) -> None:
    api = Api(BotConfiguration(name="А", avatar="", auth_token=sandbox.viber.token))
    anna.say("привет")
    await sandbox.deliver_due()
    signature = listener.headers[0]["x-viber-content-signature"]
    assert api.verify_signature(listener.raw[0], signature)
    assert not api.verify_signature(listener.raw[0] + b" ", signature)
    assert listener.bodies[0]["message_token"] > 2**53


async def test_welcome_message_and_context(sandbox: Sandbox, anna: ViberPerson, listener: Listener) -> None:
    keyboard = {"Type": "keyboard", "Buttons": [{"ActionType": "reply", "ActionBody": "go", "Text": "Начать"}]}
    welcome = {"type": "text", "text": "Здравствуйте", "sender": {"name": "А"}, "keyboard": keyboard}
    listener.answers = [JSONResponse(welcome)]
    anna.open(context="link_1002")
    await sandbox.deliver_due()
    started = create_request(listener.bodies[0])
    assert isinstance(started, ViberConversationStartedRequest)
    assert (started.context, started.subscribed, started.user.id) == ("link_1002", False, anna.id)
    assert anna.last.text == "Здравствуйте" and not anna.subscribed
    assert listener.bodies[1]["event"] == "delivered"
    assert anna.press("Начать") is None
    await sandbox.deliver_due()
    assert listener.bodies[2]["message"]["text"] == "go"
    assert [anna.subscribed] == [True]
    assert "subscribed" not in [body["event"] for body in listener.bodies]


@pytest.mark.parametrize("body", [b"", b"ok", b"{}"])
async def test_no_welcome(sandbox: Sandbox, anna: ViberPerson, listener: Listener, body: bytes) -> None:
    listener.answers = [Response(body)]
    anna.open()
    await sandbox.deliver_due()
    assert anna.messages == [] and sandbox.viber.faults == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"type": "text", "text": "x"},
        {"type": "text", "text": "x" * 7001, "sender": {"name": "А"}},
        {"type": "text", "text": "x", "sender": {"name": "А"}, "receiver": "y"},
    ],
)
async def test_a_bad_welcome_message_fails(
    sandbox: Sandbox, anna: ViberPerson, listener: Listener, wrong: Json
) -> None:
    listener.answers = [JSONResponse(wrong)]
    anna.open()
    await sandbox.deliver_due()
    assert anna.messages == [] and len(sandbox.viber.faults) == 1
    assert create_request(listener.bodies[1]).event_type == "failed"


async def test_everything_a_person_sends_is_what_viberbot_expects(
    sandbox: Sandbox, anna: ViberPerson, listener: Listener, client: httpx.AsyncClient
) -> None:
    anna.say("привет")
    anna.share_phone("share_phone")
    anna.send_contact("+79990000000", "Сосед")
    anna.send_picture(png(), "чек")
    anna.send_file("чек.pdf", b"%PDF")
    anna.sticker()
    anna.location()
    anna.link("https://x.example")
    anna.video()
    await sandbox.deliver_due()
    requests = [create_request(body) for body in listener.bodies]
    assert all(isinstance(request, ViberMessageRequest) for request in requests)
    messages = [request.message for request in requests]
    assert isinstance(messages[0], TextMessage) and messages[0].text == "привет"
    shared, card = listener.bodies[1]["message"], listener.bodies[2]["message"]
    assert shared == {"type": "contact", "text": "share_phone", "contact": {"phone_number": "79001112233"}}
    assert card["contact"]["name"] == "Сосед" and "text" not in card
    assert isinstance(messages[1], ContactMessage) and messages[1].contact.phone_number == "79001112233"
    assert isinstance(messages[3], PictureMessage)
    assert (await client.get(messages[3].media)).content == png()
    assert isinstance(messages[4], FileMessage) and messages[4].file_name == "чек.pdf"
    assert isinstance(messages[5], StickerMessage)
    assert [listener.bodies[i]["message"]["type"] for i in (6, 7, 8)] == ["location", "url", "video"]
    assert requests[0].sender.id == anna.id and requests[0].sender.language == "ru"


async def test_media_live_an_hour(
    sandbox: Sandbox, anna: ViberPerson, listener: Listener, client: httpx.AsyncClient, clock: ManualClock
) -> None:
    anna.send_picture(png())
    await sandbox.deliver_due()
    url = listener.bodies[0]["message"]["media"]
    clock.move(timedelta(minutes=59))
    assert (await client.get(url)).status_code == 200
    clock.move(timedelta(minutes=1))
    assert (await client.get(url)).status_code == 404


async def test_subscribing_and_leaving(sandbox: Sandbox, anna: ViberPerson, listener: Listener) -> None:
    anna.subscribe()
    anna.unsubscribe()
    anna.client_status()
    await sandbox.deliver_due()
    came, left = create_request(listener.bodies[0]), create_request(listener.bodies[1])
    assert isinstance(came, ViberSubscribedRequest) and came.user.name == "Анна"
    assert isinstance(left, ViberUnsubscribedRequest) and left.user_id == anna.id
    assert listener.bodies[2]["event"] == "client_status"


async def test_tracking_data_comes_back_until_it_is_wiped(
    sandbox: Sandbox, anna: ViberPerson, listener: Listener, client: httpx.AsyncClient
) -> None:
    anna.say("1")
    await send(client, anna, tracking_data="state-7")
    anna.say("2")
    anna.subscribe()
    anna.say("3")
    await sandbox.deliver_due()
    said = [body["message"] for body in listener.bodies if body["event"] == "message"]
    assert [message.get("tracking_data") for message in said] == [None, "state-7", None]


async def test_pressing_buttons(
    sandbox: Sandbox, anna: ViberPerson, listener: Listener, client: httpx.AsyncClient
) -> None:
    anna.say("1")
    buttons = [
        {"ActionType": "reply", "ActionBody": "menu", "Text": "<b>Меню &amp; всё</b>"},
        {"ActionType": "open-url", "ActionBody": "https://pay.example/1", "Text": "Оплатить"},
        {"ActionType": "share-phone", "ActionBody": "phone", "Text": "Номер"},
        {"ActionType": "none", "ActionBody": "none", "Text": "Надпись"},
        {"ActionType": "reply", "ActionBody": "quiet", "Text": "Тихо", "Silent": True},
        {"ActionType": "location-picker", "ActionBody": "where", "Text": "Место"},
    ]
    await send(client, anna, keyboard={"Type": "keyboard", "Buttons": buttons}, min_api_version=6)
    await sandbox.deliver_due()
    listener.bodies.clear()
    shown = len(anna.messages)
    assert anna.press("Меню & всё") is None
    assert anna.press(1) == "https://pay.example/1"
    anna.press("Номер")
    anna.press(3)
    anna.press("Тихо")
    anna.press(5)
    await sandbox.deliver_due()
    said = [body["message"] for body in listener.bodies]
    assert [message.get("text") for message in said] == ["menu", "https://pay.example/1", "phone", "quiet", None]
    assert [body["silent"] for body in listener.bodies] == [False, False, False, True, False]
    assert len(anna.messages) == shown + 4
    with pytest.raises(Impossible):
        anna.press("Нет такой")
    anna.desktop = True
    with pytest.raises(Impossible):
        anna.press("Номер")


async def test_a_callback_comes_again_with_the_same_token_for_an_hour(
    sandbox: Sandbox, anna: ViberPerson, listener: Listener, clock: ManualClock
) -> None:
    listener.answers = [Response(status_code=500)] * 100
    anna.say("1")
    await sandbox.deliver_due()
    assert len(listener.bodies) == 1
    clock.move(timedelta(seconds=5))
    await sandbox.deliver_due()
    assert len(listener.bodies) == 2 and listener.raw[0] == listener.raw[1]
    for _ in range(60):
        clock.move(timedelta(minutes=1))
        await sandbox.deliver_due()
    tries = len(listener.bodies)
    assert 5 < tries < 20
    clock.move(timedelta(hours=2))
    await sandbox.deliver_due()
    assert len(listener.bodies) == tries


async def test_a_silent_bot_gets_the_callback_again(
    sandbox: Sandbox, anna: ViberPerson, listener: Listener, clock: ManualClock
) -> None:
    def hang(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadTimeout("slow", request=request)

    slow = httpx.AsyncClient(transport=httpx.MockTransport(hang))
    sandbox.viber.callbacks.http, quick = slow, sandbox.viber.callbacks.http
    anna.say("1")
    await sandbox.deliver_due()
    sandbox.viber.callbacks.http = quick
    clock.move(timedelta(seconds=5))
    await sandbox.deliver_due()
    assert [body["message"]["text"] for body in listener.bodies] == ["1"]


async def test_duplicates_and_forgeries(sandbox: Sandbox, anna: ViberPerson, listener: Listener) -> None:
    anna.say("1")
    await sandbox.deliver_due()
    assert await sandbox.redeliver_viber() == 200
    assert listener.raw[0] == listener.raw[1] and listener.headers[0] == listener.headers[1]
    forged = json.dumps({"event": "message"}).encode()
    await sandbox.forge_viber(forged, "00" * 32)
    await sandbox.forge_viber(forged, None)
    assert listener.headers[2]["x-viber-content-signature"] == "00" * 32
    assert "x-viber-content-signature" not in listener.headers[3]
