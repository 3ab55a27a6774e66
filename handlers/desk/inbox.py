"""The list of appeals: views with counts, filters, search and pages, drawn anew by itself when something changes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from urllib.parse import urlencode

from starlette.responses import Response

from core.appeals.models import AppealStatus
from core.staff import accounts, inbox
from core.staff.inbox import PAGE, SORTS, VIEWS, Wanted
from handlers.desk.desk import Desk
from handlers.desk.visit import Visit

CHANNELS = ("telegram", "viber")
_NAMES = ("view", "status", "kind", "channel", "account", "assignee", "since", "until", "q", "sort")


async def inbox_page(desk: Desk, visit: Visit) -> Response:
    """For htmx, the list alone."""
    wanted = read(desk, visit)
    now = desk.clock.now()
    lines, total = await desk.database.read(inbox.page, wanted, visit.me.id, now)
    counts = await desk.database.read(inbox.counts, visit.me.id, now)
    asked = {name: visit.asked(name) for name in _NAMES}

    def to(**changes: str | int) -> str:
        """The same list with something else wanted; on the first page again."""
        return "/desk?" + urlencode({name: value for name, value in (asked | changes).items() if value})

    return desk.view.show(
        visit,
        "_inbox.html" if visit.live else "inbox.html",
        lines=lines,
        total=total,
        counts=counts,
        wanted=wanted,
        asked=asked,
        views=VIEWS[:6] + VIEWS[6:],
        sorts=SORTS,
        to=to,
        pages=max(1, -(-total // PAGE)),
        statuses=[one for one in AppealStatus if one is not AppealStatus.draft],
        kinds=list(desk.rules.kinds),
        channels=CHANNELS,
        staff=await desk.database.read(accounts.everybody) if not visit.live else [],
        narrowed=any(asked[name] for name in _NAMES if name not in ("view", "sort")),
        now=now,
    )


def read(desk: Desk, visit: Visit) -> Wanted:
    """What the address asks for; whatever makes no sense is left out."""
    asked: Mapping[str, str] = {name: visit.asked(name, 100) for name in _NAMES}
    page = visit.asked("page", 6)
    until = _day(desk, asked["until"])
    # Whoever searches means everything, unless they say otherwise.
    view = asked["view"] if asked["view"] in VIEWS else "all" if asked["q"] else "open"
    return Wanted(
        view=view,
        status=asked["status"] if asked["status"] in list(AppealStatus) else "",
        kind=asked["kind"],
        channel=asked["channel"] if asked["channel"] in CHANNELS else "",
        account=asked["account"],
        assignee=asked["assignee"],
        since=_day(desk, asked["since"]),
        until=until + timedelta(days=1) if until else None,
        words=asked["q"],
        sort=asked["sort"] if asked["sort"] in SORTS else "new" if view in ("settled", "closed", "all") else "due",
        page=min(max(int(page), 1), 10_000) if page.isascii() and page.isdigit() else 1,
    )


def _day(desk: Desk, said: str) -> datetime | None:
    """Midnight of that day where the operator is."""
    try:
        day = date.fromisoformat(said)
    except ValueError:
        return None
    return datetime(day.year, day.month, day.day, tzinfo=desk.operator.zone) if 2000 < day.year < 2200 else None
