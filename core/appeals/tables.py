"""Tables of appeals and of what was written in them."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, String, Table, Text

from core.database import UtcDateTime, metadata

appeals = Table(
    "appeals",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("number", Integer, nullable=False, unique=True),  # what people quote: short, counted up
    Column("subscriber_id", String(16), index=True),  # None: somebody who is not registered asked for a person
    Column("chat_id", String(120), nullable=False, index=True),
    Column("kind", String(30), nullable=False),  # person, link
    Column("account_number", String(40)),
    Column("contact", String(40)),  # the phone to call back, if known
    Column("status", String(20), nullable=False),  # acknowledged, in_progress, pending, resolved, rejected, closed
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
)

appeal_messages = Table(
    "appeal_messages",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("appeal_id", String(16), nullable=False, index=True),
    Column("author", String(20), nullable=False),  # subscriber, staff
    Column("text", Text, nullable=False),
    Column("blob", String(64)),
    Column("file_name", String(256)),
    Column("at", UtcDateTime, nullable=False),
    Index("ix_appeal_messages_at", "appeal_id", "at"),
)
