"""One appeal on a page: what was said and done, the subscriber beside it, and everything that can be done now."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from starlette.responses import Response

from core.appeals import records
from core.appeals.models import OPEN, SETTLED, Appeal, AppealEvent, AppealMessage, AppealStatus, Thread
from core.appeals.staff import MAX_ANSWER
from core.errors import OutsideUnavailable
from core.regions import region
from core.staff import accounts, audit, card, marks, presence, templates
from core.subscribers.models import Role
from core.subscribers.phones import mask_phone, show_phone
from handlers.desk.answers import Missing, say
from handlers.desk.desk import FILES_AT_ONCE, Desk
from handlers.desk.visit import Visit


@dataclass(frozen=True)
class Typed:
    """What was being written when the page had to ask something: nobody writes it twice."""

    text: str = ""
    mode: str = "reply"
    window: str = ""  # the dialog that it was written in; "" for the composer
    wrong: str = ""
    changed: bool = False  # something new came meanwhile
    extra: Mapping[str, str] = field(default_factory=dict)


async def load(desk: Desk, visit: Visit) -> Thread:
    """The appeal that the address names; staff see everything but drafts."""
    found = await desk.database.read(records.load_numbered, visit.path("number"))
    if found is None or found.appeal.status is AppealStatus.draft:
        raise Missing
    return found


def seen(thread: Thread) -> str:
    """How far somebody has read: a reply to something older asks first."""
    last = thread.messages[-1].id if thread.messages else ""
    return f"{last}.{thread.appeal.status}"


async def thread_page(desk: Desk, visit: Visit) -> Response:
    return await show(desk, visit, await load(desk, visit))


async def show(desk: Desk, visit: Visit, thread: Thread, typed: Typed | None = None, status: int = 200) -> Response:
    """For htmx, what was said and done alone: it draws itself anew while somebody writes below."""
    appeal, now, read = thread.appeal, desk.clock.now(), desk.database.read
    values: dict[str, Any] = {
        "appeal": appeal,
        "stream": stream(thread, await read(records.history, appeal.id)),
        "marks": await read(marks.of_appeal, appeal.id),
        "reached": marks.reached,
        "seen": seen(thread),
        "names_of": {one.id: one.name for one in await read(accounts.everybody)},
        "is_open": appeal.status in OPEN,
        "is_over": appeal.status in (*SETTLED, AppealStatus.closed),
        "late": appeal.status in OPEN and (appeal.missed > 0 or (appeal.due_at is not None and appeal.due_at <= now)),
        "kind_of": desk.rules.kinds.get(appeal.kind),
        "now": now,
    }
    person = await read(card.of_appeal, appeal)
    values |= {"person": person, "phone": mask_phone(person.phone), "contact": _contact(appeal, person)}
    if visit.live:
        return desk.view.show(visit, "_thread.html", status, **values)
    debts, debts_at, fresh = await _debts(desk, person)
    staff = [one for one in await read(accounts.everybody) if one.active]
    region_of = region(person.region or appeal.region)
    return desk.view.show(
        visit,
        "thread.html",
        status,
        **values,
        others=await read(presence.others, appeal.id, visit.me.id, now),
        debts=debts,
        debts_at=debts_at,
        fresh=fresh,
        region=region_of.name(visit.words.language) if region_of else "",
        staff=staff,
        kinds=[one for one in desk.rules.kinds if one.code != "link"],
        roles=list(Role),
        ready=[
            (one.title, templates.fill(one.body, _holes(desk, visit, appeal, person)))
            for one in await read(templates.every, appeal.kind)
        ],
        typed=typed or Typed(),
        most=MAX_ANSWER,
        files_at_once=FILES_AT_ONCE,
    )


def stream(thread: Thread, events: list[AppealEvent]) -> list[tuple[str, AppealMessage | AppealEvent]]:
    """Messages and what was done, in the order of time. What a message says already is not said twice."""
    found: list[tuple[datetime, int, str, AppealMessage | AppealEvent]] = []
    found += [(one.at, 1, "message", one) for one in thread.messages]
    found += [(one.at, 0 if one.what in ("sent", "started", "reopened") else 2, "event", one) for one in events]
    return [(kind, one) for _at, _order, kind, one in sorted(found, key=lambda each: each[:2])]


async def _debts(desk: Desk, person: card.Card) -> tuple[dict[str, Any], datetime | None, bool]:
    """The last known figures when the billing is silent; none when it was never asked."""
    numbers = [link.account_number for link in person.links]
    try:
        async with asyncio.timeout(3):
            known = await desk.services.billing.overviews(numbers)
    except (OutsideUnavailable, TimeoutError):
        return {}, None, False
    return {one.number: one for one in known.value}, known.as_of, known.fresh


def _contact(appeal: Appeal, person: card.Card) -> str:
    """The phone to call when no messenger reaches them, masked."""
    return mask_phone(appeal.contact or person.phone) if appeal.contact or person.phone else ""


def _holes(desk: Desk, visit: Visit, appeal: Appeal, person: card.Card) -> dict[str, str]:
    """What a ready answer's placeholders stand for here."""
    words, operator = visit.words, desk.operator
    return {
        "name": person.name,
        "number": str(appeal.number),
        "account": appeal.account_number or next((link.account_number for link in person.links), ""),
        "due": words.moment(appeal.due_at) if appeal.due_at else "",
        "agent": visit.me.name,
        "operator": operator.name,
        "phone": show_phone(operator.support_phone) if operator.support_phone else "",
    }


async def here(desk: Desk, visit: Visit) -> Response:
    """An open page says so now and then, and hears who else is there."""
    thread = await load(desk, visit)
    now, writing = desk.clock.now(), visit.field("writing") == "yes"
    await desk.database.write(presence.here, thread.appeal.id, visit.me.id, writing, now)
    others = await desk.database.read(presence.others, thread.appeal.id, visit.me.id, now)
    return desk.view.show(visit, "_presence.html", others=others)


async def show_the_phone(desk: Desk, visit: Visit) -> Response:
    """Whole, once, and on record."""
    thread = await load(desk, visit)
    person = await desk.database.read(card.of_appeal, thread.appeal)
    detail = f"No. {thread.appeal.number}: {mask_phone(person.phone)}"
    await desk.database.write(audit.write, visit.who, "phone shown", detail, desk.clock.now())
    numbers = list(dict.fromkeys(one for one in (thread.appeal.contact, person.phone) if one))
    if not visit.live:
        said = ", ".join(show_phone(one) for one in numbers)
        return say(visit, said or visit.words.t("No phone is known."), f"/desk/appeals/{thread.appeal.number}")
    return desk.view.show(visit, "_phones.html", phones=[(one, show_phone(one)) for one in numbers])
