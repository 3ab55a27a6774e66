"""The way in: cookies, pauses that grow, sessions that end at once, and nothing said of who exists."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Connection, select

from core.staff import audit, binding, sessions
from core.staff.audit import Who
from core.staff.binding_tables import staff_codes
from core.staff.models import StaffRole
from core.staff.tables import staff, staff_audit, staff_sessions
from tests.desk.conftest import PASSWORD, Room


async def test_the_cookie_is_for_this_host_alone_and_no_script_reads_it(room: Room) -> None:
    await room.hire("anna")
    answer = await room.browser().log_in("Anna ")
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-desk=")
    for part in ("HttpOnly", "Secure", "Path=/", "SameSite=lax"):
        assert part in cookie
    assert "Domain" not in cookie


async def test_over_plain_http_the_cookie_still_works(room: Room) -> None:
    """The demo, and a desk in the office's own network behind nothing."""
    await room.hire("anna")
    seat = room.browser()
    seat.http.base_url = "http://127.0.0.1:8080"
    origin = {"Origin": "http://127.0.0.1:8080", "Host": "127.0.0.1:8080"}
    answer = await seat.post("/desk/login", {"login": "anna", "password": PASSWORD}, headers=origin)
    assert answer.status_code == 303
    assert answer.headers["set-cookie"].startswith("desk=")
    assert "Secure" not in answer.headers["set-cookie"]


async def test_only_the_hash_of_the_token_and_of_the_password_is_kept(room: Room) -> None:
    await room.hire("anna")
    seat = room.browser()
    await seat.log_in("anna")
    token = seat.http.cookies["__Host-desk"]
    kept = await room.database.read(lambda c: c.execute(select(staff_sessions)).one())
    assert kept.token_hash == sessions.hash_token(token) != token
    hashed = (await room.database.read(lambda c: c.execute(select(staff)).one())).password_hash
    assert hashed.startswith("$argon2id$") and PASSWORD not in hashed


async def test_a_wrong_name_and_a_wrong_password_look_alike(room: Room) -> None:
    await room.hire("anna")
    wrong = await room.browser(host="198.51.100.1").log_in("anna", "not-the-password")
    nobody = await room.browser(host="198.51.100.2").log_in("boris", "not-the-password")
    assert wrong.status_code == nobody.status_code == 401
    assert wrong.text.replace("anna", "") == nobody.text.replace("boris", "")
    assert "set-cookie" not in wrong.headers


async def test_pauses_grow_and_are_the_same_for_nobody(room: Room) -> None:
    await room.hire("anna")
    for login in ("anna", "nobody"):
        seat = room.browser(host=f"198.51.100.{len(login)}")
        for _ in range(3):
            assert (await seat.log_in(login, "not-the-password")).status_code == 401
        assert (await seat.log_in(login, "not-the-password")).status_code == 429
        room.clock.move(timedelta(seconds=3))
        assert (await seat.log_in(login, "not-the-password")).status_code == 401
        room.clock.move(timedelta(seconds=3))
        held = await seat.log_in(login, PASSWORD)
        assert held.status_code == 429, "even the right one waits: it grew to four seconds"
        assert "Too many tries" in held.text
    room.clock.move(timedelta(minutes=16))
    assert (await room.browser(host="198.51.100.4").log_in("anna")).status_code == 303


async def test_one_address_trying_many_names_is_paused(room: Room) -> None:
    await room.hire("anna")
    seat = room.browser()
    for number in range(20):
        assert (await seat.log_in(f"name{number}", "not-the-password")).status_code == 401
    assert (await seat.log_in("anna")).status_code == 429
    assert (await room.browser(host="198.51.100.9").log_in("anna")).status_code == 303, "others go in meanwhile"


async def test_nobody_can_lock_a_member_out_for_long_from_many_addresses(room: Room) -> None:
    await room.hire("anna")
    for number in range(40):
        await room.browser(host=f"10.0.0.{number}").log_in("anna", "not-the-password")
    room.clock.move(timedelta(seconds=31))
    assert (await room.browser().log_in("anna")).status_code == 303


async def test_a_session_ends_at_once_wherever_it_is_ended(room: Room) -> None:
    boss = await room.seat(StaffRole.administrator, "boss")
    agent = await room.seat(StaffRole.agent, "anna")
    assert agent.member is not None

    async def inside() -> bool:
        return (await agent.get("/desk/me")).status_code == 200

    async def back() -> None:
        assert (await agent.log_in("anna")).status_code == 303 and await inside()

    ended = await boss.post(f"/desk/staff/{agent.member.id}/sessions")
    assert ended.status_code == 303 and not await inside()
    await back()
    await boss.post(f"/desk/staff/{agent.member.id}/role", {"role": "supervisor"})
    assert not await inside()
    await back()
    assert "data-row" not in (await boss.get(f"/desk/staff/{agent.member.id}")).text
    shown = await boss.post(f"/desk/staff/{agent.member.id}/password")
    assert shown.status_code == 200 and not await inside()
    assert (await agent.log_in("anna")).status_code == 401, "the old password is no longer good"
    await boss.post(f"/desk/staff/{agent.member.id}/active", {"active": "no"})
    password = shown.text.split("<code>")[2].split("<")[0]
    assert (await agent.log_in("anna", password)).status_code == 401


async def test_a_sentence_for_the_next_page_goes_by_https_alone(room: Room) -> None:
    seat = await room.seat(StaffRole.agent, "anna")
    answer = await seat.post("/desk/me/theme", {"theme": "dark"})
    said = next(one for one in answer.headers.get_list("set-cookie") if one.startswith("desk_said="))
    for part in ("HttpOnly", "Secure", "SameSite=lax"):
        assert part in said


async def test_a_new_password_takes_a_thiefs_telegram_away(room: Room) -> None:
    """Whoever had a session for a while may have bound an account of their own."""
    boss = await room.seat(StaffRole.administrator, "boss")
    agent = (await room.seat(StaffRole.agent, "anna")).member
    assert agent is not None

    def steal(connection: Connection, telegram_id: str) -> None:
        who = Who(agent.id, "anna")
        now = room.clock.now()
        binding.bind(connection, binding.issue(connection, agent, who, now), telegram_id, now)
        binding.issue(connection, agent, who, now)

    for path, data in (("password", {}), ("active", {"active": "no"})):
        await room.database.write(steal, "666")
        assert (await boss.post(f"/desk/staff/{agent.id}/{path}", data)).status_code in (200, 303)
        assert await room.database.read(binding.bound, agent.id) == []
        assert await room.database.read(lambda c: c.execute(select(staff_codes)).all()) == []


async def test_sessions_run_out(room: Room) -> None:
    seat = await room.seat(StaffRole.agent)
    room.clock.move(sessions.IDLE - timedelta(minutes=1))
    assert (await seat.get("/desk/me")).status_code == 200
    room.clock.move(sessions.IDLE - timedelta(minutes=1))
    assert (await seat.get("/desk/me")).status_code == 200, "being there keeps it"
    room.clock.move(sessions.IDLE)
    assert (await seat.get("/desk/me")).status_code == 303
    await seat.log_in("the-agent")
    for _ in range(19):
        room.clock.move(sessions.LONGEST / 20)
        assert (await seat.get("/desk/me")).status_code == 200
    room.clock.move(sessions.LONGEST / 20)
    assert (await seat.get("/desk/me")).status_code == 303, (
        "whoever never leaves signs in anew after a week all the same"
    )


async def test_logging_out_ends_the_session_for_every_copy_of_the_cookie(room: Room) -> None:
    seat = await room.seat(StaffRole.agent)
    copy = room.browser()
    copy.http.cookies.set("__Host-desk", seat.http.cookies["__Host-desk"])
    assert (await copy.get("/desk/me")).status_code == 200
    assert (await seat.post("/desk/logout")).status_code == 303
    assert (await copy.get("/desk/me")).status_code == 303


async def test_changing_the_password_ends_the_other_sessions_alone(room: Room) -> None:
    here = await room.seat(StaffRole.agent, "anna")
    there = room.browser()
    await there.log_in("anna")
    new = {"new": "another-password", "again": "another-password"}
    wrong = await here.post("/desk/me/password", {"old": "wrong"} | new)
    assert wrong.status_code == 303 and "not right" in (await here.get("/desk/me")).text
    short = await here.post("/desk/me/password", {"old": PASSWORD, "new": "short", "again": "short"})
    assert short.status_code == 303 and "at least 10" in (await here.get("/desk/me")).text
    await here.post("/desk/me/password", {"old": PASSWORD} | new)
    assert (await here.get("/desk/me")).status_code == 200
    assert (await there.get("/desk/me")).status_code == 303
    assert (await there.log_in("anna", "another-password")).status_code == 303


async def test_a_member_cannot_end_a_colleagues_session_from_their_own_page(room: Room) -> None:
    one = await room.seat(StaffRole.agent, "one")
    two = await room.seat(StaffRole.agent, "two")
    assert two.member is not None
    [theirs] = await room.database.read(sessions.of_member, two.member.id, room.clock.now())
    assert (await one.post(f"/desk/me/sessions/{theirs.id}")).status_code == 404
    assert (await two.get("/desk/me")).status_code == 200


async def test_the_log_in_leads_on_inside_the_desk_alone(room: Room) -> None:
    await room.hire("anna")
    for to in ("https://evil.example", "//evil.example", "/desk//evil", "/desk\\evil", "/elsewhere", "/desk/login"):
        seat = room.browser()
        answer = await seat.post("/desk/login", {"login": "anna", "password": PASSWORD, "next": to})
        assert answer.headers["location"] == "/desk", to
    answer = await room.browser().post("/desk/login", {"login": "anna", "password": PASSWORD, "next": "/desk/me?a=1"})
    assert answer.headers["location"] == "/desk/me?a=1"


async def test_what_happened_is_on_record_and_no_password_is(room: Room) -> None:
    seat = await room.seat(StaffRole.administrator)
    room.clock.move(timedelta(seconds=1))
    await room.browser().log_in("the-administrator", "not-the-password")
    await room.browser().log_in("my secret, typed in the wrong field", "x")
    room.clock.move(timedelta(seconds=1))
    await seat.post("/desk/staff", {"login": "new.one", "name": "New One", "role": "agent"})
    lines = await room.database.read(audit.page)
    assert [one.what for one in lines][:3] == ["staff added", "log-in failed", "log-in failed"]
    everything = str(await room.database.read(lambda c: c.execute(select(staff_audit)).all()))
    assert "secret" not in everything and PASSWORD not in everything
    page = await seat.get("/desk/audit")
    assert "new.one: agent" in page.text and "203.0.113.7" in page.text


async def test_the_last_administrator_stays(room: Room) -> None:
    seat = await room.seat(StaffRole.administrator)
    assert seat.member is not None
    await seat.post(f"/desk/staff/{seat.member.id}/role", {"role": "agent"})
    assert "last administrator" in (await seat.get("/desk/staff")).text
    await seat.post(f"/desk/staff/{seat.member.id}/active", {"active": "no"})
    assert (await seat.get("/desk/staff")).status_code == 200


async def test_a_script_in_a_name_is_words(room: Room) -> None:
    seat = await room.seat(StaffRole.administrator)
    name = '<script>alert("1")</script>'
    await seat.post("/desk/staff", {"login": "eve", "name": name, "role": "agent"})
    text = (await seat.get("/desk/staff")).text
    assert "<script>alert" not in text and "&lt;script&gt;alert" in text


async def test_too_large_a_form_is_refused(room: Room) -> None:
    seat = await room.seat(StaffRole.administrator)
    assert (await seat.post("/desk/me/profile", {"name": "x" * 400_000})).status_code == 413


async def test_a_forged_sentence_is_not_said(room: Room) -> None:
    seat = await room.seat(StaffRole.agent)
    for forged in ("Li4=.x", "x", "." * 50):
        seat.http.cookies.set("desk_said", forged, path="/desk")
        page = await seat.get("/desk/me")
        assert page.status_code == 200 and 'class="said' not in page.text
        seat.http.cookies.delete("desk_said", path="/desk")
