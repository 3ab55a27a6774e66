"""What else comes by itself is each person's own choice, and it is obeyed."""

from __future__ import annotations

from core.reminders.models import Kind
from fsm.notice_words import notice
from fsm.texts import Translator
from tests.flows.conftest import OPERATOR, Register
from tests.support.dialogue import House, Person

DEBTOR = "7700100101"


async def test_each_kind_has_a_switch(house: House, person: Person, register: Register) -> None:
    subscriber = await register(person, DEBTOR)
    await person.say("/messages")
    assert "What else shall I write to you about?" in person.text
    for label, kind in (("Planned works", Kind.works), ("News", Kind.news), ("Payments", Kind.receipts)):
        await person.press(f"✅ {label}")
        assert any(one.startswith(f"🔕 {label}") for one in person.labels)
        assert not (await house.services.reminders.prefs(subscriber)).wants(kind)
    await person.press("🔕 News")
    assert (await house.services.reminders.prefs(subscriber)).wants(Kind.news)


async def test_reminders_lead_there_and_back(person: Person, register: Register) -> None:
    await register(person, DEBTOR)
    await person.say("/reminders")
    await person.press("📨 Other messages")
    assert any(one.startswith("✅ News") for one in person.labels)
    await person.press("🔔 Reminders of debts")
    assert "Reminders of debts are on" in person.text


def test_the_operators_words_stand_as_they_were_written() -> None:
    shown = notice(Translator("en", OPERATOR.zone), Kind.works, "Svyaz", "  <b>From 1 to 5</b> *no* internet\n")
    assert str(shown.text) == "🛠 Planned works\n\n<b>From 1 to 5</b> *no* internet"
    said = notice(Translator("ru", OPERATOR.zone), Kind.news, "Svyaz", "Скидки")
    assert str(said.text) == "📰 Новости: Svyaz\n\nСкидки"
