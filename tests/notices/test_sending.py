"""A notice reaches everybody whom it concerns, once, in their hours; and for everybody else there is a reason."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from core.billing.breakable import BreakableBilling
from core.billing.embedded import EmbeddedBilling
from core.billing.service import BillingService
from core.delivery.tables import outbox
from core.errors import OutsideUnavailable
from core.notices import audience, store
from core.notices.models import NoticeStatus, Wrong
from core.notices.preview import preview
from core.notices.report import progress, report_of
from core.notices.sending import NoticeSender
from core.reminders import prefs
from core.reminders.models import Kind
from core.reminders.ways import Prices
from core.subscribers.consents import Decision, decide
from core.subscribers.privacy import erase
from core.subscribers.tables import account_links, chats
from tests.notices.conftest import Town, compose
from tests.reminders.world import Debtor

HOUR = timedelta(hours=1)


async def test_one_person_one_message_however_often_it_runs(town: Town) -> None:
    await town.people(Debtor("1", "p"), Debtor("2", "p"), Debtor("3", "q", channel="viber"))
    number = await town.send()
    for _ in range(3):
        await town.run()
        town.clock.move(HOUR)
    assert sorted(await town.texts()) == [("telegram:p", "1 en hello"), ("viber:q", "1 en hello")]
    assert await town.record() == {"p": ("sent", ""), "q": ("sent", "")}
    assert await town.status(number) is NoticeStatus.done


async def test_nothing_goes_out_before_the_word_and_nothing_twice(town: Town) -> None:
    await town.people(Debtor("1", "p"))
    number = await town.draft()
    await town.run()
    assert await town.texts() == []
    await town.database.write(store.start, number, town.clock.now())
    with pytest.raises(Wrong, match="not a draft: it is sending"):
        await town.database.write(store.start, number, town.clock.now())
    await town.run()
    with pytest.raises(Wrong, match="not a draft: it is done"):
        await town.database.write(store.start, number, town.clock.now())
    assert len(await town.texts()) == 1


async def test_whoever_refuses_the_document_hears_no_news_either(town: Town) -> None:
    await town.people(Debtor("1", "p"), Debtor("2", "q"))
    for decision in (Decision.given, Decision.refused):
        town.clock.move(HOUR / 60)
        await town.database.write(decide("telegram:p", "p", "2", decision, town.clock.now()).apply)
    await town.send()
    await town.run()
    assert await town.record() == {"p": ("skipped", "consent_refused"), "q": ("sent", "")}


@pytest.mark.parametrize(
    ("whom", "expected"),
    [
        ({"everyone": True}, {"p", "q", "r"}),
        ({"regions": ("RU-KGD",)}, {"q"}),
        ({"tariffs": ("home 100",)}, {"p", "q"}),
        ({"tariffs": ("Home 100", "Home 500"), "regions": ("RU-MOW",)}, {"p", "r"}),
        ({"accounts": ("№ 0 02", "003", "999")}, {"q", "r"}),
        ({"accounts": ("002", "003"), "tariffs": ("Home 500",)}, {"r"}),
    ],
)
async def test_whom_it_concerns(town: Town, whom: dict[str, Any], expected: set[str]) -> None:
    await town.people(Debtor("001", "p"), Debtor("002", "q", region="RU-KGD"), Debtor("003", "r"), Debtor("004"))
    for number, tariff in (("001", "Home 100"), ("002", "Home 100"), ("003", "Home 500"), ("004", "Home 100")):
        await town.tariff(number, tariff)
    notice = await town.send(**whom)
    await town.run()
    assert set(await town.record()) == expected
    listed = len(whom.get("accounts", ()))
    known = sum(number in ("№ 0 02", "002", "003") for number in whom.get("accounts", ()))
    assert (await town.database.read(store.load, notice)).nobody == listed - known


async def test_an_account_that_is_not_theirs_any_more_says_nothing_of_them(town: Town) -> None:
    await town.people(Debtor("1", "p"))
    await town.database.write(lambda c: c.execute(update(account_links).values(ended_at=town.clock.now())))
    await town.send(accounts=("1",))
    await town.run()
    assert await town.record() == {}


async def test_a_reason_for_everybody_who_does_not_get_it(town: Town) -> None:
    today = town.clock.now().date()
    await town.people(
        Debtor("1", "off"),
        Debtor("2", "other"),
        Debtor("3", "paused"),
        Debtor("4", "unreachable", channel=""),
        Debtor("5", "dear", channel="viber", heard_hours_ago=25),
        Debtor("6", "gets"),
    )
    for write in (
        prefs.change("off", news=False),
        prefs.change("other", works=False, debts=False, receipts=False),
        prefs.change("paused", paused_until=today + timedelta(days=1)),
    ):
        await town.database.write(write.apply)
    number = await town.send(Kind.news)
    await town.run()
    assert await town.record() == {
        "off": ("skipped", "switched_off"),
        "other": ("sent", ""),
        "paused": ("skipped", "paused_by_person"),
        "unreachable": ("skipped", "no_chat"),
        "dear": ("skipped", "over_budget"),
        "gets": ("sent", ""),
    }
    assert await town.status(number) is NoticeStatus.done
    said = (await town.database.read(report_of, number, "RUB")).sentences()
    assert "       2  sent" in said
    assert "       1  skipped: switched_off" in said
    assert "       2  sent by telegram" in said


async def test_works_and_news_are_switched_off_apart(town: Town) -> None:
    await town.people(Debtor("1", "p"))
    await town.database.write(prefs.change("p", works=False).apply)
    await town.send(Kind.works, {"en": "dig"})
    await town.send(Kind.news, {"en": "sale"})
    await town.run()
    assert await town.texts() == [("telegram:p", "2 en sale")]


async def test_each_language_and_a_plain_fallback(town: Town) -> None:
    await town.people(Debtor("1", "p"), Debtor("2", "q"))
    await town.database.write(lambda c: c.execute(update(chats).where(chats.c.address == "q").values(language="ru")))
    await town.send(texts={"en": "hello", "ru": "привет"})
    await town.send(texts={"ru": "только"})
    await town.send(texts={"en": "only"})
    await town.run()
    assert sorted(await town.texts()) == [
        ("telegram:p", "1 en hello"),
        ("telegram:p", "2 ru только"),
        ("telegram:p", "3 en only"),
        ("telegram:q", "1 ru привет"),
        ("telegram:q", "2 ru только"),
        ("telegram:q", "3 en only"),
    ]


async def test_at_night_it_waits_for_each_ones_morning(town: Town) -> None:
    town.clock.move(7 * HOUR)  # 19:00 in Moscow, 18:00 in Kaliningrad, 4:00 in Kamchatka
    await town.people(Debtor("1", "east", region="RU-KAM"), Debtor("2", "west", region="RU-KGD"), Debtor("3", "middle"))
    town.clock.move(timedelta(minutes=90))  # 20:30, 19:30, 5:30
    await town.send()
    await town.run()
    assert [chat for chat, _text in await town.texts()] == ["telegram:west"]
    assert (await town.record())["east"] == ("planned", "outside_hours")
    town.clock.move(5 * HOUR)  # 10:30 in Kamchatka
    await town.run()
    assert [chat for chat, _text in await town.texts()] == ["telegram:west", "telegram:east"]
    town.clock.move(9 * HOUR)  # 10:30 in Moscow
    await town.run()
    assert len(await town.texts()) == 3


async def test_a_message_that_waited_past_its_hour_goes_in_the_morning(town: Town) -> None:
    await town.people(Debtor("1", "p"))
    number = await town.send()
    await town.sender().run()
    assert await town.gate() == [None]
    town.clock.move(10 * HOUR)
    assert await town.gate() == ["outside_hours"]
    await town.refuse("outside_hours")
    await town.run()
    assert await town.record() == {"p": ("planned", "outside_hours")}
    assert await town.status(number) is NoticeStatus.sending
    town.clock.move(13 * HOUR)
    await town.run()
    assert await town.record() == {"p": ("sent", "")}


async def test_paused_and_resumed_it_goes_on_where_it_stopped(town: Town) -> None:
    await town.people(*(Debtor(f"{n:03}", f"p{n:03}") for n in range(250)))
    number = await town.send()
    await town.sender(most=150).run()  # what the outbox takes
    sent = len(await town.texts())
    assert 150 <= sent < 250
    await town.database.write(store.pause, number)
    assert set(await town.gate()) == {"paused_by_operator"}
    await town.refuse("paused_by_operator")
    await town.run()
    assert len(await town.texts()) == sent
    assert {status for status, _reason in (await town.record()).values()} == {"planned"}
    with pytest.raises(Wrong, match="not being sent"):
        await town.database.write(store.pause, number)
    await town.database.write(store.resume, number)
    await town.run()
    assert set((await town.record()).values()) == {("sent", "")}
    far = await town.database.read(progress, number)
    assert (far.total, far.sent, far.over, far.notice.status) == (250, 250, 250, NoticeStatus.done)


async def test_a_restart_goes_on_behind_the_last_page(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed after each page, in the middle of the work: nobody is left out, nobody hears it twice."""
    await town.people(*(Debtor(f"{n:03}", f"p{n:03}") for n in range(60)))
    await town.people(Debtor("x", "zz"))
    number = await town.send(accounts=tuple(f"{n:03}" for n in range(60)))
    monkeypatch.setattr("core.notices.sending.PAGES", 1)
    monkeypatch.setattr(audience.page_of, "__defaults__", (10,))
    looked = []
    for _ in range(12):
        await town.sender().run()
        looked.append((await town.database.read(progress, number)).total)
    assert looked[:3] == [10, 20, 30]
    await town.run()
    assert len(await town.texts()) == 60
    assert await town.status(number) is NoticeStatus.done


async def test_a_blocked_chat_is_followed_by_the_next_one(town: Town) -> None:
    await town.people(Debtor("1", "p"), Debtor("2", "q"))
    second = {"chat_id": "telegram:p2", "channel": "telegram", "address": "p2", "subscriber_id": "p"}
    more = {"language": "en", "status": "active", "created_at": town.clock.now()}
    await town.database.write(lambda c: c.execute(insert(chats), second | more))
    number = await town.send()
    await town.sender().run()
    first = dict(await town.texts())
    assert len(first) == 2
    await town.refuse("bot was blocked by the user")
    await town.run()
    assert await town.record() == {"p": ("sent", ""), "q": ("dropped", "could_not_be_delivered")}
    assert len({chat for chat, _text in await town.texts()}) == 3
    report = await town.database.read(report_of, number, "RUB")
    assert report.failures == {"bot was blocked by the user": 2}


async def test_what_is_switched_off_meanwhile_does_not_slip_through(town: Town) -> None:
    await town.people(Debtor("1", "p"))
    await town.send(Kind.works)
    await town.sender().run()
    await town.database.write(prefs.change("p", works=False).apply)
    assert await town.gate() == ["switched_off"]
    await town.refuse("switched_off")
    await town.run()
    assert await town.record() == {"p": ("skipped", "switched_off")}


async def test_works_that_are_over_are_told_to_nobody(town: Town) -> None:
    await town.people(Debtor("1", "p"), Debtor("2", "q", region="RU-KAM"))
    number = await town.send(Kind.works, until=town.clock.now() + 3 * HOUR)
    await town.sender().run()
    town.clock.move(4 * HOUR)
    assert await town.gate() == ["out_of_date"]
    await town.refuse("out_of_date")
    town.clock.move(20 * HOUR)
    await town.run()
    assert await town.record() == {"p": ("skipped", "out_of_date"), "q": ("skipped", "out_of_date")}
    late = await town.draft(Kind.works, until=town.clock.now() + HOUR)
    town.clock.move(2 * HOUR)
    with pytest.raises(Wrong, match="of no use"):
        await town.database.write(store.start, late, town.clock.now())
    assert await town.status(number) is NoticeStatus.done


async def test_paid_ways_only_where_they_are_allowed_and_within_the_budget(town: Town) -> None:
    prices = Prices(viber=Decimal(3), budget=Decimal(7), sms_open=True, email_open=True)
    town.world.rules = replace(town.world.rules, prices=prices)
    await town.people(*(Debtor(f"{n}", f"p{n}", channel="viber", heard_hours_ago=30) for n in range(3)))
    await town.send(texts={"en": "free"})
    await town.run()
    assert await town.texts() == []
    number = await town.send(texts={"en": "paid"}, paid=True)
    await town.run()
    assert len(await town.texts()) == 2
    assert (await town.database.read(report_of, number, "RUB")).cost == 600
    await town.send(texts={"en": "again"}, paid=True)
    await town.run()
    assert len(await town.texts()) == 2


async def test_a_silent_billing_holds_it_up_and_loses_nobody(town: Town) -> None:
    await town.people(Debtor("1", "p"))
    await town.tariff("1", "Home")
    await town.send(tariffs=("Home",))
    broken = BreakableBilling(EmbeddedBilling(town.database, town.clock), "down")
    silent = BillingService(broken, town.database, town.clock)
    with pytest.raises(OutsideUnavailable):
        await NoticeSender(town.database, town.clock, silent, town.world.rules, compose).run()
    await town.run()
    assert await town.record() == {"p": ("sent", "")}


async def test_the_preview_says_what_the_sending_does(town: Town) -> None:
    await town.people(
        Debtor("1", "p"), Debtor("2", "q", region="RU-KAM"), Debtor("3", "off"), Debtor("4", "r", channel="viber")
    )
    await town.database.write(prefs.change("off", news=False).apply)
    number = await town.draft(texts={"ru": "привет", "en": "hello"}, accounts=("1", "2", "3", "4", "5"))
    notice = await town.database.read(store.load, number)
    found = await preview(town.database, town.world.billing, town.world.rules, notice, town.clock.now())
    assert await town.texts() == []
    assert await town.record() == {}
    assert found.sentences() == [
        "off  not: switched_off",
        "p  telegram",
        "q  telegram",
        "r  viber",
        "",
        "It concerns 4 people; 3 get it, cost: 0.00 RUB",
        "       2  by telegram",
        "       1  by viber",
        "       3  in en",
        "       1  later: it is not their hour now",
        "       1  not: switched_off",
        "       1  accounts of the list that nobody is linked to",
    ]


async def test_whoever_is_forgotten_is_forgotten_here_too(town: Town) -> None:
    await town.people(Debtor("1", "p"))
    await town.send()
    await town.run()
    assert [one["status"] for one in await town.database.read(store.export, "p")] == ["sent"]
    await town.database.write(erase, "p", "telegram:p", "turn", "1", town.clock.now())
    assert await town.record() == {}


async def test_forgotten_while_it_waits(town: Town) -> None:
    await town.people(Debtor("1", "p"), Debtor("2", "q"))
    number = await town.send()
    await town.sender().run()
    await town.database.write(erase, "p", "telegram:p", "turn", "1", town.clock.now())
    await town.run()
    assert await town.record() == {"q": ("sent", "")}
    waiting = select(outbox.c.chat_id).where(outbox.c.chat_id == "telegram:p")
    assert await town.database.read(lambda c: c.execute(waiting).all()) == []
    assert await town.status(number) is NoticeStatus.done


async def test_old_notices_are_removed_with_their_people(town: Town) -> None:
    await town.people(Debtor("1", "p"))
    await town.send()
    await town.draft()
    await town.run()
    later = town.clock.now() + store.KEPT + HOUR
    assert await town.database.write(store.forget_before, later - store.KEPT) == 1
    assert await town.record() == {}
    assert [one.status for one in await town.database.read(store.load_all)] == [NoticeStatus.draft]
