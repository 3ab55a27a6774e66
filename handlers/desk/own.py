"""One's own page: where one is signed in, the password, the language, light or dark."""

from __future__ import annotations

from starlette.responses import RedirectResponse, Response

from core.staff import binding, sessions
from handlers.desk.answers import Missing, say
from handlers.desk.desk import Desk
from handlers.desk.visit import Visit
from handlers.desk.words import languages


async def my_page(desk: Desk, visit: Visit) -> Response:
    return await _page(desk, visit)


async def _page(desk: Desk, visit: Visit, code: str = "") -> Response:
    """``code``: with which they tell the bot in Telegram who they are; shown this once."""
    mine = await desk.database.read(sessions.of_member, visit.me.id, desk.clock.now())
    bound = await desk.database.read(binding.bound, visit.me.id) if desk.staff_group else []
    return desk.view.show(
        visit,
        "me.html",
        sessions=mine,
        languages=languages(),
        now=desk.clock.now(),
        staff_group=desk.staff_group,
        bound=bound,
        code=code,
        minutes=int(binding.LIFE.total_seconds() // 60),
    )


async def make_code(desk: Desk, visit: Visit) -> Response:
    """Only for oneself: whoever shows it to the bot writes to subscribers under this name."""
    if not desk.staff_group:
        raise Missing
    code = await desk.database.write(binding.issue, visit.me, visit.who, desk.clock.now())
    return await _page(desk, visit, code)


async def forget_telegram(desk: Desk, visit: Visit) -> Response:
    await desk.database.write(binding.unbind, visit.me.id, visit.who, desk.clock.now())
    return say(visit, visit.words.t("Telegram does not know you any more."), "/desk/me")


async def end_session(desk: Desk, visit: Visit) -> Response:
    assert visit.session is not None
    wanted = visit.path("session_id")
    if not await desk.doors.end_session(visit.who, visit.me.id, wanted):
        raise Missing
    if wanted == visit.session.id:
        return RedirectResponse("/desk/login", 303)
    return say(visit, visit.words.t("That session has ended."), "/desk/me")


async def end_others(desk: Desk, visit: Visit) -> Response:
    assert visit.session is not None
    await desk.doors.end_sessions(visit.who, visit.me.id, besides=visit.session.id)
    return say(visit, visit.words.t("You are signed in here alone now."), "/desk/me")


async def change_password(desk: Desk, visit: Visit) -> Response:
    assert visit.session is not None
    old, new, again = (str(visit.form.get(name, "")) for name in ("old", "new", "again"))
    if new != again:
        return say(visit, visit.words.t("The two new passwords differ."), "/desk/me", wrong=True)
    await desk.doors.change_own_password(visit.who, visit.session.id, old, new)
    return say(visit, visit.words.t("The password is changed. Other sessions have ended."), "/desk/me")


async def save_profile(desk: Desk, visit: Visit) -> Response:
    wanted = visit.field("language")
    language = wanted if wanted in languages() else ""
    await desk.office.set_profile(visit.who, visit.me.id, visit.field("name", 101), language)
    return say(visit, visit.words.t("Saved."), "/desk/me")
