"""The bot's menu and webhook, and what `abonent check` has to say about them."""

from typing import Any

import pytest
from aiogram import Bot
from structlog.testing import capture_logs

from handlers.channel import TryLater
from handlers.telegram.receiver import Receiver
from handlers.telegram.setup import Appearance, diagnose, introduce, set_appearance, set_webhook, whoami
from tests.telegram.api import Api

MENU = {"ru": [("start", "Начать"), ("help", "Помощь")], "en": [("start", "Begin")]}
ADDRESS = "https://bot.example/telegram/webhook"


async def test_a_menu_for_each_language_and_for_everybody_else(api: Api, bot: Bot) -> None:
    await set_appearance(bot, Appearance(MENU, "ru", {"en": "x" * 200}))
    menus = [(c.params.get("language_code"), [i["command"] for i in c["commands"]]) for c in api.named("setMyCommands")]
    assert menus == [(None, ["start", "help"]), ("ru", ["start", "help"]), ("en", ["start"])]
    assert {call["scope"]["type"] for call in api.named("setMyCommands")} == {"all_private_chats"}
    (about,) = api.named("setMyShortDescription")
    assert about.params == {"short_description": "x" * 120, "language_code": "en"}


async def test_a_webhook(api: Api, bot: Bot) -> None:
    await set_webhook(bot, ADDRESS, "secret", max_connections=20)
    (call,) = api.calls
    assert call.params == {
        "url": ADDRESS,
        "secret_token": "secret",
        "max_connections": 20,
        "allowed_updates": ["message", "edited_message", "callback_query", "my_chat_member", "pre_checkout_query"],
        "drop_pending_updates": False,
    }


async def test_who_the_bot_is(api: Api, bot: Bot) -> None:
    assert (await whoami(bot)).username == "abonent_bot"


@pytest.mark.parametrize("method", ["getMe", "setMyCommands", "setWebhook"])
async def test_faults_are_the_outboxs(api: Api, bot: Bot, method: str) -> None:
    api.refuse(method, 500, "Internal Server Error")
    with pytest.raises(TryLater):
        match method:
            case "getMe":
                await whoami(bot)
            case "setMyCommands":
                await set_appearance(bot, Appearance(MENU, "ru"))
            case _:
                await set_webhook(bot, ADDRESS, "secret")


async def test_a_start_waits_for_telegram(api: Api, bot: Bot, receiver: Receiver) -> None:
    receiver.username = ""
    api.refuse("getMe", 502, "Bad Gateway")
    api.refuse("getMe", 502, "Bad Gateway")
    api.refuse("setWebhook", 400, "Bad Request: bad webhook: An HTTPS URL must be provided for webhook")
    with capture_logs() as logs:
        await introduce(bot, receiver, Appearance(MENU, "en"), webhook=("http://bot", "secret"), first_pause=0)
    assert receiver.username == "abonent_bot"
    assert [call.method for call in api.calls] == ["getMe"] * 3 + ["setWebhook"] + ["setMyCommands"] * 3
    refused = [entry for entry in logs if entry["log_level"] == "error"]
    assert [(entry["step"], "HTTPS URL" in entry["reason"]) for entry in refused] == [("webhook", True)]


def info(**more: Any) -> dict[str, Any]:
    return {"url": "", "has_custom_certificate": False, "pending_update_count": 0} | more


@pytest.mark.parametrize(
    ("state", "expected", "levels", "words"),
    [
        (info(), "", ["ok"], "@abonent_bot"),
        (info(url=ADDRESS), "", ["ok", "warning"], "settings say polling"),
        (info(), ADDRESS, ["ok", "warning"], "No webhook is set yet"),
        (info(url="https://old.example"), ADDRESS, ["ok", "warning"], "another address"),
        (info(url=ADDRESS), ADDRESS, ["ok", "ok"], "sends updates to https://bot.example"),
        (
            info(url=ADDRESS, last_error_date=1_700_000_000, last_error_message="Wrong response: 503"),
            ADDRESS,
            ["ok", "ok", "problem"],
            "failed at 2023-11-14 22:13 UTC: Wrong response: 503",
        ),
        (info(pending_update_count=250), "", ["ok", "warning"], "250 updates"),
    ],
)
async def test_what_there_is_to_mend(
    api: Api, bot: Bot, state: dict[str, Any], expected: str, levels: list[str], words: str
) -> None:
    api.plan("getWebhookInfo", state)
    found = await diagnose(bot, webhook_url=expected)
    assert [finding.level for finding in found] == levels
    assert words in found[-1].text


@pytest.mark.parametrize(("code", "words"), [(401, "token"), (404, "token"), (502, "cannot be reached")])
async def test_no_answer_is_a_problem(api: Api, bot: Bot, code: int, words: str) -> None:
    api.refuse("getMe", code, "whatever")
    (finding,) = await diagnose(bot)
    assert finding.level == "problem"
    assert words in finding.text
