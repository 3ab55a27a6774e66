"""The channel: what a message becomes, what each refusal means, and how a file is fetched."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import web

from core.delivery.messages import Attachment, Button, OutgoingMessage
from core.delivery.progress import Progress
from handlers.channel import ChatGone, Delivered, DeliveryError, TryLater, Undeliverable
from handlers.parts import Parts
from handlers.viber.client import ViberClient
from handlers.viber.drawing import sender_name, split
from handlers.viber.markup import plain
from handlers.viber.outbound import ViberChannel, file_ref
from handlers.viber.payloads import is_link_press
from tests.support.ports import free_port
from tests.viber.conftest import blob_url
from tests.viber.support import BIG_TOKEN, TOKEN, USER, TinyViber, say, schema_faults

ROW = ((Button("Menu", payload='----["m"]'),),)
PICTURE = Attachment("ab12", "chart.png", "image/png", 40_000)
DOCUMENT = Attachment("cd34", "мои данные", "application/json", 900, "document")


async def test_a_text_with_buttons(viber: TinyViber, channel: ViberChannel) -> None:
    viber.answers = [{"status": 0, "message_token": BIG_TOKEN, "billing_status": 1}]
    message = OutgoingMessage((("Долг ", "plain"), ("350 ₽", "bold")), rows=ROW, edits="17")
    assert await channel.deliver(USER, message) == Delivered(str(BIG_TOKEN), 1)
    (sent,) = viber.sent
    assert (sent["receiver"], sent["type"], sent["text"]) == (USER, "text", "Долг 350 ₽")
    assert sent["sender"] == {"name": "Ромашка Телеком"}
    assert "min_api_version" not in sent
    assert schema_faults(sent["keyboard"]) == []


async def test_a_bare_notice_brings_the_menu(viber: TinyViber, channel: ViberChannel) -> None:
    await channel.deliver(USER, say("Работы завершены", language="ru"))
    (button,) = viber.sent[0]["keyboard"]["Buttons"]
    assert (button["ActionBody"], "Menu ru" in button["Text"]) == ("/menu", True)


async def test_a_picture_with_its_caption(viber: TinyViber, channel: ViberChannel) -> None:
    await channel.deliver(USER, say("Год", attachment=PICTURE, rows=ROW))
    (sent,) = viber.sent
    assert (sent["type"], sent["text"], sent["media"]) == ("picture", "Год", blob_url("ab12", "chart.png"))
    assert "thumbnail" not in sent
    assert "keyboard" in sent


async def test_a_long_caption_follows_its_picture(viber: TinyViber, channel: ViberChannel) -> None:
    await channel.deliver(USER, say("a" * 769, attachment=PICTURE, rows=ROW))
    assert [(sent["type"], "keyboard" in sent) for sent in viber.sent] == [("picture", False), ("text", True)]


async def test_a_document_follows_its_words(viber: TinyViber, channel: ViberChannel) -> None:
    await channel.deliver(USER, say("Ваши данные", attachment=DOCUMENT, rows=ROW))
    words, file = viber.sent
    assert (words["text"], "keyboard" in words) == ("Ваши данные", False)
    assert (file["type"], file["size"], file["file_name"]) == ("file", 900, "мои данные.json")
    assert "keyboard" in file


@pytest.mark.parametrize(
    "attachment",
    [
        Attachment("x", "big.png", "image/png", 1024 * 1024 + 1),
        Attachment("x", "odd.webp", "image/webp", 10),
    ],
)
async def test_a_picture_that_viber_cannot_show_goes_as_a_file(
    viber: TinyViber, channel: ViberChannel, attachment: Attachment
) -> None:
    await channel.deliver(USER, say(attachment=attachment))
    assert viber.sent[0]["type"] == "file"
    assert viber.sent[0]["file_name"] == attachment.name


@pytest.mark.parametrize("name", ["", "a", "../../etc/passwd", "x" * 400 + ".pdf", "dump.bin", ".hidden", "a."])
async def test_file_names_have_an_extension(viber: TinyViber, channel: ViberChannel, name: str) -> None:
    await channel.deliver(USER, say(attachment=Attachment("x", name, "application/x-unheard-of", 5, "document")))
    given = viber.sent[0]["file_name"]
    stem, dot, extension = given.rpartition(".")
    assert stem and dot and extension not in ("", "bin")
    assert len(given) <= 256
    assert "/" not in given


async def test_the_phone_is_asked_for_with_its_api_level(viber: TinyViber, channel: ViberChannel) -> None:
    await channel.deliver(USER, say("Ваш номер?", asks_contact="Отправить номер", rows=ROW))
    assert viber.sent[0]["min_api_version"] == 3
    assert [button["ActionType"] for button in viber.sent[0]["keyboard"]["Buttons"]] == ["share-phone", "reply"]


@pytest.mark.parametrize("status", [13, 14])
async def test_an_old_client_gets_the_question_without_the_button(
    viber: TinyViber, channel: ViberChannel, status: int
) -> None:
    viber.answers = [{"status": status}, {"status": 0, "message_token": 5}]
    assert (await channel.deliver(USER, say("Номер?", asks_contact="Номер", rows=ROW))).message_id == "5"
    again = viber.sent[1]
    assert "min_api_version" not in again
    assert [button["ActionType"] for button in again["keyboard"]["Buttons"]] == ["reply"]
    viber.answers = [{"status": status}, {"status": status}]
    with pytest.raises(Undeliverable):
        await channel.deliver(USER, say("Номер?", asks_contact="Номер"))
    assert len(viber.sent) == 4
    assert "keyboard" not in viber.sent[3]
    with pytest.raises(Undeliverable):
        await channel.deliver(USER, say("nothing to leave out", rows=ROW))
    assert len(viber.sent) == 5


async def test_links_are_remembered_in_the_tracking_data(viber: TinyViber, channel: ViberChannel) -> None:
    url = "https://pay.example/1"
    await channel.deliver(USER, say("Оплата", rows=((Button("Pay", url=url),),)))
    tracked = viber.sent[0]["tracking_data"]
    assert is_link_press(url, tracked, silent=False)
    assert not is_link_press("https://other.example", tracked, silent=False)
    await channel.deliver(USER, say("Меню", rows=ROW))
    assert "tracking_data" not in viber.sent[1]


async def test_a_long_text_is_split_and_keeps_its_words(viber: TinyViber, channel: ViberChannel) -> None:
    text = "\n\n".join("слово " * 100 + str(number) for number in range(30))
    viber.answers = [{"status": 0, "message_token": n, "billing_status": b} for n, b in ((1, 1), (2, 5), (3, 4))]
    delivered = await channel.deliver(USER, say(text, rows=ROW))
    assert delivered.message_id == str(len(viber.sent))
    assert delivered.billing_status == 5  # the dearest of them
    assert " ".join(sent["text"] for sent in viber.sent).split() == text.split()
    assert [("keyboard" in sent) for sent in viber.sent] == [False] * (len(viber.sent) - 1) + [True]


async def test_a_retry_goes_on_with_the_missing_piece(viber: TinyViber, channel: ViberChannel) -> None:
    text = "\n\n".join("слово " * 100 + str(number) for number in range(30))
    kept: list[Progress] = []

    async def keep(progress: Progress) -> None:
        kept.append(progress)

    viber.answers = [{"status": 0, "message_token": 1, "billing_status": 5}, {"status": 12, "status_message": "slow"}]
    with pytest.raises(TryLater):
        await channel.deliver(USER, say(text, rows=ROW), Parts(None, keep))
    viber.answers = [{"status": 0, "message_token": BIG_TOKEN, "billing_status": 1}]
    delivered = await channel.deliver(USER, say(text, rows=ROW), Parts(kept[-1], keep))
    arrived = [sent for number, sent in enumerate(viber.sent) if number != 1]  # which was refused
    assert " ".join(sent["text"] for sent in arrived).split() == text.split()
    assert delivered.billing_status == 5


@pytest.mark.parametrize("text", ["a" * 20_000, "😀" * 9_000, " " * 9_000 + "x", "word " * 4_000])
def test_pieces_fit(text: str) -> None:
    pieces = split(text)
    assert all(0 < len(piece) <= 7000 and len(piece.encode()) <= 12_000 for piece in pieces)
    assert "".join("".join(pieces).split()) == "".join(text.split())


async def test_what_can_never_be_sent(viber: TinyViber, channel: ViberChannel) -> None:
    rows = tuple(tuple(Button("ж" * 10, payload="ж" * 60) for _ in range(3)) for _ in range(24))
    for message in (
        say(""),
        say("ж" * 6000, rows=rows),
        say(attachment=Attachment("x", "a.pdf", "application/pdf", 51 * 1024 * 1024, "document")),
        say(attachment=Attachment("x" * 2000, "a.png", "image/png", 5)),
    ):
        with pytest.raises(Undeliverable):
            await channel.deliver(USER, message)
    assert viber.sent == []


@pytest.mark.parametrize(
    ("status", "kind", "whole"),
    [
        *((code, ChatGone, False) for code in (5, 6, 7)),
        *((code, TryLater, True) for code in (1, 2, 8, 9, 10, 23, 24)),
        (12, TryLater, False),
        *((code, Undeliverable, False) for code in (3, 4, 11, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 99)),
    ],
)
async def test_what_a_status_means(
    viber: TinyViber, channel: ViberChannel, status: int, kind: type[DeliveryError], whole: bool
) -> None:
    viber.answers = [{"status": status, "status_message": USER}]
    with pytest.raises(kind) as caught:
        await channel.deliver(USER, say("x"))
    assert USER not in str(caught.value)
    if isinstance(caught.value, TryLater):
        assert caught.value.whole_channel is whole
        assert caught.value.after == (60.0 if whole else 600.0)


@pytest.mark.parametrize(("http", "whole"), [(500, False), (503, False), (429, True), (404, True), (302, True)])
async def test_http_errors_are_temporary(viber: TinyViber, channel: ViberChannel, http: int, whole: bool) -> None:
    viber.answers = [web.Response(status=http)]
    with pytest.raises(TryLater) as caught:
        await channel.deliver(USER, say("x"))
    assert caught.value.whole_channel is whole


async def test_a_dead_network_is_temporary() -> None:
    dead = ViberChannel(ViberClient(TOKEN, f"http://127.0.0.1:{free_port()}/pa"), "Operator", blob_url)
    with pytest.raises(TryLater):
        await dead.deliver(USER, say("x"))
    await dead.close()


async def test_a_server_that_hangs_is_temporary(viber: TinyViber) -> None:
    viber.hangs = True
    channel = ViberChannel(ViberClient(TOKEN, f"{viber.url}/pa", total=0.05), "Operator", blob_url)
    with pytest.raises(TryLater, match="time limit"):
        await channel.deliver(USER, say("x"))
    await channel.close()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Ромашка", "Ромашка"),
        ("Ромашка Телекоммуникации и Связь", "Ромашка Телекоммуникации и"),
        ("Сверхдлинноеназваниеоператорасвязи", "Сверхдлинноеназваниеоперато…"),
        ("", "Abonent"),
    ],
)
def test_sender_names(name: str, expected: str) -> None:
    assert sender_name(name) == expected
    assert len(expected) <= 28


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("*Мама*", "* Мама*"),
        ("моя _квартира_ и ~дача~.", "моя _ квартира_ и ~ дача~."),
        ("```x```", "``` x```"),
        ("350 ₽* за месяц\n*с НДС", "350 ₽* за месяц\n*с НДС"),
        ("+7 *** ***-12-34 и a***@mail.ru", "+7 *** ***-12-34 и a***@mail.ru"),
        ("file_name_x 2*2", "file_name_x 2*2"),
        ("https://p.example/a_b_ ok", "https://p.example/a_b_ ok"),
        ("_https://p.example/a_b_ ok", "_ https://p.example/a_b_ ok"),
    ],
)
def test_nobodys_words_become_markup(text: str, shown: str) -> None:
    assert plain(text) == shown


# --- files


def ref(url: str) -> str:
    return file_ref(url, datetime(2026, 1, 1, tzinfo=UTC))


def serve(viber: TinyViber, name: str, response: web.Response) -> str:
    async def handler(_request: web.Request) -> web.StreamResponse:
        return response

    viber.files[name] = handler
    return ref(f"{viber.url}/files/{name}")


async def test_a_file_is_fetched_through_a_redirect_and_without_the_token(
    viber: TinyViber, channel: ViberChannel
) -> None:
    seen: list[Any] = []

    async def handler(request: web.Request) -> web.StreamResponse:
        seen.append(request.headers.get("X-Viber-Auth-Token"))
        return web.Response(body=b"jpeg", content_type="image/jpeg")

    viber.files["b"] = handler
    first = serve(viber, "a", web.Response(status=302, headers={"Location": "/files/b"}))
    fetched = await channel.fetch(first, 100)
    assert (fetched.data, fetched.media_type, seen) == (b"jpeg", "image/jpeg", [None])


@pytest.mark.parametrize("status", [403, 404, 410])
async def test_an_expired_file(viber: TinyViber, channel: ViberChannel, status: int) -> None:
    with pytest.raises(Undeliverable, match="gone"):
        await channel.fetch(serve(viber, "x", web.Response(status=status)), 100)


async def test_a_server_of_files_in_trouble(viber: TinyViber, channel: ViberChannel) -> None:
    with pytest.raises(TryLater):
        await channel.fetch(serve(viber, "x", web.Response(status=503)), 100)
    with pytest.raises(TryLater):
        await channel.fetch(ref(f"http://127.0.0.1:{free_port()}/x"), 100)


async def test_a_file_that_is_too_large_with_and_without_its_length(viber: TinyViber, channel: ViberChannel) -> None:
    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(10):
            await response.write(b"x" * 50)
        return response

    viber.files["endless"] = endless
    for address in (serve(viber, "x", web.Response(body=b"x" * 101)), ref(f"{viber.url}/files/endless")):
        with pytest.raises(Undeliverable, match="larger than 100"):
            await channel.fetch(address, 100)
    assert len((await channel.fetch(serve(viber, "y", web.Response(body=b"x" * 100)), 100)).data) == 100


async def test_a_download_that_hangs(viber: TinyViber, client: ViberClient) -> None:
    async def hang(_request: web.Request) -> web.StreamResponse:
        await viber.released.wait()
        return web.Response()

    viber.files["slow"] = hang
    hasty = ViberChannel(client, "Operator", blob_url, fetch_timeout=0.05)
    with pytest.raises(TryLater, match="time limit"):
        await hasty.fetch(ref(f"{viber.url}/files/slow"), 100)


@pytest.mark.parametrize("address", ["", "http://", "//x", "http://[", "/etc/passwd", "file:///etc/passwd"])
async def test_an_address_that_is_none(channel: ViberChannel, address: str) -> None:
    with pytest.raises(Undeliverable):
        await channel.fetch(ref(address), 100)


@pytest.mark.parametrize("address", ["file:///etc/passwd", "ftp://127.0.0.1/y", "http://[", "javascript:1"])
async def test_only_the_web_is_fetched(viber: TinyViber, channel: ViberChannel, address: str) -> None:
    moved = serve(viber, "moved", web.Response(status=302, headers={"Location": address}))
    with pytest.raises(Undeliverable):
        await channel.fetch(moved, 100)


async def test_redirects_end(viber: TinyViber, channel: ViberChannel) -> None:
    async def handler(_request: web.Request) -> web.StreamResponse:
        return web.Response(status=302, headers={"Location": "/files/loop"})

    viber.files["loop"] = handler
    with pytest.raises(Undeliverable, match="leads"):
        await channel.fetch(ref(f"{viber.url}/files/loop"), 100)


@pytest.mark.parametrize("forged", ["", "x", "[]", "5", json.dumps({"no": "url"})])
async def test_a_reference_of_somebody_else(channel: ViberChannel, forged: str) -> None:
    with pytest.raises(Undeliverable):
        await channel.fetch(forged, 100)


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "2130706433", "10.0.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0", "[::1]", "[::ffff:127.0.0.1]"],
)
async def test_the_operators_own_network_is_not_fetched(host: str) -> None:
    """The real Viber keeps files on the internet: an address within would read what only we can reach."""
    client = ViberClient(TOKEN, "https://chatapi.viber.com/pa")
    outside = ViberChannel(client, "Operator", blob_url)
    with pytest.raises(Undeliverable, match="public internet"):
        await outside.fetch(ref(f"http://{host}:{free_port()}/latest/meta-data"), 100)
    await outside.close()
