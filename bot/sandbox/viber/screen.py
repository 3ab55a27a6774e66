"""Shows Viber messages as bubbles on a person's screen."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Literal
from urllib.parse import urlsplit

from bot.sandbox.files import StoredFile
from bot.sandbox.shapes import Bubble, Json


def from_bot(token: int, at: datetime, body: Json, media: StoredFile | None) -> Bubble:
    kind = body["type"]
    contact = body.get("contact")
    text = body.get("text") or (body.get("media") if kind == "url" else "") or ""
    shown = {"name": media.name, "size": len(media.data), "url": media.path} if media else None
    return Bubble(
        id=str(token),  # a string: the number is above what a browser can hold exactly
        who="bot",
        at=at,
        text=text,
        picture=media.path if media and kind == "picture" else None,
        document=shown if kind in ("file", "video") else None,
        contact={"name": contact["name"], "phone": contact["phone_number"]} if contact else None,
        sticker=kind == "sticker",
        status="delivered",
        raw=body,
    )


def from_person(token: int, at: datetime, content: Json) -> Bubble:
    kind = content["type"]
    media = f"{urlsplit(str(content.get('media', ''))).path}?own"
    contact = content.get("contact")
    place = content.get("location")
    shown = {"name": content.get("file_name", "video.mp4"), "size": content.get("size", 0), "url": media}
    text = f"📍 {place['lat']}, {place['lon']}" if place else content.get("text", "")
    return Bubble(
        id=str(token),
        who="me",
        at=at,
        # The text of a shared phone is the button's ActionBody, which the app does not show.
        text="" if contact else (content["media"] if kind == "url" else text),
        picture=media if kind == "picture" else None,
        document=shown if kind in ("file", "video") else None,
        contact={"name": contact.get("name"), "phone": f"+{contact['phone_number']}"} if contact else None,
        sticker=kind == "sticker",
        status="seen",
        raw=content,
    )


def marked(bubble: Bubble, status: Literal["delivered", "seen"]) -> Bubble:
    return replace(bubble, status=status)
