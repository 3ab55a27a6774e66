"""Somebody who presses what was pressed least and answers what might fit: gets where chance alone does not."""

from __future__ import annotations

import random
from collections import Counter
from datetime import timedelta

from fsm.event import Blocked, Command, Contact, Edited, File, Press, Text, Unblocked, Unsupported
from tests.properties.deeds import WORDS
from tests.properties.people import FOOTER, Company

FITTING = [
    "Иван Петров", "Mother's flat", "Moscow", "Москва", "new@example.org", "+7 900 000-00-77", "500", "1000", "12",
    "My internet does not work since yesterday", "да", "how do I pay", "It is still broken", "мои обращения",
]  # fmt: skip


async def wander(company: Company, chance: random.Random, steps: int) -> None:
    """``steps`` deeds of everybody in turn; what is broken outside is mended after a while."""
    pressed: Counter[str] = Counter()
    for _ in range(steps):
        who = chance.choice([0, 0, 0, 1, 1, 1, 2, 3])
        match chance.choices(
            ["press", "fitting", "code", "contact", "visit", "odd", "number", "other", "wait", "break"],
            [50, 10, 7, 5, 9, 4, 5, 4, 3, 1],
        )[0]:
            case "press":
                press = _least_pressed(company, who, chance, pressed)
                if press is not None:
                    await company.does(who, press)
            case "fitting":
                await company.does(who, Text(chance.choice(FITTING)))
            case "code":
                await company.does(who, Text(company.code(who)))
            case "contact":
                someone = company.people[who]
                own = someone.person.channel == "telegram"
                await company.does(who, Contact(someone.phone, own=own, by_button=True, name=someone.person.name))
            case "visit":
                await company.does(who, company.way_in(chance.randrange(99), chance.randrange(99)))
            case "odd":
                await company.does(who, Text(chance.choice(WORDS)))
            case "number":
                await company.does(who, Text(chance.choice(company.ids)))
            case "other":
                file = File("file-1", "photo", "photo.jpg", size=1000)
                others = [file, Edited("x"), Unsupported("voice"), Blocked(), Unblocked(), Command("start")]
                await company.does(who, chance.choice(others))
            case "wait":
                await company.wait(chance.choice([timedelta(seconds=70), timedelta(hours=25)]))
                await company.restart()
            case "break":
                names = sorted(company.failures)
                if company.broken:
                    await company.breaks(sorted(company.broken)[0])
                elif names:
                    await company.breaks(chance.choice(names))


def _least_pressed(company: Company, who: int, chance: random.Random, pressed: Counter[str]) -> Press | None:
    shown = company.people[who].shown
    if not shown:
        return Press("----[]")
    payloads = [button.payload for row in shown[-1].rows for button in row if button.payload]
    inner = [payload for payload in payloads if payload not in FOOTER] or payloads
    if not inner:
        return None
    # Without the stamp: the same button of another question of the same kind has been pressed all the same.
    best = min(inner, key=lambda payload: (pressed[payload[4:]], chance.random()))
    pressed[best[4:]] += 1
    return Press(best)
