"""What the program knows about the telecom operator that runs it."""

from __future__ import annotations

from dataclasses import dataclass, field
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Operator:
    """Settings that conversations speak of; all of them have working defaults."""

    name: str = "Abonent"
    currency: str = "RUB"  # ISO 4217
    country: str = "RU"  # ISO 3166: how phone numbers without a country are read
    languages: tuple[str, ...] = ("ru", "en")  # the first is spoken when the messenger's is not among them
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Europe/Moscow"))
    support_phone: str = ""  # E.164; shown where a person is asked for
    support_hours: str = ""  # as the operator writes it: "8:00-22:00"
    privacy_url: str = ""
    privacy_version: str = "2026-01"  # of the consent document; a new version asks for consent anew
    retention_years: int = 3  # how long consents, appeals and payments are kept after somebody asked to be forgotten
