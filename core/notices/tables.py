"""The notices that the operator has written, and one row for each person whom one concerns."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, String, Table, Text, text

from core.database import UtcDateTime, metadata

# SQLite counts rows up by itself only in a column that is exactly INTEGER.
_Serial = BigInteger().with_variant(Integer, "sqlite")

# status: draft, sending, paused, done. ``cursor`` is the last subscriber who was looked at, so that whoever goes on
# begins behind them.
notices = Table(
    "notices",
    metadata,
    Column("id", _Serial, primary_key=True, autoincrement=True),
    Column("kind", String(10), nullable=False),  # works, news
    Column("status", String(10), nullable=False),
    Column("texts", Text, nullable=False),  # JSON: the text by language
    Column("audience", Text, nullable=False),  # JSON: core.notices.models.Audience
    Column("paid", Boolean, nullable=False),  # may cost money where no chat is free
    Column("until", UtcDateTime),  # later it is of no use
    Column("cursor", String(16), nullable=False, server_default=""),
    Column("looked", Boolean, nullable=False, server_default=text("false")),  # everybody it concerns is known
    Column(
        "nobody", Integer, nullable=False, server_default=text("0")
    ),  # accounts of the list that nobody is linked to
    Column("created_at", UtcDateTime, nullable=False),
    Column("started_at", UtcDateTime),
    Column("finished_at", UtcDateTime),
)

# One row for each notice and person, however many processes look for them: that is what makes it one message.
people = Table(
    "notice_people",
    metadata,
    Column("notice_id", _Serial, ForeignKey("notices.id"), primary_key=True),
    Column("subscriber_id", String(16), primary_key=True),
    Column("status", String(10), nullable=False),
    Column("reason", String(40), nullable=False, server_default=""),
    Column("failure", Text, nullable=False, server_default=""),  # what the messenger said
    Column("tried", Text, nullable=False, server_default=""),  # chats that have failed, a line each
    Column("due_at", UtcDateTime, nullable=False),
    Column("channel", String(20), nullable=False, server_default=""),
    Column("target", String(120), nullable=False, server_default=""),  # a chat's id
    Column("cost", BigInteger, nullable=False, server_default=text("0")),  # minor units of the operator's currency
    Column("message_id", String(16), index=True),
    Column("outbox_id", BigInteger),
    Column("queued_at", UtcDateTime),
    Column("sent_at", UtcDateTime),
    Index("ix_notice_people_subscriber", "subscriber_id"),
    Index(
        "ix_notice_people_planned",
        "notice_id",
        "due_at",
        sqlite_where=text("status = 'planned'"),
        postgresql_where=text("status = 'planned'"),
    ),
    Index(
        "ix_notice_people_queued",
        "queued_at",
        sqlite_where=text("status = 'queued'"),
        postgresql_where=text("status = 'queued'"),
    ),
    Index(
        "ix_notice_people_paid",
        "queued_at",
        sqlite_where=text("cost > 0"),
        postgresql_where=text("cost > 0"),
    ),
)
