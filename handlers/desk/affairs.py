"""What supervisors look after besides appeals: known failures, a day's reminders, payments put aside."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, timedelta

from sqlalchemy import Connection
from starlette.responses import Response

from core.errors import OutsideUnavailable
from core.outages import service as outages
from core.payments import store
from core.regions import regions
from core.reminders.picture import stages_of
from core.reminders.report import report_of
from core.staff import audit
from core.staff.models import Refused
from handlers.desk.answers import Missing, say
from handlers.desk.desk import Desk
from handlers.desk.visit import Visit

LINES = 500  # of a day's plan that are shown; totals are of all
LONGEST = timedelta(days=60)


async def outages_page(desk: Desk, visit: Visit) -> Response:
    return desk.view.show(
        visit,
        "outages.html",
        outages=await desk.database.read(outages.recent),
        regions=regions(desk.operator.country),
        languages=desk.operator.languages,
        now=desk.clock.now(),
    )


async def add_outage(desk: Desk, visit: Visit) -> Response:
    known = {one.code for one in regions(desk.operator.country)}
    chosen = [str(code) for code in visit.form.getlist("region") if code in known]
    texts = {language: visit.words_of(f"text_{language}", 1000) for language in desk.operator.languages}
    if not any(texts.values()):
        raise Refused("Say in words what is wrong: subscribers read it.")
    until, now = _moment(desk, visit.field("until")), desk.clock.now()
    if until is not None and not now < until < now + LONGEST:
        raise Refused("The end must lie ahead, within two months.")

    def add(connection: Connection) -> None:
        outages.begin(connection, chosen, texts, now, until=until, staff=visit.me.name)
        detail = f"{', '.join(chosen) or '*'}: {next(text for text in texts.values() if text)}"
        audit.write(connection, visit.who, "outage added", detail, now)

    await desk.database.write(add)
    return say(visit, visit.words.t("Subscribers there read it from now on."), "/desk/outages")


async def end_outage(desk: Desk, visit: Visit) -> Response:
    now, outage_id = desk.clock.now(), visit.path("outage_id")

    def end(connection: Connection) -> bool:
        if not outages.end(connection, outage_id, now):
            return False
        audit.write(connection, visit.who, "outage ended", outage_id, now)
        return True

    if not await desk.database.write(end):
        raise Missing
    return say(visit, visit.words.t("It has ended."), "/desk/outages")


async def reminders_page(desk: Desk, visit: Visit) -> Response:
    """A trial run for a day, as `abonent remind plan --dry-run`, and what came of those of the last month."""
    now = desk.clock.now()
    today = now.astimezone(desk.operator.zone).date()
    asked = _day(visit.asked("on", 10))
    day = asked if asked and abs((asked - today).days) <= 60 else today
    at = now + timedelta(days=(day - today).days)
    trial, silent = None, False
    try:
        trial = await desk.plan(at)
    except OutsideUnavailable:
        silent = True
    since = now - timedelta(days=30)
    report = await desk.database.read(report_of, since, now, desk.operator.currency)
    return desk.view.show(
        visit,
        "reminders.html",
        trial=trial,
        silent=silent,
        day=day,
        shown=(trial.lines if trial else [])[:LINES],
        ways=Counter(channel for channel, _cost in trial.people.values()).most_common() if trial else [],
        report=report,
        skipped=sorted(
            ((why, number) for (_status, why), number in report.reminders.items() if why), key=lambda one: -one[1]
        ),
        stages=await desk.database.read(stages_of, since, now),
        now=now,
    )


async def payments_page(desk: Desk, visit: Visit) -> Response:
    troubles = await desk.database.read(store.open_troubles)
    asked = visit.asked("order", 16)
    order = await desk.database.read(store.load, asked) if asked else None
    postings = await desk.database.read(store.postings_of, order) if order else []
    return desk.view.show(visit, "payments.html", troubles=troubles, order=order, asked=asked, postings=postings)


async def settle_payment(desk: Desk, visit: Visit) -> Response:
    now, trouble_id = desk.clock.now(), visit.path("trouble_id")

    def settle(connection: Connection) -> bool:
        if not store.resolve_trouble(connection, trouble_id, now):
            return False
        audit.write(connection, visit.who, "payment settled", trouble_id, now)
        return True

    if not await desk.database.write(settle):
        raise Missing
    return say(visit, visit.words.t("It is off the list. Nothing was credited by this."), "/desk/payments")


def _moment(desk: Desk, said: str) -> datetime | None:
    """As a browser's field for a moment gives it, in the operator's zone."""
    try:
        return datetime.fromisoformat(said).replace(tzinfo=desk.operator.zone) if said else None
    except ValueError:
        raise Refused("This is no date and time.") from None


def _day(said: str) -> date | None:
    try:
        return datetime.fromisoformat(said).date()
    except ValueError:
        return None
