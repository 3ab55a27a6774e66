"""The audit log, and the ready answers that supervisors write."""

from __future__ import annotations

from sqlalchemy import Connection
from starlette.responses import Response

from core.staff import accounts, audit, templates
from core.staff.templates import PLACEHOLDERS
from handlers.desk.answers import Missing, say
from handlers.desk.desk import Desk
from handlers.desk.visit import Visit


async def audit_page(desk: Desk, visit: Visit) -> Response:
    chosen = {name: visit.asked(name) for name in ("staff_id", "what", "detail")}
    lines = await desk.database.read(audit.page, **chosen, before=visit.asked("before"), size=audit.PAGE + 1)
    return desk.view.show(
        visit,
        "audit.html",
        lines=lines[: audit.PAGE],
        more=lines[audit.PAGE - 1].id if len(lines) > audit.PAGE else "",
        chosen=chosen,
        staff=await desk.database.read(accounts.everybody),
        kinds=await desk.database.read(audit.kinds),
    )


async def templates_page(desk: Desk, visit: Visit) -> Response:
    found = await desk.database.read(templates.every)
    edited = next((one for one in found if one.id == visit.asked("edit")), None)
    return desk.view.show(
        visit, "templates.html", templates=found, edited=edited, placeholders=PLACEHOLDERS, kinds=list(desk.rules.kinds)
    )


async def save_template(desk: Desk, visit: Visit) -> Response:
    title = visit.field("title")
    kind, template_id, body = visit.field("kind", 30), visit.field("id", 16), visit.words_of("body")
    now = desk.clock.now()

    def save(connection: Connection) -> None:
        templates.save(connection, template_id, title, body, kind, now)
        audit.write(connection, visit.who, "template saved", title, now)

    await desk.database.write(save)
    return say(visit, visit.words.t("Saved."), "/desk/templates")


async def delete_template(desk: Desk, visit: Visit) -> Response:
    found = await desk.database.read(templates.find, visit.path("template_id"))
    if found is None:
        raise Missing
    now = desk.clock.now()

    def drop(connection: Connection) -> None:
        templates.drop(connection, found.id)
        audit.write(connection, visit.who, "template deleted", found.title, now)

    await desk.database.write(drop)
    return say(visit, visit.words.t("Deleted."), "/desk/templates")
