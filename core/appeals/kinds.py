"""The kinds of appeals: what each is called, what is asked for, and by when it is answered. Read from a TOML file."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

PERSON, LINK = "person", "link"
"""Kinds of the program itself: a message to a living person, and a request to link an account."""

_CODE_LENGTH = 20  # characters: a code travels in a button's payload and in a column
_KEYS = {"icon", "title", "ask", "account", "technical", "answer_hours", "solve_hours", "solve_days", "fields"}
_FIELD_KEYS = {"code", "title", "required"}

AboutAccount = Literal["no", "ask"]


class KindsError(ValueError):
    """The operator's file cannot be used. ``sentences`` says what is wrong, one problem each."""

    def __init__(self, sentences: list[str]) -> None:
        super().__init__("\n".join(sentences))
        self.sentences = sentences


@dataclass(frozen=True, slots=True)
class Words:
    """The same words in several languages; whoever speaks another one reads the first."""

    by_language: Mapping[str, str]

    def in_(self, language: str) -> str:
        found = self.by_language.get(language)
        return found if found is not None else next(iter(self.by_language.values()), "")


@dataclass(frozen=True, slots=True)
class KindField:
    """One more thing that is asked for; left out by whoever does not know, unless ``required``."""

    code: str
    title: Words
    required: bool = False


@dataclass(frozen=True, slots=True)
class Kind:
    """Hours are working hours of the operator; ``solve_days`` are calendar days and go before ``solve_hours``.

    A claim is answered within 30 days by law: its ``solve_days`` may be fewer, never more.
    """

    code: str
    title: Words
    ask: Words = field(default_factory=lambda: Words({}))
    icon: str = ""
    account: AboutAccount = "no"
    technical: bool = False
    answer_hours: int = 8
    solve_hours: int = 24
    solve_days: int = 0
    fields: tuple[KindField, ...] = ()

    def find_field(self, code: str) -> KindField | None:
        return next((one for one in self.fields if one.code == code), None)


_SYSTEM = (
    Kind(
        PERSON,
        Words({"en": "Message to a person", "ru": "Сообщение сотруднику"}),
        icon="🙋",
        answer_hours=4,
        solve_hours=16,
    ),
    Kind(
        LINK,
        Words({"en": "Link an account", "ru": "Подключить счёт"}),
        icon="🔗",
        answer_hours=8,
        solve_hours=16,
    ),
)


@dataclass(frozen=True, slots=True)
class Kinds:
    """``offered`` in the order in which they are shown; the program's own kinds beside them."""

    offered: tuple[Kind, ...]

    def get(self, code: str) -> Kind:
        """Also for a kind that is no longer in the file: what was asked once keeps its deadline and a name."""
        return self.find(code) or Kind(code, Words({"en": code}))

    def find(self, code: str) -> Kind | None:
        return next((kind for kind in self if kind.code == code), None)

    def __iter__(self) -> Iterator[Kind]:
        return iter((*self.offered, *_SYSTEM))


def load_kinds(path: Path | None = None) -> Kinds:
    """The operator's file, or the one that comes with the program. Raises KindsError."""
    try:
        source = path.read_text("utf-8") if path else files("core.appeals").joinpath("kinds.toml").read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise KindsError([f"The file of kinds cannot be read: {error}."]) from error
    return parse_kinds(source)


def parse_kinds(source: str) -> Kinds:
    """Raises KindsError with every fault of the file."""
    try:
        found = tomllib.loads(source)
    except tomllib.TOMLDecodeError as error:
        raise KindsError([f"The file of kinds is no TOML: {error}."]) from error
    faults: list[str] = []
    kinds = tuple(kind for code, table in found.items() if (kind := _kind(code, table, faults)) is not None)
    if not kinds and not faults:
        faults.append("The file of kinds names none.")
    if faults:
        raise KindsError(faults)
    return Kinds(kinds)


def _kind(code: str, table: Any, faults: list[str]) -> Kind | None:
    before = len(faults)
    if not isinstance(table, dict):
        faults.append(f"[{code}] must be a table.")
        return None
    faults.extend(f"[{code}] has an unknown key {key!r}." for key in table if key not in _KEYS)
    if code in (PERSON, LINK):
        faults.append(f"[{code}] is a kind of the program's own: choose another name.")
    _check_code(f"[{code}]", code, faults)
    if table.get("account", "no") not in ("no", "ask"):
        faults.append(f'[{code}] account must be "no" or "ask".')
    numbers = {
        key: _number(code, table, key, usual, faults)
        for key, usual in (("answer_hours", 8), ("solve_hours", 24), ("solve_days", 0))
    }
    title, ask = _words(f"[{code}] title", table.get("title"), faults), table.get("ask")
    listed = table.get("fields", [])
    fields = tuple(_field(code, one, faults) for one in (listed if isinstance(listed, list) else [listed]))
    kind = Kind(
        code=code,
        title=title,
        ask=_words(f"[{code}] ask", ask, faults) if ask is not None else Words({}),
        icon=str(table.get("icon", "")),
        account=table.get("account", "no"),
        technical=bool(table.get("technical", False)),
        fields=fields,
        **numbers,
    )
    return kind if len(faults) == before else None


def _field(kind: str, table: Any, faults: list[str]) -> KindField:
    where = f"[{kind}] fields"
    if not isinstance(table, dict):
        faults.append(f"{where} must be tables.")
        return KindField("", Words({}))
    faults.extend(f"{where} have an unknown key {key!r}." for key in table if key not in _FIELD_KEYS)
    code = str(table.get("code", ""))
    _check_code(where, code, faults)
    return KindField(code, _words(f"{where} title", table.get("title"), faults), bool(table.get("required", False)))


def _check_code(where: str, code: str, faults: list[str]) -> None:
    if not (code.isascii() and code.isidentifier() and len(code) <= _CODE_LENGTH):
        faults.append(f"{where}: a code is at most {_CODE_LENGTH} Latin letters, digits and _, not {code!r}.")


def _words(where: str, table: Any, faults: list[str]) -> Words:
    if isinstance(table, str) and table.strip():
        return Words({"": table.strip()})
    if isinstance(table, dict) and table and all(isinstance(said, str) and said.strip() for said in table.values()):
        return Words({language: said.strip() for language, said in table.items()})
    faults.append(f'{where} must be words by language, such as {{ en = "Question", ru = "Вопрос" }}.')
    return Words({})


def _number(code: str, table: Mapping[str, Any], key: str, usual: int, faults: list[str]) -> int:
    found = table.get(key, usual)
    if isinstance(found, bool) or not isinstance(found, int) or not 0 <= found <= 2000 or (found == 0 and usual):
        faults.append(f"[{code}] {key} must be a number from 1 to 2000.")
        return usual
    return found
