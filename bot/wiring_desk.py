"""Puts the staff's web desk together."""

from __future__ import annotations

from datetime import datetime

from starlette.routing import BaseRoute

from bot.integrations.files import content_type
from bot.settings import Settings
from core.appeals.files import FileStore
from core.database import Database
from core.reminders.planning import Planner
from core.reminders.report import Trial, trial
from core.services import Services
from core.staff.doors import Doors
from core.staff.office import Office
from core.staff.passwords import Passwords
from handlers.desk.acts import StaffDesk
from handlers.desk.desk import Desk
from handlers.desk.routes import desk_routes
from handlers.desk.security import Cookies
from handlers.desk.view import View


def build_desk(
    database: Database,
    services: Services,
    acts: StaffDesk,
    store: FileStore,
    public_url: str,
    hasher: Passwords | None = None,
    staff_group: bool = False,
) -> Desk:
    hasher = hasher or Passwords()
    planner = Planner(database, services.clock, services.billing, services.reminders.rules)

    async def plan(at: datetime) -> Trial:
        return await trial(planner, at, services.operator.currency, lines=True)

    return Desk(
        database=database,
        services=services,
        acts=acts,
        store=store,
        doors=Doors(database, services.clock, hasher),
        office=Office(database, services.clock, hasher),
        cookies=Cookies(public_url),
        view=View(services.appeals.rules.kinds),
        content_type=content_type,
        plan=plan,
        staff_group=staff_group,
    )


def routes_of_desk(settings: Settings, desk: Desk) -> list[BaseRoute]:
    """None where the desk is switched off."""
    return desk_routes(desk) if settings.desk else []
