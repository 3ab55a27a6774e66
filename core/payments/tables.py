"""The tables of payments: orders and their lines, notices, what the billing must know, and what staff must see."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Date, ForeignKey, Index, Integer, String, Table, Text, text

from core.database import UtcDateTime, metadata

orders = Table(
    "payment_orders",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("subscriber_id", String(16), nullable=False, index=True),
    Column("chat_id", String(120), nullable=False),
    Column("provider", String(20), nullable=False),
    Column("provider_payment_id", String(120)),
    Column("confirmation", Text, nullable=False, server_default=""),
    Column("currency", String(3), nullable=False),
    Column("amount", BigInteger, nullable=False),  # minor units; the sum of the lines
    Column("refunded", BigInteger, nullable=False, server_default="0"),  # minor units, as the provider says
    Column("status", String(12), nullable=False),
    Column("reason", String(40), nullable=False, server_default=""),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("paid_at", UtcDateTime),
    Column("saves", Boolean, nullable=False, server_default=text("false")),  # what it is paid with is kept
    Column("means", String(16), nullable=False, server_default=""),  # charged from this saved means
    # When the order is to be looked after next; empty when nothing more is expected.
    Column("attend_at", UtcDateTime),
    Column("attended", Integer, nullable=False, server_default="0"),  # how often: the pauses grow
    Index("uq_payment_orders_provider_payment", "provider", "provider_payment_id", unique=True),
    Index(
        "ix_payment_orders_attend_at",
        "attend_at",
        sqlite_where=text("attend_at IS NOT NULL"),
        postgresql_where=text("attend_at IS NOT NULL"),
    ),
)

lines = Table(
    "payment_lines",
    metadata,
    Column("order_id", String(16), ForeignKey("payment_orders.id", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("account", String(64), nullable=False, index=True),
    Column("amount", BigInteger, nullable=False),  # minor units
    Column("own", Boolean, nullable=False),
)

# A movement is recorded here in the commit that learns of it; a task tells the billing, under this very id.
postings = Table(
    "payment_postings",
    metadata,
    Column("external_id", String(40), primary_key=True),
    Column("order_id", String(16), ForeignKey("payment_orders.id", ondelete="CASCADE"), nullable=False),
    Column("number", Integer, nullable=False),  # in the order they must reach the billing
    Column("account", String(64), nullable=False),
    Column("kind", String(10), nullable=False),
    Column("amount", BigInteger, nullable=False),  # minor units, positive
    Column("at", UtcDateTime, nullable=False),
    Column("posted_at", UtcDateTime),
    Index("uq_payment_postings_order", "order_id", "number", unique=True),
)

# Notices as they came. The id is a hash of the provider and its own id of the event.
notices = Table(
    "payment_notices",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("provider", String(20), nullable=False),
    Column("external_id", String(200), nullable=False),
    Column("event", String(60), nullable=False),
    Column("provider_payment_id", String(120), nullable=False),
    Column("order_id", String(40), nullable=False, server_default=""),
    Column("payment", Text, nullable=False, server_default=""),  # what an authentic notice says of the payment
    Column("body", Text, nullable=False),
    Column("received_at", UtcDateTime, nullable=False, index=True),
    Column("status", String(10), nullable=False),  # new, done, foreign, aside
    Column("repeats", Integer, nullable=False, server_default="0"),
)

troubles = Table(
    "payment_troubles",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("kind", String(10), nullable=False),
    Column("order_id", String(16), nullable=False, server_default=""),
    Column("provider", String(20), nullable=False),
    Column("provider_payment_id", String(120), nullable=False),
    Column("said", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("resolved_at", UtcDateTime),
    Index("uq_payment_troubles_once", "provider", "provider_payment_id", "kind", unique=True),
)

promises = Table(
    "payment_promises",
    metadata,
    Column("id", String(16), primary_key=True),  # the billing's external id of it
    Column("account", String(64), nullable=False),
    Column("subscriber_id", String(16), nullable=False, index=True),
    Column("chat_id", String(120), nullable=False),
    Column("currency", String(3), nullable=False),
    Column("amount", BigInteger, nullable=False),  # minor units
    Column("asked_at", UtcDateTime, nullable=False),
    Column("until", Date, nullable=False),  # the last day
    Column("status", String(10), nullable=False),  # asked, granted, refused
    Index("ix_payment_promises_account", "account", "asked_at"),
)
