"""The REST API as the bot's transport sees it: every check of a message and of a keyboard, every status."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest
from viberbot.api.messages import (
    ContactMessage,
    FileMessage,
    KeyboardMessage,
    PictureMessage,
    TextMessage,
    URLMessage,
)
from viberbot.api.messages.data_types.contact import Contact

from bot.sandbox import Sandbox
from bot.sandbox.viber.errors import Status, ViberError
from bot.sandbox.viber.people import ViberPerson
from core.clock import ManualClock
from tests.sandbox.conftest import HOOK, Listener, png

Json = dict[str, Any]
Call = Callable[[str, Json], Awaitable[Json]]


@pytest.fixture
def call(client: httpx.AsyncClient, sandbox: Sandbox) -> Call:
    async def post(method: str, body: Json) -> Json:
        headers = {"X-Viber-Auth-Token": sandbox.viber.token}
        answer = await client.post(f"/viber/pa/{method}", json=body, headers=headers)
        assert answer.status_code == 200
        found: Json = answer.json()
        return found

    return post


@pytest.fixture
async def anna(sandbox: Sandbox, call: Call) -> ViberPerson:
    assert (await call("set_webhook", {"url": HOOK}))["status"] == 0
    person = sandbox.viber.person("Анна", "+79001112233")
    person.say("привет")
    return person


def text(person: ViberPerson, **changes: Any) -> Json:
    body: Json = {"receiver": person.id, "type": "text", "text": "x", "sender": {"name": "Абонент"}}
    return {name: value for name, value in (body | changes).items() if value is not None}


def keys(*buttons: Json, **changes: Any) -> Json:
    return {"Type": "keyboard", "Buttons": list(buttons)} | changes


def key(**changes: Any) -> Json:
    body: Json = {"Columns": 6, "Rows": 1, "ActionType": "reply", "ActionBody": "menu", "Text": "Меню"}
    return {name: value for name, value in (body | changes).items() if value is not None}


async def test_a_message_is_taken_and_delivered(
    call: Call, anna: ViberPerson, sandbox: Sandbox, listener: Listener
) -> None:
    keyboard = keys(key(), BgColor="#FFFFFF")
    message = TextMessage(text="Долг 10 ₽", keyboard=keyboard, tracking_data="s1", min_api_version=4)
    answer = await call("send_message", text(anna) | message.to_dict())
    assert answer["status"] == 0 and answer["message_token"] > 2**53 and answer["billing_status"] == 1
    assert anna.last.text == "Долг 10 ₽" and anna.keyboard == keyboard and anna.last.status == "delivered"
    await sandbox.deliver_due()
    delivered = [body for body in listener.bodies if body["event"] == "delivered"]
    assert [(d["message_token"], d["user_id"]) for d in delivered] == [(answer["message_token"], anna.id)]
    anna.seen()
    await sandbox.deliver_due()
    assert listener.bodies[-1]["event"] == "seen"
    assert listener.bodies[-1]["message_token"] == answer["message_token"]


@pytest.mark.parametrize(
    "message",
    [
        TextMessage(text="x" * 7000),
        ContactMessage(contact=Contact(name="Поддержка", phone_number="+78000000000")),
        URLMessage(media="https://pay.example/1"),
        KeyboardMessage(keyboard=keys(key())),
    ],
)
async def test_viberbots_messages_pass(call: Call, anna: ViberPerson, message: Any) -> None:
    body = {"receiver": anna.id, "sender": {"name": "Абонент"}} | message.to_dict()
    assert (await call("send_message", body))["status"] == 0


@pytest.mark.parametrize(
    ("changes", "status", "words"),
    [
        ({"text": None}, 4, "text"),
        ({"text": ""}, 4, "text"),
        ({"text": "x" * 7001}, 3, "7000"),
        ({"type": None}, 4, "type"),
        ({"type": "rich_media"}, 3, "not supported"),
        ({"receiver": None}, 4, "receiver"),
        ({"receiver": "nobody"}, 5, "receiverNotRegistered"),
        ({"sender": None}, 4, "sender"),
        ({"sender": {}}, 4, "sender.name"),
        ({"sender": {"name": "x" * 29}}, 3, "28"),
        ({"sender": {"name": "x", "colour": "red"}}, 3, "unknown parameter colour"),
        ({"colour": "red"}, 3, "unknown parameter colour"),
        ({"tracking_data": "x" * 4001}, 3, "4000"),
        ({"min_api_version": "7"}, 3, "min_api_version"),
        ({"min_api_version": 99}, 13, "apiVersionNotSupported"),
        ({"type": "picture", "media": None}, 4, "media"),
        ({"type": "picture", "media": "ftp://x.example/p.png"}, 3, "media"),
        ({"type": "picture", "media": "https://x.example/" + "p" * 2000}, 3, "media"),
        ({"type": "picture", "media": "https://x.example/p", "text": "x" * 769}, 3, "768"),
        ({"type": "file", "media": "https://x.example/f", "file_name": "a.pdf"}, 4, "size"),
        ({"type": "file", "media": "https://x.example/f", "size": 1}, 4, "file_name"),
        ({"type": "file", "media": "https://x.example/f", "size": 1, "file_name": "a"}, 3, "extension"),
        ({"type": "file", "media": "https://x.example/f", "size": 1, "file_name": "a.exe"}, 3, "forbidden"),
        ({"type": "file", "media": "https://x.example/f", "size": 1, "file_name": "a" * 253 + ".pdf"}, 3, "256"),
        ({"type": "file", "media": "https://x.example/f", "size": 51 * 2**20, "file_name": "a.pdf"}, 3, "size"),
        ({"type": "video", "media": "https://x.example/v", "size": 27 * 2**20}, 3, "size"),
        ({"type": "contact"}, 4, "contact"),
        ({"type": "contact", "contact": {"name": "x" * 29, "phone_number": "+7"}}, 3, "28"),
        ({"type": "contact", "contact": {"name": "x", "phone_number": "+" + "7" * 18}}, 3, "18"),
        ({"type": "location"}, 4, "location"),
        ({"type": "location", "location": {"lat": "91", "lon": "0"}}, 3, "lat"),
        ({"type": "sticker"}, 4, "sticker_id"),
        ({"type": "url"}, 4, "media"),
    ],
)
async def test_message_refusals(call: Call, anna: ViberPerson, changes: Json, status: int, words: str) -> None:
    answer = await call("send_message", text(anna, **changes))
    assert answer["status"] == status, answer
    assert words in answer["status_message"]


@pytest.mark.parametrize(
    ("keyboard", "words"),
    [
        ({"Buttons": [key()]}, "Type"),
        (keys(), "Buttons"),
        (keys(key(), Colour="red"), "unknown parameter Colour in keyboard"),
        (keys(key(Colour="red")), "unknown parameter Colour in button"),
        (keys(key(Columns=7)), "Columns"),
        (keys(key(Columns=0)), "Columns"),
        (keys(key(Rows=3)), "Rows"),
        (keys(key(Rows="1")), "Rows"),
        (keys(key(ActionType="dance")), "ActionType"),
        (keys(key(ActionBody=None)), "ActionBody"),
        (keys(key(ActionBody="")), "ActionBody"),
        (keys(key(Text=None)), "needs one of"),
        (keys(key(TextSize="huge")), "TextSize"),
        (keys(key(ActionType="open-url", ActionBody="menu")), "not an address"),
        (keys(key(ActionType="share-phone")), "min_api_version 3"),
        (keys(key(ActionType="location-picker")), "min_api_version 3"),
        (keys(key(), InputFieldState="hidden"), "min_api_version 4"),
        (keys(key(), InputFieldState="gone"), "InputFieldState"),
        (keys(key(), ButtonsGroupColumns=3), "min_api_version 4"),
        (keys(key(ActionType="none", ActionBody=None)), "ActionBody"),
        (keys(key(), Type="rich_media"), "Type"),
        (keys(key(Frame={"BorderWidth": 1})), "min_api_version 6"),
        ([], "object expected"),
    ],
)
async def test_keyboard_refusals(call: Call, anna: ViberPerson, keyboard: Any, words: str) -> None:
    answer = await call("send_message", text(anna, keyboard=keyboard))
    assert answer["status"] == 3 and words in answer["status_message"], answer


async def test_the_needed_api_level_lets_the_keyboard_pass(call: Call, anna: ViberPerson) -> None:
    keyboard = keys(key(ActionType="share-phone", Silent=True), InputFieldState="hidden")
    assert (await call("send_message", text(anna, keyboard=keyboard, min_api_version=4)))["status"] == 0
    assert (await call("send_message", text(anna)))["status"] == 0
    assert anna.keyboard == keyboard  # the last keyboard stays


async def test_an_app_that_drops_the_keyboard(call: Call, anna: ViberPerson, sandbox: Sandbox) -> None:
    sandbox.viber.keyboard_stays = False
    await call("send_message", text(anna, keyboard=keys(key())))
    await call("send_message", text(anna))
    assert anna.keyboard is None


@pytest.mark.parametrize(
    ("keyboard", "words"),
    [
        (keys(key(Columns=4), key(Columns=4)), "grid"),
        (keys(key(Columns=3, Rows=2), key(Columns=3), key(Columns=6)), "grid"),
        (keys(*[key() for _ in range(25)]), "24 rows"),
        (keys(key(Text="x" * 251)), "250"),
        (keys(key(BgColor="red")), "colour"),
        (keys(key(), BgColor="#12"), "colour"),
        (keys(key(Text="<b>x")), "unbalanced"),
        (keys(key(Text="<h1>x</h1>")), "unsupported tag"),
    ],
)
async def test_what_the_app_cannot_show_fails_later(
    call: Call, anna: ViberPerson, sandbox: Sandbox, listener: Listener, keyboard: Json, words: str
) -> None:
    answer = await call("send_message", text(anna, keyboard=keyboard))
    assert answer["status"] == 0
    assert anna.keyboard is None
    await sandbox.deliver_due()
    failed = [body for body in listener.bodies if body["event"] == "failed"]
    assert [(f["message_token"], f["user_id"]) for f in failed] == [(answer["message_token"], anna.id)]
    assert words in failed[0]["desc"]


async def test_mixed_heights_fit_the_grid(call: Call, anna: ViberPerson) -> None:
    keyboard = keys(key(Columns=3, Rows=2), key(Columns=3), key(Columns=3), key(Text="<b>Да</b>"), key(Columns=2))
    assert (await call("send_message", text(anna, keyboard=keyboard)))["status"] == 0
    assert anna.keyboard == keyboard


async def test_pictures_and_files_are_fetched(
    call: Call, anna: ViberPerson, sandbox: Sandbox, listener: Listener, client: httpx.AsyncClient
) -> None:
    listener.files = {
        "/chart.png": (png(30, 20), "image/png"),
        "/text.png": (b"text", "image/png"),
        "/large.png": (png() + b"\0" * 2**20, "image/png"),
        "/data.json": (b"{}", "application/json"),
    }

    async def send(message: Any) -> str:
        body = {"receiver": anna.id, "sender": {"name": "Абонент"}} | message.to_dict()
        sent = await call("send_message", {name: value for name, value in body.items() if value is not None})
        assert sent["status"] == 0
        await sandbox.deliver_due()
        last = [b for b in listener.bodies if b.get("message_token") == sent["message_token"]][-1]
        return str(last.get("desc", last["event"]))

    assert await send(PictureMessage(text="Год", media="http://127.0.0.1/chart.png")) == "delivered"
    assert anna.last.picture and (await client.get(anna.last.picture)).content == png(30, 20)
    assert "not a jpeg, png or gif" in await send(PictureMessage(media="http://127.0.0.1/text.png"))
    assert "larger than 1 MB" in await send(PictureMessage(media="http://127.0.0.1/large.png"))
    assert "could not be downloaded" in await send(PictureMessage(media="http://127.0.0.1/none.png"))
    file = FileMessage(media="http://127.0.0.1/data.json", size=2, file_name="мои данные.json")
    assert await send(file) == "delivered"
    assert anna.last.document and anna.last.document["name"] == "мои данные.json"


async def test_a_file_stays_above_what_was_sent_after_it(
    call: Call, anna: ViberPerson, sandbox: Sandbox, listener: Listener
) -> None:
    listener.files = {"/data.json": (b"{}", "application/json")}
    message = FileMessage(media="http://127.0.0.1/data.json", size=2, file_name="data.json")
    body = {"receiver": anna.id, "sender": {"name": "Абонент"}} | message.to_dict()
    await call("send_message", {name: value for name, value in body.items() if value is not None})
    keyboard = keys(key())
    await call("send_message", text(anna, keyboard=keyboard))
    await sandbox.deliver_due()
    shown = [bubble for bubble in anna.messages if bubble.who == "bot"]
    assert shown[-2].document is not None and shown[-1].document is None
    assert anna.keyboard == keyboard


async def test_who_may_be_written_to(call: Call, anna: ViberPerson, sandbox: Sandbox) -> None:
    shy = sandbox.viber.person("Тихий", "+79000000001")
    assert (await call("send_message", text(shy)))["status"] == 6
    anna.unsubscribe()
    assert (await call("send_message", text(anna)))["status"] == 6
    anna.subscribe()
    assert (await call("send_message", text(anna)))["status"] == 0
    anna.refusal = Status.NO_SUITABLE_DEVICE
    assert (await call("send_message", text(anna)))["status"] == 11
    anna.registered = False
    assert (await call("send_message", text(anna)))["status"] == 5
    sandbox.viber.account_status = Status.BLOCKED
    answer = await call("send_message", text(anna))
    assert (answer["status"], answer["status_message"]) == (7, "publicAccountBlocked")


async def test_a_hundred_messages_without_a_reply(call: Call, anna: ViberPerson, clock: ManualClock) -> None:
    for _ in range(100):
        assert (await call("send_message", text(anna)))["status"] == 0
    assert (await call("send_message", text(anna)))["status"] == 12
    anna.say("я тут")
    assert (await call("send_message", text(anna)))["status"] == 0
    for _ in range(99):
        await call("send_message", text(anna))
    assert (await call("send_message", text(anna)))["status"] == 12
    clock.move(timedelta(hours=1))
    assert (await call("send_message", text(anna)))["status"] == 0


async def test_billing_status(call: Call, anna: ViberPerson, sandbox: Sandbox, clock: ManualClock) -> None:
    assert (await call("send_message", text(anna)))["billing_status"] == 1
    clock.move(timedelta(hours=24))
    sandbox.viber.free_left = 1
    assert (await call("send_message", text(anna)))["billing_status"] == 4
    assert (await call("send_message", text(anna)))["billing_status"] == 5


async def test_broadcast(call: Call, anna: ViberPerson) -> None:
    body = text(anna, receiver=None, broadcast_list=[anna.id, "nobody"])
    answer = await call("broadcast_message", body)
    assert answer["status"] == 0
    assert [(f["receiver"], f["status"]) for f in answer["failed_list"]] == [("nobody", 5)]
    assert (await call("broadcast_message", body | {"broadcast_list": ["x"] * 301}))["status"] == 3
    assert (await call("broadcast_message", text(anna, receiver=None)))["status"] == 4
    assert (await call("send_message", text(anna, broadcast_list=["x"])))["status"] == 3


async def test_account_details_and_online(call: Call, anna: ViberPerson, clock: ManualClock) -> None:
    account = await call("get_account_info", {})
    assert account["name"] == "Тест-Телеком" and account["webhook"] == HOOK and account["subscribers_count"] == 1
    for _ in range(2):
        user = (await call("get_user_details", {"id": anna.id}))["user"]
        assert user["language"] == "ru" and user["api_version"] == 10
    assert (await call("get_user_details", {"id": anna.id}))["status"] == 12
    clock.move(timedelta(hours=12))
    assert (await call("get_user_details", {"id": anna.id}))["status"] == 0
    assert (await call("get_user_details", {"id": "nobody"}))["status"] == 5
    online = (await call("get_online", {"ids": [anna.id, "nobody"]}))["users"]
    assert [user["online_status"] for user in online] == [0, 3]
    assert (await call("get_online", {"ids": ["x"] * 101}))["status"] == 3


async def test_authorisation_and_shape(client: httpx.AsyncClient, call: Call, sandbox: Sandbox) -> None:
    path = "/viber/pa/get_account_info"
    assert (await client.post(path, json={})).json()["status"] == 2
    wrong = await client.post(path, json={}, headers={"X-Viber-Auth-Token": "wrong"})
    assert (wrong.status_code, wrong.json()["status"]) == (200, 2)
    in_body = await client.post(path, json={"auth_token": sandbox.viber.token})
    assert in_body.json()["status"] == 0
    assert (await client.post(path, content=b"{")).json()["status"] == 3
    assert (await client.post(path, content=b"[]")).json()["status"] == 3
    assert (await client.post("/viber/pa/dance", json={})).status_code == 404
    assert (await call("get_account_info", {"colour": "red"}))["status"] == 3
    large = await call("send_message", {"receiver": "x", "text": "x" * 31_000})
    assert large["status"] == 3 and "30 KB" in large["status_message"]


async def test_nothing_is_sent_without_a_webhook(call: Call, sandbox: Sandbox) -> None:
    person = sandbox.viber.person("Анна", "+79001112233")
    assert (await call("send_message", text(person)))["status"] == 10


async def test_planned_faults(call: Call, anna: ViberPerson, sandbox: Sandbox) -> None:
    sandbox.viber.fail_next(ViberError(Status.NO_BALANCE), method="send_message")
    assert (await call("get_account_info", {}))["status"] == 0
    assert (await call("send_message", text(anna)))["status"] == 24
    assert (await call("send_message", text(anna)))["status"] == 0
