"""Reads a notice as the operator writes it: a TOML file, options of the command line, or both."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from core.billing.numbers import number_key
from core.notices.models import Audience, Draft, Wrong
from core.regions import region, regions
from core.reminders.models import Kind

_KNOWN = {"kind", "text", "regions", "tariffs", "accounts", "everyone", "until", "paid"}


@dataclass
class Written:
    """What was said of a notice, before it is checked."""

    kind: str = ""
    texts: dict[str, str] = field(default_factory=dict)
    regions: list[str] = field(default_factory=list)
    tariffs: list[str] = field(default_factory=list)
    accounts: Path | None = None
    everyone: bool = False
    until: str = ""
    paid: bool = False

    def draft(self, country: str, zone: ZoneInfo) -> Draft:
        """Raises :class:`core.notices.models.Wrong`. ``country`` and ``zone`` are the operator's."""
        if self.kind not in (Kind.works, Kind.news):
            raise Wrong("say of which kind it is: works or news")
        audience = Audience(
            tuple(_region(name, country) for name in self.regions),
            tuple(self.tariffs),
            _numbers(self.accounts) if self.accounts is not None else (),
            self.everyone,
        )
        until = _moment(self.until, zone) if self.until else None
        return Draft(Kind(self.kind), self.texts, audience, self.paid, until)


def read_file(path: Path) -> Written:
    """Raises :class:`core.notices.models.Wrong` with the place where the file cannot be understood."""
    try:
        said = tomllib.loads(_text(path))
    except tomllib.TOMLDecodeError as error:
        raise Wrong(f"{path}: {error}") from None
    if unknown := sorted(said.keys() - _KNOWN):
        raise Wrong(f"{path}: unknown: {', '.join(unknown)}; known are {', '.join(sorted(_KNOWN))}")
    texts = said.get("text", {})
    if not isinstance(texts, dict) or not all(isinstance(text, str) for text in texts.values()):
        raise Wrong(f"{path}: under [text] stands a text for each language")
    accounts = said.get("accounts")
    return Written(
        kind=str(said.get("kind", "")),
        texts=texts,
        regions=_strings(path, said, "regions"),
        tariffs=_strings(path, said, "tariffs"),
        accounts=path.parent / str(accounts) if accounts else None,
        everyone=said.get("everyone") is True,
        until=str(said.get("until", "")),
        paid=said.get("paid") is True,
    )


def text_option(said: str) -> tuple[str, str]:
    """``ru=...``; ``ru=@FILE`` takes the text from a file."""
    language, equals, text = said.partition("=")
    if not equals or not language:
        raise Wrong("a text is given as LANGUAGE=TEXT, such as ru=Сегодня ночью..., or LANGUAGE=@FILE")
    return language.strip(), _text(Path(text[1:])) if text.startswith("@") else text


def _strings(path: Path, said: dict[str, Any], name: str) -> list[str]:
    values = said.get(name, [])
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise Wrong(f'{path}: {name} is a list, such as ["one", "another"]')
    return values


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8-sig")
    except OSError as error:
        raise Wrong(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise Wrong(f"{path} is not a text in UTF-8") from None


def _numbers(path: Path) -> tuple[str, ...]:
    """A number a line; what follows a comma, a semicolon or a tab is left out, and so is a heading without digits."""
    found: dict[str, str] = {}
    for line in _text(path).splitlines():
        number = line.replace(";", ",").replace("\t", ",").split(",")[0].strip().strip('"')
        if any(char.isdigit() for char in number):
            found.setdefault(number_key(number), number)
    if not found:
        raise Wrong(f"{path} holds no account numbers")
    return tuple(found.values())


def _region(name: str, country: str) -> str:
    """By its code or its full name in either language."""
    if (known := region(name)) is not None:
        return known.code
    wanted = name.casefold().replace("ё", "е")
    named = [one for one in regions(country) if wanted in (one.ru.casefold().replace("ё", "е"), one.en.casefold())]
    if not named:
        examples: Sequence[str] = [f"{one.code} ({one.ru})" for one in regions(country)[:3]]
        raise Wrong(f"there is no region {name!r}: give its code or its full name, such as {', '.join(examples)}")
    return named[0].code


def _moment(said: str, zone: ZoneInfo) -> datetime:
    try:
        moment = datetime.fromisoformat(said)
    except ValueError:
        raise Wrong(f"{said!r} is not a moment: write it as 2026-03-18 06:00") from None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=zone)
