"""An appeal to the operator's staff as typed values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class AppealStatus(StrEnum):
    """Where an appeal stands. Staff see everything but drafts."""

    draft = "draft"  # being written: kept already, not sent yet
    acknowledged = "acknowledged"
    in_progress = "in_progress"
    pending = "pending"  # the subscriber is to answer
    resolved = "resolved"
    rejected = "rejected"
    closed = "closed"
    reopened = "reopened"  # the subscriber has returned it to work


OPEN = (AppealStatus.acknowledged, AppealStatus.in_progress, AppealStatus.pending, AppealStatus.reopened)
SETTLED = (AppealStatus.resolved, AppealStatus.rejected)


class Author(StrEnum):
    subscriber = "subscriber"
    staff = "staff"
    note = "note"  # among staff: never leaves them
    system = "system"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who of the staff does something, and where: ``desk``, ``telegram``, ``zammad``, ``cli``, ``demo``.

    ``staff_id`` is empty where nobody signed in by name.
    """

    staff_id: str = ""
    name: str = ""
    via: str = "cli"


@dataclass(frozen=True, slots=True)
class Appeal:
    """``number`` is what people quote. ``subscriber_id`` is None when somebody not registered asked.

    ``kind`` is the code of a :class:`core.appeals.kinds.Kind`. ``reason`` is the decision in words.
    ``version`` grows with every change. ``due_at`` is None while nothing is due from staff.
    """

    id: str
    number: int
    subscriber_id: str | None
    chat_id: str
    kind: str
    account_number: str
    contact: str
    status: AppealStatus
    created_at: datetime
    updated_at: datetime
    region: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    reason: str = ""
    assignee: str = ""  # a member of staff's id
    sent_at: datetime | None = None
    due_at: datetime | None = None
    missed: int = 0  # deadlines that have passed
    answered_at: datetime | None = None  # staff's first words
    settled_at: datetime | None = None  # the last decision
    closing_at: datetime | None = None  # when silence closes it
    reopened: int = 0
    rating: int | None = None  # 1 to 5
    rating_words: str = ""
    version: int = 0

    def belongs_to(self, subscriber_id: str | None, chat_id: str) -> bool:
        """Whether the person in this chat may read it: ids come back from messengers and may be forged."""
        if self.subscriber_id is None:
            return self.chat_id == chat_id
        return self.subscriber_id == subscriber_id


@dataclass(frozen=True, slots=True)
class AppealMessage:
    """``file_name`` with an empty ``blob``: a file that is still being fetched, or could not be.

    ``blob`` is the SHA-256 of its content in the :class:`core.appeals.files.FileStore`.
    """

    id: str
    author: Author
    text: str
    blob: str
    file_name: str
    at: datetime
    staff_id: str = ""
    media_type: str = ""


@dataclass(frozen=True, slots=True)
class AppealEvent:
    """A line of an appeal's history. ``actor`` is ``subscriber``, ``system`` or a member of staff's id."""

    at: datetime
    actor: str
    name: str
    what: str
    detail: str


@dataclass(frozen=True, slots=True)
class Thread:
    """An appeal with everything that was written in it, the oldest first."""

    appeal: Appeal
    messages: tuple[AppealMessage, ...]

    @property
    def said(self) -> tuple[AppealMessage, ...]:
        """What the subscriber may read: everything but notes."""
        return tuple(message for message in self.messages if message.author is not Author.note)
