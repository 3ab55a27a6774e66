"""Options of appeals: kinds, working hours, terms, and where their files lie."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings

from core.appeals.hours import HoursError, parse_week
from core.appeals.kinds import KindsError, load_kinds


class AppealOptions(BaseSettings):
    """Read with the other settings."""

    files_dir: Path = Path("files")
    appeal_kinds: str = ""
    appeal_hours: str = "mo-fr 9:00-18:00"
    appeal_return_days: int = Field(14, ge=1, le=365)
    appeal_close_days: int = Field(7, ge=1, le=365)
    appeal_warn_days: int = Field(2, ge=1, le=30)
    telegram_staff_group: str = ""

    @field_validator("telegram_staff_group")
    @classmethod
    def _group(cls, value: str) -> str:
        value = value.strip()
        if value and not (value.startswith("-") and value[1:].isascii() and value[1:].isdigit() and len(value) < 20):
            raise ValueError("must be the group's number, which begins with a minus: -1001234567890")
        return value

    @field_validator("appeal_hours")
    @classmethod
    def _hours(cls, value: str) -> str:
        try:
            parse_week(value)
        except HoursError as error:
            raise ValueError(str(error)) from None
        return value

    @field_validator("appeal_kinds")
    @classmethod
    def _kinds(cls, value: str) -> str:
        try:
            load_kinds(Path(value) if value else None)
        except KindsError as error:
            raise ValueError("; ".join(error.sentences)) from None
        return value
