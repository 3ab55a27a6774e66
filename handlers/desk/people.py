"""The staff's accounts, for administrators: who is taken on, who does what, who leaves."""

from __future__ import annotations

from starlette.responses import Response

from core.staff import accounts, sessions
from core.staff.models import Member, StaffRole
from handlers.desk.answers import Missing, say
from handlers.desk.desk import Desk
from handlers.desk.visit import Visit


async def staff_page(desk: Desk, visit: Visit) -> Response:
    return await _page(desk, visit)


async def _page(desk: Desk, visit: Visit, made: tuple[Member, str] | None = None) -> Response:
    """``made``: whose new password is shown, this once."""
    return desk.view.show(
        visit, "staff.html", staff=await desk.office.everybody(), roles=list(StaffRole), made=made, now=desk.clock.now()
    )


async def member_page(desk: Desk, visit: Visit) -> Response:
    return await _member(desk, visit, await _wanted(desk, visit))


async def _member(desk: Desk, visit: Visit, member: Member, password: str = "") -> Response:
    now = desk.clock.now()
    theirs = await desk.database.read(sessions.of_member, member.id, now)
    return desk.view.show(
        visit, "member.html", member=member, sessions=theirs, roles=list(StaffRole), password=password, now=now
    )


async def add_member(desk: Desk, visit: Visit) -> Response:
    made = await desk.office.add(visit.who, visit.field("login"), visit.field("name"), _role(visit))
    return await _page(desk, visit, made)


async def set_role(desk: Desk, visit: Visit) -> Response:
    member = await _wanted(desk, visit)
    await desk.office.set_role(visit.who, member.id, _role(visit))
    return say(visit, visit.words.t("The role is changed. Their sessions have ended."), f"/desk/staff/{member.id}")


async def reset_password(desk: Desk, visit: Visit) -> Response:
    member = await _wanted(desk, visit)
    return await _member(desk, visit, member, await desk.office.set_password(visit.who, member.id))


async def set_active(desk: Desk, visit: Visit) -> Response:
    member = await _wanted(desk, visit)
    await desk.office.set_active(visit.who, member.id, visit.field("active") == "yes")
    return say(visit, visit.words.t("Saved."), f"/desk/staff/{member.id}")


async def end_sessions(desk: Desk, visit: Visit) -> Response:
    member = await _wanted(desk, visit)
    await desk.doors.end_sessions(visit.who, member.id)
    return say(visit, visit.words.t("All their sessions have ended."), f"/desk/staff/{member.id}")


def _role(visit: Visit) -> StaffRole:
    said = visit.field("role")
    if said not in list(StaffRole):
        raise Missing
    return StaffRole(said)


async def _wanted(desk: Desk, visit: Visit) -> Member:
    member = await desk.database.read(accounts.by_id, visit.path("staff_id"))
    if member is None:
        raise Missing
    return member
