"""The desk in the whole program: where it is, when it is not, and that an open page does not hold up the stop."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from bot.checkup import examine
from core.staff.audit import Who
from core.staff.models import StaffRole
from tests.e2e.world import World, open_world

NOBODY = "Nobody can log in to the staff's desk yet"

pytestmark = pytest.mark.slow


def database(folder: Path) -> str:
    return f"sqlite+aiosqlite:///{folder / 'desk.db'}"


async def nobody_may_enter(world: World) -> bool:
    """Whether `abonent check` says so."""
    return any([NOBODY in one.text async for one in examine(world.program)])


async def test_an_open_page_does_not_hold_up_the_stop(tmp_path: Path) -> None:
    async with open_world(database(tmp_path), files_dir=tmp_path / "files") as world:
        assert await nobody_may_enter(world)
        _member, password = await world.program.pages.office.add(Who("", "test"), "anna", "Anna", StaffRole.agent)
        assert not await nobody_may_enter(world)
        assert (await world.http.get("/desk")).headers["location"] == "/desk/login"
        form = {"login": "anna", "password": password}
        entered = await world.http.post("/desk/login", data=form, headers={"Origin": world.url})
        assert entered.status_code == 303 and entered.headers["location"] == "/desk"
        for path in ("/desk", "/desk/"):
            assert (await world.http.get(path)).status_code == 200
        heard = asyncio.Event()

        async def listen() -> list[str]:
            lines = []
            async with world.http.stream("GET", "/desk/live") as answer:
                assert answer.headers["content-type"].startswith("text/event-stream")
                async for line in answer.aiter_lines():
                    lines.append(line)
                    heard.set()
            return lines

        listening = asyncio.create_task(listen())
        async with asyncio.timeout(20):
            await heard.wait()
        world.program.pages.closing.set()
        begun = time.monotonic()
        async with asyncio.timeout(20):
            assert "event: inbox" in await listening
        assert time.monotonic() - begun < 10


async def test_the_desk_can_be_switched_off(tmp_path: Path) -> None:
    async with open_world(database(tmp_path), files_dir=tmp_path / "files", desk=False) as world:
        assert (await world.http.get("/desk")).status_code == 404
        assert (await world.http.get("/desk/login")).status_code == 404
        assert not await nobody_may_enter(world)
