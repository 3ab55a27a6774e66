"""Logging in and out, and the desk's own static files."""

from __future__ import annotations

from starlette.responses import FileResponse, RedirectResponse, Response

from core.staff.doors import NotLetIn
from handlers.desk.answers import Missing, say
from handlers.desk.desk import Desk
from handlers.desk.view import FOLDER, THEMES, fingerprint
from handlers.desk.visit import Visit

STATIC = {
    "desk.css": "text/css",
    "desk.js": "text/javascript",
    "htmx.min.js": "text/javascript",
    "icon.svg": "image/svg+xml",
}


# In this order: most of them name those after them too.
_BROWSERS = (
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("YaBrowser", "Yandex"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)


async def log_in_page(desk: Desk, visit: Visit) -> Response:
    if visit.member is not None:
        return RedirectResponse("/desk", 303)
    return desk.view.show(visit, "login.html", wrong="", login="", next=_inside(visit.asked("next")), desk=desk)


async def log_in(desk: Desk, visit: Visit) -> Response:
    login, to = visit.field("login", 100), _inside(visit.field("next", 500))
    password = visit.form.get("password")
    browser = visit.request.headers.get("user-agent", "")
    entered = await desk.doors.enter(
        login, password if isinstance(password, str) else "", visit.address, _readable(browser)
    )
    if isinstance(entered, NotLetIn):
        seconds = int(entered.wait.total_seconds()) + 1 if entered.wait else 0
        t = visit.words.t
        wrong = t("The log-in name or the password is not right.")
        if seconds:
            wrong = t("Too many tries. Wait {n} s.", n=seconds)
        status = 429 if seconds else 401
        return desk.view.show(visit, "login.html", status, wrong=wrong, login=login, next=to, desk=desk)
    response = RedirectResponse(to or "/desk", 303)
    desk.cookies.put(visit.request, response, entered.token)
    return response


async def log_out(desk: Desk, visit: Visit) -> Response:
    assert visit.session is not None
    await desk.doors.leave(visit.who, visit.session.id)
    response = RedirectResponse("/desk/login", 303)
    desk.cookies.drop(visit.request, response)
    response.headers["Clear-Site-Data"] = '"cache"'
    return response


async def choose_theme(desk: Desk, visit: Visit) -> Response:
    theme = visit.field("theme")
    response = say(visit, visit.words.t("Saved."), "/desk/me")
    if theme in THEMES:
        response.set_cookie(
            "desk_theme",
            theme,
            max_age=366 * 24 * 3600,
            path="/desk",
            secure=desk.cookies.secure(visit.request),
            httponly=True,
            samesite="lax",
        )
    return response


async def static(_desk: Desk, visit: Visit) -> Response:
    """Named by what is in them, so browsers keep them for good."""
    name = visit.path("name")
    if name not in STATIC:
        raise Missing
    lasting = visit.path("mark") == fingerprint(name)
    cache = "public, max-age=31536000, immutable" if lasting else "no-cache"
    return FileResponse(FOLDER / "static" / name, media_type=STATIC[name], headers={"Cache-Control": cache})


def _inside(path: str) -> str:
    """Where to go on after the log-in: a page of the desk, never another site."""
    plain = path.startswith("/desk") and not any(char in path for char in "\\\r\n\t") and "//" not in path
    return path if plain and not path.startswith("/desk/login") else ""


def _readable(browser: str) -> str:
    """What people call the program: Chrome on Windows."""
    name = next((said for mark, said in _BROWSERS if mark in browser), "")
    system = next((said for mark, said in _SYSTEMS if mark in browser), "")
    return ", ".join(part for part in (name, system) if part) or "".join(c for c in browser if c.isprintable())[:60]
