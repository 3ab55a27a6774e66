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
    """What came with an action: JSON fields, and perhaps files with their names."""

    fields: Json
    files: tuple[tuple[str, bytes], ...] = ()

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

    def number_if_given(self, name: str) -> int | None:
        """Also as a string of digits, in which a form with files brings it."""
        value = self.fields.get(name)
        if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 16:
            return int(value)
        return value if type(value) is int else None

    def attached(self) -> tuple[tuple[str, bytes], ...]:
        if not self.files or not all(data for _name, data in self.files):
            raise Impossible({"en": "a file is missing or empty", "ru": "файла нет, или он пустой"})
        return self.files


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


def _telegram_photo(person: Person, given: Given) -> None:
    files, caption = given.attached(), given.optional("caption")
    if len(files) > 1:
        person.send_album(files, caption, photos=True)
    else:
        person.send_photo(files[0][1], caption, given.number_if_given("reply_to"))


def _telegram_document(person: Person, given: Given) -> None:
    files, caption = given.attached(), given.optional("caption")
    if len(files) > 1:
        person.send_album(files, caption, photos=False)
    else:
        person.send_document(*files[0], caption, given.number_if_given("reply_to"))


def _viber_picture(person: ViberPerson, given: Given) -> None:
    for order, (name, data) in enumerate(given.attached()):
        person.send_picture(data, "" if order else given.optional("caption") or "", name)


def _viber_file(person: ViberPerson, given: Given) -> None:
    for name, data in given.attached():
        person.send_file(name, data)
    if words := given.optional("caption"):  # a file has no caption in Viber: the words follow it
        person.say(words)


TELEGRAM: dict[str, Callable[[Person, Given], Any]] = {
    "say": lambda person, given: person.say(given.text("text"), given.number_if_given("reply_to")),
    "press": lambda person, given: person.press(given.text("data"), given.number("message_id")),
    "keyboard": lambda person, given: person.tap(given.text("text")),
    "contact": _telegram_contact,
    "photo": _telegram_photo,
    "document": _telegram_document,
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
    "reply": lambda person, given: person.reply(given.text("message_id"), given.text("text")),
    "picture": _viber_picture,
    "file": _viber_file,
    "sticker": lambda person, given: person.sticker(),
    "subscribe": lambda person, given: person.subscribe(),
    "unsubscribe": lambda person, given: person.unsubscribe(),
    "seen": lambda person, given: person.seen(),
}
