"""A notice from the operator's command to the chats of both messengers, by the running program."""

from __future__ import annotations

import asyncio
from pathlib import Path

from core.notices import store
from core.notices.models import Audience, Draft, NoticeStatus
from core.notices.report import progress
from core.reminders.models import Kind
from tests.e2e.world import open_world, sqlite_in


async def test_a_notice_comes_in_each_ones_messenger_and_language(tmp_path: Path) -> None:
    # All day and all night: what this test is about is the way, whatever the hour at which it runs.
    async with open_world(
        sqlite_in(tmp_path), reminder_from=0, reminder_from_on_days_off=0, reminder_until=24
    ) as world:
        anna, boris = world.telegram("+79000000002"), world.viber("+79000000010", "Борис", language="ru")
        await anna.register()
        await boris.register()
        texts = {"ru": "Ночью интернет может пропадать.", "en": "The internet may be interrupted at night."}
        draft = Draft(Kind.works, texts, Audience(regions=("RU-MOW",)))
        database = world.program.database
        number = await database.write(store.add, draft, ("ru", "en"), world.clock.now())
        anna.act()
        boris.act()
        await world.program.notices.tick()
        await anna.hears_nothing()
        await database.write(store.start, number, world.clock.now())
        await world.program.notices.tick()
        shown = await anna.sees("🛠 Planned works")
        assert "at night" in shown.text
        assert "Ночью" in (await boris.sees("🛠 Planned works")).text
        async with asyncio.timeout(20):
            # They have read it; that it was sent is written down a moment later, by the sender that runs beside us.
            while (far := await database.read(progress, number)).notice.status is not NoticeStatus.done:
                await world.program.notices.tick()
        assert (far.sent, far.total, far.notice.status) == (2, 2, NoticeStatus.done)
        await boris.press("🔕 What I write to you about")
        await boris.press("✅ {kind}".format(kind=boris.word("Planned works")))
        await boris.sees("What else shall I write to you about?")
        again = await database.write(store.add, draft, ("ru", "en"), world.clock.now())
        await database.write(store.start, again, world.clock.now())
        anna.act()
        boris.act()
        await world.program.notices.tick()
        await anna.sees("🛠 Planned works")
        await boris.hears_nothing()
        assert len(anna.new) == 1
        assert world.sandbox.viber.faults == []
