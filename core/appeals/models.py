"""A request to the operator's staff as typed values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class AppealKind(StrEnum):
    """What is asked for."""

    person = "person"  # a message to a living person
    link = "link"  # an account that could not be linked without staff


class AppealStatus(StrEnum):
    """Where a request stands. Staff see everything but drafts."""

    draft = "draft"  # being written: kept already, not sent yet
    acknowledged = "acknowledged"
    in_progress = "in_progress"
    pending = "pending"  # the subscriber is to answer
    resolved = "resolved"
    rejected = "rejected"
    closed = "closed"


OPEN = (AppealStatus.acknowledged, AppealStatus.in_progress, AppealStatus.pending)


class Author(StrEnum):
    subscriber = "subscriber"
    staff = "staff"


@dataclass(frozen=True, slots=True)
class Appeal:
    """``number`` is what people quote. ``subscriber_id`` is None when somebody not registered asked."""

    id: str
    number: int
    subscriber_id: str | None
    chat_id: str
    kind: AppealKind
    account_number: str
    contact: str
    status: AppealStatus
    created_at: datetime
    updated_at: datetime

    def belongs_to(self, subscriber_id: str | None, chat_id: str) -> bool:
        """Whether the person in this chat may read it: ids come back from messengers and may be forged."""
        if self.subscriber_id is None:
            return self.chat_id == chat_id
        return self.subscriber_id == subscriber_id


@dataclass(frozen=True, slots=True)
class AppealMessage:
    """``file_name`` with an empty ``blob``: a file that is still being fetched, or could not be."""

    id: str
    author: Author
    text: str
    blob: str
    file_name: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Thread:
    """A request with everything that was written in it, the oldest first."""

    appeal: Appeal
    messages: tuple[AppealMessage, ...]
