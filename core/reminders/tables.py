"""The record of reminders, the messages that carried them, and what each person asked for."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Date, Index, Integer, String, Table, Text, text

from core.database import UtcDateTime, metadata

# One row for each person, account, bill and stage, however many planners run. ``subscriber_id`` is empty where nobody
# is registered for the account: that too is a reason on record.
reminders = Table(
    "reminders",
    metadata,
    Column("subscriber_id", String(16), primary_key=True),
    Column("account", String(64), primary_key=True),
    Column("bill", Date, primary_key=True),  # the due date that the stages count from
    Column("stage", String(20), primary_key=True),
    Column("status", String(10), nullable=False),
    Column("reason", String(40), nullable=False, server_default=""),
    Column("due_at", UtcDateTime, nullable=False),
    Column("planned_at", UtcDateTime, nullable=False, index=True),
    Column("owned_until", UtcDateTime),  # a sender works on it
    Column("message_id", String(16), index=True),
    Column("amount", BigInteger),  # minor units: what was said to be owed
    Column("currency", String(3), nullable=False, server_default=""),
    Column("paid", Boolean),  # whether the debt had become smaller three days later
    Index(
        "ix_reminders_planned",
        "due_at",
        sqlite_where=text("status = 'planned'"),
        postgresql_where=text("status = 'planned'"),
    ),
)

# One message to one person, about all their accounts. status: queued, sent, failed.
messages = Table(
    "reminder_messages",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("subscriber_id", String(16), nullable=False),
    Column("day", Date, nullable=False),  # in the person's zone: the caps count days
    Column("channel", String(20), nullable=False),
    Column("target", String(254), nullable=False),  # a chat's id, a phone, an address
    Column("cost", BigInteger, nullable=False),  # minor units of the operator's currency
    Column("status", String(10), nullable=False),
    Column("reason", Text, nullable=False, server_default=""),
    Column("outbox_id", BigInteger),
    Column("created_at", UtcDateTime, nullable=False, index=True),
    Column("sent_at", UtcDateTime),
    Index("ix_reminder_messages_subscriber", "subscriber_id", "day"),
    Index(
        "ix_reminder_messages_queued",
        "created_at",
        sqlite_where=text("status = 'queued'"),
        postgresql_where=text("status = 'queued'"),
    ),
)

prefs = Table(
    "reminder_prefs",
    metadata,
    Column("subscriber_id", String(16), primary_key=True),
    Column("ahead", Integer),  # days before the due date
    Column("hour", Integer),  # in the person's zone
    Column("channel", String(20), nullable=False, server_default=""),
    Column("paused_until", Date),
    Column("asked_for", Date),
    Column("debts", Boolean, nullable=False, server_default=text("true")),
    Column("receipts", Boolean, nullable=False, server_default=text("true")),
    Column("news", Boolean, nullable=False, server_default=text("true")),
    Column("works", Boolean, nullable=False, server_default=text("true")),
)

muted = Table(
    "reminder_muted",
    metadata,
    Column("subscriber_id", String(16), primary_key=True),
    Column("account", String(64), primary_key=True),
)

# The operator's switch: one row, made when it is first used.
switch = Table(
    "reminder_switch",
    metadata,
    Column("name", String(20), primary_key=True),
    Column("paused", Boolean, nullable=False),
    Column("reason", Text, nullable=False, server_default=""),
    Column("changed_at", UtcDateTime, nullable=False),
)
