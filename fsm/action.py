"""A button's payload as a typed value, at most 64 bytes when encoded (Telegram's callback_data)."""

from __future__ import annotations

import binascii
from collections.abc import Iterator

import msgspec
from msgspec import Struct

MAX_BYTES = 64
STAMP = 4  # characters that tie a button to the question it was shown with
ANYWHERE = "-" * STAMP  # in the stamp's place: this button works from any state


class Action(Struct, frozen=True, array_like=True):
    """What a button means. Subclasses name a short tag: ``class Resend(Action, tag="rs")``.

    The fields are whatever a button must carry; they come back from a messenger and may be forged,
    so a handler checks that the account, payment or appeal they name belongs to this subscriber.
    """


class PayloadTooLong(ValueError):
    """The action does not fit into a button: a programmer's error, found when the screen is drawn."""


def stamp_of(stored: bytes) -> str:
    """A short fingerprint of a stored state, so that an old message's button never lands in another question."""
    return f"{binascii.crc32(stored) & 0xFFFFF:05x}"[-STAMP:]


def encode(action: Action, stamp: str = ANYWHERE) -> str:
    payload = stamp + msgspec.json.encode(action).decode()
    if len(payload.encode()) > MAX_BYTES:
        raise PayloadTooLong(f"{type(action).__name__} takes {len(payload.encode())} bytes of {MAX_BYTES}")
    return payload


def decode(payload: str) -> tuple[str, Action] | None:
    """The stamp and the action; None for anything that no button of ours ever said."""
    stamp, body = payload[:STAMP], payload[STAMP:]
    try:
        head = msgspec.json.decode(body.encode())
        kind = _by_tag()[head[0]]
        return stamp, msgspec.json.decode(body.encode(), type=kind)
    except (msgspec.MsgspecError, UnicodeError, RecursionError, KeyError, IndexError, TypeError):
        return None


_tags: dict[str, type[Action]] = {}


def _by_tag() -> dict[str, type[Action]]:
    kinds = list(_subclasses(Action))
    if len(kinds) != len(_tags):
        _tags.clear()
        for kind in kinds:
            tag = kind.__struct_config__.tag
            if not isinstance(tag, str):
                raise TypeError(f"{kind.__name__} has no tag: write class {kind.__name__}(Action, tag=...)")
            if tag in _tags:
                raise TypeError(f"{kind.__name__} and {_tags[tag].__name__} have the same tag {tag!r}")
            _tags[tag] = kind
    return _tags


def _subclasses(kind: type[Action]) -> Iterator[type[Action]]:
    for sub in kind.__subclasses__():
        yield sub
        yield from _subclasses(sub)
