"""The tables of auto-payment. A charge that has been begun is an order of core/payments/tables.py."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Date, ForeignKey, Index, Integer, String, Table, text

from core.database import UtcDateTime, metadata

means = Table(
    "payment_means",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("subscriber_id", String(16), nullable=False, index=True),
    Column("provider", String(20), nullable=False),
    Column("reference", String(120), nullable=False),  # the provider's id of it
    Column("title", String(60), nullable=False),  # masked
    Column("order_id", String(16), nullable=False),  # the payment with which it was saved
    Column("created_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),  # not to be charged any more
    Index("uq_payment_means_order_id", "order_id", unique=True),
)

rules = Table(
    "autopay_rules",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("subscriber_id", String(16), nullable=False),
    Column("account", String(64), nullable=False),
    Column("chat_id", String(120), nullable=False),
    Column("means_id", String(16), nullable=False, server_default=""),
    Column("order_id", String(16), nullable=False, server_default=""),
    Column("trigger", String(10), nullable=False),
    Column("day", Integer, nullable=False, server_default="0"),
    Column("currency", String(3), nullable=False),
    Column("threshold", BigInteger, nullable=False, server_default="0"),  # minor units, as are all sums here
    Column("topup", BigInteger, nullable=False, server_default="0"),
    Column("month_limit", BigInteger, nullable=False),
    Column("status", String(10), nullable=False),
    Column("reason", String(20), nullable=False, server_default=""),
    Column("failures", Integer, nullable=False, server_default="0"),  # in a row
    Column("due_on", Date),
    Column("look_at", UtcDateTime),  # when it is weighed next; empty when it is not
    Column("created_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
    Index(
        "uq_autopay_rules_living",
        "subscriber_id",
        "account",
        unique=True,
        sqlite_where=text("status <> 'off'"),
        postgresql_where=text("status <> 'off'"),
    ),
    Index("ix_autopay_rules_subscriber_id", "subscriber_id"),
    Index("ix_autopay_rules_order_id", "order_id"),
    Index(
        "ix_autopay_rules_look_at",
        "look_at",
        sqlite_where=text("look_at IS NOT NULL"),
        postgresql_where=text("look_at IS NOT NULL"),
    ),
)

# One for each occurrence of a rule, whoever plans it; of a rule at most one lives, of an account one is being made.
charges = Table(
    "autopay_charges",
    metadata,
    Column("id", String(16), primary_key=True),  # also the cause of its announcements in the outbox
    Column("rule_id", String(16), ForeignKey("autopay_rules.id", ondelete="CASCADE"), nullable=False),
    Column("occurrence", String(20), nullable=False),
    Column("subscriber_id", String(16), nullable=False),
    Column("account", String(64), nullable=False),
    Column("currency", String(3), nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("taken", BigInteger),
    Column("month", String(7), nullable=False, server_default=""),  # whose limit it counts against: 2026-03
    Column("charge_at", UtcDateTime, nullable=False),
    Column("look_at", UtcDateTime),  # when it is attended to next; empty when it is not
    Column("status", String(10), nullable=False),
    Column("reason", String(20), nullable=False, server_default=""),
    Column("order_id", String(16), nullable=False, server_default=""),
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("created_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
    Index("uq_autopay_charges_occurrence", "rule_id", "occurrence", unique=True),
    Index(
        "uq_autopay_charges_living",
        "rule_id",
        unique=True,
        sqlite_where=text("status IN ('announced', 'charging')"),
        postgresql_where=text("status IN ('announced', 'charging')"),
    ),
    Index(
        "uq_autopay_charges_account",
        "account",
        unique=True,
        sqlite_where=text("status = 'charging'"),
        postgresql_where=text("status = 'charging'"),
    ),
    Index("ix_autopay_charges_order_id", "order_id"),
    Index("ix_autopay_charges_month", "subscriber_id", "account", "month"),
    Index(
        "ix_autopay_charges_look_at",
        "look_at",
        sqlite_where=text("look_at IS NOT NULL"),
        postgresql_where=text("look_at IS NOT NULL"),
    ),
)
