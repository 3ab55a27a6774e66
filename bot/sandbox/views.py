"""What the page shows: the whole sandbox as one JSON object."""

from __future__ import annotations

from bot.sandbox import forum_page
from bot.sandbox.shapes import Json
from bot.sandbox.telegram.people import Person
from bot.sandbox.viber.people import ViberPerson
from bot.sandbox.world import Sandbox


def state(sandbox: Sandbox) -> Json:
    telegram, viber = sandbox.telegram, sandbox.viber
    polled = telegram.queue.poll > 0
    return {
        "telegram": {
            "on": bool(telegram.webhook.url) or polled,
            "people": [
                telegram_person(person) | _note(sandbox, person)
                for person in telegram.people.values()
                if not any(person.id in forum.members for forum in telegram.forums.values())
            ],
        },
        "forum": forum_page.shown(telegram),
        "viber": {
            "on": bool(viber.callbacks.url),
            "people": [viber_person(person) | _note(sandbox, person) for person in viber.people.values()],
        },
        "sms": [letter.as_json() for letter in sandbox.inbox.sms],
        "mail": [letter.as_json() for letter in sandbox.inbox.mail],
        "clock": sandbox.clock.now().isoformat(),
        "controls": sandbox.controls.describe() if sandbox.controls else [],
        "operator": {"name": sandbox.operator},
    }


def telegram_person(person: Person) -> Json:
    return _person(person) | {
        "id": str(person.id),
        "blocked": person.blocked,
        "typing": person.typing,
        "messages": [bubble.as_json() for bubble in person.messages],
        "keyboard": _telegram_keyboard(person.keyboard),
        "commands": person.commands,
        "toast": person.toast,
    }


def _person(person: Person | ViberPerson) -> Json:
    return {"name": person.name, "phone": person.phone, "language": person.language}


def _note(sandbox: Sandbox, person: Person | ViberPerson) -> Json:
    return {"note": sandbox.notes.get(person.phone, "")}


def _telegram_keyboard(keyboard: Json | None) -> Json | None:
    if keyboard is None:
        return None
    rows = [[{"text": key["text"], "request": _request(key)} for key in row] for row in keyboard["keyboard"]]
    return {"kind": "reply", "rows": rows, "placeholder": keyboard.get("input_field_placeholder")}


def _request(key: Json) -> str | None:
    if key.get("request_contact"):
        return "contact"
    return "location" if key.get("request_location") else None


def viber_person(person: ViberPerson) -> Json:
    return _person(person) | {
        "id": page_id(person),
        "blocked": False,
        "subscribed": person.subscribed,
        "typing": False,
        "messages": [bubble.as_json() for bubble in person.messages],
        "keyboard": _viber_keyboard(person.keyboard),
        "commands": [],
        "toast": None,
    }


def page_id(person: ViberPerson) -> str:
    """Viber's ids hold slashes and equals signs; in an address the page uses this instead."""
    return person.id.replace("/", "_").replace("+", "-").rstrip("=")


def _viber_keyboard(keyboard: Json | None) -> Json | None:
    if keyboard is None:
        return None
    return {
        "kind": "viber",
        "buttons": keyboard["Buttons"],
        "background": keyboard.get("BgColor"),
        "input": keyboard.get("InputFieldState", "regular"),
    }
