"""What a person with Viber can do: open the bot, write, press, share the phone; and what they see."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import httpx

from bot.sandbox.files import StoredFile
from bot.sandbox.images import recognise
from bot.sandbox.shapes import Bubble, Impossible, Json
from bot.sandbox.viber.callbacks import Callback
from bot.sandbox.viber.errors import HOSTNAME
from bot.sandbox.viber.screen import from_bot, from_person, marked
from bot.sandbox.viber.service import MEDIA_LIFE, Viber


class ViberPerson:
    """One phone with Viber. Methods only queue callbacks; `Sandbox.deliver_due` posts them.

    A method that writes returns the queued callback, or None when the bot has no webhook.
    """

    def __init__(self, viber: Viber, person_id: str, name: str, phone: str, language: str, api_version: int) -> None:
        self.viber = viber
        self.id = person_id
        self.name = name
        self.phone = phone
        self.language = language
        self.api_version = api_version
        self.registered = True
        self.subscribed = False
        self.refusal: int | None = None
        self.desktop = False
        self.messages: list[Bubble] = []
        self.keyboard: Json | None = None
        self.tracking_data: str | None = None
        self.spoke_at: datetime | None = None
        self.unanswered: list[datetime] = []

    @property
    def user(self) -> Json:
        """The `user` of a callback; the country is that of Russia for +7 and else unknown here."""
        return {
            "id": self.id,
            "name": self.name,
            "avatar": "",
            "country": "RU" if self.phone.startswith("+7") else "US",
            "language": self.language,
            "api_version": self.api_version,
        }

    @property
    def last(self) -> Bubble:
        """The newest message of the bot; IndexError when it has said nothing."""
        return [bubble for bubble in self.messages if bubble.who == "bot"][-1]

    @property
    def buttons(self) -> list[Json]:
        found: list[Json] = self.keyboard["Buttons"] if self.keyboard else []
        return found

    # --- what the bot's messages do to the phone

    def receives(self, token: int, body: Json, media: StoredFile | None) -> None:
        # A file is shown when it has been fetched, but in its place: what was sent after it stays below it.
        places = (place for place, bubble in enumerate(self.messages) if bubble.who == "bot" and int(bubble.id) > token)
        place = next(places, len(self.messages))
        if place == len(self.messages):
            if body.get("keyboard") or not self.viber.keyboard_stays:
                self.keyboard = body.get("keyboard")
            self.tracking_data = body.get("tracking_data")
        if body.get("type"):
            self.messages.insert(place, from_bot(token, self.viber.clock.now(), body, media))

    # --- what the person does

    def open(self, context: str | None = None) -> Callback | None:
        """Opens the bot's screen, perhaps by a deep link; the bot may answer with a welcome message."""
        fields: Json = {"type": "open", "user": self.user, "subscribed": self.subscribed}
        if context is not None:
            fields["context"] = context
        return self._put("conversation_started", fields, welcome=True)

    def subscribe(self) -> Callback | None:
        """Presses Subscribe, which wipes the tracking data."""
        self.subscribed, self.tracking_data = True, None
        return self._put("subscribed", {"user": self.user, "chat_hostname": HOSTNAME})

    def unsubscribe(self) -> Callback | None:
        self.subscribed = False
        return self._put("unsubscribed", {"user_id": self.id})

    def seen(self) -> None:
        """Looks at everything that has come."""
        for place, bubble in enumerate(self.messages):
            if bubble.who == "bot" and bubble.status == "delivered":
                self.messages[place] = marked(bubble, "seen")
                self.viber.callbacks.put("seen", self.id, {"user_id": self.id}, int(bubble.id))
        self.viber.changed()

    def client_status(self, code: int = 0) -> Callback | None:
        status = {"code": code, "message": "ok"}
        return self._put("client_status", {"user": self.user, "chat_hostname": HOSTNAME, "status": status})

    def say(self, text: str, silent: bool = False) -> Callback | None:
        if not text.strip():
            raise Impossible("an empty message cannot be sent")
        if len(text) > 7000:
            raise Impossible(
                {"en": "the app does not send more than 7000 characters", "ru": "Viber не отправит больше 7000 знаков"}
            )
        return self._write({"type": "text", "text": text}, silent)

    def reply(self, message_id: str, text: str) -> Callback | None:
        """Quotes a message and answers it. The phone shows the quotation; the bot hears the words alone."""
        told = next((bubble for bubble in self.messages if str(bubble.id) == message_id), None)
        if told is None:
            raise Impossible({"en": "that message is not in this chat", "ru": "этого сообщения в чате нет"})
        callback = self.say(text)
        quoted = {"id": told.id, "from": told.who, "text": told.text[:120] or "📎"}
        self.messages[-1] = replace(self.messages[-1], reply=quoted)
        self.viber.changed()
        return callback

    def press(self, what: int | str) -> str | None:
        """Presses a keyboard button by its index, or by its text or ActionBody; an opened address is returned."""
        button = self._find(what)
        action, body = button.get("ActionType", "reply"), str(button.get("ActionBody", ""))
        if action == "none":
            return None
        if action == "share-phone":
            self.share_phone(body)
            return None
        if action == "location-picker":
            self.location()
            return None
        # An open-url button opens the address *and* sends it to the bot as a reply.
        self._write({"type": "text", "text": body}, bool(button.get("Silent")))
        return body if action == "open-url" else None

    def _find(self, what: int | str) -> Json:
        for index, button in enumerate(self.buttons):
            if what == index or what in (button.get("ActionBody"), plain(button.get("Text"))):
                return button
        raise Impossible(
            {"en": f"there is no button {what!r} on the keyboard", "ru": "такой кнопки на клавиатуре уже нет"}
        )

    def share_phone(self, body: str = "phone") -> Callback | None:
        """The share-phone button: a contact with a number and no name, and the button's ActionBody as text."""
        if self.desktop:
            raise Impossible("Viber for desktop cannot share a phone number")
        contact = {"phone_number": self.phone.lstrip("+")}
        return self._write({"type": "contact", "text": body, "contact": contact})

    def send_contact(self, phone: str, name: str) -> Callback | None:
        """A card attached by hand: looks almost like a shared phone, and proves nothing."""
        contact = {"name": name, "phone_number": phone.lstrip("+"), "avatar": ""}
        return self._write({"type": "contact", "contact": contact})

    def send_picture(self, data: bytes, text: str = "", name: str = "picture.jpg") -> Callback | None:
        if recognise(data) is None:
            raise Impossible(
                {"en": "this is no picture: send it as a file", "ru": "это не картинка: отправьте её файлом"}
            )
        stored = self.viber.files.keep(name, data, lifetime=MEDIA_LIFE)
        url = self._address(stored)
        return self._write({"type": "picture", "text": text, "media": url, "thumbnail": url, "file_name": name})

    def send_pictures(self, pictures: Sequence[bytes]) -> None:
        """Viber has no albums for bots: what was chosen together comes as single pictures."""
        for data in pictures:
            self.send_picture(data)

    def send_file(self, name: str, data: bytes) -> Callback | None:
        if not data:
            raise Impossible({"en": "an empty file cannot be sent", "ru": "пустой файл отправить нельзя"})
        stored = self.viber.files.keep(name, data, lifetime=MEDIA_LIFE)
        content = {"type": "file", "text": "", "media": self._address(stored), "file_name": name}
        return self._write(content | {"file_size": len(data), "size": len(data)})

    def video(self, data: bytes = b"ftyp") -> Callback | None:
        stored = self.viber.files.keep("video.mp4", data, lifetime=MEDIA_LIFE)
        content = {"type": "video", "media": self._address(stored), "size": len(data), "duration": 5}
        return self._write(content)

    def sticker(self, sticker_id: int = 46105) -> Callback | None:
        media = f"{self.viber.base_url()}/page/sticker.svg"
        return self._write({"type": "sticker", "sticker_id": sticker_id, "media": media, "text": ""})

    def location(self, latitude: float = 55.7558, longitude: float = 37.6173) -> Callback | None:
        return self._write({"type": "location", "location": {"lat": latitude, "lon": longitude}})

    def link(self, url: str) -> Callback | None:
        return self._write({"type": "url", "media": url})

    def _address(self, stored: StoredFile) -> str:
        return f"{self.viber.base_url()}{stored.path}"

    def _write(self, content: Json, silent: bool = False) -> Callback | None:
        # A person's first message subscribes, without a `subscribed` callback.
        self.subscribed = True
        self.spoke_at = self.viber.clock.now()
        self.unanswered = []
        if self.tracking_data:
            content["tracking_data"] = self.tracking_data
        fields: Json = {"sender": self.user, "message": content, "silent": silent, "chat_hostname": HOSTNAME}
        token = self.viber.callbacks.next_token()
        if not silent:
            self.messages.append(from_person(token, self.viber.clock.now(), content))
        return self._put("message", fields, token=token)

    def _put(self, event: str, fields: Json, welcome: bool = False, token: int | None = None) -> Callback | None:
        given = token or self.viber.callbacks.next_token()

        def answered(response: httpx.Response) -> None:
            body = _message(response)
            if body is not None:
                self.viber.welcome(self, given, body)

        callback = self.viber.callbacks.put(event, self.id, fields, given, answered if welcome else None)
        self.viber.changed()
        return callback


def _message(response: httpx.Response) -> Json | None:
    """The welcome message in a response; a body that is no JSON object means that there is none."""
    try:
        body: Any = json.loads(response.content)
    except ValueError:
        return None
    return body if isinstance(body, dict) and body else None


def plain(text: str | None) -> str:
    """A button's text without its tags, as it is read."""
    return html.unescape(re.sub(r"<[^<>]*>", "", text or "")).strip()
