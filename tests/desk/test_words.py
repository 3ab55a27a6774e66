"""Every word of the desk is in its catalogue, in Russian, with the same placeholders; and nothing else is."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from jinja2 import nodes

import core.appeals
import core.staff
import handlers.desk
from handlers.desk.view import environment
from handlers.desk.words import languages, read_catalogue

DESK = Path(handlers.desk.__file__).parent
HOLES = re.compile(r"\{(\w*)\}")
SAYING = {"t", "n", "_", "Refused", "NotPossible", "_words"}  # the last: core.appeals.staff says what is missing


def _from_python(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call) and node.args:
            name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            first = node.args[-1] if name == "_words" else node.args[0]
            if name in SAYING and isinstance(first, ast.Constant) and isinstance(first.value, str):
                found.add(first.value)
    return found


def _from_template(path: Path) -> set[str]:
    found = set()
    for call in environment().parse(path.read_text("utf-8")).find_all(nodes.Call):
        name = call.node.name if isinstance(call.node, nodes.Name) else ""
        for first in call.args[:1]:
            # Both arms of ``t("a") if x else t("b")`` are calls of their own; ``t("a" if x else "b")`` is not found.
            if name in ("t", "n") and isinstance(first, nodes.Const) and isinstance(first.value, str):
                found.add(first.value)
    return found


def said() -> set[str]:
    """Every English sentence that the desk may say."""
    found = set()
    for path in [*DESK.rglob("*.py"), *Path(core.staff.__path__[0]).glob("*.py")]:
        found |= _from_python(path)
    found |= _from_python(Path(core.appeals.__path__[0]) / "staff.py")
    for path in DESK.rglob("*.html"):
        found |= _from_template(path)
    return {one for one in found if one}


@pytest.mark.parametrize("language", [one for one in languages() if one != "en"])
def test_nothing_is_untranslated_and_nothing_is_left_over(language: str) -> None:
    catalogue = read_catalogue(language)
    translated = {}
    for message in catalogue:
        if not message.id:
            continue
        one = message.id if isinstance(message.id, str) else message.id[0]
        strings = message.string if isinstance(message.string, tuple | list) else [message.string]
        assert all(strings) and not message.fuzzy, f"{one!r} has no translation"
        translated[one] = (message.id, strings)
    wanted = said()
    assert not sorted(wanted - set(translated)), "untranslated"
    assert not sorted(set(translated) - wanted), "no longer said"
    for ids, strings in translated.values():
        holes = set(HOLES.findall(ids if isinstance(ids, str) else ids[1]))
        for string in strings:
            assert set(HOLES.findall(string or "")) == holes, f"{ids!r}: other placeholders"


def test_text_in_templates_is_said_through_the_catalogue() -> None:
    """Words that stand between tags by themselves would stay English for everybody."""
    faults = []
    for path in DESK.rglob("*.html"):
        source = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", " ", path.read_text("utf-8"), flags=re.DOTALL)
        for text in re.findall(r">([^<]+)<", source):
            if re.search(r"[A-Za-z]{2,}", text) and text.strip() not in ("Ctrl", "doctype html"):
                faults.append(f"{path.name}: {text.strip()}")
    assert not faults, "\n".join(faults)
