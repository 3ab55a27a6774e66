"""Each of Telegram's refusals becomes the right word for the outbox, and none gives a secret away."""

import pytest
from aiogram.client.session.aiohttp import AiohttpSession
from aiohttp import web
from structlog.testing import capture_logs

from core.delivery.messages import OutgoingMessage
from handlers.channel import ChatGone, DeliveryError, TryLater, Undeliverable
from handlers.telegram.client import BadToken, make_bot
from handlers.telegram.outbound import TelegramChannel
from tests.support.ports import free_port
from tests.telegram.api import TOKEN, Api, Refusal

HELLO = OutgoingMessage((("Hello", "plain"),))


async def outcome(channel: TelegramChannel, message: OutgoingMessage = HELLO) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        await channel.deliver("700", message)
    assert TOKEN not in repr(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__cause__ is None
    return caught.value


@pytest.mark.parametrize(
    ("refusal", "expected"),
    [
        (Refusal(403, "Forbidden: bot was blocked by the user"), ChatGone),
        (Refusal(403, "Forbidden: user is deactivated"), ChatGone),
        (Refusal(403, "Forbidden: bot can't initiate conversation with a user"), ChatGone),
        (Refusal(400, "Bad Request: chat not found"), ChatGone),
        (Refusal(400, "Bad Request: PEER_ID_INVALID"), ChatGone),
        (Refusal(400, "Bad Request: USER_IS_BLOCKED"), ChatGone),
        (Refusal(400, "Bad Request: message is too long"), Undeliverable),
        (Refusal(400, "Bad Request: BUTTON_DATA_INVALID"), Undeliverable),
        (Refusal(400, "Bad Request: group chat was upgraded", {"migrate_to_chat_id": -1001}), Undeliverable),
        (Refusal(413, "Request Entity Too Large"), Undeliverable),
        (Refusal(500, "Internal Server Error"), TryLater),
        (Refusal(502, "Bad Gateway"), TryLater),
        (Refusal(500, "Internal Server Error: restart"), TryLater),
        (Refusal(429, "Too Many Requests: retry later"), TryLater),
        (Refusal(401, "Unauthorized"), TryLater),
        (Refusal(404, "Not Found"), TryLater),
        (Refusal(418, "I'm a teapot"), Undeliverable),
    ],
)
async def test_refusals(api: Api, channel: TelegramChannel, refusal: Refusal, expected: type[DeliveryError]) -> None:
    api.plan("sendMessage", refusal)
    error = await outcome(channel)
    assert type(error) is expected
    assert str(error)


async def test_a_limit_says_how_long(api: Api, channel: TelegramChannel) -> None:
    api.refuse("sendMessage", 429, "Too Many Requests: retry after 17", retry_after=17)
    error = await outcome(channel)
    assert isinstance(error, TryLater)
    assert (error.after, error.whole_channel) == (17.0, False)
    assert "700" not in str(error)


@pytest.mark.parametrize(("code", "text"), [(401, "Unauthorized"), (404, "Not Found")])
async def test_a_refused_token_stops_the_whole_channel(
    api: Api, channel: TelegramChannel, code: int, text: str
) -> None:
    api.refuse("sendMessage", code, text)
    with capture_logs() as logs:
        error = await outcome(channel)
    assert isinstance(error, TryLater)
    assert error.whole_channel
    assert "token" in str(error)
    assert [entry["log_level"] for entry in logs] == ["critical"]


async def test_a_proxys_page_instead_of_an_answer(api: Api, channel: TelegramChannel) -> None:
    api.plan("sendMessage", web.Response(status=502, text=f"<html>{TOKEN}</html>"))
    assert isinstance(await outcome(channel), TryLater)


async def test_nobody_listens() -> None:
    bot = make_bot(TOKEN, f"http://127.0.0.1:{free_port()}", timeout=5)

    async def none(digest: str) -> bytes:
        raise KeyError(digest)

    error = await outcome(TelegramChannel(bot, none))
    assert isinstance(error, TryLater)
    assert str(error) == "no connection (ClientConnectorError)"
    await bot.session.close()


async def test_a_refused_edit_is_refused_as_anything_else(api: Api, channel: TelegramChannel) -> None:
    api.refuse("editMessageText", 403, "Forbidden: bot was blocked by the user")
    assert isinstance(await outcome(channel, OutgoingMessage((("x", "plain"),), edits="7")), ChatGone)


@pytest.mark.parametrize(
    ("description", "kept"),
    [
        ("Bad Request: button URL 'https://pay.example/secret' is bad", "Bad Request: button URL … is bad"),
        ("Bad Request: see https://pay.example/secret now", "Bad Request: see … now"),
        ("Bad Request: phone +7 (916) 123-45-67 wrong", "Bad Request: phone … wrong"),
        (f"Bad Request: {TOKEN}", "Bad Request: …"),
        ("Bad Request: " + "x" * 500, "Bad Request: " + "x" * 187),
    ],
)
async def test_nothing_private_in_a_reason(api: Api, channel: TelegramChannel, description: str, kept: str) -> None:
    api.refuse("sendMessage", 400, description)
    assert str(await outcome(channel)) == kept


# --- files that people sent


async def test_a_file_is_fetched(api: Api, channel: TelegramChannel) -> None:
    api.files["photos/meter.jpg"] = b"x" * 200_000
    fetched = await channel.fetch("photos/meter.jpg", 1_000_000)
    assert (len(fetched.data), fetched.media_type) == (200_000, "image/jpeg")


async def test_a_file_that_says_it_is_too_large_is_not_even_begun(api: Api, channel: TelegramChannel) -> None:
    api.files["a.bin"] = b"x" * 11
    with pytest.raises(Undeliverable, match="larger than 10 bytes"):
        await channel.fetch("a.bin", 10)


async def test_a_file_that_lies_about_its_size_is_cut_off(api: Api, channel: TelegramChannel) -> None:
    api.files["a.bin"] = b"x" * 500_000
    api.plan("getFile", {"file_id": "a", "file_unique_id": "u", "file_path": "a.bin"})
    with pytest.raises(Undeliverable, match="larger than 1000 bytes"):
        await channel.fetch("a.bin", 1000)


@pytest.mark.parametrize("text", ["file is too big", "invalid file_id", "wrong file_id or the file is unavailable"])
async def test_a_file_that_telegram_does_not_give(api: Api, channel: TelegramChannel, text: str) -> None:
    api.refuse("getFile", 400, f"Bad Request: {text}")
    with pytest.raises(Undeliverable):
        await channel.fetch("a", 1000)


async def test_a_file_that_is_gone(api: Api, channel: TelegramChannel) -> None:
    api.plan("getFile", {"file_id": "a", "file_unique_id": "u", "file_path": "gone.bin"})
    with pytest.raises(Undeliverable) as caught:
        await channel.fetch("a", 1000)
    assert TOKEN not in repr(caught.value)


async def test_a_file_server_that_fails(api: Api, channel: TelegramChannel) -> None:
    api.refuse("getFile", 500, "Internal Server Error")
    with pytest.raises(TryLater):
        await channel.fetch("a", 1000)


# --- the client


@pytest.mark.parametrize("token", ["", "abc", "12 34:x", ":x", "12:"])
def test_a_wrong_token_is_not_repeated(token: str) -> None:
    with pytest.raises(BadToken) as caught:
        make_bot(token)
    assert caught.value.__suppress_context__
    assert "123456789:AbC" in str(caught.value)


async def test_the_real_server_by_default() -> None:
    bot = make_bot(TOKEN)
    assert isinstance(bot.session, AiohttpSession)
    assert bot.session.api.api_url("T", "getMe") == "https://api.telegram.org/botT/getMe"
