"""The whole program with a staff's group: a Viber subscriber's appeal is answered in Telegram, polled or by webhook."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select

from core.staff import accounts, binding
from core.staff.audit import Who
from core.staff.models import StaffRole
from core.subscribers.tables import chats
from tests.e2e.world import World, open_world, sqlite_in

GROUP = -1001234567890


async def ask(world: World, address: str, text: str) -> int:
    """An appeal of a subscriber who is signed in to Viber; its number."""
    database, appeals = world.program.database, world.program.services.appeals
    chat = await database.read(lambda c: c.execute(select(chats).where(chats.c.address == address)).one())
    made, write = await appeals.create(chat.subscriber_id, chat.chat_id, "technical", draft=True)
    await database.write(write.apply)
    await database.write(appeals.append(made.id, text).apply)
    await database.write(appeals.send(made.id, "").apply)
    world.program.worker.wake()
    return made.number


@pytest.mark.parametrize("mode", ["polling", "webhook"])
async def test_an_appeal_from_viber_is_answered_in_the_group(tmp_path: Path, mode: str) -> None:
    async with open_world(sqlite_in(tmp_path), telegram_staff_group=str(GROUP), telegram_mode=mode) as world:
        telegram = world.sandbox.telegram
        olga = telegram.person("Olga", "+79000000200", "en")
        stranger = telegram.person("Mallory", "+79000000666", "en")
        forum = telegram.forum("Staff", [olga, stranger], GROUP)
        forum.add_bot(olga)
        now = world.clock.now()
        member = await world.program.database.write(accounts.add, "olga", "Olga", StaffRole.agent, "x", "", now)
        code = await world.program.database.write(binding.issue, member, Who("", "test"), now)
        olga.say(f"/bind {code}")
        await world.until(lambda: any("You are Olga" in one.text or "Olga" in one.text for one in olga.messages[1:]))

        anna = world.viber("+79000000010", language="en")
        await anna.register()
        number = await ask(world, str(anna.person.id), "No internet since the morning")
        await world.until(lambda: any(f"{number}" in one.name for one in forum.topics.values()))
        topic = next(iter(forum.topics))
        await world.until(lambda: any("No internet since the morning" in text for text in forum.texts(topic)))

        anna.act()
        forum.say(stranger, "Go away", topic)
        forum.say(olga, "We are on it", topic)
        await world.until(lambda: any("We are on it" in one.text for one in anna.new))
        assert not any("Go away" in one.text for one in anna.bubbles)
        await world.until(lambda: "👍" in forum.reactions.given.values())
        assert sum("We are on it" in one.text for one in anna.bubbles) == 1
