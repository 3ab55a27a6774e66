"""What a page of the desk answers besides itself: another page with a sentence on it, or that there is nothing."""

from __future__ import annotations

from starlette.responses import RedirectResponse, Response

from core.appeals.staff import NotPossible
from core.staff.models import Refused
from handlers.desk import names
from handlers.desk.security import sealed, unsealed
from handlers.desk.visit import Visit

SAID = "desk_said"


class Missing(Exception):
    """There is no such page, or none that this member may know of."""


def say(visit: Visit, sentence: str, to: str, *, wrong: bool = False) -> Response:
    """On to another page, which says the sentence once."""
    response = RedirectResponse(to, 303)
    value = sealed(visit.token, f"{'!' if wrong else '.'}{sentence[:400]}")
    response.set_cookie(SAID, value, max_age=60, path="/desk", secure=visit.secure, httponly=True, samesite="lax")
    return response


def explain(visit: Visit, refused: Refused | NotPossible) -> str:
    """A refusal of the domain in the reader's words, the names of statuses among them."""
    values = {
        key: names.status(visit.words, str(value)) if key == "status" else value
        for key, value in refused.values.items()
    }
    return visit.words.t(refused.message, **values)


def heard(visit: Visit) -> tuple[str, bool] | None:
    """What the page before wanted to be said, and whether it is a refusal."""
    value = visit.request.cookies.get(SAID, "") if visit.token else ""
    said = unsealed(visit.token, value) if value else ""
    return (said[1:], said[0] == "!") if said else None
