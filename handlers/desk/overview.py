"""The dashboard: how the work goes, with pictures; by member of staff for supervisors."""

from __future__ import annotations

from starlette.responses import Response

from core.staff.figures import figures_of
from core.staff.rights import Right
from handlers.desk import charts
from handlers.desk.desk import Desk
from handlers.desk.visit import Visit

PERIODS = (7, 30, 90)


async def dashboard(desk: Desk, visit: Visit) -> Response:
    asked = visit.asked("days", 3)
    days = int(asked) if asked in {str(one) for one in PERIODS} else 30
    by_agent = visit.may(Right.agents)
    found = await desk.database.read(figures_of, days, desk.operator.zone, desk.clock.now(), by_agent=by_agent)
    return desk.view.show(
        visit, "dashboard.html", figures=found, chart=charts.by_day(found.days), days=days, periods=PERIODS
    )
