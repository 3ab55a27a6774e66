"""What a page of the desk answers besides itself: another page with a sentence on it, or that there is nothing."""

from __future__ import annotations

from starlette.responses import RedirectResponse, Response

from handlers.desk.security import sealed, unsealed
from handlers.desk.visit import Visit

SAID = "desk_said"


class Missing(Exception):
    """There is no such page, or none that this member may know of."""


def say(visit: Visit, sentence: str, to: str, *, wrong: bool = False) -> Response:
    """On to another page, which says the sentence once."""
    response = RedirectResponse(to, 303)
    value = sealed(visit.token, f"{'!' if wrong else '.'}{sentence[:400]}")
    response.set_cookie(SAID, value, max_age=60, path="/desk", httponly=True, samesite="lax")
    return response


def heard(visit: Visit) -> tuple[str, bool] | None:
    """What the page before wanted to be said, and whether it is a refusal."""
    value = visit.request.cookies.get(SAID, "") if visit.token else ""
    said = unsealed(visit.token, value) if value else ""
    return (said[1:], said[0] == "!") if said else None
