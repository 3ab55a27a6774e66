"""Who is served, in which chats, with a right to which accounts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Role(StrEnum):
    """What a link to an account rests on."""

    owner = "owner"  # the account's own contact phone was proved
    family = "family"  # a code was read from the contact on file
    representative = "representative"  # the same, of a company


class Proof(StrEnum):
    phone = "phone"
    code = "code"
    staff = "staff"


@dataclass(frozen=True, slots=True)
class Subscriber:
    """The person. ``phone`` is E.164 and proved; ``email`` is confirmed or None."""

    id: str
    phone: str | None
    name: str
    region: str
    email: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Chat:
    """One messenger's chat with a person; ``subscriber_id`` is None until the person has registered."""

    chat_id: str
    channel: str
    address: str
    language: str
    name: str
    status: str
    subscriber_id: str | None
    created_at: datetime
    joined_at: datetime | None
    barred_until: datetime | None


@dataclass(frozen=True, slots=True)
class AccountLink:
    """A subscriber's right to an account."""

    id: str
    subscriber_id: str
    account_number: str
    role: Role
    nickname: str
    proof: Proof
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything that each turn reads, in one statement: the conversation, its chat and its subscriber.

    ``version`` 0 and ``chat`` None: a chat that was never heard of. ``heard_at`` is the last turn's moment.
    ``agreed`` is the version of the document that the subscriber agreed to last, in whatever chat; None if none.
    """

    chat_id: str
    version: int
    state: str | None
    heard_at: datetime | None
    chat: Chat | None
    subscriber: Subscriber | None
    agreed: str | None = None
