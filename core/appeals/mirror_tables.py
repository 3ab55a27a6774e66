"""The tables of other helpdesks: what each was told of which appeal, what was taken from it, what it called about."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, String, Table, text

from core.database import UtcDateTime, metadata

# How far a helpdesk has been brought with an appeal.
appeal_mirrors = Table(
    "appeal_mirrors",
    metadata,
    Column("desk", String(20), primary_key=True),
    Column("appeal_id", String(16), primary_key=True),
    Column("remote_id", String(64)),  # the ticket, the topic; None before it was opened, and when it was lost
    Column("generation", Integer, nullable=False, server_default=text("0")),  # how often it was lost
    Column("remote_status", String(20), nullable=False, server_default=""),  # our status that was brought over last
    Column("remote_word", String(100), nullable=False, server_default=""),  # theirs, as it was seen or set last
    Column("version", Integer, nullable=False, server_default=text("-1")),  # of the appeal, when all was brought over
    Column("followed", Integer, nullable=False, server_default=text("0")),  # it was merged into another's ticket
    # Who works at it, and until when at most: the steps of one appeal never overlap.
    Column("busy_by", String(16)),
    Column("busy_until", UtcDateTime),
    Index("ix_appeal_mirrors_remote", "desk", "remote_id"),
    Index("ix_appeal_mirrors_appeal_id", "appeal_id"),
)

# Which message is which one there, in both directions. Written at once after each step.
mirrored_messages = Table(
    "mirrored_messages",
    metadata,
    Column("desk", String(20), primary_key=True),
    Column("remote_id", String(64), primary_key=True),  # the message there
    Column("appeal_id", String(16), nullable=False),
    Column("message_id", String(16), nullable=False),  # of appeal_messages; "" where it is a decision's reason
    Column("place", String(64), nullable=False),  # the remote_id of the mirror then: a ticket opened anew has none
    Index("ix_mirrored_messages_appeal", "appeal_id", "desk", "place"),
)

# Calls of a helpdesk's webhook, each once. What they say is asked for again, so that nothing of it need be kept.
helpdesk_calls = Table(
    "helpdesk_calls",
    metadata,
    Column("id", String(64), primary_key=True),  # SHA-256 of the body
    Column("desk", String(20), nullable=False),
    Column("delivery", String(100), nullable=False),  # its own id of the delivery; the body's hash where it has none
    Column("remote_id", String(64), nullable=False),
    Column("received_at", UtcDateTime, nullable=False),
    Column("repeats", Integer, nullable=False, server_default=text("0")),
    Index("uq_helpdesk_calls_delivery", "desk", "delivery", unique=True),
    Index("ix_helpdesk_calls_received_at", "received_at"),
)

# Until which moment, by its own clock, a helpdesk was asked what had changed.
helpdesk_looks = Table(
    "helpdesk_looks",
    metadata,
    Column("desk", String(20), primary_key=True),
    Column("seen_until", UtcDateTime, nullable=False),
)
