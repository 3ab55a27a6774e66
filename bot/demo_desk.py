"""The demo's staff: a log-in for each role, ready answers, and the desk on the page's own address."""

from __future__ import annotations

from starlette.applications import Starlette

from core.staff import templates
from core.staff.audit import Who
from core.staff.models import StaffRole
from handlers.desk.desk import Desk
from handlers.desk.routes import desk_routes

_STAFF = (
    ("maria", "Мария Орлова", StaffRole.agent),
    ("igor", "Игорь Ким", StaffRole.agent),
    ("elena", "Елена Громова", StaffRole.supervisor),
    ("admin", "Олег Савин", StaffRole.administrator),
)
_READY = (
    (
        "Перезагрузите роутер",
        "Здравствуйте, {name}! Отключите, пожалуйста, роутер от розетки на минуту и включите снова. "
        "Если не поможет, напишите сюда.",
        "technical",
    ),
    ("Мастер придёт", "{name}, мастер придёт по обращению № {number} завтра с 10 до 14. Наш телефон: {phone}.", ""),
    ("Перерасчёт", "Перерасчёт по счёту {account} вы увидите в следующем счёте.", "finance"),
)


async def furnish(desk: Desk) -> Starlette:
    """Takes the staff on, with passwords of this demo alone, and returns the desk as an application."""
    for login, name, role in _STAFF:
        member, password = await desk.office.add(Who("", "demo"), login, name, role)
        desk.demo_logins.append((member, password))
    for title, body, kind in _READY:
        await desk.database.write(templates.save, "", title, body, kind, desk.clock.now())
    return Starlette(routes=desk_routes(desk))
