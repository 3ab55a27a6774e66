"""Tables of subscribers, their chats, consents, codes, rights to accounts, and what they did."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table, Text, text

from core.database import UtcDateTime, metadata

subscribers = Table(
    "subscribers",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("phone", String(20), unique=True),  # E.164; None once the person asked to be forgotten
    Column("name", String(200), nullable=False, server_default=""),
    Column("region", String(40), nullable=False, server_default=""),  # a code of core.regions
    Column("email", String(254)),  # confirmed by a code, or not here
    Column("created_at", UtcDateTime, nullable=False),
    Column("erased_at", UtcDateTime),
)

chats = Table(
    "chats",
    metadata,
    Column("chat_id", String(120), primary_key=True),
    Column("channel", String(20), nullable=False),
    Column("address", String(100), nullable=False),
    Column("subscriber_id", String(16), ForeignKey("subscribers.id"), index=True),
    Column("name", String(200), nullable=False, server_default=""),  # as the messenger says
    Column("language", String(10), nullable=False),
    Column("status", String(10), nullable=False),  # active, gone
    Column("created_at", UtcDateTime, nullable=False),
    Column("joined_at", UtcDateTime),  # when it became this subscriber's
    Column("barred_until", UtcDateTime),  # may not register before: somebody said "it was not me"
)

# The document's version and the moment belong to the chat until the person is known.
consents = Table(
    "consents",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("chat_id", String(120), nullable=False),
    Column("subscriber_id", String(16), ForeignKey("subscribers.id"), index=True),
    Column("document", String(40), nullable=False),  # "personal-data"
    Column("version", String(40), nullable=False),
    Column("decision", String(10), nullable=False),  # given, refused, withdrawn
    Column("decided_at", UtcDateTime, nullable=False),
    Index("ix_consents_chat_id", "chat_id", "decided_at"),
)

challenges = Table(
    "challenges",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("chat_id", String(120), nullable=False),
    Column("purpose", String(20), nullable=False),  # phone, email, account
    Column("way", String(10), nullable=False),  # sms, email
    Column("target", String(254), nullable=False),  # where it was sent: E.164 or an e-mail address
    Column("code_hash", String(64), nullable=False),
    Column("tries_left", Integer, nullable=False),
    Column("status", String(10), nullable=False),  # open, passed, spent, unsent
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Index("ix_challenges_chat_id", "chat_id", "created_at"),
    Index("ix_challenges_target", "target", "created_at"),
)

# Tries that are counted against a limit: who (a chat or a phone) and what.
attempts = Table(
    "attempts",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("kind", String(20), nullable=False),  # link
    Column("key", String(130), nullable=False),  # "chat:telegram:1", "phone:+7..."
    Column("at", UtcDateTime, nullable=False),
    Index("ix_attempts_key", "kind", "key", "at"),
)

account_links = Table(
    "account_links",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("subscriber_id", String(16), ForeignKey("subscribers.id"), nullable=False),
    Column("account_number", String(40), nullable=False),
    Column("role", String(20), nullable=False),  # owner, family, representative
    Column("nickname", String(60), nullable=False, server_default=""),
    Column("proof", String(20), nullable=False),  # phone, code, staff
    Column("created_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
    Column("ended_by", String(20)),  # self, owner, staff, erased
    Index("ix_account_links_subscriber_id", "subscriber_id"),
    Index("ix_account_links_account_number", "account_number"),
    Index(
        "uq_account_links_living",
        "subscriber_id",
        "account_number",
        unique=True,
        sqlite_where=text("ended_at IS NULL"),
        postgresql_where=text("ended_at IS NULL"),
    ),
)

# The archive of actions that a subscriber can look at: what was done, when, from which messenger.
activity = Table(
    "activity",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("subscriber_id", String(16), ForeignKey("subscribers.id"), nullable=False),
    Column("chat_id", String(120), nullable=False),
    Column("what", String(40), nullable=False),
    Column("detail", Text, nullable=False, server_default=""),  # an account number, a masked phone
    Column("at", UtcDateTime, nullable=False),
    Index("ix_activity_subscriber_id", "subscriber_id", "at"),
)
