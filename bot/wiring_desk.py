"""Puts the staff's web desk together."""

from __future__ import annotations

from starlette.routing import BaseRoute

from bot.settings import Settings
from core.database import Database
from core.services import Services
from core.staff.doors import Doors
from core.staff.office import Office
from core.staff.passwords import Passwords
from handlers.desk.desk import Desk
from handlers.desk.routes import desk_routes
from handlers.desk.security import Cookies


def build_desk(settings: Settings, database: Database, services: Services) -> Desk:
    hasher = Passwords()
    return Desk(
        database=database,
        clock=services.clock,
        operator=services.operator,
        doors=Doors(database, services.clock, hasher),
        office=Office(database, services.clock, hasher),
        cookies=Cookies(settings.public_url),
    )


def routes_of_desk(settings: Settings, database: Database, services: Services) -> list[BaseRoute]:
    """None where the desk is switched off."""
    return desk_routes(build_desk(settings, database, services)) if settings.desk else []
