"""What we hide in buttons and messages so that it is known again when Viber brings it back."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable

PREFIX = "abonent:"
"""Opens a button's ActionBody: Viber returns it as the text of an ordinary message, and nobody types this."""

SHARE_PHONE = PREFIX + "phone"
"""The share-phone button's ActionBody: it returns as the text of a contact, which a contact sent by hand lacks."""

_MAX_TRACKING = 4000  # characters; Viber's limit for tracking_data


def tracking_data(urls: Iterable[str]) -> str:
    """Remembers which links a keyboard has: pressing one makes Viber send the link as if the person had typed it.

    Empty when there is nothing to remember.
    """
    marks = sorted({_mark(url) for url in urls})
    data = json.dumps({"links": marks}, separators=(",", ":")) if marks else ""
    return data if len(data) <= _MAX_TRACKING else ""


def is_link_press(text: str, tracking: object, silent: bool) -> bool:
    """Whether a text is only the echo of an open-url button, and no words of the person."""
    if not text.startswith(("http://", "https://")) or " " in text:
        return False
    return silent or _mark(text) in _marks(tracking)


def _marks(tracking: object) -> list[str]:
    try:
        data = json.loads(tracking) if isinstance(tracking, str) and tracking else {}
    except (ValueError, RecursionError):
        return []
    marks = data.get("links") if isinstance(data, dict) else None
    return [mark for mark in marks if isinstance(mark, str)] if isinstance(marks, list) else []


def _mark(url: str) -> str:
    return hashlib.sha256(url.encode("utf-8", "replace")).hexdigest()[:10]
