"""Several people at once, doing arbitrary things in both messengers, and what must hold after each of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import msgspec

from core.delivery.messages import OutgoingMessage
from fsm.action import ANYWHERE, STAMP, Action, decode, encode
from fsm.actions import Back, OpenMenu, OpenPerson
from fsm.engine import Engine
from fsm.event import Blocked, Input, Opened, Press, Unblocked
from handlers.intake import TurnDone
from tests.support.dialogue import House, Person

FOOTER = {encode(OpenMenu()), encode(OpenPerson()), encode(Back())}

Failures = dict[str, Callable[[bool], None]]
"""Outside systems by name, each with what breaks it (True) and mends it (False)."""


@dataclass
class Someone:
    """A person with a chat. ``secrets``: what only this person may ever read, whatever anybody does."""

    person: Person
    phone: str
    secrets: frozenset[str] = frozenset()
    read: int = 0  # how many of the channel's messages have been looked at
    blocked: bool = False
    shown: list[OutgoingMessage] = field(default_factory=list)


class Company:
    """Takes one deed after another and checks the answer to each."""

    def __init__(
        self, house: House, people: list[Someone], failures: Failures, ids: list[str], avoid: str = " "
    ) -> None:
        self.house = house
        self.people = people
        self.failures = failures
        self.broken: set[str] = set()
        self.ids = ids  # what a forged button may name: accounts, chats and requests of other people too
        self.avoid = avoid  # the tag of an action that fails on purpose
        self.commands = ["start", "cancel", "back", *house.registry.commands, "nonsense"]
        self.links = [*house.registry.links, ""]
        kinds = {str(kind.__struct_config__.tag): kind for kind in _kinds(Action)}
        self.actions = [kinds[tag] for tag in sorted(kinds) if tag != avoid]
        self._watch(house.engine)

    def _watch(self, engine: Engine) -> None:
        def apology(*_: Any) -> Any:
            raise AssertionError("a turn ended in an apology: the exception is logged above")

        engine.apology = apology  # type: ignore[method-assign, assignment]  # in this test an apology is a failure

    # -- deeds -----------------------------------------------------------------------------------------------------

    async def does(self, who: int, said: Input) -> None:
        someone = self.people[who % len(self.people)]
        if isinstance(said, Blocked):
            someone.blocked = True
        elif not isinstance(said, Unblocked) or someone.blocked:
            someone.blocked = False
        message_id = someone.person.last.message_id if isinstance(said, Press) and someone.person.last else ""
        done = await someone.person.do(said, message_id=message_id)
        self._answered(someone, said, done)

    async def again(self, who: int) -> None:
        someone = self.people[who % len(self.people)]
        if someone.person.last is not None:
            done = await someone.person.again()
            assert done.duplicate
            self._look()

    async def restart(self) -> None:
        self.house.restart()
        self._watch(self.house.engine)

    async def wait(self, time: timedelta) -> None:
        self.house.clock.move(time)
        await self.house.settle()
        self._look()

    async def breaks(self, name: str) -> None:
        (self.broken.discard if name in self.broken else self.broken.add)(name)
        self.failures[name](name in self.broken)

    # -- what they may do ------------------------------------------------------------------------------------------

    def button(self, who: int, back: int, place: int) -> Press | None:
        """A button of the last message (``back`` 0) or of an earlier one."""
        shown = self.people[who % len(self.people)].shown
        if back >= len(shown):
            return None
        buttons = [button for row in shown[-1 - back].rows for button in row if button.payload]
        buttons = [button for button in buttons if self.avoid not in button.payload]
        # The footer stands under every message: left in its place, nobody would ever get far from the menu.
        inner = [button for button in buttons if button.payload not in FOOTER]
        buttons = inner if inner and place < 10 else buttons
        return Press(buttons[place % len(buttons)].payload) if buttons else None

    def way_in(self, number: int, ident: int) -> Press:
        """A button that opens something, as an old message or a notification has it; perhaps somebody else's."""
        entries = sorted(self.house.registry.entries, key=lambda kind: str(kind.__struct_config__.tag))
        action = entries[number % len(entries)]
        values = self._values(action, ident)
        return Press(ANYWHERE + msgspec.json.encode([action.__struct_config__.tag, *values]).decode())

    def forged(self, who: int, kind: int, ident: int, stamped: bool) -> Press | None:
        """A button that was never shown to this person, as a changed messenger could send it."""
        action = self.actions[kind % len(self.actions)]
        values = self._values(action, ident)
        body = msgspec.json.encode([action.__struct_config__.tag, *values]).decode()
        shown = self.people[who % len(self.people)].shown
        stamps = [b.payload[:STAMP] for message in shown[-1:] for row in message.rows for b in row if b.payload]
        own = [stamp for stamp in stamps if stamp != ANYWHERE]
        return Press((own[0] if stamped and own else ANYWHERE) + body)

    def _values(self, action: type[Action], ident: int) -> list[str | int]:
        """What a button of this kind might carry: ids of anybody's things, and figures where figures stand."""
        kinds = [field.type for field in msgspec.structs.fields(action)]
        return [
            ident % 8 if kind is int else self.ids[(ident + place) % len(self.ids)] for place, kind in enumerate(kinds)
        ]

    def code(self, who: int) -> str:
        """The last code that was sent to this very person."""
        phone = self.people[who % len(self.people)].phone
        for sent in reversed(self.house.outside["sms"]):
            digits = [word for word in sent["text"].replace(".", " ").split() if word.isdigit() and len(word) == 6]
            if sent["to"] == phone and digits:
                return digits[0]
        return "123456"

    # -- what must hold --------------------------------------------------------------------------------------------

    def _answered(self, someone: Someone, said: Input, done: TurnDone) -> None:
        new = self._look().get(id(someone), [])
        if isinstance(said, Blocked | Unblocked) or done.duplicate:
            return
        assert new or done.toast, f"no answer to {said}"
        if isinstance(said, Opened):
            assert done.welcome is not None
        if new:
            assert leads_to_menu(new[-1]), f"no way to the menu from {new[-1].text!r}, after {said}"

    def _look(self) -> dict[int, list[OutgoingMessage]]:
        """Reads everybody's new messages; nobody's may hold what is another's."""
        found: dict[int, list[OutgoingMessage]] = {}
        for someone in self.people:
            messages = someone.person._all()
            new = messages[someone.read :]
            someone.read = len(messages)
            someone.shown.extend(new)
            found[id(someone)] = new
            for message in new:
                words = _everything(message)
                for other in self.people:
                    leaked = [secret for secret in other.secrets - someone.secrets if secret in words]
                    assert not leaked, f"{someone.person.name} was shown {leaked}: {message.text!r}"
        return found


def leads_to_menu(message: OutgoingMessage) -> bool:
    actions = [decode(button.payload) for row in message.rows for button in row if button.payload]
    if any(isinstance(found[1], OpenMenu) for found in actions if found):
        return True
    # The menu itself has no button to the menu: its buttons work from anywhere.
    return len(actions) >= 3 and all(found and found[0] == ANYWHERE for found in actions)


def _everything(message: OutgoingMessage) -> str:
    return f"{message.text} {message.drops_keyboard} {message.hint} {message.asks_contact} " + " ".join(
        f"{button.label} {button.payload} {button.url}" for row in message.rows for button in row
    )


def _kinds(kind: type[Action]) -> Iterator[type[Action]]:
    for sub in kind.__subclasses__():
        yield sub
        yield from _kinds(sub)
