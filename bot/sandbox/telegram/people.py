"""What a person with Telegram can do: write, press, share, block; and what they see on the screen."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from bot.sandbox.shapes import Bubble, Impossible, Json, utf16_length
from bot.sandbox.telegram.errors import ApiError, forbidden
from bot.sandbox.telegram.invoices import PAY, inline_rows, start_checkout
from bot.sandbox.telegram.media import album, sent_file
from bot.sandbox.telegram.media import photo_of_person as sent_photo
from bot.sandbox.telegram.screen import bubble
from bot.sandbox.telegram.service import Bill, Chat, Telegram, blocked
from bot.sandbox.telegram.settings_methods import commands_for


class Person:
    """One phone with Telegram. Methods only put updates into the queue; `Sandbox.deliver_due` sends them.

    A method that writes returns the Message object that the bot will receive; `Impossible` is raised for
    what a real client does not allow.
    """

    def __init__(
        self, telegram: Telegram, person_id: int, name: str, phone: str, language: str, username: str | None
    ) -> None:
        first, _, last = name.partition(" ")
        self.telegram = telegram
        self.id = person_id
        self.name = name
        self.phone = phone
        self.language = language
        names: Json = {"first_name": first}
        names |= {"last_name": last} if last else {}
        names |= {"username": username} if username else {}
        self.user: Json = {"id": person_id, "is_bot": False, **names, "language_code": language}
        self.chat = Chat({"id": person_id, "type": "private", **names}, may_write=self._may_write)
        self.met = False
        self.blocked = False
        self.deactivated = False
        self.keyboard: Json | None = None
        self.typing_until: datetime | None = None
        self._toast: tuple[str, datetime] | None = None

    def _may_write(self) -> ApiError | None:
        if self.deactivated:
            return forbidden("user is deactivated")
        if self.blocked:
            return blocked()
        return None if self.met else forbidden("bot can't initiate conversation with a user")

    # --- what the bot's messages do to the phone

    def sees(self, keyboard: Json | None) -> None:
        self.typing_until = None
        if keyboard is not None:
            self.keyboard = keyboard if "keyboard" in keyboard else None

    def answered(self, text: str | None, until: datetime) -> None:
        self._toast = (text, until) if text else None
        self.telegram.changed()

    # --- what the person sees

    @property
    def messages(self) -> list[Bubble]:
        return [bubble(self.telegram, self.id, message) for message in self.chat.messages.values()]

    @property
    def last(self) -> Bubble:
        """The newest message of the bot; IndexError when it has said nothing."""
        return [shown for shown in self.messages if shown.who == "bot"][-1]

    @property
    def typing(self) -> bool:
        return self.typing_until is not None and self.telegram.clock.now() < self.typing_until

    @property
    def toast(self) -> str | None:
        if self._toast and self.telegram.clock.now() < self._toast[1]:
            return self._toast[0]
        return None

    @property
    def commands(self) -> list[Json]:
        return commands_for(self.telegram, self.id, self.language)

    @property
    def keys(self) -> list[str]:
        """Labels of the reply keyboard, row after row."""
        rows = self.keyboard["keyboard"] if self.keyboard else []
        return [key["text"] for row in rows for key in row]

    # --- what the person does

    def start(self, param: str | None = None) -> Json:
        """Presses Start, perhaps behind a link; at most 64 of A-Za-z0-9_- as Telegram demands."""
        if param is not None and not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", param):
            raise Impossible(
                {
                    "en": "a start parameter is 1-64 characters of A-Z, a-z, 0-9, _ and -",
                    "ru": "параметр start: от 1 до 64 знаков из A-Z, a-z, 0-9, _ и -",
                }
            )
        if self.blocked:
            self.unblock()
        return self.say(f"/start {param}" if param else "/start")

    def say(self, text: str, reply_to: int | None = None) -> Json:
        if not text.strip():
            raise Impossible("an empty message cannot be sent")
        if utf16_length(text) > 4096:
            raise Impossible(
                {
                    "en": "the app splits a message of more than 4096 characters",
                    "ru": "Telegram не отправит больше 4096 знаков одним сообщением",
                }
            )
        text = text.strip()
        return self._write({"text": text} | command_entities(text) | self._answering(reply_to))

    def reply(self, message_id: int, text: str) -> Json:
        """Swipes a message of this chat, anybody's, and answers it."""
        return self.say(text, message_id)

    def _answering(self, message_id: int | None) -> Json:
        if message_id is None:
            return {}
        told = self.chat.messages.get(message_id)
        if told is None:
            raise Impossible({"en": "that message is not in this chat", "ru": "этого сообщения в чате нет"})
        return {"reply_to_message": {name: value for name, value in told.items() if name != "reply_to_message"}}

    def press(self, what: str, message_id: int | None = None) -> str | None:
        """Presses an inline button by its label or data, the newest first, else a key of the reply keyboard.

        Returns the address of a link button, the text of a copying one, and None for the rest.
        """
        for message in reversed(self.chat.messages.values()):
            if message_id not in (None, message["message_id"]):
                continue
            for button in (b for row in inline_rows(self.telegram, message) for b in row):
                if what in (button["text"], button.get("callback_data"), PAY if button.get("pay") else None):
                    return self._use(message, button)
        if message_id is None and what in self.keys:
            self.tap(what)
            return None
        raise Impossible(
            {
                "en": f"there is no button {what!r} on the screen",
                "ru": "такой кнопки на экране уже нет",
            }
        )

    def _use(self, message: Json, button: Json) -> str | None:
        if "url" in button:
            return str(button["url"])
        if "copy_text" in button:
            return str(button["copy_text"]["text"])
        if button.get("pay"):
            self.pay(message["message_id"])
            return None
        self.forge_press(button["callback_data"], message)
        return None

    def forge_press(self, data: str, message: Json | None = None) -> str:
        """A callback query with any data, as a modified client sends; returns the query's id.

        Without a message the query carries an inaccessible one (date 0), as for a very old message.
        """
        self._may_act()
        query_id = self.telegram.new_query_id(self)
        inaccessible = {"chat": self.chat.raw, "message_id": 1, "date": 0}
        query = {
            "id": query_id,
            "from": self.user,
            "message": message or inaccessible,
            "chat_instance": str(-self.id * 7919),
            "data": data,
        }
        self._toast = None
        self.telegram.publish("callback_query", query, self.id)
        return query_id

    def pay(self, message_id: int | None = None) -> str:
        """Presses Pay under an invoice, the newest first, and enters a card; the bot has ten seconds to agree.

        Returns the checkout's id; `telegram.checkouts` says what became of it.
        """
        self._may_act()
        return start_checkout(self.telegram, self, message_id)

    def charged(self, bill: Bill) -> None:
        """The money is taken: the bot learns it by a message of the person's."""
        number = self.telegram.new_query_id(self)
        payment = {"currency": bill.currency, "total_amount": bill.amount, "invoice_payload": bill.payload}
        charges = {"telegram_payment_charge_id": f"tg_{number}", "provider_payment_charge_id": f"pr_{number}"}
        self._write({"successful_payment": payment | charges})

    def tap(self, label: str) -> Json:
        """Presses a key of the reply keyboard."""
        rows = self.keyboard["keyboard"] if self.keyboard else []
        for key in (key for row in rows for key in row):
            if key["text"] == label:
                one_time = bool(self.keyboard and self.keyboard.get("one_time_keyboard"))
                if one_time:
                    self.keyboard = None
                if key.get("request_contact"):
                    return self.share_contact()
                if key.get("request_location"):
                    return self.location()
                return self.say(label)
        raise Impossible(
            {"en": f"there is no key {label!r} on the keyboard", "ru": "такой кнопки на клавиатуре уже нет"}
        )

    def share_contact(self) -> Json:
        """Sends the person's own number, with the user_id that only Telegram's server can set."""
        contact = {"phone_number": self.phone.lstrip("+"), "first_name": self.user["first_name"]}
        return self._write({"contact": contact | {"user_id": self.id}})

    def send_contact(self, phone: str, name: str, user_id: int | None = None) -> Json:
        """Sends somebody's card from the address book; `user_id` when that somebody has Telegram."""
        contact: Json = {"phone_number": phone.lstrip("+"), "first_name": name}
        return self._write({"contact": contact | ({"user_id": user_id} if user_id else {})})

    def send_photo(self, data: bytes, caption: str | None = None, reply_to: int | None = None) -> Json:
        return self._write(sent_photo(self.telegram, data, caption) | self._answering(reply_to))

    def send_document(self, name: str, data: bytes, caption: str | None = None, reply_to: int | None = None) -> Json:
        return self._write(sent_file(self.telegram, name, data, caption) | self._answering(reply_to))

    def send_album(self, files: Sequence[tuple[str, bytes]], caption: str | None = None, *, photos: bool) -> list[Json]:
        """Two to ten photos, or as many documents, at once; the bot gets an update for each."""
        self._may_act()
        return [self._write(content) for content in album(self.telegram, files, caption, photos=photos)]

    def sticker(self) -> Json:
        file_id, stored = self.telegram.keep_file("CAAC", "sticker.webp", b"RIFF")
        kind = {"type": "regular", "width": 512, "height": 512, "is_animated": False, "is_video": False}
        return self._write({"sticker": self._file(file_id, len(stored.data)) | kind | {"emoji": "👍"}})

    def voice(self) -> Json:
        file_id, stored = self.telegram.keep_file("AwAC", "voice.ogg", b"OggS")
        return self._write({"voice": self._file(file_id, len(stored.data)) | {"duration": 3}})

    def video(self) -> Json:
        file_id, stored = self.telegram.keep_file("BAAC", "video.mp4", b"ftyp")
        size = {"width": 640, "height": 360, "duration": 5}
        return self._write({"video": self._file(file_id, len(stored.data)) | size})

    def location(self, latitude: float = 55.7558, longitude: float = 37.6173) -> Json:
        return self._write({"location": {"latitude": latitude, "longitude": longitude}})

    def edit(self, message_id: int, text: str) -> Json:
        """Changes an own message; the bot gets `edited_message`."""
        self._may_act()
        message = self.chat.messages.get(message_id)
        if message is None or message["from"]["id"] != self.id or "text" not in message:
            raise Impossible("only an own text message can be edited")
        kept = {name: value for name, value in message.items() if name != "entities"}
        edited = kept | {"text": text, "edit_date": self.telegram.stamp()} | command_entities(text)
        self.chat.messages[message_id] = edited
        self.telegram.publish("edited_message", edited, self.id)
        return edited

    def block(self) -> None:
        if not self.blocked:
            self.blocked = True
            self._membership("member", "kicked")

    def unblock(self) -> None:
        if self.blocked:
            self.blocked = False
            self._membership("kicked", "member")

    def deactivate(self) -> None:
        """The account is deleted; the bot learns it only from the next 403."""
        self.deactivated = True
        self.telegram.changed()

    def _membership(self, old: str, new: str) -> None:
        bot = self.telegram.bot
        change = {
            "chat": self.chat.raw,
            "from": self.user,
            "date": self.telegram.stamp(),
            "old_chat_member": member(bot, old),
            "new_chat_member": member(bot, new),
        }
        self.telegram.publish("my_chat_member", change, self.id)

    def _may_act(self) -> None:
        if self.deactivated:
            raise Impossible("this account is deleted")
        if self.blocked:
            raise Impossible(
                {"en": "the bot is blocked: unblock it first", "ru": "бот заблокирован: сначала разблокируйте его"}
            )

    def _write(self, content: Json) -> Json:
        self._may_act()
        self.met = True
        self._toast = None
        message = self.telegram.new_message(self.chat, self.user, content)
        self.telegram.publish("message", message, self.id)
        return message

    def _file(self, file_id: str, size: int) -> Json:
        return {"file_id": file_id, "file_unique_id": f"u{file_id[4:]}", "file_size": size}


def member(user: Json, status: str) -> Json:
    return {"user": user, "status": status} | ({"until_date": 0} if status == "kicked" else {})


def command_entities(text: str) -> Json:
    """The entities that Telegram's server finds by itself in a person's text: bot commands."""
    found = [
        {
            "type": "bot_command",
            "offset": utf16_length(text[: match.start()]),
            "length": utf16_length(match.group()),
        }
        for match in re.finditer(r"(?<![\w/])/[A-Za-z0-9_]{1,64}(?:@\w+)?", text)
    ]
    return {"entities": found} if found else {}
