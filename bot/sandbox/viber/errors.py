"""Viber's status codes and the refusal that carries one; HTTP stays 200, as with the real service."""

from __future__ import annotations

from enum import IntEnum

from bot.sandbox.shapes import Json


class Status(IntEnum):
    """https://developers.viber.com/docs/api/rest-bot-api/#error-codes, those that the sandbox can answer."""

    OK = 0
    INVALID_URL = 1
    INVALID_AUTH_TOKEN = 2
    BAD_DATA = 3
    MISSING_DATA = 4
    RECEIVER_NOT_REGISTERED = 5
    NOT_SUBSCRIBED = 6
    BLOCKED = 7
    ACCOUNT_NOT_FOUND = 8
    SUSPENDED = 9
    WEBHOOK_NOT_SET = 10
    NO_SUITABLE_DEVICE = 11
    TOO_MANY_REQUESTS = 12
    API_VERSION_NOT_SUPPORTED = 13
    INCOMPATIBLE_WITH_VERSION = 14
    NOT_AUTHORIZED = 15
    CANNOT_SEND_BROADCAST = 19
    BROADCAST_NOT_ALLOWED = 20
    UNSUPPORTED_COUNTRY = 21
    PAYMENT_UNSUPPORTED = 22
    FREE_MESSAGES_EXCEEDED = 23
    NO_BALANCE = 24


_NAMES = {
    Status.INVALID_URL: "invalidUrl",
    Status.INVALID_AUTH_TOKEN: "invalidAuthToken",
    Status.RECEIVER_NOT_REGISTERED: "receiverNotRegistered",
    Status.NOT_SUBSCRIBED: "notSubscribed",
    Status.BLOCKED: "publicAccountBlocked",
    Status.WEBHOOK_NOT_SET: "webhookNotSet",
    Status.TOO_MANY_REQUESTS: "tooManyRequests",
    Status.API_VERSION_NOT_SUPPORTED: "apiVersionNotSupported",
}


class ViberError(Exception):
    """A refusal: the status and a sentence for the developer."""

    def __init__(self, status: int, message: str | None = None) -> None:
        self.status = status
        known = Status(status) if status in Status.__members__.values() else None
        name = _NAMES.get(known, known.name.lower()) if known is not None else "generalError"
        self.message = message or name
        super().__init__(f"{status} {self.message}")

    def as_json(self) -> Json:
        return {"status": int(self.status), "status_message": self.message, "chat_hostname": HOSTNAME}


HOSTNAME = "SN-CHAT-05_"


def bad_data(message: str) -> ViberError:
    return ViberError(Status.BAD_DATA, message)


def missing(name: str) -> ViberError:
    return ViberError(Status.MISSING_DATA, f"missing parameter {name}")
