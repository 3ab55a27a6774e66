"""The very program with a Zammad beside it: from the person's chat to the agent and back, over real HTTP."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from bot.checkup import examine
from core.appeals.kinds import PERSON
from core.clock import SystemClock
from core.subscribers.tables import chats
from tests.e2e.world import World, open_world, sqlite_in
from tests.helpdesk.doubles.zammad import SECRET, TOKEN, Zammad

PHONE = "+79000000002"


async def test_from_the_chat_to_an_agent_and_back(tmp_path: Path) -> None:
    async with Zammad(SystemClock()).running() as zammad:
        settings: dict[str, Any] = {"zammad_url": zammad.url, "zammad_token": TOKEN, "zammad_webhook_secret": SECRET}
        async with open_world(sqlite_in(tmp_path), **settings) as world:
            anna = world.telegram(PHONE)
            await anna.register()
            program = world.program
            service = program.services.appeals
            chat = f"telegram:{anna.person.id}"
            appeal, write = await service.create(await subscriber(world, chat), chat, PERSON, draft=True)
            for one in (write, service.append(appeal.id, "It is slow"), service.send(appeal.id, PHONE)):
                await program.database.write(one.apply)
            program.worker.wake()
            await world.until(lambda: zammad.said_anywhere() == ["It is slow"])
            (ticket,) = zammad.tickets
            anna.act()
            zammad.agent_writes(ticket, "<p>Is it better <b>now</b>?</p>")
            for letter in zammad.take_letters():
                answer = await world.http.post("/helpdesk/zammad", content=letter.body, headers=letter.headers)
                assert answer.status_code == 200
            await anna.sees("Is it better now?")
            findings = [one.text async for one in examine(program)]
            assert "Zammad answers, and accepts the token." in findings
            metrics = (await world.http.get("/metrics")).text
            assert 'abonent_helpdesk_calls_total{desk="zammad",result="taken"}' in metrics


async def test_without_zammad_there_is_no_address_for_it(tmp_path: Path) -> None:
    async with open_world(sqlite_in(tmp_path)) as world:
        assert (await world.http.post("/helpdesk/zammad", content=b"{}")).status_code == 404


async def subscriber(world: World, chat: str) -> str:
    def load(connection: Connection) -> str:
        return str(connection.execute(select(chats.c.subscriber_id).where(chats.c.chat_id == chat)).scalar_one())

    return await world.program.database.read(load)
