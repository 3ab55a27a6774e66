"""A notice as the operator writes it: its kind, its words in each language, and whom it concerns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from msgspec import Struct, json
from sqlalchemy import Row

from core.billing.numbers import number_key
from core.reminders.models import Kind

LONGEST = 3000  # characters of a text: a heading and the messengers' own limits leave no more
KINDS = (Kind.works, Kind.news)


class NoticeStatus(StrEnum):
    """Where a notice stands. Values lie in the database: add, never rename."""

    draft = "draft"
    sending = "sending"
    paused = "paused"
    done = "done"


class Wrong(ValueError):
    """The operator asked for what cannot be done; the text says why, to the operator."""


class Audience(Struct, frozen=True, omit_defaults=True):
    """Whom it concerns: every condition that is given must hold, and for a condition any of its values will do.

    ``regions`` are codes of core.regions, the person's own; ``tariffs`` as the billing calls them, in whatever case;
    ``accounts`` are numbers in any spelling. ``everyone`` is said on purpose, never by leaving everything out.
    """

    regions: tuple[str, ...] = ()
    tariffs: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    everyone: bool = False

    def keys(self) -> frozenset[str]:
        return frozenset(number_key(number) for number in self.accounts)


class Draft(Struct, frozen=True):
    """A notice that is not written down yet. ``texts`` by language, the first one is for whoever speaks none of them.

    ``paid``: where no chat is free of charge, a Viber message may be paid for within the month's budget.
    ``until``: from then on it is not sent to anybody any more.
    """

    kind: Kind
    texts: Mapping[str, str]
    audience: Audience
    paid: bool = False
    until: datetime | None = None

    def check(self, languages: Sequence[str]) -> None:
        """Raises :class:`Wrong`. ``languages``: those that the bot speaks here."""
        if self.kind not in KINDS:
            raise Wrong(f"a notice is of planned works or news, not of {self.kind}")
        if not self.texts:
            raise Wrong("there is no text")
        for language, text in self.texts.items():
            if language not in languages:
                raise Wrong(f"the bot does not speak {language!r} here, only {', '.join(languages)}")
            if not text.strip():
                raise Wrong(f"the text in {language!r} is empty")
            if len(text) > LONGEST:
                raise Wrong(f"the text in {language!r} has {len(text)} characters, at most {LONGEST} are possible")
        some = self.audience.regions or self.audience.tariffs or self.audience.accounts
        if bool(some) == self.audience.everyone:
            raise Wrong("say whom it concerns: regions, tariffs or accounts, or everyone")


class Notice(Struct, frozen=True):
    """A notice as it is written down, its list of accounts apart."""

    id: int
    kind: Kind
    status: NoticeStatus
    texts: dict[str, str]
    paid: bool
    until: datetime | None
    looked: bool
    nobody: int
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None

    def words(self, language: str, languages: Sequence[str]) -> tuple[str, str]:
        """The language and the text for whoever speaks ``language``: else the operator's first one that there is."""
        for one in (language, *languages):
            if one in self.texts:
                return one, self.texts[one]
        return next(iter(self.texts.items()))


def notice_of(row: Row[*tuple[Any, ...]]) -> Notice:
    return Notice(
        row.id,
        Kind(row.kind),
        NoticeStatus(row.status),
        json.decode(row.texts, type=dict[str, str]),
        row.paid,
        row.until,
        row.looked,
        row.nobody,
        row.created_at,
        row.started_at,
        row.finished_at,
    )


def audience_of(stored: str) -> Audience:
    return json.decode(stored, type=Audience)
