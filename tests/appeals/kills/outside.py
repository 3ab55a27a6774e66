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
    what: str  # said; a file's name; what staff do; how many days
    words: str = ""
    about: str = ""


def photo(name: str) -> bytes:
    """Every file is another one."""
    return b"\xff\xd8\xff\xe0 a photo: " + name.encode()


def story(life: str) -> list[Move]:
    """An appeal with a file that is asked about, solved, confirmed and rated; and another one that silence closes."""
    hers, his = f"{life} one", f"{life} other"
    return [
        Move(ANNA, f"new {hers}"),
        Move(ANNA, f"{life}.jpg", f"{life} look"),
        Move(BORIS, f"new {his}"),
        Move(ANNA, f"{life} two"),
        Move(ANNA, "send"),
        Move(BORIS, "send"),
        Move("staff", "ask", f"{life} which lamp?", hers),
        Move("staff", "reply", f"{life} for you alone", his),
        Move(ANNA, f"{life} the red one"),
        Move("staff", "attach", f"{life} see", hers),
        Move("staff", "resolve", f"{life} mended", hers),
        Move("staff", "resolve", f"{life} all done", his),
        Move(ANNA, "confirm"),
        Move(ANNA, f"rate 5 {life} thanks"),
        Move("time", "6"),
        Move("time", "2"),
    ]


@dataclass
class AppealOutside(Outside):
    """Moves are made one after the other: the next one when the last one was answered."""

    # What is said first only opens the conversation.
    moves: list[Move] = field(default_factory=lambda: [Move(ANNA, "hello"), Move(BORIS, "hello")])
    made: int = 0
    shift: float = 0.0

    def answer(self, request: dict[str, Any]) -> Any:
        match request:
            case {"op": "move"}:
                if self.made == len(self.moves):
                    return None
                move = self.moves[self.made]
                return {"number": self.made, **asdict(move)}
            case {"op": "made", "number": number}:
                if number == self.made:
                    self.made += 1
                    if self.moves[number].by == "time":
                        self.shift += float(self.moves[number].what) * DAY
                return self.shift
            case {"op": "fetch", "ref": ref}:
                return base64.b64encode(photo(ref)).decode()
        return super().answer(request)
