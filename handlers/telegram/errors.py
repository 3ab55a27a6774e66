"""Translates what goes wrong between us and the Bot API into the few words that the outbox understands."""

from __future__ import annotations

import re

from aiogram.exceptions import (
    AiogramError,
    ClientDecodeError,
    TelegramAPIError,
    TelegramConflictError,
    TelegramEntityTooLarge,
    TelegramForbiddenError,
    TelegramNetworkError,
    TelegramNotFound,
    TelegramRetryAfter,
    TelegramServerError,
    TelegramUnauthorizedError,
)
from aiohttp import ClientError

from handlers.channel import ChatGone, DeliveryError, TryLater, Undeliverable

FAULTS = (AiogramError, ClientError, OSError, TimeoutError)
"""Everything that a call through aiogram raises when it is not a mistake in our own code."""

TOKEN_REFUSED_PAUSE = 60.0  # seconds: only an operator can mend it, so there is no hurry

_GONE = (
    "chat not found",
    "user not found",
    "peer_id_invalid",
    "user_is_blocked",
    "input_user_deactivated",
    "user is deactivated",
)
_PRIVATE = re.compile(r"""'[^']*'|"[^"]*"|\w+://\S+|\b\d+:[\w-]{20,}|\+?\d[\d\s()-]{4,}\d""")
_LONGEST = 200  # characters of Telegram's description that are kept


def plain(error: BaseException) -> str:
    """What happened, without a token, an address, a number or anybody's words: fit for a log.

    Network errors are named by their kind alone: their texts may hold the address, and so the token.
    """
    if isinstance(error, ClientDecodeError):
        return "the server's answer is not the Bot API's"
    if isinstance(error, TelegramRetryAfter):
        return f"Too Many Requests: retry after {error.retry_after}"
    if isinstance(error, TelegramEntityTooLarge):
        return "Request Entity Too Large"
    if isinstance(error, TelegramNetworkError):
        cause = error.__cause__
        return f"no connection ({type(cause or error).__name__})"
    if isinstance(error, TelegramAPIError):
        return _PRIVATE.sub("…", error.message or "no description")[:_LONGEST]
    return type(error).__name__


def delivery_error(error: BaseException) -> DeliveryError:
    """The outbox's word for an error of :data:`FAULTS`.

    What Telegram may take another time is TryLater; a person who cannot be reached is ChatGone; and anything that
    the same bytes would meet again is Undeliverable.
    """
    reason = plain(error)
    match error:
        case TelegramRetryAfter():
            return TryLater(reason, float(error.retry_after))
        case TelegramEntityTooLarge():  # aiogram counts it among the network's errors, but it will never pass
            return Undeliverable(reason)
        case TelegramForbiddenError():
            return ChatGone(reason)
        case TelegramUnauthorizedError() | TelegramNotFound():
            # A wrong token of the right shape gets 401, one of a wrong shape 404: no message is to blame.
            return TryLater(f"Telegram refuses the token: {reason}", TOKEN_REFUSED_PAUSE, whole_channel=True)
        case TelegramServerError() | TelegramNetworkError() | TelegramConflictError() | ClientDecodeError():
            return TryLater(reason)
        case TelegramAPIError():
            said = error.message.lower()
            if any(words in said for words in _GONE):
                return ChatGone(reason)
            if "too many requests" in said:
                return TryLater(reason)
            return Undeliverable(reason)
        case ClientError() | OSError():  # TimeoutError is an OSError
            return TryLater(reason)
    return Undeliverable(reason)
