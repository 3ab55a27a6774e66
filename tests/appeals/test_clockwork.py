"""Time alone: staff are warned, subscribers get an apology with a new date, and silence closes after a warning."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from core.appeals.models import AppealStatus
from core.appeals.queries import with_staff
from tests.appeals.conftest import ANNA, CHAT, Office

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


async def test_staff_are_warned_once_before_the_deadline(office: Office) -> None:
    appeal = await office.appeal(await office.subscriber(CHAT))
    office.clock.move(2 * HOUR)
    assert await office.clockwork.tick() == 0
    office.clock.move(HOUR)
    before = (await office.now(appeal.id)).version
    assert await office.clockwork.tick() == 1
    assert (await office.now(appeal.id)).version == before + 1, "desks see that something changed"
    assert await office.clockwork.tick() == 0
    assert await office.posted() == [], "the subscriber need not know"


async def test_an_apology_with_a_new_date(office: Office) -> None:
    appeal = await office.appeal(await office.subscriber(CHAT, language="ru"))
    office.clock.move(4 * HOUR)
    await office.clockwork.tick()
    after = await office.now(appeal.id)
    assert after.missed == 1 and after.due_at is not None and after.due_at > office.clock.now()
    [sorry] = await office.posted()
    assert "дольше, чем обещали" in sorry.text and "11 марта 2026" in sorry.text
    assert await office.clockwork.tick() == 0, "once for each deadline"


async def test_an_answer_in_time_needs_no_apology(office: Office) -> None:
    appeal = await office.appeal(await office.subscriber(CHAT))
    await office.desk.ask(ANNA, appeal.number, "Which lamp?")
    office.clock.move(2 * DAY)
    assert await office.clockwork.tick() == 0
    assert (await office.now(appeal.id)).missed == 0


async def test_silence_closes_after_a_warning(office: Office) -> None:
    appeal = await office.appeal(await office.subscriber(CHAT))
    await office.desk.resolve(ANNA, appeal.number, "Mended.")
    office.clock.move(5 * DAY)
    await office.clockwork.tick()
    office.clock.move(2 * DAY - timedelta(seconds=1))
    await office.clockwork.tick()
    assert await office.status(appeal.id) is AppealStatus.resolved
    office.clock.move(timedelta(seconds=1))
    await office.clockwork.tick()
    assert await office.status(appeal.id) is AppealStatus.closed
    _decision, warning, end = [message.text for message in await office.posted()]
    assert "closes on 17 March 2026" in warning and "is closed" in end
    office.clock.move(7 * DAY)
    assert office.appeals.may_return(await office.now(appeal.id)), "the term runs from the decision, not from the end"


async def test_nobody_is_closed_without_a_warning(office: Office) -> None:
    """The program was off for weeks: the warning comes first, and its days are waited for."""
    appeal = await office.appeal(await office.subscriber(CHAT))
    await office.desk.ask(ANNA, appeal.number, "Which lamp?")
    office.clock.move(30 * DAY)
    assert await office.clockwork.tick() == 1
    assert await office.status(appeal.id) is AppealStatus.pending
    office.clock.move(2 * DAY)
    await office.clockwork.tick()
    assert await office.status(appeal.id) is AppealStatus.closed
    assert len(await office.posted()) == 3


async def test_an_answer_stops_the_end(office: Office) -> None:
    appeal = await office.appeal(await office.subscriber(CHAT))
    await office.desk.ask(ANNA, appeal.number, "Which lamp?")
    office.clock.move(6 * DAY)
    await office.clockwork.tick()
    await office.do(office.appeals.append(appeal.id, "The red one"))
    office.clock.move(HOUR)
    await office.clockwork.tick()
    assert await office.status(appeal.id) is AppealStatus.in_progress


async def test_two_processes_tell_once(office: Office) -> None:
    await office.appeal(await office.subscriber(CHAT))
    office.clock.move(4 * HOUR)
    await asyncio.gather(*(office.clockwork.tick() for _ in range(4)))
    assert len(await office.posted()) == 1


async def test_what_waits_is_counted(office: Office) -> None:
    one = await office.appeal(await office.subscriber(CHAT))
    await office.appeal(None, "gratitude", chat_id="viber:2")
    await office.desk.ask(ANNA, one.number, "Which lamp?")
    office.clock.move(4 * DAY)
    await office.clockwork.tick()
    counted = await office.database.read(with_staff)
    assert counted == {"acknowledged": 1, "in_progress": 0, "pending": 1, "reopened": 0, "late": 1}
