"""Bad days of Zammad and kills of ours: nothing lost, nothing made twice, on both databases."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from bot.integrations.helpdesk.zammad_client import ZammadClient
from core.appeals.models import AppealStatus
from core.database import Database, metadata
from tests.helpdesk.house import AGENT, House, open_house

PDF = b"%PDF-1.7\n" + b"x" * 100


@pytest.mark.parametrize("fault", ["fails_before", "fails_after", "hangs", "hangs_first", "proxy", "reads_fail"])
@pytest.mark.parametrize("when", [0, 1, 2, 3])
async def test_each_call_may_go_wrong(house: House, fault: str, when: int) -> None:
    """``when``: after so many calls that went well."""
    appeal = await house.appeal("one", "two")
    if when == 0:
        setattr(house.zammad.faults, fault, 2)
    for number in range(3):
        if when == number + 1:
            setattr(house.zammad.faults, fault, 2)
        await house.says(appeal, f"more {number}")
        await house.worker.drain()
        house.zammad.late()
    await house.work()
    for _ in range(3):
        await house.later()
    assert len(house.zammad.tickets) == 1
    assert house.zammad.said(await house.ticket(appeal)) == ["one", "two", "more 0", "more 1", "more 2"]


async def test_a_call_that_comes_through_late_is_not_made_twice(house: House) -> None:
    appeal = await house.appeal("one")
    house.zammad.faults.hangs_first = 1
    await house.worker.drain()
    assert house.zammad.tickets == {}
    for _ in range(4):  # tried again at once: the first call may still be on its way
        await house.worker.drain()
    house.zammad.late()
    await house.work()
    await house.later()
    assert len(house.zammad.tickets) == 1
    assert house.zammad.said(await house.ticket(appeal)) == ["one"]


async def test_nonsense_is_no_answer(house: House) -> None:
    appeal = await house.appeal("one")
    for answer in (
        (200, b"<html>log in</html>"),
        (200, b"[]"),
        (200, b'{"id": "x"}'),
        (302, b""),
        (401, b"{}"),
        (403, b"{}"),
        (429, b""),
    ):
        house.zammad.faults.answers = answer
        await house.worker.drain()
        await house.later()
    house.zammad.faults.answers = None
    for _ in range(2):
        await house.later()
    assert house.zammad.said(await house.ticket(appeal)) == ["one"]


async def test_two_processes_at_once(house: House) -> None:
    appeal = await house.appeal("one", "two", "three")
    ends = await asyncio.gather(*(house.mirror.bring(appeal.id) for _ in range(5)), return_exceptions=True)
    assert any(end is None for end in ends)
    await house.work()
    ticket = await house.ticket(appeal)
    house.zammad.agent_writes(ticket, "a")
    house.zammad.agent_writes(ticket, "b", state="closed")
    await asyncio.gather(*(house.intake.take(ticket) for _ in range(5)), return_exceptions=True)
    await house.deliver()
    await house.later()
    assert house.zammad.said(ticket) == ["one", "two", "three"]
    assert await house.staff_said(appeal) == ["a", "b"]


class Killed(BaseException):
    """What ends a process ends it here: no handler of ours catches it."""


class Steps:
    """Counts database commits and calls to Zammad, and kills before or after one of them."""

    def __init__(self, kill_at: int | None) -> None:
        self.kill_at = kill_at
        self.count = 0
        self.on = False  # only the program's own work is interrupted, not what the story's people do

    def step(self) -> None:
        self.count += self.on
        if self.on and self.count == self.kill_at:
            raise Killed


async def story(house: House, surviving: Callable[[Callable[[], Awaitable[Any]]], Awaitable[None]]) -> Any:
    """All that can happen, in steps that a kill may interrupt and a restart goes on with."""
    appeal = await house.appeal("one", "two")
    await house.sends_file(appeal, "a.pdf", PDF, "application/pdf")
    await surviving(house.work)
    ticket = await house.ticket(appeal)
    house.zammad.agent_writes(ticket, "hidden", internal=True)
    house.zammad.agent_writes(ticket, "first", files={"b.pdf": PDF})
    house.zammad.agent_writes(ticket, "long " * 1000)
    letters = house.zammad.take_letters()
    await surviving(lambda: house.deliver([*letters[::-1], *letters]))  # Zammad calls again
    await surviving(house.work)
    await house.desk.reply(AGENT, appeal.number, "from the desk")
    await surviving(house.work)
    house.zammad.agent_writes(ticket, "the end", state="closed")
    letters = house.zammad.take_letters()
    await surviving(lambda: house.deliver(letters))
    await surviving(house.work)
    await house.says(appeal, "no")
    await surviving(house.work)
    for _ in range(3):
        await surviving(house.later)
    return appeal


async def live(url: str, folder: Path, kill_at: int | None) -> int:
    """The story with one kill; how many steps there were."""
    async with open_house(url, folder) as house:
        steps = Steps(kill_at)
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(Database, "write", _method(steps, Database.write))
            patched.setattr(ZammadClient, "_call", _method(steps, ZammadClient._call))

            async def surviving(do: Callable[[], Awaitable[Any]]) -> None:
                for _ in range(2):
                    steps.on = True
                    try:
                        await do()
                        return
                    except Killed:
                        steps.kill_at = None
                    finally:
                        steps.on = False

            appeal = await story(house, surviving)
        ticket = await house.ticket(appeal)
        assert len(house.zammad.tickets) == 1
        assert house.zammad.said(ticket) == ["one", "two", "[a.pdf]", "no"]
        assert house.zammad.said(ticket, "Agent").count("from the desk") == 1
        public = [
            one["body"] for one in house.zammad.thread(ticket) if one["sender"] == "Agent" and not one["internal"]
        ]
        assert [one[:8] for one in public] == ["first", "long lon", "from the", "the end"]
        said = await house.staff_said(appeal)
        assert [one[:8] for one in said] == ["first", "b.pdf", "long lon", "long lon", "from the", "the end"]
        assert not any("hidden" in one for one in await house.heard())
        assert sum("the end" in one for one in await house.heard()) == 1
        now = await house.now(appeal)
        assert now.status is AppealStatus.reopened
        assert house.zammad.tickets[ticket]["state"] == "open"
        return steps.count


def _method(steps: Steps, original: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    async def stepped(self: Any, *args: Any, **kwargs: Any) -> Any:
        steps.step()
        result = await original(self, *args, **kwargs)
        steps.step()
        return result

    return stepped


@pytest.mark.slow
async def test_a_kill_at_any_step(database_url: str, tmp_path: Path) -> None:
    """Before and after commits and calls: some of them, on each run the same; `make test-kills` takes them all."""
    most = await live(database_url, tmp_path, None)
    assert most > 100
    stride = 1 if os.environ.get("ABONENT_ALL_KILLS") else 61
    for number in range(stride // 2 + 1, most + 1, stride):
        emptied = Database(database_url)
        await emptied.write(metadata.drop_all)
        await emptied.close()
        await live(database_url, tmp_path / str(number), number)
