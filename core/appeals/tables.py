"""Tables of appeals, of what was written in them, of their history, and of the files that came with them."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table, Text, text

from core.database import UtcDateTime, metadata

appeals = Table(
    "appeals",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("number", Integer, nullable=False, unique=True),  # what people quote: short, counted up
    Column("subscriber_id", String(16), index=True),  # None: somebody who is not registered asked for a person
    Column("chat_id", String(120), nullable=False, index=True),
    Column("kind", String(30), nullable=False),  # a code of core.appeals.kinds
    Column("account_number", String(40)),
    Column("contact", String(40)),  # the phone to call back, if known
    Column("status", String(20), nullable=False),  # core.appeals.models.AppealStatus
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("region", String(40), nullable=False, server_default=""),  # of the subscriber, when it was sent
    Column("fields", Text, nullable=False, server_default="{}"),  # JSON: what was asked for besides, by code
    Column("reason", Text, nullable=False, server_default=""),  # the decision in words
    Column("assignee", String(16), nullable=False, server_default=""),
    Column("sent_at", UtcDateTime),
    Column("due_at", UtcDateTime),
    Column("warn_at", UtcDateTime),  # staff are reminded; None once they were
    Column("missed", Integer, nullable=False, server_default=text("0")),
    Column("answered_at", UtcDateTime),
    Column("settled_at", UtcDateTime),
    Column("closing_at", UtcDateTime),  # silence closes it
    Column("closing_warn_at", UtcDateTime),
    Column("reopened", Integer, nullable=False, server_default=text("0")),
    Column("rating", Integer),
    Column("rating_words", Text, nullable=False, server_default=""),
    Column("version", Integer, nullable=False, server_default=text("0")),
    Index("ix_appeals_status", "status", "due_at"),
    Index("ix_appeals_updated_at", "updated_at"),
    Index("ix_appeals_account_number", "account_number"),
    Index("ix_appeals_due_at", "due_at"),
    Index("ix_appeals_warn_at", "warn_at"),
    Index("ix_appeals_closing_at", "closing_at"),
)

appeal_messages = Table(
    "appeal_messages",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("appeal_id", String(16), nullable=False, index=True),
    Column("author", String(20), nullable=False),  # subscriber, staff, note, system
    Column("text", Text, nullable=False),
    Column("blob", String(64), index=True),
    Column("file_name", String(256)),
    Column("at", UtcDateTime, nullable=False),
    Column("staff_id", String(16), nullable=False, server_default=""),
    Index("ix_appeal_messages_at", "appeal_id", "at"),
)

# What was done to an appeal, by whom, and when: the history that staff see.
appeal_events = Table(
    "appeal_events",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("appeal_id", String(16), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("actor", String(16), nullable=False),  # subscriber, system, or a member of staff's id
    Column("name", String(120), nullable=False, server_default=""),
    Column("what", String(20), nullable=False),
    Column("detail", Text, nullable=False, server_default=""),
    Index("ix_appeal_events_appeal_id", "appeal_id", "at"),
    Index("ix_appeal_events_at", "at"),
)

# Which message of the outbox told a chat of which appeal: delivery marks, and what a reply answers to.
appeal_posts = Table(
    "appeal_posts",
    metadata,
    Column("outbox_id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("appeal_id", String(16), nullable=False, index=True),
    Column("message_id", String(16), index=True),  # of appeal_messages; None for what the program says itself
    Column("chat_id", String(120), nullable=False),
)

# Files that came into appeals: their content lies in the file store, by this very key.
files = Table(
    "files",
    metadata,
    Column("sha256", String(64), primary_key=True),
    Column("media_type", String(120), nullable=False),
    Column("size", Integer, nullable=False),  # bytes
    Column("created_at", UtcDateTime, nullable=False, index=True),
)
