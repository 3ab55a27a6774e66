"""The page's JSON API, the inbox and the controls: the contract between the page and the server."""

from __future__ import annotations

import asyncio
import json
from email.message import EmailMessage
from typing import Any

import aiosmtplib
import httpx
import pytest
from aiogram import Bot
from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup, KeyboardButton, ReplyKeyboardMarkup

from bot.sandbox import Addresses, PersonSpec, Sandbox, build_sandbox, running, sandbox_app
from bot.sandbox.views import page_id
from core.clock import ManualClock
from tests.sandbox.conftest import HOOK, Listener, png

Json = dict[str, Any]


class Levers:
    """The operator's controls as the sandbox expects them."""

    def describe(self) -> list[Json]:
        amount = {"name": "amount", "label": "Сумма", "kind": "number", "default": 100}
        return [{"name": "charge", "label": "Начислить", "params": [amount], "group": "Биллинг"}]

    async def run(self, name: str, params: Json) -> str:
        if params["amount"] <= 0:
            raise ValueError("the amount must be positive")
        return f"{name} {params['amount']}"


async def act(client: httpx.AsyncClient, path: str, **body: Any) -> httpx.Response:
    return await client.post(f"/api/{path}", json=body)


async def test_state_of_a_fresh_sandbox(clock: ManualClock) -> None:
    people = [PersonSpec("telegram", "Анна Петрова", "+79001112233"), PersonSpec("viber", "Bob", "+79002", "en")]
    sandbox = build_sandbox(clock, people=people, operator="Тест-Телеком", controls=Levers())
    transport = httpx.ASGITransport(sandbox_app(sandbox))
    async with httpx.AsyncClient(transport=transport, base_url="http://sandbox") as client:
        state = (await client.get("/api/state")).json()
    assert state["operator"] == {"name": "Тест-Телеком"} and state["clock"] == clock.now().isoformat()
    assert (state["telegram"]["on"], state["viber"]["on"], state["sms"], state["mail"]) == (False, False, [], [])
    (anna,), (bob,) = state["telegram"]["people"], state["viber"]["people"]
    assert anna == {
        "id": anna["id"], "name": "Анна Петрова", "phone": "+79001112233", "language": "ru", "blocked": False,
        "typing": False, "messages": [], "keyboard": None, "commands": [], "toast": None, "note": "",
    }  # fmt: skip
    assert bob["language"] == "en" and "/" not in bob["id"] and "=" not in bob["id"]
    assert [control["name"] for control in state["controls"]] == ["charge"]


async def test_telegram_actions(bot: Bot, sandbox: Sandbox, client: httpx.AsyncClient) -> None:
    made = await act(client, "people", messenger="telegram", name="Анна", phone="+79001112233", language="ru")
    assert made.status_code == 201
    anna = sandbox.telegram.people[int(made.json()["id"])]
    base = f"telegram/{anna.id}"
    assert (await act(client, f"{base}/start", param="link_1")).status_code == 200
    own = anna.messages[-1]
    await act(client, f"{base}/edit", message_id=own.id, text="/start")
    await act(client, f"{base}/contact")
    await act(client, f"{base}/contact", phone="+79990000000", name="Сосед")
    await act(client, f"{base}/sticker")
    await act(client, f"{base}/voice")
    assert (await client.post(f"/api/{base}/photo", files={"file": ("p.png", png())})).status_code == 200
    assert (await client.post(f"/api/{base}/document", files={"file": ("d.pdf", b"%PDF")})).status_code == 200
    buttons = InlineKeyboardMarkup(
        inline_keyboard=[
            [InlineKeyboardButton(text="Меню", callback_data="m", style="primary")],
            [InlineKeyboardButton(text="Оплатить", url="https://pay.example/1")],
        ]
    )
    sent = await bot.send_message(anna.id, "Привет", reply_markup=buttons)
    keyboard = ReplyKeyboardMarkup(
        keyboard=[[KeyboardButton(text="Номер", request_contact=True), KeyboardButton(text="Нет")]],
        input_field_placeholder="Телефон",
    )
    await bot.send_message(anna.id, "Номер?", reply_markup=keyboard)
    assert (await act(client, f"{base}/press", message_id=sent.message_id, data="m")).json()["result"] is None
    shown = (await client.get("/api/state")).json()["telegram"]["people"][0]
    assert shown["keyboard"] == {
        "kind": "reply",
        "rows": [[{"text": "Номер", "request": "contact"}, {"text": "Нет", "request": None}]],
        "placeholder": "Телефон",
    }
    message = next(m for m in shown["messages"] if m["id"] == sent.message_id)
    assert message["from"] == "bot" and message["buttons"] == [
        [{"text": "Меню", "kind": "callback", "data": "m", "style": "primary"}],
        [{"text": "Оплатить", "kind": "url", "url": "https://pay.example/1"}],
    ]
    await act(client, f"{base}/keyboard", text="Номер")
    await act(client, f"{base}/say", text="конец")
    await act(client, f"{base}/block")
    assert anna.blocked
    await act(client, f"{base}/unblock")
    kinds = [u.message.content_type if u.message else u.event_type for u in await bot.get_updates()]
    assert kinds == [
        "text", "edited_message", "contact", "contact", "sticker", "voice", "photo", "document", "callback_query",
        "contact", "text", "my_chat_member", "my_chat_member",
    ]  # fmt: skip
    mine = (await client.get("/api/state")).json()["telegram"]["people"][0]["messages"]
    assert mine[0]["edited"] and mine[1]["contact"] == {"name": "Анна", "phone": "+79001112233"}
    assert mine[5]["picture"] and mine[6]["document"]["name"] == "d.pdf"
    page = (await client.get(mine[6]["document"]["url"])).headers
    assert page["content-security-policy"] == "sandbox" and page["x-content-type-options"] == "nosniff"


async def test_viber_actions(sandbox: Sandbox, client: httpx.AsyncClient, listener: Listener) -> None:
    headers = {"X-Viber-Auth-Token": sandbox.viber.token}
    await client.post("/viber/pa/set_webhook", json={"url": HOOK}, headers=headers)
    made = await act(client, "people", messenger="viber", name="Анна", phone="+79001112233")
    page_id = made.json()["id"]
    anna = next(iter(sandbox.viber.people.values()))
    base = f"viber/{page_id}"
    await act(client, f"{base}/open", context="link_1")
    await act(client, f"{base}/subscribe")
    await act(client, f"{base}/say", text="привет")
    await act(client, f"{base}/contact")
    await act(client, f"{base}/sticker")
    assert (await client.post(f"/api/{base}/picture", files={"file": ("p.png", png())})).status_code == 200
    assert (await client.post(f"/api/{base}/file", files={"file": ("d.pdf", b"%PDF")})).status_code == 200
    url = {"ActionType": "open-url", "ActionBody": "https://pay.example/1", "Text": "Оплатить"}
    keyboard = {"Type": "keyboard", "Buttons": [url], "BgColor": "#FFFFFF", "InputFieldState": "hidden"}
    body = {"receiver": anna.id, "type": "text", "text": "Долг", "sender": {"name": "А"}, "keyboard": keyboard}
    await client.post("/viber/pa/send_message", json=body | {"min_api_version": 4}, headers=headers)
    pressed = await act(client, f"{base}/press", index=0)
    assert pressed.json()["result"] == "https://pay.example/1"
    await act(client, f"{base}/seen")
    shown = (await client.get("/api/state")).json()["viber"]["people"][0]
    assert shown["keyboard"] == {"kind": "viber", "buttons": [url], "background": "#FFFFFF", "input": "hidden"}
    assert [m["status"] for m in shown["messages"] if m["from"] == "bot"] == ["seen"]
    picture = next(m["picture"] for m in shown["messages"] if m["picture"])
    assert (await client.get(picture)).content == png()
    await act(client, f"{base}/unsubscribe")
    await sandbox.deliver_due()
    events = [body["event"] for body in listener.bodies]
    assert events[:3] == ["webhook", "conversation_started", "subscribed"]
    assert sorted(events[3:]) == sorted([*["message"] * 6, "delivered", "seen", "unsubscribed"])


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("telegram/1/say", {"text": "x"}, 404),
        ("telegram/{id}/dance", {}, 404),
        ("telegram/{id}/say", {}, 400),
        ("telegram/{id}/say", {"text": "  "}, 400),
        ("telegram/{id}/press", {"message_id": 1, "data": "x"}, 400),
        ("telegram/{id}/press", {"message_id": "1", "data": "x"}, 400),
        ("telegram/{id}/photo", {}, 400),
        ("telegram/{id}/start", {"param": "привет"}, 400),
        ("viber/nobody/say", {"text": "x"}, 404),
        ("people", {"messenger": "icq", "name": "A", "phone": "+79001112233"}, 400),
        ("people", {"messenger": "viber", "name": "A", "phone": "8900"}, 400),
        ("people", {"messenger": "viber", "phone": "+79001112233"}, 400),
        ("control/charge", {}, 404),
    ],
)
async def test_refusals_are_a_sentence(
    sandbox: Sandbox, client: httpx.AsyncClient, path: str, body: Json, status: int
) -> None:
    person = sandbox.telegram.person("Анна", "+79001112233")
    answer = await act(client, path.format(id=person.id), **body)
    assert answer.status_code == status
    error = answer.json()["error"]  # a sentence, or one in each of the page's languages
    assert all(error.values()) and set(error) == {"ru", "en"} if isinstance(error, dict) else error


async def test_malformed_bodies(sandbox: Sandbox, client: httpx.AsyncClient) -> None:
    person = sandbox.telegram.person("Анна", "+79001112233")
    for content in (b"{", b"[]"):
        assert (await client.post(f"/api/telegram/{person.id}/say", content=content)).status_code == 400


async def test_controls(sandbox: Sandbox, client: httpx.AsyncClient) -> None:
    sandbox.controls = Levers()
    assert (await act(client, "control/charge", amount=5)).json() == {"message": "charge 5"}
    refused = await act(client, "control/charge", amount=0)
    assert (refused.status_code, refused.json()) == (400, {"error": "the amount must be positive"})


async def test_sms_gateway(sandbox: Sandbox, client: httpx.AsyncClient) -> None:
    taken = await client.post("/sms", json={"to": "+79001112233", "text": "Код 123456"})
    assert taken.status_code == 200
    assert sandbox.inbox.last_code("+79001112233") == "123456"
    assert (await client.get("/api/state")).json()["sms"][0]["text"] == "Код 123456"
    malformed: list[Any] = [
        {"to": "89001112233", "text": "x"},
        {"to": "+79001112233", "text": " "},
        {"to": "+79001112233", "text": 5},
        {"to": "+79001112233"},
        {"to": "+79001112233", "text": "x", "from": "me"},
        [],
    ]
    for wrong in malformed:
        assert (await client.post("/sms", json=wrong)).status_code == 400
    assert (await client.post("/sms", content=b"{")).status_code == 400
    sandbox.inbox.broken_sms = True
    assert (await client.post("/sms", json={"to": "+79001112233", "text": "x"})).status_code == 503
    with pytest.raises(IndexError):
        sandbox.inbox.last_code("+70000000000")


async def test_mail_server_takes_letters(sandbox: Sandbox, addresses: Addresses) -> None:
    host, port = addresses.smtp_url.removeprefix("smtp://").split(":")
    letter = EmailMessage()
    letter["From"], letter["To"], letter["Subject"] = "bot@op.example", "anna@mail.example", "Код для входа"
    letter.set_content("Ваш код: 654321")
    await aiosmtplib.send(letter, hostname=host, port=int(port), start_tls=False)
    mail = sandbox.inbox.mail[0].as_json()
    assert (mail["to"], mail["subject"], mail["text"]) == (
        "anna@mail.example",
        "Код для входа",
        "Ваш код: 654321",
    )
    assert sandbox.inbox.last_code("anna@mail.example") == "654321"
    sandbox.inbox.broken_mail = True
    with pytest.raises(aiosmtplib.SMTPException):
        await aiosmtplib.send(letter, hostname=host, port=int(port), start_tls=False)


async def test_events_carry_the_state_and_a_version(sandbox: Sandbox, addresses: Addresses) -> None:
    async with (
        httpx.AsyncClient(base_url=addresses.base_url, trust_env=False) as client,
        asyncio.timeout(20),
        client.stream("GET", "/api/events") as stream,
    ):
        assert stream.headers["content-type"].startswith("text/event-stream")
        lines = stream.aiter_lines()

        async def change() -> Json:
            async for line in lines:
                if line.startswith("data: "):
                    found: Json = json.loads(line.removeprefix("data: "))
                    return found
            raise AssertionError("the stream ended")

        first = await change()
        assert first["state"]["telegram"]["people"] == []
        for name in ("Анна", "Борис", "Вера"):
            sandbox.telegram.person(name, "+79001112233")
        second = await change()
        assert second["v"] > first["v"]
        assert len(second["state"]["telegram"]["people"]) == 3


async def test_the_page_is_served(client: httpx.AsyncClient) -> None:
    assert "<html" in (await client.get("/")).text
    assert (await client.get("/page/index.html")).status_code == 200
    assert (await client.get("/page/../app.py")).status_code == 404
    assert (await client.get("/files/none/x.png")).status_code == 404


async def test_the_background_task_delivers_by_itself(clock: ManualClock, listener: Listener) -> None:
    http = httpx.AsyncClient(transport=httpx.ASGITransport(listener))
    sandbox = build_sandbox(clock, http=http)
    async with running(sandbox), asyncio.timeout(20):
        sandbox.telegram.webhook.url = HOOK
        sandbox.telegram.person("Анна", "+79001112233").start()
        while sandbox.telegram.queue.pending(clock.now()):
            await sandbox.events.wait(0.05)
    assert [body["message"]["text"] for body in listener.bodies] == ["/start"]


async def test_until_delivers_and_waits(sandbox: Sandbox, listener: Listener) -> None:
    sandbox.telegram.webhook.url = HOOK
    sandbox.telegram.person("Анна", "+79001112233").start()
    await sandbox.until(lambda: bool(listener.bodies))
    with pytest.raises(TimeoutError):
        await sandbox.until(lambda: False, seconds=0.01)


async def test_a_fault_inside_the_block_comes_out_as_it_is(clock: ManualClock) -> None:
    with pytest.raises(ZeroDivisionError):
        async with running(build_sandbox(clock)):
            raise ZeroDivisionError


async def test_several_files_and_an_answer(sandbox: Sandbox, client: httpx.AsyncClient, bot: Bot) -> None:
    anna = sandbox.telegram.person("Анна", "+79001112233")
    base = f"/api/telegram/{anna.id}"
    three = [("file", (f"{name}.png", png())) for name in "abc"]
    assert (await client.post(f"{base}/photo", files=three, data={"caption": "Вот"})).status_code == 200
    two = [("file", (f"{name}.pdf", b"%PDF")) for name in "ab"]
    assert (await client.post(f"{base}/document", files=two)).status_code == 200
    said = await client.post(f"{base}/say", json={"text": "Об этом", "reply_to": anna.messages[0].id})
    assert said.status_code == 200
    one = {"caption": "И ещё", "reply_to": str(anna.messages[0].id)}
    assert (await client.post(f"{base}/photo", files=three[:1], data=one)).status_code == 200
    for wrong in (await client.post(f"{base}/photo", files=two), await client.post(f"{base}/photo", files=three * 4)):
        assert wrong.status_code == 400 and set(wrong.json()["error"]) == {"ru", "en"}
    shown = (await client.get("/api/state")).json()["telegram"]["people"][0]["messages"]
    assert [bool(message["album"]) for message in shown] == [True] * 5 + [False] * 2
    assert [message["reply"] and message["reply"]["text"] for message in shown[-2:]] == ["Вот", "Вот"]


async def test_viber_sends_them_one_by_one(sandbox: Sandbox, client: httpx.AsyncClient) -> None:
    boris = sandbox.viber.person("Борис", "+79001112233")
    base = f"/api/viber/{page_id(boris)}"
    two = [("file", (f"{name}.png", png())) for name in "ab"]
    assert (await client.post(f"{base}/picture", files=two, data={"caption": "Вот"})).status_code == 200
    assert (
        await client.post(f"{base}/file", files={"file": ("a.pdf", b"%PDF")}, data={"caption": "Чек"})
    ).status_code == 200
    answer = {"text": "Об этом", "message_id": boris.messages[0].id}
    assert (await client.post(f"{base}/reply", json=answer)).status_code == 200
    assert [message.text for message in boris.messages] == ["Вот", "", "", "Чек", "Об этом"]
    assert boris.messages[-1].reply == {"id": boris.messages[0].id, "from": "me", "text": "Вот"}


async def test_the_staffs_group(sandbox: Sandbox, client: httpx.AsyncClient, bot: Bot) -> None:
    assert (await client.get("/api/state")).json()["forum"] is None
    olga = sandbox.telegram.person("Ольга", "+79000000900")
    forum = sandbox.telegram.forum("Сотрудники", [olga])
    forum.administrators.add(olga.id)
    forum.add_bot(olga)
    topic = (await bot.create_forum_topic(forum.chat.id, "№ 1")).message_thread_id
    card = await bot.send_message(forum.chat.id, "Карточка", message_thread_id=topic)
    base = f"/api/forum/{olga.id}"
    assert (await client.post(f"{base}/say", json={"topic": topic, "text": "Ответ"})).status_code == 200
    said = {"topic": topic, "text": "Об этом", "reply_to": card.message_id}
    assert (await client.post(f"{base}/say", json=said)).status_code == 200
    assert (await client.post(f"{base}/say", json={"topic": 0, "text": "Всем"})).status_code == 200
    two = [("file", (f"{name}.png", png())) for name in "ab"]
    assert (
        await client.post(f"{base}/photo", files=two, data={"topic": str(topic), "caption": "Вот"})
    ).status_code == 200
    for verb in ("close", "reopen"):
        assert (await client.post(f"{base}/{verb}", json={"topic": topic})).status_code == 200
    shown = (await client.get("/api/state")).json()
    assert shown["telegram"]["people"] == []  # staff hold no subscriber's phone
    general, appeal = shown["forum"]["topics"]
    assert [one["text"] for one in general["messages"]] == ["Всем"]
    assert [one["text"] for one in appeal["messages"]] == ["Карточка", "Ответ", "Об этом", "Вот", ""]
    assert appeal["messages"][2]["reply"]["text"] == "Карточка"
    assert [one["author"] for one in appeal["messages"]] == ["", *["Ольга"] * 4]
    for verb, body in (("say", {"topic": 999, "text": "x"}), ("close", {"topic": 0}), ("say", {"topic": topic})):
        assert (await client.post(f"{base}/{verb}", json=body)).status_code == 400
    assert (await client.post("/api/forum/1/say", json={"text": "x"})).status_code == 404
    assert (await client.post(f"{base}/delete", json={"topic": topic})).status_code == 200
    assert len((await client.get("/api/state")).json()["forum"]["topics"]) == 1
