"""What must hold of all conversations before a single word is said; each check names every fault it finds."""

from __future__ import annotations

import ast
import inspect
import string
import textwrap
import types
import typing
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any

import msgspec
from babel.messages.catalog import Catalog
from babel.messages.extract import extract

from fsm.action import ANYWHERE, Action, PayloadTooLong, encode
from fsm.actions import Back, GoOn, OpenMenu, StartOver
from fsm.commands import command_menu
from fsm.state import Registry, State, state_name
from fsm.texts import LOCALES, SOURCE, available_languages, read_catalogue

SOURCES = Path(__file__).parent
KEYWORDS: dict[str, Any] = {"t": None, "n": (1, 2)}
LONGEST_NUMBER, ID_LENGTH, LONGEST_WORD = 20, 16, 20  # characters of an account number, an id, any other word
ENGINE_COMMANDS = frozenset({"start", "cancel", "back"})
ENGINE_ACTIONS = frozenset({Back, GoOn, StartOver})


def faults(registry: Registry, languages: Iterable[str] | None = None) -> list[str]:
    """Everything that is wrong, a sentence each; an empty list when all is well."""
    found = [*unreachable(registry), *trapped(registry), *too_long(registry), *misnamed(registry), *computed()]
    for language in languages if languages is not None else available_languages():
        found += untranslated(language)
    return found


# -- states ----------------------------------------------------------------------------------------------------------


def unreachable(registry: Registry) -> list[str]:
    """States that no way in leads to, however long one goes on."""
    waiting = [target for way in registry.entries.values() for target in way.targets]
    reached: set[type[State]] = set()
    while waiting:
        kind = waiting.pop()
        if kind not in reached:
            reached.add(kind)
            waiting += [target for handler in registry.handlers[kind].values() for target in handler.targets]
    return [f"{state_name(kind)}: no way in leads here" for kind in _flow_states(registry) if kind not in reached]


def trapped(registry: Registry) -> list[str]:
    """States that take the engine's row of ways out away and offer none of their own."""
    return [
        f"{state_name(kind)}: shows no footer and has no button of its own"
        for kind in _flow_states(registry)
        if "footer=False" in (source := _source(kind)) and "Choice(" not in source
    ]


def _flow_states(registry: Registry) -> list[type[State]]:
    return [kind for kind in registry.states.values() if kind.__module__.startswith(registry.package)]


def _source(kind: type[State]) -> str:
    return textwrap.dedent(inspect.getsource(kind))


# -- buttons ---------------------------------------------------------------------------------------------------------


def too_long(registry: Registry) -> list[str]:
    """Actions that may not fit into a button, with the longest values that their fields may take."""
    found = []
    for kind in sorted(actions(registry), key=lambda one: one.__name__):
        try:
            encode(longest(kind), ANYWHERE)
        except PayloadTooLong as error:
            found.append(str(error))
        except TypeError as error:
            found.append(f"{kind.__name__}: {error}")
    return found


def actions(registry: Registry) -> set[type[Action]]:
    """Every action that a flow handles or opens, and those that the engine answers."""
    handled = {accepts for handlers in registry.handlers.values() for accepts in handlers}
    return {kind for kind in (*handled, *registry.entries, *ENGINE_ACTIONS) if issubclass(kind, Action)}


def longest(kind: type[Action]) -> Action:
    """An example of the action that takes the most room. Raises TypeError for a field whose size nothing bounds."""
    return kind(**{field.name: _widest(field.name, field.type) for field in msgspec.structs.fields(kind)})


def _widest(name: str, hint: Any) -> Any:
    origin = typing.get_origin(hint)
    if origin is typing.Annotated:
        return _widest(name, typing.get_args(hint)[0])
    if origin in (typing.Union, types.UnionType):
        options = [_widest(name, one) for one in typing.get_args(hint) if one is not type(None)]
        return max(options, key=_width)
    if origin is typing.Literal:
        return max(typing.get_args(hint), key=_width)
    if inspect.isclass(hint) and issubclass(hint, Enum):
        return max(hint, key=lambda one: _width(one.value))
    if hint is str:
        return "9" * (LONGEST_NUMBER if "number" in name else ID_LENGTH if name.endswith("id") else LONGEST_WORD)
    examples: dict[Any, Any] = {
        int: -(10**9),
        bool: False,
        date: date.max,
        datetime: datetime.max.replace(tzinfo=UTC),
        Decimal: Decimal("-9999999999.99"),
    }
    if hint in examples:
        return examples[hint]
    raise TypeError(f"nothing bounds the size of {name}: {hint}")


def _width(value: object) -> int:
    return len(msgspec.json.encode(value))


# -- commands --------------------------------------------------------------------------------------------------------


def misnamed(registry: Registry) -> list[str]:
    """Commands that the menu or the help names and nothing answers, or that a messenger would not take."""
    named = {name for name, _about in command_menu((SOURCE,))[SOURCE]}
    known = {*registry.commands, *ENGINE_COMMANDS}
    found = [f"/{name} stands in the command menu and nothing answers it" for name in sorted(named - known)]
    allowed = set(string.ascii_lowercase + string.digits + "_")
    found += [f"/{name} is no name for a command" for name in sorted(known) if set(name) - allowed or len(name) > 32]
    found += [f"the deep link {name} may not hold _" for name in sorted(registry.links) if "_" in name]
    if registry.commands.get("menu") is not OpenMenu:
        found.append("/menu does not open the menu")
    return found


# -- words -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Message:
    """Something that the program says: where it stands, and its forms in English."""

    place: str
    forms: tuple[str, ...]


def messages(sources: Path = SOURCES) -> Iterator[Message]:
    """Everything that the conversations say, as the code has it."""
    for path in sorted(sources.rglob("*.py")):
        with path.open("rb") as source:
            for line, said, _comments, _context in extract("python", source, keywords=KEYWORDS):
                forms = tuple(said) if isinstance(said, tuple) else (said,)
                yield Message(f"{path.relative_to(sources)}:{line}", forms)


def computed(sources: Path = SOURCES) -> list[str]:
    """Messages put together by the program: no extraction finds them, so no catalogue has them."""
    found = []
    for path in sorted(sources.rglob("*.py")):
        # The two places through which every message passes.
        if path.name in ("talk.py", "texts.py"):
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            said = node.args[: {"t": 1, "n": 2}.get(node.func.attr, 0)]
            if any(not isinstance(one, ast.Constant) for one in said):
                found.append(f"{path.relative_to(sources)}:{node.lineno}: a message must be a literal")
    return found


def untranslated(language: str, sources: Path = SOURCES, locales: Path = LOCALES) -> list[str]:
    """What the language's catalogue lacks, and translations with other placeholders than the original."""
    if language == SOURCE:
        return []
    catalogue = read_catalogue(language, locales)
    return [f"{language}, {one.place}: {fault}" for one in messages(sources) if (fault := _fault(one, catalogue))]


def _fault(message: Message, catalogue: Catalog) -> str:
    found = catalogue.get(message.forms[0])
    said = found.string if found is not None else ""
    translations = said if isinstance(said, (tuple, list)) else (said,)
    plural = len(message.forms) > 1
    wanted = catalogue.num_plurals if plural else 1
    if found is None or found.fuzzy or len(translations) != wanted or not all(translations):
        return f"not translated: {message.forms[0]!r}"
    if plural and found.id != message.forms:
        return f"another plural in the catalogue: {message.forms[1]!r}"
    # The number may be left out of a form: "one day left".
    loose = {"n"} if plural else set()
    original = set().union(*(_placeholders(form) for form in message.forms))
    for translation in translations:
        if _placeholders(str(translation)) - loose != original - loose:
            return f"other placeholders than in the original: {translation!r}"
    return ""


def _placeholders(text: str) -> set[str]:
    return {name for _literal, name, _spec, _conversion in string.Formatter().parse(text) if name is not None}
