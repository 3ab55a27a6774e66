"""Whatever happens in whatever order: the subscriber sees each public answer once and in order, Zammad each message."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.appeals.models import OPEN
from core.appeals.staff import NotPossible
from tests.helpdesk.doubles.zammad import Letter
from tests.helpdesk.house import AGENT, House, open_house

FAULTS = ("fails_before", "fails_after", "hangs", "proxy", "reads_fail")
STATES = ("open", "pending reminder", "closed")

deeds = st.one_of(
    st.tuples(st.just("says")),
    st.tuples(st.just("public"), st.sampled_from(("", *STATES))),
    st.tuples(st.just("internal"), st.sampled_from(("", *STATES))),
    st.tuples(st.just("state"), st.sampled_from(STATES)),
    st.tuples(st.just("desk"), st.sampled_from(("reply", "ask", "resolve"))),
    st.tuples(st.just("fault"), st.sampled_from(FAULTS)),
    st.tuples(st.just("deliver"), st.sampled_from(("all", "none", "twice", "backwards"))),
    st.tuples(st.just("work"), st.integers(1, 3)),
    st.tuples(st.just("later")),
)


@pytest.mark.slow
@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(deeds, min_size=3, max_size=14))
def test_any_order(story: list[tuple[str, ...]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(live(story, Path(folder)))


async def live(story: list[tuple[str, ...]], folder: Path) -> None:
    async with open_house(f"sqlite+aiosqlite:///{folder}/test.db", folder) as house:
        said, answers, hidden, own = ["begin"], [], [], []
        appeal = await house.appeal("begin")
        await house.work()
        ticket = await house.ticket(appeal)
        kept: list[Letter] = []
        for number, (what, *how) in enumerate(story):
            word = f"w{number}."
            match what:
                case "says":
                    said.append(word)
                    await house.says(appeal, word)
                case "public":
                    answers.append(word)
                    house.zammad.agent_writes(ticket, word, state=str(how[0]))
                case "internal":
                    hidden.append(word)
                    house.zammad.agent_writes(ticket, word, internal=True, state=str(how[0]))
                case "state":
                    house.zammad.agent_sets(ticket, str(how[0]))
                case "desk":
                    try:
                        await getattr(house.desk, str(how[0]))(AGENT, appeal.number, word)
                        own.append(word)
                    except NotPossible:
                        pass  # it is over
                case "fault":
                    setattr(house.zammad.faults, str(how[0]), 1)
                case "deliver":
                    kept = house.zammad.take_letters() or kept
                    order = {"all": kept, "none": [], "twice": [*kept, *kept], "backwards": kept[::-1]}
                    await house.deliver(order[str(how[0])])
                case "work":
                    for _ in range(int(how[0])):
                        await house.worker.drain()
                case "later":
                    await house.later()
        await end(house)
        thread = house.zammad.thread(ticket)
        assert [one["body"] for one in thread if one["sender"] == "Customer"] == said
        by_us = [one["body"] for one in thread if one["sender"] == "Agent" and one["message_id"]]
        assert by_us == own  # each once, and nothing of the agents' own is sent back
        staff = await house.staff_said(appeal)
        assert [one for one in staff if one in answers] == answers
        assert [one for one in staff if one in own] == own
        heard = await house.heard()
        for word in answers + own:
            assert sum(word in one for one in heard) == 1
        assert not any(word in one for one in heard for word in hidden)
        assert len(house.zammad.tickets) == 1
        over = (await house.now(appeal)).status not in OPEN
        assert over == (house.zammad.tickets[ticket]["state"] == "closed")  # both say the same in the end


async def end(house: House) -> None:
    for name in FAULTS:
        setattr(house.zammad.faults, name, 0)
    await house.deliver()
    for _ in range(3):
        await house.later()
