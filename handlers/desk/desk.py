"""Everything that the desk's pages work with, in one bundle."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime

from core.appeals.files import LIMIT, FileStore
from core.appeals.rules import AppealRules
from core.clock import Clock
from core.database import Database
from core.operator import Operator
from core.reminders.report import Trial
from core.services import Services
from core.staff.doors import Doors
from core.staff.models import Member
from core.staff.office import Office
from handlers.desk.acts import StaffDesk
from handlers.desk.security import Cookies
from handlers.desk.view import View

FORM_LIMIT = 256 * 1024  # bytes of a form without files
FILES_AT_ONCE = 10
DRAWN_AT_ONCE = 2  # a thread with ten pictures is asked for all of them, and each may unpack to 250 MB
UPLOAD_LIMIT = FILES_AT_ONCE * LIMIT + FORM_LIMIT


@dataclass(frozen=True)
class Desk:
    """Built in the wiring (bot/wiring_desk.py)."""

    database: Database
    services: Services
    acts: StaffDesk
    store: FileStore
    doors: Doors
    office: Office
    cookies: Cookies
    view: View
    content_type: Callable[[bytes], str | None]  # None: a kind of file that is not kept
    plan: Callable[[datetime], Awaitable[Trial]]  # who would be reminded at that moment
    staff_group: bool = False  # whether staff can answer in a Telegram group, too
    drawing: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(DRAWN_AT_ONCE))
    closing: asyncio.Event = field(default_factory=asyncio.Event)  # open streams end then
    demo_logins: list[tuple[Member, str]] = field(default_factory=list)  # with passwords: the demo's own

    @property
    def clock(self) -> Clock:
        return self.services.clock

    @property
    def operator(self) -> Operator:
        return self.services.operator

    @property
    def rules(self) -> AppealRules:
        return self.services.appeals.rules
