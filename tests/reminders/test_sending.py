"""Planned once, looked at once more, sent once; and for everybody else a reason on record."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import insert, select, update

from core.billing.breakable import BreakableBilling
from core.billing.embedded import EmbeddedBilling
from core.billing.models import AccountOverview
from core.billing.service import BillingService
from core.delivery.tables import outbox, tasks
from core.errors import OutsideUnavailable
from core.reminders import due, prefs
from core.reminders.gate import Gate
from core.reminders.planning import Planner
from core.reminders.sending import Dispatcher
from core.reminders.tables import messages, reminders, switch
from core.reminders.ways import Prices
from core.subscribers.tables import account_links, chats, subscribers
from tests.reminders.world import Debtor, World, compose, fill

DAY = timedelta(days=1)


async def debtors(world: World, *all_of_them: Debtor) -> None:
    await world.database.write(fill, all_of_them, world.clock.now())


async def test_one_person_gets_one_message_about_all_accounts(world: World) -> None:
    await debtors(world, Debtor("1", "p"), Debtor("2", "p", 30_000), Debtor("3", "q"))
    assert (await world.tick())["queued"] == 2
    assert sorted(await world.texts()) == [
        ("telegram:p", "1 500.00 ahead, 2 300.00 ahead"),
        ("telegram:q", "3 500.00 ahead"),
    ]


async def test_however_often_it_runs_it_is_one_message(world: World) -> None:
    await debtors(world, Debtor("1", "p"))
    for _ in range(3):
        await world.tick()
        world.clock.move(timedelta(hours=1))
    assert len(await world.texts()) == 1
    await world.send()
    assert await world.record() == {("p", "1", "ahead"): ("sent", "")}


async def test_the_stages_follow_each_other_within_the_caps(world: World) -> None:
    await debtors(world, Debtor("1", "p"))
    for _ in range(30):
        await world.tick()
        world.clock.move(DAY)
    said = [text.split()[-1] for _chat, text in await world.texts()]
    assert said == ["ahead", "+0", "+3", "+7", "suspension"]
    days = await world.database.read(
        lambda c: list(c.execute(select(messages.c.day).order_by(messages.c.day)).scalars())
    )
    # The third would have been the third in a week: it waited for a day.
    assert days == [date(2026, 3, 17), date(2026, 3, 20), date(2026, 3, 24), date(2026, 3, 27), date(2026, 4, 1)]


async def test_paid_meanwhile_is_cancelled(world: World) -> None:
    await debtors(world, Debtor("1", "p"))
    await world.planner().run()
    await world.pay("1")
    await world.send()
    assert await world.texts() == []
    assert await world.record() == {("p", "1", "ahead"): ("cancelled", "paid")}


async def test_paid_in_part_is_the_new_sum(world: World) -> None:
    await debtors(world, Debtor("1", "p"))
    await world.planner().run()
    await world.pay("1", left=12_345)
    await world.send()
    assert await world.texts() == [("telegram:p", "1 123.45 ahead")]


async def test_a_missed_week_is_not_made_up_for(world: World) -> None:
    """Planned before the machine was off, and planned again after: the latest stage alone is sent."""
    await debtors(world, Debtor("1", "p"))
    await world.planner().run()
    world.clock.move(6 * DAY)
    await world.tick()
    await world.send()
    assert [text for _chat, text in await world.texts()] == ["1 500.00 +3"]
    assert await world.record() == {
        ("p", "1", "ahead"): ("dropped", "out_of_date"),
        ("p", "1", "+3"): ("sent", ""),
    }


async def test_at_night_it_waits_for_the_morning(world: World) -> None:
    await debtors(world, Debtor("1", "p"))
    world.clock.move(timedelta(hours=10))  # 22:00 in Moscow
    await world.tick()
    assert await world.texts() == []
    world.clock.move(timedelta(hours=11))  # 9:00
    await world.tick()
    assert await world.texts() == []
    world.clock.move(timedelta(hours=1))
    await world.tick()
    assert len(await world.texts()) == 1


async def test_each_in_their_own_zone(world: World) -> None:
    """18:30 in Moscow is 3:30 in Kamchatka and 17:30 in Kaliningrad."""
    world.clock.move(timedelta(hours=6, minutes=30))
    await debtors(world, Debtor("1", "east", region="RU-KAM"), Debtor("2", "west", region="RU-KGD"))
    await world.tick()
    assert [chat for chat, _text in await world.texts()] == ["telegram:west"]


async def test_a_reason_for_everybody_who_is_not_reminded(world: World) -> None:
    await debtors(
        world,
        Debtor("1"),
        Debtor("2", "small", 4_999),
        Debtor("3", "unreachable", channel=""),
        Debtor("4", "off"),
        Debtor("5", "mute"),
        Debtor("6", "paused"),
        Debtor("7", "later"),
        Debtor("8", "dear", channel="viber", heard_hours_ago=25),
        Debtor("9", "free", channel="viber", heard_hours_ago=23),
    )
    today = date(2026, 3, 17)
    for write in (
        prefs.change("off", debts=False),
        prefs.mute("mute", "5"),
        prefs.change("paused", paused_until=today + DAY),
        prefs.change("later", asked_for=today + 2 * DAY),
    ):
        await world.database.write(write.apply)
    await world.tick()
    await world.send()
    assert {key[1]: value for key, value in (await world.record()).items()} == {
        "1": ("skipped", "nobody_registered"),
        "2": ("skipped", "below_threshold"),
        "3": ("skipped", "no_chat"),
        "4": ("skipped", "switched_off"),
        "5": ("skipped", "account_muted"),
        "6": ("skipped", "paused_by_person"),
        "7": ("skipped", "asked_for_another_day"),
        "8": ("skipped", "over_budget"),
        "9": ("sent", ""),
    }
    # What stood in the way goes away while the stage lasts: the reminder comes after all.
    world.clock.move(DAY)
    await world.tick()
    await world.send()
    assert (await world.record())[("paused", "6", "ahead")] == ("sent", "")


async def test_remind_me_on_a_day(world: World) -> None:
    await debtors(world, Debtor("1", "p"))
    await world.tick()
    await world.database.write(prefs.change("p", asked_for=date(2026, 3, 19)).apply)
    for _ in range(3):
        world.clock.move(DAY)
        await world.tick()
    assert [text.split()[-1] for _chat, text in await world.texts()] == ["ahead", "asked20260319"]


async def test_what_is_switched_off_meanwhile_does_not_slip_through(world: World) -> None:
    await debtors(world, Debtor("1", "p"))
    await world.planner().run()
    await world.database.write(prefs.mute("p", "1").apply)
    await world.send()
    await world.tick()
    assert await world.texts() == []
    assert await world.record() == {("p", "1", "ahead"): ("skipped", "account_muted")}


async def test_an_account_that_is_not_theirs_any_more(world: World) -> None:
    await debtors(world, Debtor("1", "p"), Debtor("2", "q"))
    await world.planner().run()
    await world.database.write(lambda c: c.execute(update(account_links).values(ended_at=world.clock.now())))
    await world.database.write(
        lambda c: c.execute(update(subscribers).where(subscribers.c.id == "q").values(erased_at=world.clock.now()))
    )
    await world.send()
    assert await world.texts() == []
    assert set((await world.record()).values()) == {("cancelled", "not_linked_any_more")}


async def test_a_blocked_chat_is_followed_by_the_next_way(world: World) -> None:
    world.rules = replace(world.rules, prices=Prices(sms_open=True, sms=Decimal(3), budget=Decimal(5)))
    await debtors(world, Debtor("1", "p"), Debtor("2", "q"))
    await world.database.write(lambda c: c.execute(update(subscribers).values(phone=subscribers.c.id)))
    await world.planner().run()
    await world.dispatcher().run()
    await world.database.write(
        lambda c: c.execute(update(outbox).values(status="dropped", reason="bot was blocked by the user"))
    )
    await world.database.write(lambda c: c.execute(update(chats).values(status="gone")))
    await world.send()
    payloads = await world.database.read(lambda c: list(c.execute(select(tasks.c.payload)).scalars()))
    assert len(payloads) == 1  # the budget is for one
    assert "500.00 ahead" in payloads[0]
    await world.database.write(lambda c: c.execute(update(tasks).values(status="done")))
    await world.send()
    assert sorted((await world.record()).values()) == [("dropped", "could_not_be_delivered"), ("sent", "")]


async def test_a_message_that_waited_past_its_hour_goes_in_the_morning(world: World) -> None:
    await debtors(world, Debtor("1", "p"))
    await world.planner().run()
    await world.dispatcher().run()
    gate = Gate(world.database, world.clock, world.rules.operator, world.rules.policy)
    cause = await world.database.read(lambda c: c.execute(select(outbox.c.turn_id)).scalar_one())
    assert await gate(cause) is None
    world.clock.move(timedelta(hours=10))
    assert await gate(cause) == "outside_hours"
    assert await gate("something else") is None
    await world.database.write(lambda c: c.execute(update(outbox).values(status="failed", reason="outside_hours")))
    await world.send()
    assert await world.record() == {("p", "1", "ahead"): ("planned", "outside_hours")}
    world.clock.move(timedelta(hours=12))
    await world.send()
    assert len(await world.texts()) == 2  # the one that did not go out, and the one that did


async def test_a_message_about_a_debt_that_is_paid_meanwhile_is_stopped_at_the_last_door(world: World) -> None:
    await debtors(world, Debtor("1", "p"), Debtor("2", "p"))
    await world.planner().run()
    await world.dispatcher().run()
    gate = Gate(world.database, world.clock, world.rules.operator, world.rules.policy)
    cause = await world.database.read(lambda c: c.execute(select(outbox.c.turn_id)).scalar_one())
    await world.pay("1")
    assert await gate(cause) is None
    assert await world.database.write(due.call_off, ["1"]) == 1
    assert await gate(cause) == "paid"
    await world.database.write(lambda c: c.execute(update(outbox).values(status="failed", reason="paid")))
    await world.planner().run()  # takes over how it went
    await world.send()
    await world.send()
    texts = [text for _chat, text in await world.texts()]
    assert texts[1:] == ["2 500.00 ahead"]
    assert (await world.record())["p", "1", "ahead"] == ("cancelled", "paid")


async def test_the_operator_pauses_everything(world: World) -> None:
    await debtors(world, Debtor("1", "p"))
    stop = {"name": due.SWITCH, "paused": True, "changed_at": world.clock.now()}
    await world.database.write(lambda c: c.execute(insert(switch), stop))
    await world.tick()
    assert await world.texts() == []
    await world.database.write(lambda c: c.execute(update(switch).values(paused=False)))
    await world.tick()
    assert len(await world.texts()) == 1


async def test_nobody_is_reminded_on_old_figures(world: World) -> None:
    await debtors(world, Debtor("1", "p"))
    await world.planner().run()
    inner = BreakableBilling(EmbeddedBilling(world.database, world.clock, live=True), "down")
    silent = BillingService(inner, world.database, world.clock)
    await Dispatcher(world.database, world.clock, silent, world.rules, compose).run()
    assert await world.record() == {("p", "1", "ahead"): ("planned", "billing_silent")}
    world.clock.move(timedelta(minutes=11))
    await world.send()
    assert len(await world.texts()) == 1


@pytest.mark.parametrize("hours", [-72, 72, 24 * 400])
async def test_a_clock_that_jumps_repeats_nothing(world: World, hours: int) -> None:
    await debtors(world, Debtor("1", "p"))
    await world.tick()
    world.clock.move(timedelta(hours=hours))
    await world.tick()
    world.clock.move(timedelta(hours=-hours))
    await world.tick()
    keys = [text for _chat, text in await world.texts()]
    assert len(keys) == len(set(keys))
    assert keys.count("1 500.00 ahead") <= 2  # in 400 days a later bill's may stand beside it
    async_keys = await world.database.read(
        lambda c: c.execute(select(reminders).where(reminders.c.message_id.is_not(None))).all()
    )
    assert len({row.message_id for row in async_keys}) == len(async_keys)


async def test_pages_do_not_matter(world: World) -> None:
    await debtors(world, *(Debtor(f"{n:04}", f"p{n % 7}") for n in range(50)))
    assert (await world.planner(page=3).run())["planned"] == 50
    await world.send()
    assert len(await world.texts()) == 7


async def test_a_billing_that_falls_silent_keeps_what_was_planned(world: World) -> None:
    """On the second page: the first one's people are on record, and the next run goes on."""
    await debtors(world, *(Debtor(f"{n}", f"p{n}") for n in range(5)))
    inner = BreakableBilling(EmbeddedBilling(world.database, world.clock, live=True))
    planner = Planner(
        world.database, world.clock, BillingService(inner, world.database, world.clock), world.rules, page=2
    )
    pages = planner.pages(world.clock.now())
    assert len(await anext(pages)) == 2
    await pages.aclose()
    assert await world.record() == {}

    asked = 0
    ask = inner.open_debts

    async def silent_later(after: str, limit: int) -> list[AccountOverview]:
        nonlocal asked
        asked += 1
        inner.mode = "down" if asked == 2 else "ok"
        return await ask(after, limit)

    inner.open_debts = silent_later  # type: ignore[method-assign]  # this very object's, for this test
    with pytest.raises(OutsideUnavailable):
        await planner.run()
    assert set(await world.record()) == {("p0", "0", "ahead"), ("p1", "1", "ahead")}
    world.clock.move(timedelta(minutes=1))
    inner.mode, asked = "ok", 10
    assert (await planner.run())["planned"] == 5
