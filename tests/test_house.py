"""Keeps the house rules that no linter knows: imports, sizes, and the toolbox of the tests themselves."""

import ast
import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Literal

import pytest
from playwright.async_api import Browser
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("bot", "handlers", "fsm", "core", "migrations")
LINES_AT_MOST = 350

# What switches a check off, and what a reason beside it looks like.
EXCEPTION = re.compile(r"# type: ignore|# noqa|except (Base)?Exception\b")
WITH_REASON = re.compile(
    r"# type: ignore\[[\w, -]+\] *# \w"
    r"|# noqa: [A-Z]+\d+(, ?[A-Z]+\d+)* +[-#(]* ?\w+ \w"
    r"|except (Base)?Exception\b.*: *# (?!noqa)\w"
)


def _modules() -> list[Path]:
    return [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]


def _distribution(requirement: str) -> str:
    """A distribution's normal name, out of a requirement or a pin."""
    return re.split(r"[\[<>=!~; ]", requirement, maxsplit=1)[0].lower().replace("_", "-")


def _declared(kind: Literal["runtime", "dev"]) -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = project["dependencies"] if kind == "runtime" else project["optional-dependencies"][kind]
    return {_distribution(requirement) for requirement in wanted}


def test_imports_run_one_way() -> None:
    """`bot -> handlers -> fsm -> core`, and the rest of the contracts in pyproject.toml."""
    code = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(cache_dir=None))"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr


def test_each_module_is_small_and_says_why_it_exists() -> None:
    """A reader opens a file, learns its reason in a sentence, and can read it to the end."""
    faults = []
    for path in _modules():
        source = path.read_text("utf-8")
        if not ast.get_docstring(ast.parse(source)):
            faults.append(f"{path.relative_to(ROOT)}: no docstring")
        # A migration is one change from its beginning to its end, however many tables that touches.
        if (lines := source.count("\n")) > LINES_AT_MOST and path.parent.name != "versions":
            faults.append(f"{path.relative_to(ROOT)}: {lines} lines")
    assert not faults, "\n".join(faults)


def test_every_exception_to_a_check_gives_its_reason() -> None:
    """A check is switched off, and every error caught, only where the same line says why."""
    faults = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in [*_modules(), *sorted((ROOT / "tests").rglob("*.py"))]
        if path != Path(__file__).resolve()
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if EXCEPTION.search(line) and not WITH_REASON.search(line)
    ]
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize(
    ("line", "reasoned"),
    [
        ("except Exception:", False),
        ("except Exception as error:  # reported to the turn that asked", True),
        ("x = f()  # type: ignore", False),
        ("x = f()  # type: ignore[no-any-return]", False),
        ("x = f()  # type: ignore[no-any-return]  # the library is untyped", True),
        ("except Exception:  # noqa: BLE001", False),
        ("import x  # noqa: F401", False),
        ("import x  # noqa: F401, E501", False),
        ("import x  # noqa: F401 - registers the tables", True),
    ],
)
def test_what_counts_as_a_reason(line: str, reasoned: bool) -> None:
    """The rule above is a pattern, and a pattern can be wrong."""
    assert EXCEPTION.search(line)
    assert bool(WITH_REASON.search(line)) is reasoned


def test_every_dependency_is_pinned_without_naming_a_place() -> None:
    """A fresh clone installs the same versions everywhere, from whatever index its owner uses."""
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    pinned = {_distribution(pin) for pin in pins}

    assert all("==" in pin and "/" not in pin and "@" not in pin for pin in pins)
    assert _declared("runtime") | _declared("dev") <= pinned, "`make lock` pins what is new"


def test_the_program_imports_only_what_it_declares() -> None:
    """`make demo` installs the runtime's dependencies alone: what the tests bring is not there."""
    distributions = packages_distributions()
    faults = []
    for path in _modules():
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                names = [node.module]
            for top in {name.partition(".")[0] for name in names} - sys.stdlib_module_names - set(PACKAGES):
                if not {_distribution(name) for name in distributions.get(top, [top])} & _declared("runtime"):
                    faults.append(f"{path.relative_to(ROOT)} imports {top}")
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("attempt", [1, 2])
async def test_each_test_has_an_empty_database(database_url: str, attempt: int) -> None:
    """The second attempt would fail on a table that the first one left."""
    engine = create_async_engine(database_url)
    try:
        async with engine.begin() as connection:
            await connection.execute(text("CREATE TABLE leftover (id INTEGER PRIMARY KEY)"))
            rows = (await connection.execute(text("SELECT count(*) FROM leftover"))).scalar_one()
        assert rows == 0
    finally:
        await engine.dispose()


@pytest.mark.browser
@pytest.mark.slow
async def test_the_browser_opens_a_page(browser: Browser) -> None:
    """Browser tests have what they need: Chromium starts and runs scripts."""
    page = await browser.new_page()
    await page.set_content("<p>Абонент</p>")
    assert await page.inner_text("p") == "Абонент"
