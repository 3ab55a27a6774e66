"""The list of appeals: views, filters, search, pages; and what it tells open pages."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta

import pytest

from core.appeals.models import Actor
from core.staff.audit import Who
from core.staff.inbox import PAGE
from core.staff.models import StaffRole
from handlers.desk.live import _events
from tests.desk.conftest import Room, Seat


def numbers(text: str) -> list[int]:
    return [int(one) for one in re.findall(r'id="line-(\d+)"', text)]


async def listed(seat: Seat, query: str = "") -> list[int]:
    answer = await seat.get(f"/desk?{query}")
    assert answer.status_code == 200
    return numbers(answer.text)


async def test_views_and_filters(room: Room) -> None:
    seat = await room.seat(StaffRole.agent)
    other = await room.hire("boris")
    assert seat.member is not None
    actor = Actor(seat.member.id, seat.member.name, "desk")
    for kind in ("technical", "finance", "person"):
        await room.appeal(kind=kind)
    await room.appeal("Please link it", "link", account="7700101008", number=2)
    acts = room.desk.acts
    await acts.assign(actor, 1, seat.member.id)
    await acts.assign(actor, 2, other.id)
    await acts.ask(actor, 2, "Which month?")
    await acts.resolve(actor, 3, "Done")

    assert set(await listed(seat)) == {1, 2, 4}
    assert await listed(seat, "view=mine") == [1]
    assert await listed(seat, "view=unassigned") == [4]
    assert await listed(seat, "view=links") == [4]
    assert await listed(seat, "view=pending") == [2]
    assert await listed(seat, "view=settled") == [3]
    assert set(await listed(seat, "view=all")) == {1, 2, 3, 4}
    assert await listed(seat, "kind=finance") == [2]
    assert await listed(seat, "status=pending") == [2]
    assert await listed(seat, "channel=viber") == []
    assert await listed(seat, "account=01008") == [4]
    assert await listed(seat, f"assignee={other.id}") == [2]
    assert await listed(seat, "since=2026-03-11") == []
    assert set(await listed(seat, "since=2026-03-10&until=2026-03-10")) == {1, 2, 4}
    assert '<span class="count">3</span>' in (await seat.get("/desk")).text
    room.clock.move(timedelta(days=3))
    await seat.log_in("the-agent")
    assert set(await listed(seat, "view=overdue")) == {1, 4}, "what waits for the subscriber is not late"


@pytest.mark.parametrize(
    "query", ["%", "_", "'", '"', "\\", "<script>", "№", "x" * 500, "\u0000", "-1", "99999999999999"]
)
async def test_no_search_breaks_it(room: Room, query: str) -> None:
    await room.appeal("Ничего особенного")
    seat = await room.seat(StaffRole.agent)
    answer = await seat.get(
        "/desk", params={"q": query, "account": query, "kind": query, "page": query, "since": query}
    )
    assert answer.status_code == 200
    assert "<script>" not in answer.text
    assert (await seat.get("/desk", params={"q": query})).status_code == 200


async def test_search_finds_by_number_phone_account_name_and_words_in_any_case(room: Room) -> None:
    await room.person(5, "Галина Смирнова", "ru")
    await room.appeal("Нет интернета со вчерашнего дня", number=5, account="7700100218")
    await room.appeal("Другое", number=6)
    seat = await room.seat(StaffRole.agent)
    for words in (
        "1",
        "№1",
        "ИНТЕРНЕТА",
        "нет вчерашнего",
        "смирнова",
        "7700100218",
        "+7 (900) 000-00-05",
        "Галина дня",
    ):
        found = numbers((await seat.get("/desk", params={"q": words})).text)
        assert 1 in found, words
    for words in ("100%", "нет_интернета", "интернета другое"):
        assert numbers((await seat.get("/desk", params={"q": words})).text) == [], words


async def test_pages_and_order(room: Room) -> None:
    await room.person()
    for number in range(PAGE + 3):
        room.clock.move(timedelta(minutes=1))
        await room.appeal(f"No. {number}")
    seat = await room.seat(StaffRole.agent)
    first, second = await listed(seat), await listed(seat, "page=2")
    assert len(first) == PAGE and len(second) == 3
    assert first + second == sorted(first + second), "the nearest deadline on top"
    assert (await listed(seat, "sort=new"))[0] == PAGE + 3


async def test_the_part_that_htmx_asks_for_is_the_list_alone(room: Room) -> None:
    await room.appeal()
    seat = await room.seat(StaffRole.agent)
    part = (await seat.get("/desk", headers={"HX-Request": "true"})).text
    assert part.lstrip().startswith('<div id="inbox"') and "<html" not in part
    gone = await room.browser().get("/desk", headers={"HX-Request": "true"})
    assert gone.status_code == 401 and gone.headers["hx-redirect"] == "/desk/login"


async def test_open_pages_hear_of_a_change_and_of_the_end_of_their_session(room: Room) -> None:
    appeal = await room.appeal()
    seat = await room.seat(StaffRole.agent)
    assert seat.member is not None
    token = seat.http.cookies["__Host-desk"]
    events = _events(room.desk, token, appeal.id)
    heard = [(await anext(events)).event for _ in range(3)]
    assert heard == [None, "inbox", "thread"], "what may have come while the page was on its way"
    waiting = asyncio.ensure_future(anext(events))
    await room.desk.acts.note(Actor(), appeal.number, "A note")
    assert {(await waiting).event, (await anext(events)).event} == {"inbox", "thread"}
    await room.desk.doors.end_sessions(seat_who(seat), seat.member.id)
    async for event in events:
        assert event.event == "bye"
    assert [event async for event in events] == []


async def test_streams_end_when_the_program_stops(room: Room) -> None:
    seat = await room.seat(StaffRole.agent)
    events = _events(room.desk, seat.http.cookies["__Host-desk"], "")
    await anext(events)
    await anext(events)
    room.desk.closing.set()
    async with asyncio.timeout(5):
        assert [event async for event in events] == []


def seat_who(seat: Seat) -> Who:
    assert seat.member is not None
    return Who(seat.member.id, seat.member.login)
