"""Members of staff and their sessions as typed values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class StaffRole(StrEnum):
    """Each may do what the one before may, and more: see core/staff/rights.py."""

    agent = "agent"
    supervisor = "supervisor"
    administrator = "administrator"


@dataclass(frozen=True, slots=True)
class Member:
    """``language`` is "" for whoever reads the desk in their browser's."""

    id: str
    login: str
    name: str
    role: StaffRole
    active: bool
    language: str
    created_at: datetime
    signed_in_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Session:
    """One browser that somebody is signed in with."""

    id: str
    staff_id: str
    created_at: datetime
    seen_at: datetime
    address: str
    browser: str


@dataclass(frozen=True, slots=True)
class Deed:
    """A line of the audit log. ``login`` stays readable when the member has long left."""

    id: str
    at: datetime
    staff_id: str
    login: str
    what: str
    detail: str
    address: str


@dataclass(frozen=True, slots=True)
class Template:
    """A ready answer with {placeholders}. ``kind``: of which appeals; "" of all."""

    id: str
    title: str
    body: str
    kind: str
    updated_at: datetime


class Refused(Exception):
    """An English sentence with {placeholders} for whoever asked: it is translated where it is shown."""

    def __init__(self, message: str, **values: object) -> None:
        super().__init__(message.format(**values) if values else message)
        self.message = message
        self.values = values
