"""The documentation speaks of the program as it is: what it names exists, and what it shows can be run."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
import typer
from sqlalchemy import Connection, text

import fsm.flows.language
from bot import migrate
from bot.cli import app
from bot.settings import Settings
from core.billing.protocol import Billing
from core.database import Database

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])

# What only the tests read; CONTRIBUTING.md tells of it.
OF_THE_TESTS = {"ABONENT_TEST_POSTGRES"}

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"`([^`\n]+)`")

every_page = pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))


def _prose(page: Path) -> str:
    return _FENCE.sub("", page.read_text("utf-8"))


def _blocks(page: Path, language: str) -> list[str]:
    return [body for kind, body in _FENCE.findall(page.read_text("utf-8")) if kind == language]


def _commands(page: Path, program: str) -> list[list[str]]:
    """The words of every ``program ...`` in code spans and blocks."""
    source = page.read_text("utf-8")
    code = [
        *_SPAN.findall(_prose(page)),
        *(line for _kind, body in _FENCE.findall(source) for line in body.splitlines()),
    ]
    found = []
    for line in code:
        words = line.partition(" #")[0].replace(".venv/bin/", "").split()
        if words[:1] == [program] and len(words) > 1:
            found.append(words[1:])
    return found


def _anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", _prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@every_page
def test_links_lead_somewhere(page: Path) -> None:
    """To a file of the project, and to a heading that it has."""
    lost = []
    for target in re.findall(r"\]\(([^)\s]+)\)", _prose(page)):
        if re.match(r"https?:|mailto:", target):
            continue
        name, _, anchor = target.partition("#")
        file = (page.parent / name).resolve() if name else page
        if not file.exists() or (anchor and file.suffix == ".md" and anchor not in _anchors(file)):
            lost.append(target)
    assert not lost


@every_page
def test_files_that_are_named_exist(page: Path) -> None:
    """`core/money.py` and its kind; what a reader is to write carries a placeholder."""
    named = re.findall(r"`((?:bot|core|fsm|handlers|migrations|tests|docs)/[\w./*-]*)`", _prose(page))
    assert [name for name in named if not list(ROOT.glob(name.rstrip("/")))] == []


@every_page
def test_settings_that_are_named_exist(page: Path) -> None:
    """A renamed setting is renamed here, too."""
    known = {f"ABONENT_{name.upper()}" for name in Settings.model_fields} | OF_THE_TESTS
    assert set(re.findall(r"\bABONENT_[A-Z_]+[A-Z]\b", page.read_text("utf-8"))) <= known


@every_page
def test_commands_that_are_shown_exist(page: Path) -> None:
    """With the options that are shown beside them."""
    unknown = []
    for words in _commands(page, "abonent"):
        command = typer.main.get_command(app)
        for word in words:
            inner = getattr(command, "commands", None)
            if isinstance(inner, dict) and word in inner:
                command = inner[word]
            elif isinstance(inner, dict) and word.islower() and not word.startswith("-"):
                unknown.append(" ".join(words))
            elif word.startswith("--") and word != "--help":
                taken = {option for parameter in command.params for option in parameter.opts}
                unknown += [] if word in taken else [" ".join(words)]
    assert unknown == []


@every_page
def test_goals_of_make_that_are_shown_exist(page: Path) -> None:
    """`make demo` and its kind."""
    goals = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    shown = {word for words in _commands(page, "make") for word in words if re.fullmatch("[a-z-]+", word)}
    assert shown <= goals


def test_the_metrics_are_those_that_are_counted() -> None:
    """None is promised that is not there, none is there that nobody is told of."""
    # In a process of its own: what other tests import would count here as well.
    shown = (
        "import bot.serve, prometheus_client as p\n"
        "for family in p.REGISTRY.collect(): print(family.name + ('_total' if family.type == 'counter' else ''))"
    )
    run = subprocess.run([sys.executable, "-c", shown], cwd=ROOT, capture_output=True, text=True, check=True)
    counted = {name for name in run.stdout.split() if name.startswith("abonent_")}
    table = (ROOT / "docs" / "operators.md").read_text("utf-8")
    assert counted
    assert set(re.findall(r"^\| `(abonent_\w+)` \|", table, re.MULTILINE)) == counted


def _run(connection: Connection, statement: str) -> None:
    connection.execute(text(statement))


async def test_the_sql_for_operators_runs(tmp_path: Path) -> None:
    """On the tables as they are. What makes a database is PostgreSQL's own and left out."""
    blocks = [block for block in _blocks(ROOT / "docs" / "operators.md", "sql") if "CREATE DATABASE" not in block]
    statements = [part.strip() for block in blocks for part in block.split(";") if part.strip()]
    statements += re.findall(r"`(UPDATE [^`]+);`", (ROOT / "docs" / "operators.md").read_text("utf-8"))
    assert len(statements) >= 6
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'abonent.db'}")
    try:
        await migrate.upgrade(database)
        for statement in statements:
            await database.write(_run, statement)
    finally:
        await database.close()


def test_the_example_of_a_state_is_the_real_one() -> None:
    """Architecture shows a piece of a flow: the very piece."""
    example = _blocks(ROOT / "docs" / "architecture.md", "python")[0].strip()
    assert example in inspect.getsource(fsm.flows.language)


def test_the_methods_of_a_billing_are_all_explained() -> None:
    """Who writes one of their own finds each of them in the table."""
    table = (ROOT / "docs" / "billing-own.md").read_text("utf-8")
    methods = {name for name, _ in inspect.getmembers(Billing, inspect.isfunction) if not name.startswith("_")}
    assert set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == methods


def test_every_decision_stands_in_the_list() -> None:
    """Under its number and its own title, in order."""
    folder = ROOT / "docs" / "decisions"
    titles = []
    for path in sorted(folder.glob("[0-9]*.md")):
        number, _, title = path.read_text("utf-8").partition("\n")[0].removeprefix("# ").partition(". ")
        assert path.name.startswith(f"{number}-")
        titles.append(f"| [{number}]({path.name}) | {title} |")
    listed = [line for line in (folder / "README.md").read_text("utf-8").splitlines() if line.startswith("| [")]
    assert listed == titles


def test_drawings_are_well_formed() -> None:
    """A browser shows a broken SVG as nothing at all."""
    drawings = sorted((ROOT / "docs").rglob("*.svg"))
    assert drawings
    for drawing in drawings:
        assert ElementTree.parse(drawing).getroot().tag.endswith("svg")
