"""Every route of the desk, with each role and with none: what is in the list of routes is walked, whatever it is."""

from __future__ import annotations

import re

import pytest

from core.staff.models import StaffRole
from core.staff.rights import RIGHTS
from handlers.desk.guard import Way
from handlers.desk.routes import WAYS
from tests.desk.conftest import Room

PUBLIC = {"GET /desk/static/{mark}/{name}", "GET /desk/login", "POST /desk/login"}


def address(way: Way) -> str:
    """The route with something in each hole; numbers where a number is wanted."""
    return re.sub(r"\{\w+(:\w+)?\}", lambda hole: "1" if ":int" in hole[0] else "none", way.path)


def named(way: Way) -> str:
    return f"{way.method} {way.path}"


def test_only_the_entrance_is_open_to_everybody() -> None:
    assert {named(way) for way in WAYS if way.right is None} == PUBLIC
    assert len({named(way) for way in WAYS}) == len(WAYS)


async def test_an_address_that_no_database_takes_leads_nowhere(room: Room) -> None:
    seat = await room.seat(StaffRole.administrator)
    for path in ("/desk/staff/%00", "/desk/appeals/1/files/%00", "/desk/staff/%ff"):
        assert (await seat.get(path)).status_code == 404, path
    for path in ("/desk/outages/%00/end", "/desk/payments/%00/done", "/desk/templates/%00/delete"):
        assert (await seat.post(path)).status_code == 404, path


async def test_nobody_is_sent_to_the_log_in(room: Room) -> None:
    await room.appeal()
    seat = room.browser()
    for way in WAYS:
        if way.right is not None:
            answer = await (seat.get(address(way)) if way.method == "GET" else seat.post(address(way)))
            assert answer.status_code == 303, named(way)
            assert answer.headers["location"].startswith("/desk/login"), named(way)


@pytest.mark.parametrize("role", list(StaffRole))
async def test_each_role_goes_where_it_may_and_nowhere_else(room: Room, role: StaffRole) -> None:
    await room.appeal()
    seat = await room.seat(role)
    assert seat.csrf
    for way in sorted(WAYS, key=lambda way: "logout" in way.path):
        if way.right is None or "{session_id}" in way.path:
            continue
        if "/live" in way.path:  # a stream: it has a test of its own
            continue
        answer = await (seat.get(address(way)) if way.method == "GET" else seat.post(address(way)))
        if way.right in RIGHTS[role]:
            assert answer.status_code not in (401, 403, 500), f"{named(way)}: {answer.status_code}"
        else:
            assert answer.status_code == 403, f"{named(way)}: {answer.status_code}"


async def test_a_form_of_another_site_or_without_its_token_changes_nothing(room: Room) -> None:
    await room.appeal()
    seat = await room.seat(StaffRole.administrator)
    foreign: tuple[dict[str, str], ...] = (
        {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"},
        {"Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "null"},
        {},  # nothing says where it came from
    )
    for way in [way for way in WAYS if way.method == "POST"]:
        for headers in foreign:
            sent = await seat.http.post(address(way), data={"csrf": seat.csrf}, headers=headers)
            assert sent.status_code == 403, f"{named(way)} {headers}"
        for token in ("", "wrong", "\u00e9"):
            assert (await seat.post(address(way), {"csrf": token})).status_code == 403, named(way)
    assert (await seat.get("/desk/me")).status_code == 200
    assert (await room.now(1)).version == 2, "the appeal is as it was"


async def test_another_members_token_does_not_fit(room: Room) -> None:
    one = await room.seat(StaffRole.agent, "one")
    two = await room.seat(StaffRole.agent, "two")
    assert (await one.post("/desk/me/profile", {"csrf": two.csrf, "name": "X"})).status_code == 403


async def test_every_answer_says_what_a_browser_may_do_with_it(room: Room) -> None:
    seat = await room.seat(StaffRole.administrator)
    for path in ("/desk/login", "/desk/me", "/desk/staff", "/desk/nothing-here", "/desk/staff/none"):
        headers = (await seat.get(path)).headers
        if path == "/desk/nothing-here":
            continue
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy
        assert headers["x-frame-options"] == "DENY"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"


async def test_pages_have_no_scripts_or_styles_in_them(room: Room) -> None:
    """The policy would silence them: a page that needs one would be broken."""
    await room.appeal()
    seat = await room.seat(StaffRole.administrator)
    for way in WAYS:
        if way.method != "GET" or "static" in way.path or "/live" in way.path:
            continue
        text = (await seat.get(address(way))).text
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=|javascript:", text), named(way)
