"""The world around a process that is killed: two people who write, a member of staff, a clock, a messenger."""

from __future__ import annotations

import base64
from dataclasses import asdict, dataclass, field
from typing import Any

from tests.durability.messenger import Outside

ANNA, HER_OTHER_CHAT, BORIS = "1", "2", "3"
DAY = 86_400.0


@dataclass(frozen=True)
class Move:
    """What somebody does next; repeated until it was done. ``about`` are the appeal's first words."""

    by: str  # a chat, or "staff", or "time"
    how: str  # say, press, photo; what staff do; days
    words: str
    about: str = ""


def photo(name: str) -> bytes:
    """Every file is another one."""
    return b"\xff\xd8\xff\xe0 a photo: " + name.encode()


def story(life: str) -> list[Move]:
    """An appeal with a file that is asked about, solved, confirmed and rated; and another one that silence closes.

    This is the one place that knows what the conversation's commands and buttons are called.
    """
    hers, his = f"{life} one", f"{life} other"
    return [
        Move(ANNA, "say", "/appeal"),
        Move(ANNA, "press", "Something else"),
        Move(ANNA, "say", hers),
        Move(ANNA, "photo", f"{life} look"),
        Move(BORIS, "say", "/appeal"),
        Move(BORIS, "press", "Something else"),
        Move(BORIS, "say", his),
        Move(ANNA, "say", f"{life} two"),
        Move(ANNA, "press", "Send"),
        Move(BORIS, "press", "Send"),
        Move("staff", "ask", f"{life} which lamp?", hers),
        Move("staff", "reply", f"{life} for you alone", his),
        Move(ANNA, "press", "Write back"),
        Move(ANNA, "say", f"{life} the red one"),
        Move("staff", "attach", f"{life} see", hers),
        Move("staff", "resolve", f"{life} mended", hers),
        Move("staff", "resolve", f"{life} all done", his),
        Move(ANNA, "press", "Yes, solved"),
        Move(ANNA, "press", "5⭐"),
        Move(ANNA, "say", f"{life} thanks"),
        Move("time", "days", "6"),
        Move("time", "days", "2"),
    ]


@dataclass
class AppealOutside(Outside):
    """Moves are made one after the other: the next one when the last one was answered."""

    # What is said first only opens the conversation.
    moves: list[Move] = field(default_factory=lambda: [Move(ANNA, "say", "/menu"), Move(BORIS, "say", "/menu")])
    made: int = 0
    shift: float = 0.0
    buttons: dict[str, dict[str, str]] = field(default_factory=dict)  # each chat's, by label: the newest ones

    def answer(self, request: dict[str, Any]) -> Any:
        match request:
            case {"op": "move"}:
                if self.made == len(self.moves):
                    return None
                move = self.moves[self.made]
                asked = {"number": self.made, **asdict(move)}
                return asked | {"words": self._payload(move)} if move.how == "press" else asked
            case {"op": "send", "chat": chat, "buttons": buttons}:
                self.buttons.setdefault(chat, {}).update(buttons)
            case {"op": "made", "number": number}:
                if number == self.made:
                    self.made += 1
                    if self.moves[number].by == "time":
                        self.shift += float(self.moves[number].words) * DAY
                return self.shift
            case {"op": "fetch", "ref": ref}:
                return base64.b64encode(photo(ref)).decode()
        return super().answer(request)

    def _payload(self, move: Move) -> str:
        return next(payload for label, payload in self.buttons[move.by].items() if move.words in label)
