"""Help: the questions people ask, in buttons and in their own words, and always a person."""

from __future__ import annotations

import pytest

from fsm.action import encode
from fsm.actions import OpenHelp, OpenPerson
from fsm.commands import command_menu
from fsm.flows.help import Ask
from fsm.help_topics import Topic
from fsm.state import Registry
from tests.flows.conftest import Register
from tests.support.dialogue import House, Person

OWES = "7700100218"
PERSON = {"🙋 Ask a person", "🙋 A person"}


async def test_questions_commands_and_a_person(person: Person) -> None:
    await person.say("/help")
    assert "How can I help?" in person.text
    assert len(person.labels) >= len(Topic) >= 10
    assert all(len(label) <= 30 for label in person.labels)
    assert set(person.labels) >= PERSON
    for name, _about in command_menu(("en",))["en"]:
        assert f"/{name} –" in person.text


@pytest.mark.parametrize("topic", Topic)
@pytest.mark.parametrize("language", ["en", "ru"])
async def test_every_answer_leads_to_the_thing_itself_and_to_a_person(
    house: House, register: Register, registry: Registry, topic: Topic, language: str
) -> None:
    person = Person(house, "telegram", "42", language=language)
    await register(person, OWES)
    await person.say("/help")
    questions = person.message
    label = next(b.label for row in questions.rows for b in row if f'"{topic.value}"' in b.payload)
    await person.press_on(questions, label)
    assert person.text.startswith(label)
    assert len(label) <= 30
    assert 40 < len(person.text) < 700
    answer = person.message
    own = [button for row in answer.rows[:-1] for button in row]
    assert encode(OpenPerson()) in [button.payload for button in own]
    for label in [button.label for button in own]:
        await person.press_on(answer, label)
        assert "does not work" not in person.text
        assert "something went wrong" not in person.text
        assert person.message.rows


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("The SMS code did not come", "The code does not come"),
        ("i lost my sim card", "I have a new phone number"),
        ("internet is switched off", "My service is suspended"),
        ("how do I unlink a relative", "Who can see my account?"),
        ("delete everything", "How do I delete my data?"),
        ("operator!", "How do I reach a person?"),
        ("paper invoice", "The sum is not as on my bill"),
    ],
)
async def test_ones_own_words(person: Person, words: str, expected: str) -> None:
    await person.say("/help")
    await person.say(words if words != "operator!" else "an operator, please")
    assert expected in person.text or expected in person.labels


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("не приходит смс", "Не приходит код"),
        ("Я оплатила, а деньги не зачислили", "Оплачено, а долг остался"),
        ("почему отключили интернет", "Услуги отключили"),
        ("потеряла симку", "У меня новый номер телефона"),
        ("квитанция отличается", "Сумма не как в квитанции"),
        ("хочу поговорить с живым человеком", "Как связаться с сотрудником?"),
    ],
)
async def test_ones_own_words_in_russian(person: Person, words: str, expected: str) -> None:
    person.language = "ru"
    await person.say("/help")
    await person.say(words)
    assert expected in person.text or expected in person.labels


async def test_thanks_for_an_answer(person: Person) -> None:
    await person.say("/help")
    await person.say("delete my data")
    await person.say("Thank you!")
    assert "You are welcome!" in person.text
    assert "How can I help?" in person.text


async def test_words_that_fit_several_questions(person: Person) -> None:
    await person.say("/help")
    await person.say("receipt")
    assert "Is it one of these?" in person.text
    assert {"The sum is not as on my bill", "I paid, but the debt is here"} <= set(person.labels)
    assert set(person.labels) >= PERSON
    await person.press("I paid, but the debt is here")
    assert "Money is on its way" in person.text


@pytest.mark.parametrize("words", ["zzz xyzzy", "?", "a", "🙃", "the and how", "%s {x} <b>"])
async def test_words_that_fit_nothing_lead_to_a_person(person: Person, words: str) -> None:
    await person.say("/help")
    await person.say(words)
    assert "no ready answer" in person.text
    assert set(person.labels) >= {*PERSON, "All questions"}
    await person.say("delete my data")
    assert "How do I delete my data?" in person.text


async def test_the_code_question_leads_back_into_registration(person: Person) -> None:
    await person.say("/help")
    await person.press("The code does not come")
    assert "🔑 Register or sign in" in person.labels


async def test_help_in_the_middle_leads_back_there(person: Person) -> None:
    await person.start()
    await person.press("I agree" if "I agree" in " ".join(person.labels) else person.labels[0])
    await person.say("/help")
    await person.press("The code does not come")
    assert "▶️ Continue where you stopped" in person.labels


async def test_back_stale_double_and_restart(person: Person, house: House) -> None:
    await person.say("/help")
    questions = person.message
    await person.press("What am I charged for?")
    await person.press("← Back")
    assert "How can I help?" in person.text
    house.restart()
    await person.press("What am I charged for?")
    assert "Nothing is hidden." in person.text
    count = len(person._all())
    assert (await person.again()).duplicate
    assert len(person._all()) == count
    await person.say("/menu")
    await person.press_on(questions, "My service is suspended")
    assert person.labels
    await person.press_raw(encode(OpenHelp()))
    assert "How can I help?" in person.text


async def test_a_forged_topic(person: Person) -> None:
    await person.say("/help")
    stamp = person.payload("What am I charged for?")[:4]
    await person.press_raw(encode(Ask(Topic.charges), stamp).replace("what", "wh"))
    assert "How can I help?" in person.text


async def test_anything_else_is_answered(person: Person) -> None:
    await person.say("/help")
    for act in (person.send_sticker(), person.send_file(), person.share_contact("+79000000001")):
        await act
        assert "in your own words" in person.text
