"""Mirroring is killed between any two of its calls: a message stands there at most once more, and never elsewhere."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from core.errors import OutsideUnavailable
from tests.group.conftest import AT_THE_DESK, Rig
from tests.sandbox.conftest import png

MARGIN = timedelta(minutes=5)  # longer than any lease, and enough for the group's pace


class Killed(BaseException):
    """Not an Exception: nothing may catch it on its way, as nothing catches SIGKILL."""


class Executioner:
    """Ends the program before or after the n-th call to the Bot API."""

    def __init__(self, at: int, *, after: bool) -> None:
        self.left = at
        self.after = after
        self.fired = False

    async def __call__(self, make: Callable[..., Awaitable[Any]], bot: Any, method: Any) -> Any:
        self.left -= 1
        if self.left == 0 and not self.after:
            self.fired = True
            raise Killed
        answer = await make(bot, method)
        if self.left == 0 and self.after:
            self.fired = True
            raise Killed
        return answer


async def brought(rig: Rig, appeal_id: str, executioner: Any) -> None:
    """A run that is killed, and the runs of the program that was started after it."""
    rig.bot.session.middleware.register(executioner)
    try:
        await rig.group.mirror.bring(appeal_id)
    except Killed:
        pass
    finally:
        rig.bot.session.middleware.unregister(executioner)
    rig.start()
    rig.clock.move(MARGIN)
    await rig.group.mirror.bring(appeal_id)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
async def test_a_new_appeal_is_killed_at_each_step(rig: Rig, after: bool) -> None:
    other = await rig.subscriber("Boris Orlov", "+79000000011")
    theirs = await rig.appeal(other, "Words of another")
    await rig.settle()
    anna = await rig.subscriber("Anna Petrova", "+79000000010")
    step = 0
    while True:
        step += 1
        rig.clock.move(MARGIN)
        appeal = await rig.appeal(anna, f"First of {step}", f"Second of {step}")
        await rig.desk.reply(AT_THE_DESK, appeal.number, f"Third of {step}", [await rig.file(png())])
        executioner = Executioner(step, after=after)
        await brought(rig, appeal.id, executioner)
        topics = [topic for topic in rig.forum.topics.values() if f"No. {appeal.number} " in topic.name]
        assert len(topics) == 1 or (len(topics) == 2 and after and step == 1)
        whole = topics[-1].id
        said = [text for text in rig.forum.texts(whole) if " of " in text and not text.startswith("No.")]
        once = [text for place, text in enumerate(said) if place == 0 or said[place - 1] != text]
        assert once == [f"👤 First of {step}", f"👤 Second of {step}", f"💬 Staff: Third of {step}"]
        assert len(said) <= 4
        pictures = [one for one in rig.forum.messages(whole) if "photo" in one]
        assert len(pictures) in (1, 2)
        assert rig.said(theirs) == ["👤 Words of another"]
        if not executioner.fired:
            break
    assert step > 6


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
async def test_a_change_is_killed_at_each_step(rig: Rig, after: bool) -> None:
    anna = await rig.subscriber("Anna Petrova", "+79000000010")
    step = 0
    while True:
        step += 1
        rig.clock.move(MARGIN)
        appeal = await rig.appeal(anna, "No internet")
        await rig.settle()
        await rig.desk.resolve(AT_THE_DESK, appeal.number, f"Solved {step}")
        await rig.database.write(rig.services.appeals.confirm(appeal.id).apply)
        executioner = Executioner(step, after=after)
        await brought(rig, appeal.id, executioner)
        topic = rig.topic(appeal)
        assert topic.closed and topic.name.startswith("🔒")
        assert 1 <= sum(text == f"💬 Staff: Solved {step}" for text in rig.said(appeal)) <= 2
        assert "closed" in rig.forum.texts(topic.id)[0]
        if not executioner.fired:
            break
    assert step > 3


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
async def test_an_answer_of_staffs_is_killed_at_each_step(rig: Rig, after: bool) -> None:
    """Whatever call ends the program, the subscriber is told once, and the member of staff hears that it went."""
    olga = rig.sandbox.telegram.person("Olga Sidorova", "+79000000200", "en")
    await rig.member(olga)
    anna = await rig.subscriber("Anna Petrova", "+79000000010")
    step = 0
    while True:
        step += 1
        rig.clock.move(MARGIN)
        appeal = await rig.appeal(anna, "No internet")
        await rig.settle()
        said = rig.forum.send_document(olga, f"act{step}.pdf", b"%PDF-1.4", rig.topic(appeal).id, f"Words {step}")
        for raw in await rig.fetch():
            await rig.receiver.receive(raw)  # is written down, and may not come again
            rig.offset = raw["update_id"] + 1
        executioner: Any = Executioner(step, after=after)
        rig.bot.session.middleware.register(executioner)
        with contextlib.suppress(Killed):
            while await rig.worker.drain():
                pass
        rig.bot.session.middleware.unregister(executioner)
        rig.start()
        rig.clock.move(MARGIN)
        await rig.settle()
        told = [one for one in anna.messages if one.who == "bot"]
        assert sum(f"Words {step}" in one.text for one in told) == 1
        assert sum(bool(one.document) and one.document["name"] == f"act{step}.pdf" for one in told if one.document) == 1
        assert rig.forum.reactions.given[said["message_id"]] == "👍"
        assert len((await rig.thread(appeal)).messages) == 3
        if not executioner.fired:
            break
    assert step > 2


async def test_two_processes_bring_an_appeal_once(rig: Rig) -> None:
    anna = await rig.subscriber("Anna Petrova", "+79000000010")
    appeal = await rig.appeal(anna, "No internet", "At all")
    first = rig.group.mirror
    rig.start()
    ends = await asyncio.gather(first.bring(appeal.id), rig.group.mirror.bring(appeal.id), return_exceptions=True)
    assert all(end is None or isinstance(end, OutsideUnavailable) for end in ends)
    assert rig.said(appeal) == ["👤 No internet", "👤 At all"]
