"""Builds aiogram's Bot, the one object that knows the token, for the real Bot API or another server."""

from __future__ import annotations

from typing import Any

from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import PRODUCTION, TelegramAPIServer
from aiogram.methods.base import TelegramMethod
from aiogram.utils.token import TokenValidationError

ALLOWED_UPDATES = ["message", "edited_message", "callback_query", "my_chat_member", "pre_checkout_query"]
"""What we ask Telegram to bring: everything else would only be skipped."""

REQUEST_TIMEOUT = 20.0  # seconds for a call without a file
UPLOAD_TIMEOUT = 60  # seconds for a call that carries a file
_CONNECTIONS = 100


class BadToken(ValueError):
    """The token does not look like one of BotFather's. The message never repeats it."""


class RawUpdates(TelegramMethod[list[dict[str, Any]]]):
    """getUpdates with each update left as it came.

    aiogram's own method parses the whole answer at once, so that a single update of an unknown shape
    would hold back all the others for ever.
    """

    __returning__ = list[dict[str, Any]]
    __api_method__ = "getUpdates"

    offset: int | None = None
    limit: int | None = None
    timeout: int | None = None
    allowed_updates: list[str] | None = None


def make_bot(token: str, api_url: str = "", *, timeout: float = REQUEST_TIMEOUT) -> Bot:
    """A Bot for ``api_url`` (empty: Telegram's own server). ``timeout`` is in seconds, for each call.

    Raises BadToken. Close it with ``await bot.session.close()``.
    """
    server = TelegramAPIServer.from_base(api_url) if api_url else PRODUCTION
    try:
        return Bot(token, AiohttpSession(api=server, limit=_CONNECTIONS, timeout=timeout))
    except TokenValidationError:
        raise BadToken("the Telegram token must look like 123456789:AbC..., as BotFather gives it") from None
