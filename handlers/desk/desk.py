"""Everything that the desk's pages work with, in one bundle."""

from __future__ import annotations

from dataclasses import dataclass, field

from core.clock import Clock
from core.database import Database
from core.operator import Operator
from core.staff.doors import Doors
from core.staff.office import Office
from handlers.desk.security import Cookies
from handlers.desk.view import View

FORM_LIMIT = 256 * 1024  # bytes of a form without files


@dataclass(frozen=True)
class Desk:
    """Built in the wiring (bot/wiring_desk.py). ``note_logins``: shown on the log-in page, in the demo alone."""

    database: Database
    clock: Clock
    operator: Operator
    doors: Doors
    office: Office
    cookies: Cookies
    view: View = field(default_factory=View)
    demo_logins: tuple[tuple[str, str, str], ...] = ()  # name, log-in, password
