"""What tests of appeals share: staff at the desk, threads as they are kept, and a photo."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from core.appeals import queries
from core.appeals.models import Actor, Thread
from core.appeals.tables import appeals
from core.outages.service import begin
from handlers.channel import Fetched
from handlers.desk.acts import StaffDesk
from handlers.desk.clockwork import AppealClockwork
from tests.support.dialogue import House, Person

ANNA = Actor("s1", "Anna", "desk")
JPEG = b"\xff\xd8\xff\xe0" + b"a photo of a router" * 10


def desk_of(house: House) -> StaffDesk:
    return StaffDesk(house.database, house.services, house.registry)


def clockwork_of(house: House) -> AppealClockwork:
    return AppealClockwork(house.database, house.services, house.registry)


async def threads(house: House) -> list[Thread]:
    """Every appeal, drafts too, by number."""
    ids = await house.database.read(
        lambda c: list(c.execute(select(appeals.c.id).order_by(appeals.c.number)).scalars())
    )
    found = [await house.database.read(queries.load, one) for one in ids]
    return [one for one in found if one is not None]


async def only(house: House) -> Thread:
    [thread] = await threads(house)
    return thread


def words(thread: Thread) -> list[str]:
    return [message.text for message in thread.messages]


def may_send_photos(person: Person) -> None:
    person.house.channels[person.channel].files["file-1"] = Fetched(JPEG, "image/jpeg")


async def breaks(house: House, text: str, *regions: str, until: datetime | None = None) -> None:
    """Staff write down a failure."""
    said = {"en": text, "ru": "Авария"}
    await house.database.write(lambda c: begin(c, regions, said, house.clock.now(), until=until))


async def sent(person: Person, kind: str, text: str = "It is broken") -> None:
    """An appeal, from the menu to its number, in as few taps as it takes."""
    await person.say("/appeal")
    await person.press(kind)
    await person.say(text)
    await person.press("Send")
