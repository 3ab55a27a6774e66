"""Draws the desk's pages: templates that escape whatever is put into them, in the language of whoever reads."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

from core.appeals.kinds import Kinds
from core.staff.rights import Right
from handlers.desk import deeds, names
from handlers.desk.answers import SAID, heard
from handlers.desk.security import HEADERS
from handlers.desk.visit import Visit

FOLDER = Path(__file__).parent
THEMES = ("auto", "light", "dark")


def _(message: str) -> str:
    """Marks words for the catalogue; the page says them in its reader's language."""
    return message


SECTIONS = (
    ("/desk", "inbox", _("Appeals"), Right.read),
    ("/desk/dashboard", "chart", _("Dashboard"), Right.figures),
    ("/desk/outages", "bolt", _("Outages"), Right.outages),
    ("/desk/reminders", "bell", _("Reminders"), Right.reminders),
    ("/desk/payments", "card", _("Payments"), Right.payments),
    ("/desk/templates", "quote", _("Ready answers"), Right.templates),
    ("/desk/audit", "list", _("Audit log"), Right.audit),
    ("/desk/staff", "people", _("Staff"), Right.staff),
)
SHORTCUTS = (
    ("j", _("The next appeal")),
    ("k", _("The one before")),
    ("Enter", _("Open it")),
    ("u", _("Back to the inbox")),
    ("/", _("Search")),
    ("r", _("Reply")),
    ("n", _("Note for colleagues")),
    ("a", _("Take it myself")),
    ("e", _("Resolve")),
    ("Ctrl Enter", _("Send")),
    ("Esc", _("Leave the field, close the window")),
    ("?", _("This help")),
)


@cache
def fingerprint(name: str) -> str:
    """Changes with the file, so that browsers may keep what they have."""
    return hashlib.sha256((FOLDER / "static" / name).read_bytes()).hexdigest()[:12]


def static_path(name: str) -> str:
    return f"/desk/static/{fingerprint(name)}/{name}"


def environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals.update(
        static=static_path, Right=Right, deed=deeds.said, names=names, sections=SECTIONS, shortcuts=SHORTCUTS
    )
    return made


class View:
    """``page`` is the name of a template."""

    def __init__(self, kinds: Kinds) -> None:
        self._kinds = kinds
        self._environment = environment()

    def render(self, visit: Visit, page: str, **values: Any) -> str:
        words = visit.words
        return self._environment.get_template(page).render(
            visit=visit,
            me=visit.member,
            may=visit.may,
            csrf=visit.csrf,
            w=words,
            t=words.t,
            n=words.n,
            language=words.language,
            theme=theme_of(visit),
            here=visit.request.url.path,
            kind=self._kind(words.language),
            **values,
        )

    def _kind(self, language: str) -> Callable[[str], str]:
        """What a kind of appeals is called, by its code."""

        def title(code: str) -> str:
            return self._kinds.get(code).title.in_(language)

        return title

    def show(self, visit: Visit, page: str, status: int = 200, **values: Any) -> HTMLResponse:
        said = heard(visit) if not visit.live else None
        response = HTMLResponse(self.render(visit, page, said=said, **values), status, HEADERS)
        if said:
            response.delete_cookie(SAID, path="/desk")
        return response


def theme_of(visit: Visit) -> str:
    found = visit.request.cookies.get("desk_theme", "auto")
    return found if found in THEMES else "auto"
