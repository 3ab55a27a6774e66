"""What is owed, until when, what for and why, as a dialogue in both messengers."""

from __future__ import annotations

import re
from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import update

from core.billing.breakable import BreakableBilling
from core.billing.demo import add_charge, take_payment
from core.money import Money
from core.subscribers.models import Role
from core.subscribers.tables import account_links
from fsm.action import encode
from fsm.actions import OpenAccount, OpenAccounts
from fsm.event import Command, Opened
from fsm.flows.history import PickMonth, TurnHistory
from tests.flows.conftest import Register
from tests.support.dialogue import House, Person

PAID, OWES, THREE_MONTHS, PREPAID = "7700100101", "7700100218", "7700100325", "7700100432"
SUSPENDED, CLOSED, FOREIGN = "7700100656", "7700100763", "7700100549"
FAMILY = ("7700100870", "7700100871", "7700100872")
COMPANY = tuple(f"99002001{index:02d}" for index in range(1, 9))
SUM = re.compile(r"([\d,]+\.\d\d)\u00a0RUB")


def sums(text: str) -> list[Decimal]:
    return [Decimal(found.replace(",", "")) for found in SUM.findall(text)]


def listed(text: str) -> Decimal:
    """What the lines of a list add up to: the first sum of each."""
    return sum((sums(line)[0] for line in text.splitlines() if line.startswith("•")), Decimal(0))


async def open_part(person: Person, part: str) -> None:
    await person.say("/balance")
    await person.press(part)


# -- the first screen ------------------------------------------------------------------------------------------------


async def test_nothing_linked_leads_to_linking(person: Person, register: Register) -> None:
    await register(person)
    await person.say("/balance")
    assert "no accounts here yet" in person.text
    assert "➕ Link an account" in person.labels


async def test_a_stranger_registers_first(person: Person) -> None:
    await person.say("/balance")
    assert "RUB" not in person.text
    assert person.labels


async def test_paid(person: Person, register: Register) -> None:
    await register(person, PAID)
    await person.say("/balance")
    assert "Account 7700 1001 01" in person.text
    assert "Nothing to pay" in person.text
    assert "Services: 870.00\u00a0RUB a month" in person.text
    assert "Last payment: 1,169.00\u00a0RUB, 6 March 2026" in person.text
    assert "As of 10 March 2026, 12:00" in person.text
    assert "All my accounts" not in person.labels


async def test_owes_for_a_month(person: Person, register: Register) -> None:
    await register(person, OWES)
    await person.say("/balance")
    assert "To pay: 840.00\u00a0RUB\nby 20 March 2026: 10 days left\nWhat for:" in person.text
    assert "(February 2026)" in person.text
    assert ("To pay: 840.00\u00a0RUB", "bold") in [tuple(part) for part in person.message.parts]


async def test_days_run_down_to_overdue(person: Person, register: Register, house: House) -> None:
    await register(person, OWES)
    await person.say("/balance")
    house.clock.move(timedelta(days=9))
    await person.press("Update")
    assert "by 20 March 2026: 1 day left" in person.text
    house.clock.move(timedelta(days=1))
    await person.press("Update")
    assert "today is the last day" in person.text
    house.clock.move(timedelta(days=2))
    await person.press("Update")
    assert "Debt: 840.00\u00a0RUB\nwas due by 20 March 2026: 2 days overdue" in person.text


async def test_the_day_is_counted_where_the_person_lives(person: Person, register: Register, house: House) -> None:
    """At 23:30 in Moscow the next day has begun in Omsk."""
    await register(person, OWES, region="RU-OMS")
    house.clock.move(timedelta(hours=11, minutes=30))
    await person.say("/balance")
    assert "by 20 March 2026: 9 days left" in person.text
    assert "As of 11 March 2026, 02:30" in person.text


async def test_prepaid_says_until_when_it_suffices(person: Person, register: Register) -> None:
    await register(person, PREPAID)
    await person.say("/balance")
    assert "On the account: 56.45\u00a0RUB\nenough until 12 March 2026: 2 more days" in person.text


async def test_suspended_says_what_brings_it_back(person: Person, register: Register) -> None:
    await register(person, SUSPENDED)
    await person.say("/balance")
    assert "Debt: 3,523.50\u00a0RUB" in person.text
    assert "The service is suspended. Once the debt is paid" in person.text


async def test_closed(person: Person, register: Register) -> None:
    await register(person, CLOSED)
    await person.say("/balance")
    assert "The contract is closed." in person.text
    assert "a month" not in person.text


async def test_in_russian(person: Person, register: Register) -> None:
    person.language = "ru"
    await register(person, OWES)
    await person.say("/balance")
    text = person.text.replace("\xa0", " ")
    assert "К оплате: 840,00 ₽\nОплатить до 20 марта 2026: осталось 10 дней\nЗа что: Домашний интернет 690,00 ₽" in text
    assert "Данные на 10 марта 2026, 12:00" in text


# -- several accounts ------------------------------------------------------------------------------------------------


async def test_family_on_one_screen(person: Person, register: Register) -> None:
    await register(person, *FAMILY, nicknames={FAMILY[1]: "Mother's flat"})
    await person.say("/balance")
    assert person.text.startswith("To pay in all: 830.50\u00a0RUB")
    assert "Mother's flat · 7700 1008 71\nTo pay: 830.50\u00a0RUB\nby 20 March 2026: 10 days left" in person.text
    assert person.labels[:3] == ["Account 7700 1008 70", "Mother's flat", "Account 7700 1008 72"]
    assert person.text.count("As of") == 1
    await person.press("Mother's flat")
    assert person.text.startswith("Mother's flat\nAccount 7700 1008 71")
    await person.press("All my accounts")
    assert "To pay in all" in person.text


async def test_company_with_eight(person: Person, register: Register) -> None:
    await register(person, *COMPANY, role=Role.representative)
    await person.say("/balance")
    assert "To pay in all: 11,733.20\u00a0RUB" in person.text
    assert len([label for label in person.labels if label.startswith("Account")]) == 8
    assert "Further ›" not in person.labels


async def test_more_than_eight_turn_pages(person: Person, register: Register) -> None:
    await register(person, *COMPANY, *FAMILY, PREPAID)
    await person.say("/balance")
    total = person.text.splitlines()[0]
    assert "12,563.70\u00a0RUB" in total
    await person.press("Further ›")
    assert person.text.splitlines()[0] == total
    assert [label for label in person.labels if label.startswith("Account")] == [
        "Account 7700 1008 70",
        "Account 7700 1008 71",
        "Account 7700 1008 72",
        "Account 7700 1004 32",
    ]
    assert "enough until 12 March 2026" in person.text
    await person.press("‹ Earlier")
    assert "Account 9900 2001 01" in person.labels


# -- what for and why ------------------------------------------------------------------------------------------------


async def test_the_debt_is_explained_to_the_kopeck(person: Person, register: Register) -> None:
    await register(person, THREE_MONTHS)
    await person.say("/balance")
    assert "Debt: 2,922.85\u00a0RUB\nwas due by 20 January 2026: 49 days overdue" in person.text
    assert "overdue of it: 1,830.54\u00a0RUB" in person.text
    await person.press("What the sum consists of")
    by_month, by_service = person.text.split("By service:")
    assert "250.00\u00a0RUB left of 550.00\u00a0RUB" in by_month
    assert listed(by_month) == listed(by_service) == Decimal("2922.85")
    months = [sums(line)[0] for line in by_month.splitlines() if re.match(r"(December|January|February)", line)]
    assert months == [Decimal("760.50"), Decimal("1070.04"), Decimal("1092.31")]
    assert sum(months) == Decimal("2922.85")
    assert "In all: 2,922.85\u00a0RUB" in by_service


@pytest.mark.parametrize("number", [OWES, SUSPENDED, FAMILY[1], COMPANY[5], "7700101339", "7700101446"])
async def test_every_debt_adds_up(house: House, register: Register, number: str) -> None:
    person = Person(house, "telegram", "42")
    await register(person, number)
    await open_part(person, "What the sum consists of")
    debt = next(sums(line)[0] for line in person.text.splitlines() if "consists of" in line)
    assert listed(person.text.split("By service:")[0]) == debt > 0


async def test_who_owes_nothing_sees_what_was_charged(person: Person, register: Register) -> None:
    await register(person, PREPAID)
    await open_part(person, "What the sum consists of")
    assert "You owe nothing." in person.text
    assert "February 2026: 600.00\u00a0RUB" in person.text
    assert "March 2026, so far: 193.55\u00a0RUB" in person.text


@pytest.mark.parametrize(
    ("number", "change", "reason"),
    [
        ("7700101115", "160.00\u00a0RUB more", "the price was 690.00\u00a0RUB, now it is 850.00\u00a0RUB"),
        ("7700101222", "200.00\u00a0RUB more", "the discount has ended"),
        ("7700101339", "750.00\u00a0RUB more", "Настройка роутера"),
        ("7700101446", "1,152.85\u00a0RUB more", "used more: 1,284.60\u00a0RUB instead of 131.75\u00a0RUB"),
        (THREE_MONTHS, "22.27\u00a0RUB more", "was 9.54\u00a0RUB, now it is 31.81\u00a0RUB"),
        (OWES, "The same sum as the month before", ""),
    ],
)
async def test_why_the_sum_has_changed(
    person: Person, register: Register, number: str, change: str, reason: str
) -> None:
    await register(person, number)
    await open_part(person, "Why the sum has changed")
    assert change in person.text
    assert reason in person.text
    now, before = sums(person.text)[:2]
    parts = [
        sums(line)[0] * (-1 if "\u2212" in line.split("–")[0] else 1)
        for line in person.text.splitlines()
        if "•" in line
    ]
    assert now - before == sum(parts)


async def test_services_and_prices(person: Person, register: Register) -> None:
    await register(person, OWES)
    await open_part(person, "Services and prices")
    assert "840.00\u00a0RUB a month" in person.text
    assert "Домашний интернет: 690.00\u00a0RUB a month\nTariff: Дом 300 Мбит/с" in person.text
    assert "As of" in person.text


@pytest.mark.parametrize("role", [Role.family, Role.representative])
async def test_relatives_see_sums_and_no_names(person: Person, register: Register, role: Role) -> None:
    await register(person, OWES, role=role)
    await person.say("/balance")
    assert "840.00\u00a0RUB" in person.text
    first = person.message
    for part in ("What the sum", "Why the sum", "Services and", "By month", "As a picture"):
        await person.press_on(first, part)
        for private in ("Кузнецов", "Садовая", "Д-10218", "+7900"):
            assert private not in person.text
        await person.say("/balance")


async def test_the_owner_sees_whose_contract_it_is(person: Person, register: Register) -> None:
    await register(person, OWES)
    await open_part(person, "Services and prices")
    assert "Contract: Д-10218/22\nКузнецов Алексей Викторович\nг. Москва, ул. Садовая" in person.text


# -- history ---------------------------------------------------------------------------------------------------------


async def test_history_by_month(person: Person, register: Register) -> None:
    await register(person, THREE_MONTHS)
    await open_part(person, "By month")
    assert (
        "February 2026\ncharged 1,092.31\u00a0RUB, paid 0.00\u00a0RUB\nat the end: 2,922.85\u00a0RUB to pay"
        in person.text
    )
    await person.press("‹ Older")
    assert "September 2025" in person.labels
    await person.press("Newer ›")
    await person.press("January 2026")
    assert "At the beginning of the month: 1,060.50\u00a0RUB to pay" in person.text
    assert "January 2026: 1,070.04\u00a0RUB" in person.text
    assert "Paid: 300.00\u00a0RUB\n• 14 January 2026: 300.00\u00a0RUB (Отделение почты)" in person.text
    assert "At the end: 1,830.54\u00a0RUB to pay" in person.text
    await person.press("Feb 26 ›")
    assert "At the beginning of the month: 1,830.54\u00a0RUB to pay" in person.text
    await person.press("Mar 26 ›")
    assert "Now: 2,922.85\u00a0RUB to pay" in person.text
    assert not [label for label in person.labels if label.endswith("›")]
    await person.press("‹ Feb 26")
    await person.press("Compare with month before")
    assert "22.27\u00a0RUB more" in person.text


async def test_the_first_month_has_nothing_before_it(person: Person, register: Register) -> None:
    await register(person, OWES)
    await open_part(person, "By month")
    await person.press("‹ Older")
    await person.press("‹ Older")
    await person.press("March 2025")
    assert not [label for label in person.labels if label.startswith("‹ ") and "account" not in label]
    assert "Compare" not in " ".join(person.labels)


@pytest.mark.parametrize("month", [date.min, date.max, date(2031, 5, 17)])
async def test_a_forged_month_shows_the_newest(person: Person, register: Register, month: date) -> None:
    await register(person, OWES)
    await open_part(person, "By month")
    stamp = person.payload("February 2026")[:4]
    await person.press_raw(encode(PickMonth(month), stamp))
    assert "March 2026, so far" in person.text


async def test_forged_pages_are_the_nearest(person: Person, register: Register) -> None:
    await register(person, OWES)
    await open_part(person, "By month")
    for page in (-5, 10**9):
        stamp = person.payload("20")[:4]
        await person.press_raw(encode(TurnHistory(page), stamp))
        assert "History by month" in person.text
    assert "March 2025" in person.labels


async def test_a_year_as_a_picture(person: Person, register: Register, house: House) -> None:
    await register(person, OWES)
    await open_part(person, "As a picture")
    picture = person.message.attachment
    assert picture is not None
    assert (picture.kind, picture.media_type) == ("picture", "image/png")
    assert 5_000 < picture.size < 1_000_000
    assert "Now: 840.00\u00a0RUB to pay" in person.text
    assert "As of" in person.text
    await person.press("To the account")
    assert person.message.attachment is None
    assert "To pay: 840.00\u00a0RUB" in person.text


# -- somebody else's -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [FOREIGN, "0000000000", "", "x" * 45])
async def test_a_foreign_and_an_unknown_account_get_the_same_answer(
    person: Person, register: Register, number: str
) -> None:
    await register(person, OWES)
    await person.say("/balance")
    await person.press_raw(encode(OpenAccount(number)))
    assert person.text == (
        "This account is not linked to you, so I cannot show it. If it is yours, link it: it takes a minute."
    )
    assert person.labels[:2] == ["➕ Link an account", "💰 My accounts"]


async def test_deep_links_open_ones_own_alone(person: Person, register: Register) -> None:
    await register(person, OWES, PAID)
    link = Opened if person.channel == "viber" else lambda context: Command("start", context)
    await person.do(link("acc_7700-100218"))
    assert "To pay: 840.00\u00a0RUB" in person.text
    await person.do(link(f"acc_{FOREIGN}"))
    assert "not linked to you" in person.text
    assert "RUB" not in person.text


async def test_a_right_that_was_taken_away_ends_at_once(person: Person, register: Register, house: House) -> None:
    await register(person, OWES, role=Role.family)
    await person.say("/balance")
    screen = person.message
    ended = update(account_links).values(ended_at=house.clock.now(), ended_by="owner")
    await house.database.write(lambda connection: connection.execute(ended))
    for part in ("Update", "What the sum", "Services", "By month", "As a picture"):
        await person.press_on(screen, part)
        assert "RUB" not in person.text
        assert person.message.attachment is None
    await person.say("/balance")
    assert "no accounts here yet" in person.text


# -- the billing's bad days ------------------------------------------------------------------------------------------


async def test_silent_with_nothing_known(person: Person, register: Register, billing: BreakableBilling) -> None:
    await register(person, OWES)
    billing.mode = "down"
    await person.say("/balance")
    assert "not answering right now, and I have no earlier figures" in person.text
    assert {"🔄 Try again", "☰ Menu", "🙋 A person"} <= set(person.labels)
    billing.mode = "ok"
    person.house.clock.move(timedelta(seconds=20))
    await person.press("Try again")
    assert "To pay: 840.00\u00a0RUB" in person.text


async def test_silent_list_with_nothing_known(person: Person, register: Register, billing: BreakableBilling) -> None:
    await register(person, *FAMILY)
    billing.mode = "down"
    await person.say("/balance")
    assert "no earlier figures" in person.text
    billing.mode = "ok"
    person.house.clock.move(timedelta(seconds=20))
    await person.press("Try again")
    assert "To pay in all: 830.50\u00a0RUB" in person.text


async def test_silent_shows_the_last_known_with_their_time(
    person: Person, register: Register, billing: BreakableBilling
) -> None:
    await register(person, OWES)
    await person.say("/balance")
    person.house.clock.move(timedelta(hours=5))
    billing.mode = "down"
    await person.press("Update")
    assert "To pay: 840.00\u00a0RUB" in person.text
    assert "not answering right now. These are the last figures I know, as of 10 March 2026, 12:00" in person.text
    screen = person.message
    for part in ("What the sum", "Why the sum", "Services", "By month", "As a picture"):
        await person.press_on(screen, part)
        assert "as of 10 March 2026, 12:00" in person.text
        assert "Кузнецов" not in person.text
        await person.say("/back")


async def test_silent_list_with_some_known(person: Person, register: Register, billing: BreakableBilling) -> None:
    await register(person, OWES, PAID)
    await person.say("/start acc_" + OWES)
    billing.mode = "down"
    await person.press("All my accounts")
    assert "To pay, as far as is known now: 840.00\u00a0RUB" in person.text
    assert "Account 7700 1001 01\nno figures right now" in person.text
    assert "the last figures I know" in person.text


async def test_a_slow_billing_is_not_waited_for(
    person: Person, register: Register, billing: BreakableBilling, monkeypatch: pytest.MonkeyPatch
) -> None:
    await register(person, OWES)
    await person.say("/balance")
    monkeypatch.setattr(person.house.services.billing, "limit", 0.01)
    billing.mode = "slow"
    await person.press("Update")
    assert "To pay: 840.00\u00a0RUB" in person.text
    assert "the last figures I know" in person.text


async def test_a_charge_and_a_payment_are_seen_at_once(person: Person, register: Register, house: House) -> None:
    await register(person, OWES)
    await person.say("/balance")
    now = house.clock.now()
    await house.database.write(add_charge, OWES, "Роутер", Money(Decimal("99.90"), "RUB"), now=now)
    await person.press("Update")
    assert "To pay: 939.90\u00a0RUB" in person.text
    screen = person.message
    await person.press("What the sum consists of")
    assert "Роутер: 99.90\u00a0RUB" in person.text
    assert listed(person.text.split("By service:")[0]) == Decimal("939.90")
    await person.press_on(screen, "Why the sum has changed")
    await person.say("/balance")
    await person.press("Why the sum has changed")
    assert "March 2026, so far: 99.90\u00a0RUB\n• Роутер: 99.90\u00a0RUB" in person.text
    await house.database.write(take_payment, OWES, Money(Decimal("1000"), "RUB"), now=now, method="Cash desk")
    await person.press("To the account")
    assert "Nothing to pay\nIn credit: 60.10\u00a0RUB" in person.text
    assert "Last payment: 1,000.00\u00a0RUB, 10 March 2026 (Cash desk)" in person.text


# -- the way the conversation goes -----------------------------------------------------------------------------------


async def test_back_all_the_way(person: Person, register: Register) -> None:
    await register(person, *FAMILY)
    await person.say("/menu")
    await person.press("Balance & charges")
    await person.press("Account 7700 1008 71")
    await person.press("By month")
    await person.press("February 2026")
    await person.press("Compare")
    for expected in ("At the end:", "History by month", "What for:", "To pay in all"):
        await person.press("← Back")
        assert expected in person.text


async def test_old_buttons_explain_themselves(person: Person, register: Register) -> None:
    await register(person, *FAMILY)
    await person.say("/balance")
    await person.press("Account 7700 1008 70")
    old = person.message
    await person.say("/menu")
    await person.say("/balance")
    await person.press_on(old, "What the sum consists of")
    assert "earlier question" in person.text
    assert "To pay in all" in person.text
    await person.press_raw(encode(OpenAccounts()))
    assert "To pay in all" in person.text


async def test_double_tap(person: Person, register: Register) -> None:
    await register(person, OWES)
    await person.say("/balance")
    screen = person.message
    await person.press_on(screen, "What the sum consists of")
    count = len(person._all())
    await person.press_on(screen, "What the sum consists of")
    assert "consists of" in person.text
    assert len(person._all()) == count + (0 if person.channel == "telegram" else 1)


async def test_a_redelivered_update_is_answered_once(person: Person, register: Register) -> None:
    await register(person, OWES)
    await person.say("/balance")
    count = len(person._all())
    assert (await person.again()).duplicate
    assert len(person._all()) == count


async def test_a_restart_in_the_middle(person: Person, register: Register, house: House) -> None:
    await register(person, OWES)
    await open_part(person, "By month")
    house.restart()
    await person.press("February 2026")
    assert "At the end: 840.00\u00a0RUB to pay" in person.text


@pytest.mark.parametrize("part", ["", "What the sum", "Why the sum", "Services", "By month", "As a picture"])
async def test_anything_else_is_answered(person: Person, register: Register, part: str) -> None:
    await register(person, OWES)
    await person.say("/balance")
    if part:
        await person.press(part)
    for act in (person.say("???"), person.send_sticker(), person.send_file(), person.share_contact("+79000000001")):
        await act
        assert "button" in person.text
        assert {"☰ Menu", "🙋 A person"} <= set(person.labels)
    await person.say("/cancel")
    assert "What would you like to know?" in person.text
