"""Turns a webhook's signed body into an Event or a receipt, surviving whatever Viber or a forger puts into it."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from viberbot.api.user_profile import UserProfile
from viberbot.api.viber_requests import EVENT_TYPE_TO_CLASS, create_request

from fsm.event import Blocked, Event, Input, Opened, Press, Unblocked
from handlers.clean import clean
from handlers.viber.inbound_messages import read_message

CHANNEL = "viber"
LONGEST_ID = 100  # characters, as the tables keep it; Viber's own have 24
ReceiptKind = Literal["delivered", "seen", "failed"]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_RECEIPTS: dict[str, ReceiptKind] = {"delivered": "delivered", "seen": "seen", "failed": "failed"}
_NAME = re.compile(r"[a-z_]{1,40}")


class Malformed(Exception):
    """The body is properly signed and still not what Viber's documentation describes. No personal data in the text."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a message that was sent. ``desc`` is Viber's reason for a failure."""

    kind: ReceiptKind
    token: str
    user_id: str
    at: datetime
    desc: str = ""


@dataclass(frozen=True, slots=True)
class Ignored:
    """Nothing to be done. ``known`` tells an event that means nothing to us from one that we have never heard of."""

    name: str
    known: bool = True


Arrived = Event | Receipt | Ignored


def signature_matches(token: str, body: bytes, signature: str | None) -> bool:
    """Whether ``X-Viber-Content-Signature`` is the hex HMAC-SHA256 of the raw body, compared in constant time.

    Anything may stand in the header; whatever is not the signature is simply not it.
    """
    expected = hmac.new(token.encode(), body, hashlib.sha256).hexdigest().encode()
    given = (signature or "").strip().lower().encode("utf-8", "replace")
    return hmac.compare_digest(expected, given)


def parse(body: bytes) -> Arrived:
    """Reads a body whose signature was checked. Raises Malformed, and nothing else."""
    try:
        data = json.loads(body)  # the standard decoder keeps the 64-bit message_token exact
    except (ValueError, RecursionError):
        raise Malformed("not JSON") from None
    name = data.get("event") if isinstance(data, dict) else None
    if not isinstance(name, str):
        raise Malformed("no event")
    if name not in EVENT_TYPE_TO_CLASS:  # viberbot raises on these, client_status among them
        return Ignored(name if _NAME.fullmatch(name) else "?", known=name == "client_status")
    try:
        return _read(name, data)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, RecursionError) as error:
        raise Malformed(f"{name}: {type(error).__name__}") from None


def _read(name: str, data: dict[str, Any]) -> Arrived:
    if name == "webhook":
        return Ignored(name)
    at = _moment(data["timestamp"])
    if name == "message":
        return _message(data, at)
    # viberbot demands what Viber sometimes leaves out.
    request = create_request({"desc": "", "type": "open", "message_token": None, **data})
    if kind := _RECEIPTS.get(name):
        desc = clean(request.desc)[:300] if name == "failed" else ""
        return Receipt(kind, str(_token(data)), _id(request.user_id), at, desc)
    if name == "unsubscribed":
        return _event(name, data, at, UserProfile(user_id=request.user_id), Blocked())
    if name == "subscribed":
        return _event(name, data, at, request.user, Unblocked())
    opened = Opened(clean(request.context), subscribed=request.subscribed is True)
    return _event(name, data, at, request.user, opened)


def _message(data: dict[str, Any], at: datetime) -> Event | Ignored:
    said = read_message(data["message"], at, silent=data.get("silent") is True)
    if said is None:
        return Ignored("link opened")
    return _event("message", data, at, UserProfile().from_dict(data["sender"]), said)


def _event(name: str, data: dict[str, Any], at: datetime, user: UserProfile, said: Input) -> Event:
    token = str(_token(data))
    return Event(
        channel=CHANNEL,
        update_id=f"{name}:{token}",
        address=_id(user.id),
        at=at,
        input=said,
        name=clean(user.name),
        language=clean(user.language),
        country=clean(user.country),
        # Viber does not say which message bore the pressed button.
        message_id="" if name != "message" or isinstance(said, Press) else token,
    )


def _token(data: dict[str, Any]) -> int:
    """The 64-bit message_token; a float has already lost digits and would make two messages one."""
    token = data["message_token"]
    if isinstance(token, bool) or not isinstance(token, int):
        raise TypeError("message_token")
    return token


def _id(value: object) -> str:
    user_id = clean(value)
    if not user_id or user_id != value or len(user_id) > LONGEST_ID:
        raise ValueError("user id")
    return user_id


def _moment(milliseconds: object) -> datetime:
    if isinstance(milliseconds, bool) or not isinstance(milliseconds, int):
        raise TypeError("timestamp")
    return _EPOCH + timedelta(milliseconds=milliseconds)
