"""Kinds of appeals come from a file that an operator writes by hand, with the mistakes that hands make."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.appeals.kinds import KindsError, load_kinds, parse_kinds

GOOD = """
[visit]
icon = "🧰"
title = { en = "A technician's visit", ru = "Вызов мастера" }
account = "ask"
answer_hours = 2
solve_days = 3

[[visit.fields]]
code = "when"
title = "When?"
required = true
"""


def test_the_programs_own_file() -> None:
    kinds = load_kinds()
    assert [kind.code for kind in kinds.offered] == [
        "technical",
        "finance",
        "claim",
        "cabinet",
        "consultation",
        "gratitude",
    ]
    assert kinds.get("claim").solve_days == 30 and kinds.get("technical").technical
    for kind in kinds:
        assert kind.title.in_("ru") != kind.title.in_("en"), f"{kind.code} is translated"
        assert kind.title.in_("fr") == kind.title.in_("en")


def test_an_operators_file(tmp_path: Path) -> None:
    file = tmp_path / "kinds.toml"
    file.write_text(GOOD, "utf-8")
    [visit] = load_kinds(file).offered
    assert (visit.title.in_("ru"), visit.account, visit.solve_days) == ("Вызов мастера", "ask", 3)
    when = visit.find_field("when")
    assert when is not None and when.required and when.title.in_("ru") == "When?"


def test_a_kind_that_was_taken_out_of_the_file_keeps_a_name() -> None:
    kinds = parse_kinds(GOOD)
    assert kinds.find("claim") is None and kinds.get("claim").title.in_("ru") == "claim"
    assert kinds.find("person") is not None, "the program's own kinds are always there"


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("", "names none"),
        ("[visit", "is no TOML"),
        ("visit = 1", "must be a table"),
        ("[visit]", "title must be words"),
        ("[visit]\ntitle = {}", "title must be words"),
        ("[visit]\ntitle = { en = ' ' }", "title must be words"),
        ("[person]\ntitle = 'x'", "the program's own"),
        ("['a b']\ntitle = 'x'", "Latin letters"),
        (f"[{'a' * 21}]\ntitle = 'x'", "Latin letters"),
        ("[visit]\ntitle = 'x'\ncolour = 'red'", "unknown key 'colour'"),
        ("[visit]\ntitle = 'x'\naccount = 'must'", '"no" or "ask"'),
        ("[visit]\ntitle = 'x'\nanswer_hours = 0", "from 1 to 2000"),
        ("[visit]\ntitle = 'x'\nanswer_hours = true", "from 1 to 2000"),
        ("[visit]\ntitle = 'x'\nsolve_days = 3000", "from 1 to 2000"),
        ("[visit]\ntitle = 'x'\n[[visit.fields]]\ncode = 'w'", "fields title"),
        ("[visit]\ntitle = 'x'\n[[visit.fields]]\ntitle = 'w'", "Latin letters"),
        ("[visit]\ntitle = 'x'\nfields = [1]", "must be tables"),
        ("[visit]\ntitle = 'x'\nfields = 1", "must be tables"),
    ],
)
def test_each_mistake_is_named(source: str, said: str) -> None:
    with pytest.raises(KindsError) as error:
        parse_kinds(source)
    assert any(said in sentence for sentence in error.value.sentences), error.value.sentences


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(KindsError, match="cannot be read"):
        load_kinds(tmp_path / "nowhere.toml")
