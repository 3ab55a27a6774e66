"""What the page can make a person do, by the name in the address."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bot.sandbox.shapes import Impossible, Json
from bot.sandbox.telegram.people import Person
from bot.sandbox.viber.people import ViberPerson


@dataclass(frozen=True, slots=True)
class Given:
    """What came with an action: JSON fields, and perhaps a file."""

    fields: Json
    file_name: str = ""
    file: bytes | None = None

    def text(self, name: str) -> str:
        value = self.fields.get(name)
        if not isinstance(value, str) or not value:
            raise Impossible(f"{name} is missing")
        return value

    def optional(self, name: str) -> str | None:
        value = self.fields.get(name)
        return value if isinstance(value, str) and value else None

    def number(self, name: str) -> int:
        value = self.fields.get(name)
        if type(value) is not int:
            raise Impossible(f"{name} must be a number")
        return value

    def data(self) -> bytes:
        if not self.file:
            raise Impossible("a file is missing or empty")
        return self.file


def _telegram_contact(person: Person, given: Given) -> None:
    phone = given.optional("phone")
    if phone is None:
        person.share_contact()
    else:
        person.send_contact(phone, given.optional("name") or phone)


def _viber_contact(person: ViberPerson, given: Given) -> None:
    phone = given.optional("phone")
    if phone is None:
        person.share_phone()
    else:
        person.send_contact(phone, given.optional("name") or phone)


TELEGRAM: dict[str, Callable[[Person, Given], Any]] = {
    "say": lambda person, given: person.say(given.text("text")),
    "press": lambda person, given: person.press(given.text("data"), given.number("message_id")),
    "keyboard": lambda person, given: person.tap(given.text("text")),
    "contact": _telegram_contact,
    "photo": lambda person, given: person.send_photo(given.data(), given.optional("caption")),
    "document": lambda person, given: person.send_document(given.file_name, given.data()),
    "sticker": lambda person, given: person.sticker(),
    "voice": lambda person, given: person.voice(),
    "edit": lambda person, given: person.edit(given.number("message_id"), given.text("text")),
    "block": lambda person, given: person.block(),
    "unblock": lambda person, given: person.unblock(),
    "start": lambda person, given: person.start(given.optional("param")),
}

VIBER: dict[str, Callable[[ViberPerson, Given], Any]] = {
    "open": lambda person, given: person.open(given.optional("context")),
    "say": lambda person, given: person.say(given.text("text")),
    "press": lambda person, given: person.press(given.number("index")),
    "contact": _viber_contact,
    "picture": lambda person, given: person.send_picture(given.data(), name=given.file_name),
    "file": lambda person, given: person.send_file(given.file_name, given.data()),
    "sticker": lambda person, given: person.sticker(),
    "subscribe": lambda person, given: person.subscribe(),
    "unsubscribe": lambda person, given: person.unsubscribe(),
    "seen": lambda person, given: person.seen(),
}
