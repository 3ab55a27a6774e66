"""The tables behind every turn: inbox, conversations, outbox, lanes, blobs and tasks."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, String, Table, Text, text

from core.database import UtcDateTime, metadata

# The update ids that were taken, so that a redelivery is recognised. Purged after some days.
inbox = Table(
    "inbox",
    metadata,
    Column("update_key", String(200), primary_key=True),
    Column("received_at", UtcDateTime, nullable=False, index=True),
)

# Where each chat's conversation stands. ``version`` grows by one with every turn.
conversations = Table(
    "conversations",
    metadata,
    Column("chat_id", String(120), primary_key=True),
    Column("state", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("heard_at", UtcDateTime, nullable=False),  # when the person last did something
)

# SQLite counts rows up by itself only in a column that is exactly INTEGER.
_Serial = BigInteger().with_variant(Integer, "sqlite")

# What is to be sent. status: pending, sent, failed (can never be sent, see reason), dropped (no longer wanted).
outbox = Table(
    "outbox",
    metadata,
    Column("id", _Serial, primary_key=True, autoincrement=True),
    Column("chat_id", String(120), nullable=False),
    Column("priority", Integer, nullable=False),
    Column("status", String(10), nullable=False),
    Column("message", Text, nullable=False),
    Column("turn_id", String(16), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("due_at", UtcDateTime, nullable=False),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("reason", Text),
    Column("message_id", String(64)),
    Column("billing_status", Integer),
    Column("sent_at", UtcDateTime),
    Column("delivered_at", UtcDateTime),  # where the messenger says so
    Column("seen_at", UtcDateTime),
    Column("progress", Text),  # of a message that goes out as several: what was taken already
    Index(
        "ix_outbox_pending",
        "priority",
        "due_at",
        "id",
        sqlite_where=text("status = 'pending'"),
        postgresql_where=text("status = 'pending'"),
    ),
    Index("ix_outbox_chat", "chat_id", "id"),
)

# Who may send to a chat right now, and not before when: keeps the order for each chat across processes.
lanes = Table(
    "lanes",
    metadata,
    Column("chat_id", String(120), primary_key=True),
    Column("owner", String(40), nullable=False),
    Column("until", UtcDateTime, nullable=False),
)

# Pictures and documents on their way out, and files that came in, by the SHA-256 of their content.
blobs = Table(
    "blobs",
    metadata,
    Column("sha256", String(64), primary_key=True),
    Column("media_type", String(120), nullable=False),
    Column("data", LargeBinary, nullable=False),
    Column("created_at", UtcDateTime, nullable=False, index=True),
)

# What must change the outside world: recorded in a turn, carried out by a worker. The id is the idempotency key.
tasks = Table(
    "tasks",
    metadata,
    Column("id", String(80), primary_key=True),
    Column("kind", String(40), nullable=False),
    Column("payload", Text, nullable=False),
    Column("status", String(10), nullable=False),  # pending, done, failed
    Column("created_at", UtcDateTime, nullable=False),
    Column("due_at", UtcDateTime, nullable=False),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("reason", Text),
    Column("owner", String(40)),
    Column("owned_until", UtcDateTime),
    Index(
        "ix_tasks_pending",
        "due_at",
        sqlite_where=text("status = 'pending'"),
        postgresql_where=text("status = 'pending'"),
    ),
)
