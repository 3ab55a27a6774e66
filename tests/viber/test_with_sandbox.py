"""The whole of our side against the emulated Viber, over real HTTP towards it: what a person does and sees."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

from bot.sandbox import Limits, Sandbox, build_sandbox, running
from bot.sandbox.viber.people import ViberPerson
from core.clock import ManualClock
from core.delivery.messages import Attachment, Button
from fsm.event import Blocked, Command, Contact, File, Opened, Press, Text, Unblocked
from handlers.channel import ChatGone, Undeliverable
from handlers.intake import TurnDone
from handlers.viber.client import ViberClient
from handlers.viber.outbound import ViberChannel
from handlers.viber.setup import connect, diagnose
from handlers.viber.webhook import PATH, ViberWebhook
from tests.sandbox.conftest import png
from tests.viber.support import FakeIntake, FakeReceipts, say

HOOK = f"http://127.0.0.1{PATH}"
MENU = ((Button("Меню <b>", payload='----["m"]'), Button("Оплатить", url="https://pay.example/1")),)


@dataclass
class House:
    sandbox: Sandbox
    client: ViberClient
    channel: ViberChannel
    intake: FakeIntake
    receipts: FakeReceipts
    anna: ViberPerson


@pytest.fixture
async def house() -> AsyncIterator[House]:
    intake, receipts = FakeIntake(), FakeReceipts()
    bot = Starlette(routes=[Route("/b/chart.png", lambda _request: Response(png(), media_type="image/png"))])
    http = httpx.AsyncClient(transport=httpx.ASGITransport(bot))
    sandbox = build_sandbox(ManualClock(), http=http, limits=Limits.off())
    async with running(sandbox, deliver=False) as addresses:
        client = ViberClient(sandbox.viber.token, addresses.viber_api_url)
        channel = ViberChannel(client, "Ромашка", lambda _blob, name: f"http://127.0.0.1/b/{name}")
        webhook = ViberWebhook(sandbox.viber.token, intake, channel.artist, receipts)
        bot.router.routes.append(webhook.route())
        await connect(client, HOOK)
        yield House(sandbox, client, channel, intake, receipts, sandbox.viber.person("Анна", "+79001112233"))
        await channel.close()


async def heard(house: House) -> list[object]:
    house.intake.events.clear()
    await house.sandbox.deliver_due()
    return [event.input for event in house.intake.events]


async def test_the_webhook_is_where_it_should_be(house: House) -> None:
    findings = await diagnose(house.client, HOOK)
    assert [finding.text for finding in findings if not finding.ok] == []


async def test_a_welcome_then_a_conversation(house: House) -> None:
    house.intake.done = TurnDone(welcome=say("Здравствуйте", rows=MENU, asks_contact="Номер"))
    house.anna.open("link_4001")
    assert await heard(house) == [Opened("link_4001", subscribed=False)]
    assert house.anna.last.text == "Здравствуйте"
    assert house.sandbox.viber.faults == []
    house.intake.done = TurnDone()
    for does in (
        lambda: house.anna.press(0),  # the share-phone button
        lambda: house.anna.press(1),
        lambda: house.anna.press(2),  # the link, which is no words of hers
        lambda: house.anna.say("/Menu"),
        lambda: house.anna.say("Привет"),
        lambda: house.anna.link("https://a.example"),
        lambda: house.anna.send_contact("+79990001122", "Пётр"),
    ):
        does()
    assert await heard(house) == [
        Contact("79001112233", by_button=True),
        Press('----["m"]'),
        Command("menu"),
        Text("Привет"),
        Text("https://a.example"),
        Contact("79990001122", name="Пётр"),
    ]


async def test_what_is_sent_is_shown_and_receipted(house: House) -> None:
    house.anna.subscribe()
    assert await heard(house) == [Unblocked()]
    first = await house.channel.deliver(house.anna.id, say("Номер?", rows=MENU, asks_contact="Дать номер"))
    picture = Attachment("ab", "chart.png", "image/png", len(png()))
    second = await house.channel.deliver(house.anna.id, say("Год", rows=MENU, attachment=picture))
    await house.sandbox.deliver_due()
    assert [(bubble.text, bool(bubble.picture)) for bubble in house.anna.messages] == [("Номер?", False), ("Год", True)]
    assert [(told[0], told[1]) for told in house.receipts.told] == [
        ("delivered", first.message_id),
        ("delivered", second.message_id),
    ]
    assert first.billing_status == 4  # outside a session, one of the free ones
    house.anna.unsubscribe()
    assert await heard(house) == [Blocked()]
    with pytest.raises(ChatGone):
        await house.channel.deliver(house.anna.id, say("x"))


async def test_an_old_client_is_asked_to_type(house: House) -> None:
    old = house.sandbox.viber.person("Иван", "+79002223344", api_version=2)
    old.say("x")
    await house.channel.deliver(old.id, say("Номер?", rows=MENU, asks_contact="Дать номер"))
    assert [button["ActionType"] for button in old.buttons] == ["reply", "open-url"]


async def test_every_row_shape_is_accepted_and_shown(house: House) -> None:
    house.anna.say("x")
    for count in range(1, 9):
        rows = tuple(tuple(Button("Кнопка" * size, payload="p") for _ in range(count)) for size in (1, 2, 8))
        await house.channel.deliver(house.anna.id, say(str(count), rows=rows))
        assert house.anna.last.text == str(count)
    await house.sandbox.deliver_due()
    assert {told[0] for told in house.receipts.told} == {"delivered"}


async def test_a_file_is_fetched_while_its_address_lives(house: House) -> None:
    house.anna.send_file("паспорт.pdf", b"%PDF-1.4")
    (file,) = await heard(house)
    assert isinstance(file, File)
    assert (await house.channel.fetch(file.ref, 100)).data == b"%PDF-1.4"
    clock = house.sandbox.clock
    assert isinstance(clock, ManualClock)
    clock.at = clock.at.replace(hour=clock.at.hour + 2)
    with pytest.raises(Undeliverable):
        await house.channel.fetch(file.ref, 100)


async def test_a_redelivered_message_is_the_same_update(house: House) -> None:
    house.anna.say("Привет")
    await house.sandbox.deliver_due()
    assert await house.sandbox.redeliver_viber() == 200
    first, again = house.intake.events
    assert first == again
    assert await house.sandbox.forge_viber(b'{"event":"message"}', "00") == 403
