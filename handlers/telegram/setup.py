"""Tells Telegram what the bot looks like and where its updates go, and finds what is wrong with either."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeVar

import structlog
from aiogram import Bot
from aiogram.exceptions import TelegramNotFound, TelegramUnauthorizedError
from aiogram.types import BotCommand, BotCommandScopeAllPrivateChats, User, WebhookInfo

from handlers.channel import DeliveryError, TryLater
from handlers.telegram.client import ALLOWED_UPDATES
from handlers.telegram.errors import FAULTS, delivery_error, plain
from handlers.telegram.receiver import Receiver

log = structlog.get_logger("telegram.setup")

T = TypeVar("T")

Menu = Mapping[str, Sequence[tuple[str, str]]]
"""Language code -> (command without slash, description of at most 256 characters)."""

MAX_CONNECTIONS = 40  # webhook calls at once, Telegram's default; 1-100
MAX_SHORT_DESCRIPTION = 120  # characters, core.telegram.org/bots/api#setmyshortdescription
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0  # seconds between tries while Telegram does not answer
_BACKLOG = 100  # waiting updates from which on it is worth a word


@dataclass(frozen=True, slots=True)
class Finding:
    """A plain sentence for ``abonent check``."""

    level: Literal["ok", "warning", "problem"]
    text: str


@dataclass(frozen=True, slots=True)
class Appearance:
    """What a person sees before writing. ``default`` is the language for everybody whose own is not among these."""

    commands: Menu
    default: str
    short_descriptions: Mapping[str, str] = field(default_factory=dict)


async def whoami(bot: Bot) -> User:
    """The bot itself. Raises what :func:`handlers.telegram.errors.delivery_error` gives."""
    try:
        return await bot.get_me()
    except FAULTS as error:
        raise delivery_error(error) from None


async def set_appearance(bot: Bot, appearance: Appearance) -> None:
    """Sets the command menu and the short description, in private chats, for each language.

    Raises what :func:`handlers.telegram.errors.delivery_error` gives; doing it again does no harm.
    """
    scope = BotCommandScopeAllPrivateChats()
    try:
        for language, entries in _with_default(appearance.commands, appearance.default):
            commands = [BotCommand(command=name, description=text) for name, text in entries]
            await bot.set_my_commands(commands, scope=scope, language_code=language)
        for language, text in _with_default(appearance.short_descriptions, appearance.default):
            await bot.set_my_short_description(text[:MAX_SHORT_DESCRIPTION], language_code=language)
    except FAULTS as error:
        raise delivery_error(error) from None


def _with_default(texts: Mapping[str, T], default: str) -> list[tuple[str | None, T]]:
    """Telegram shows what was set without a language to everybody whose language was not set."""
    entries: list[tuple[str | None, T]] = [(language, text) for language, text in texts.items()]
    return [(None, texts[default]), *entries] if default in texts else entries


async def set_webhook(bot: Bot, url: str, secret: str, *, max_connections: int = MAX_CONNECTIONS) -> None:
    """Sends the updates to ``url``, keeping those that wait. Raises as :func:`set_appearance` does."""
    try:
        await bot.set_webhook(
            url,
            secret_token=secret,
            allowed_updates=ALLOWED_UPDATES,
            max_connections=max_connections,
            drop_pending_updates=False,
        )
    except FAULTS as error:
        raise delivery_error(error) from None
    log.info("webhook set")


async def introduce(
    bot: Bot,
    receiver: Receiver,
    appearance: Appearance,
    *,
    webhook: tuple[str, str] | None = None,
    max_connections: int = MAX_CONNECTIONS,
    first_pause: float = FIRST_PAUSE,
) -> None:
    """All that a start needs, tried with growing pauses until Telegram answers; ``webhook`` is (address, secret).

    What Telegram refuses for good is logged and left out. Runs beside the program: cancel it to stop.
    """

    async def learn_name() -> None:
        receiver.username = (await whoami(bot)).username or ""

    steps: list[tuple[str, Callable[[], Awaitable[None]]]] = [("name", learn_name)]
    if webhook:
        url, secret = webhook
        steps.append(("webhook", lambda: set_webhook(bot, url, secret, max_connections=max_connections)))
    steps.append(("menu", lambda: set_appearance(bot, appearance)))
    for name, step in steps:
        pause = first_pause
        while True:
            try:
                await step()
                break
            except TryLater as error:
                if pause == first_pause:
                    log.warning("the bot is not set up yet", step=name, reason=str(error))
                await asyncio.sleep(max(pause, error.after or 0))
                pause = min(pause * 2, LONGEST_PAUSE)
            except DeliveryError as error:
                log.error("Telegram refuses the bot's settings", step=name, reason=str(error))
                break


async def diagnose(bot: Bot, *, webhook_url: str = "") -> list[Finding]:
    """What is right and wrong with the token and the way updates come. ``webhook_url`` is empty in polling mode."""
    try:
        me = await bot.get_me()
        info = await bot.get_webhook_info()
    except (TelegramUnauthorizedError, TelegramNotFound):
        return [Finding("problem", "Telegram does not know this token: copy it again from @BotFather.")]
    except FAULTS as error:
        return [Finding("problem", f"Telegram cannot be reached: {plain(error)}.")]
    return [Finding("ok", f"Telegram knows the bot as @{me.username}."), *_about_webhook(info, webhook_url)]


def _about_webhook(info: WebhookInfo, expected: str) -> list[Finding]:
    found: list[Finding] = []
    if not expected and info.url:
        found.append(Finding("warning", "A webhook is set, and the settings say polling: `serve` will remove it."))
    elif expected and not info.url:
        found.append(Finding("warning", "No webhook is set yet: `serve` sets it when it starts."))
    elif expected and info.url != expected:
        found.append(
            Finding("warning", f"Telegram sends updates to another address than {expected}: `serve` will change it.")
        )
    elif expected:
        found.append(Finding("ok", f"Telegram sends updates to {expected}."))
    if expected and info.last_error_date:
        when = info.last_error_date.strftime("%Y-%m-%d %H:%M UTC")
        found.append(Finding("problem", f"Telegram's last call failed at {when}: {info.last_error_message}."))
    if info.pending_update_count >= _BACKLOG:
        found.append(Finding("warning", f"{info.pending_update_count} updates are waiting to be taken."))
    return found
