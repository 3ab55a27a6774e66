"""One's own page gives out the code with which the bot in Telegram learns who one is, where there is a group."""

from __future__ import annotations

import re
from dataclasses import replace

from starlette.applications import Starlette

from core.staff import binding
from core.staff.models import StaffRole
from handlers.desk.routes import desk_routes
from tests.desk.conftest import Room, Seat


async def with_group(room: Room) -> Seat:
    room.app = Starlette(routes=desk_routes(replace(room.desk, staff_group=True)))
    return await room.seat(StaffRole.agent, "anna")


async def test_a_code_is_shown_once_and_binds(room: Room) -> None:
    seat = await with_group(room)
    assert seat.member is not None
    shown = await seat.post("/desk/me/telegram")
    found = re.search(r"/bind ([2-9A-Z]{5}-[2-9A-Z]{5})", shown.text)
    assert found is not None
    assert found[1] not in (await seat.get("/desk/me")).text
    bound = await room.database.write(binding.bind, found[1], "700", room.clock.now())
    assert bound == await room.database.read(binding.member_of, "700")
    assert "The bot knows you there" in (await seat.get("/desk/me")).text
    await seat.post("/desk/me/telegram/forget")
    assert await room.database.read(binding.member_of, "700") is None


async def test_without_a_group_there_is_nothing_of_it(room: Room) -> None:
    seat = await room.seat(StaffRole.administrator)
    assert "Make a code" not in (await seat.get("/desk/me")).text
    assert (await seat.post("/desk/me/telegram")).status_code == 404


async def test_a_code_needs_the_pages_token(room: Room) -> None:
    seat = await with_group(room)
    answer = await seat.post("/desk/me/telegram", {"csrf": "forged"})
    assert answer.status_code == 403 and "/bind " not in answer.text
