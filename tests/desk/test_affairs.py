"""The dashboard's figures, and what supervisors look after: outages, reminders, payments put aside."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import select

from core.appeals import life
from core.appeals.models import Actor
from core.outages.service import going_on
from core.payments import store
from core.payments.models import TroubleKind
from core.reminders.tables import reminders
from core.staff.figures import Day, figures_of
from core.staff.models import StaffRole
from core.staff.tables import staff_audit
from handlers.desk.charts import by_day
from tests.desk.conftest import OPERATOR, Room


async def test_figures_are_counted_right(room: Room) -> None:
    anna = await room.hire("anna", name="Anna")
    actor = Actor(anna.id, anna.name, "desk")
    acts, rules = room.desk.acts, room.desk.rules
    for number, (wait, stars) in enumerate([(10, 5), (20, 4), (240, 2)], 1):
        await room.appeal(f"No. {number}", kind="finance" if number == 3 else "technical")
        await acts.assign(actor, number, anna.id, anna.name)
        room.clock.move(timedelta(minutes=wait))
        await acts.reply(actor, number, "Hello")
        await acts.resolve(actor, number, "Done")
        appeal = await room.now(number)
        await room.database.write(life.rated, appeal, rules, stars, "", room.clock.now())
    room.clock.move(timedelta(days=1))
    await room.appeal("Waits")
    found = await room.database.read(figures_of, 7, OPERATOR.zone, room.clock.now(), by_agent=True)
    assert (found.came, found.settled, found.open_now, found.overdue_now) == (4, 3, 1, 0)
    assert found.half == timedelta(minutes=20) and found.most == timedelta(minutes=196)
    assert [(one.came, one.settled) for one in found.days[-2:]] == [(3, 3), (1, 0)]
    assert {one.kind: (one.count, one.average) for one in found.ratings} == {"technical": (2, 4.5), "finance": (1, 2.0)}
    [work] = found.agents
    assert (work.name, work.answers, work.settled, work.open_now) == ("Anna", 6, 3, 0)
    assert work.first == timedelta(minutes=20)
    assert work.rating is not None and round(work.rating, 2) == 3.67
    room.clock.move(timedelta(days=5))
    late = await room.database.read(figures_of, 7, OPERATOR.zone, room.clock.now())
    assert late.overdue_now == 1 and late.agents == ()


async def test_agents_do_not_see_each_others_figures(room: Room) -> None:
    await room.appeal()
    agent = await room.seat(StaffRole.agent, "maria", "Maria Unmistakable")
    boss = await room.seat(StaffRole.supervisor)
    theirs = (await agent.get("/desk/dashboard?days=90")).text
    assert "By member of staff" not in theirs
    page = (await boss.get("/desk/dashboard?days=7")).text
    assert "By member of staff" in page and "Maria Unmistakable" in page and "<svg" in page


def test_a_chart_fits_into_its_frame_whatever_the_figures() -> None:
    for highest in (0, 1, 7, 23, 999, 123_456):
        chart = by_day([Day(date(2026, 3, day), highest, day) for day in range(1, 31)])
        assert all(bar.y >= 0 and bar.y + bar.height <= chart.height for bar in chart.bars)
        assert all(bar.x >= 0 and bar.x + bar.width <= chart.width for bar in chart.bars)
        assert len(chart.lines) <= 7 and len(chart.labels) <= 8


async def test_outages_begin_and_end(room: Room) -> None:
    boss = await room.seat(StaffRole.supervisor, "boss", "Boss")
    data = {"text_en": "No internet", "text_ru": "Нет интернета", "region": "RU-MOW", "until": "2026-03-10T18:00"}
    await boss.post("/desk/outages", data)
    await boss.post("/desk/outages", {"text_en": "Everywhere", "region": "RU-NOWHERE"})
    here, _everywhere = sorted(await room.database.read(going_on), key=lambda one: one.text("en"), reverse=True)
    assert here.regions == ("RU-MOW",) and here.staff == "Boss" and here.text("ru") == "Нет интернета"
    assert here.until is not None and here.until.isoformat() == "2026-03-10T15:00:00+00:00", "as the operator's clock"
    for wrong in (
        {"text_en": " "},
        {"text_en": "x", "until": "yesterday"},
        {"text_en": "x", "until": "2020-01-01T00:00"},
    ):
        await boss.post("/desk/outages", wrong)
    assert len(await room.database.read(going_on)) == 2
    page = (await boss.get("/desk/outages")).text
    assert "No internet" in page and "going on" in page
    assert (await boss.post(f"/desk/outages/{here.id}/end")).status_code == 303
    assert (await boss.post(f"/desk/outages/{here.id}/end")).status_code == 404
    assert len(await room.database.read(going_on)) == 1


async def test_the_plan_of_reminders_is_shown_and_nothing_is_written(room: Room) -> None:
    await room.appeal("Please", "link", account="7700100218")
    boss = await room.seat(StaffRole.supervisor)
    await boss.post("/desk/appeals/1/approve", {"role": "owner"})
    text = ""
    for ahead in range(30):
        day = (room.clock.now() + timedelta(days=ahead)).date()
        text = (await boss.get("/desk/reminders", params={"on": day.isoformat()})).text
        if "7700100218" in text and "nobody has registered for the account" in text:
            break
    assert "7700100218" in text and "nobody has registered for the account" in text
    assert await room.database.read(lambda c: c.execute(select(reminders)).all()) == []
    assert (await boss.get("/desk/reminders", params={"on": "9999-99-99"})).status_code == 200
    room.billing.mode = "down"
    assert "not answering" in (await boss.get("/desk/reminders")).text


async def test_a_payment_that_was_put_aside_is_taken_off_the_list_once(room: Room) -> None:
    boss = await room.seat(StaffRole.supervisor)
    trouble = await room.database.write(
        store.add_trouble, TroubleKind.amount, "", "yookassa", "2d-<b>", "ordered 840, paid 1", room.clock.now()
    )
    assert trouble is not None
    page = (await boss.get("/desk/payments")).text
    assert "another sum than ordered" in page and "2d-&lt;b&gt;" in page
    assert (await boss.post(f"/desk/payments/{trouble.id}/done")).status_code == 303
    assert (await boss.post(f"/desk/payments/{trouble.id}/done")).status_code == 404
    assert "Nothing was put aside" in (await boss.get("/desk/payments")).text
    assert "no such payment" in (await boss.get("/desk/payments?order=none")).text


async def test_the_audit_log_has_pages_and_filters(room: Room) -> None:
    boss = await room.seat(StaffRole.supervisor, "boss")
    for number in range(60):
        room.clock.move(timedelta(seconds=1))
        await boss.post("/desk/templates", {"title": f"Title {number:02}", "body": "words", "kind": ""})
    first = (await boss.get("/desk/audit")).text
    assert "Title 59" in first and "Title 05" not in first
    more = first.split('href="/desk/audit?')[1].split('"')[0].replace("&amp;", "&")
    second = (await boss.get(f"/desk/audit?{more}")).text
    assert "Title 05" in second and "Title 59" not in second
    assert (await boss.get("/desk/audit?detail=Title 07")).text.count("<td>boss</td>") == 1
    kept = await room.database.read(lambda c: c.execute(select(staff_audit.c.id)).all())
    assert len(kept) == 62
