"""Our own billing tables: the embedded billing, and the last known figures of whichever billing is used."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    ForeignKey,
    Index,
    String,
    Table,
    Text,
)

from core.database import UtcDateTime, metadata

NUMBER = 64
ID = 80

accounts = Table(
    "billing_accounts",
    metadata,
    Column("number", String(NUMBER), primary_key=True),
    Column("key", String(NUMBER), nullable=False, index=True),
    Column("contract", String(NUMBER), nullable=False, server_default=""),
    Column("contract_key", String(NUMBER), nullable=False, server_default="", index=True),
    Column("holder_name", String(255), nullable=False, server_default=""),
    Column("holder_kind", String(16), nullable=False),
    Column("address", String(500), nullable=False, server_default=""),
    Column("region", String(100), nullable=False, server_default=""),
    Column("phone", String(16), nullable=False, server_default="", index=True),
    Column("email", String(254), nullable=False, server_default=""),
    Column("state", String(16), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("currency", String(3), nullable=False),
    Column("credit_limit", BigInteger, nullable=False, server_default="0"),  # minor units
    Column("linkable", Boolean, nullable=False),
    # Minor units, signed, negative is debt. Kept with every charge and payment: a page of debts is one index scan.
    Column("balance", BigInteger, nullable=False, server_default="0"),
    Column("balance_at", UtcDateTime, nullable=False),  # when the balance was last stated or confirmed
)
Index(
    "ix_billing_accounts_debt",
    accounts.c.number,
    postgresql_where=accounts.c.balance < 0,
    sqlite_where=accounts.c.balance < 0,
)


def _account() -> Column[str]:
    return Column("account", String(NUMBER), ForeignKey("billing_accounts.number"), primary_key=True)


def _id() -> Column[str]:
    """The billing's own id, or a hash of the row's natural key: a row imported twice stays one row."""
    return Column("id", String(ID), primary_key=True)


services = Table(
    "billing_services",
    metadata,
    _account(),
    _id(),
    Column("name", String(200), nullable=False),
    Column("tariff", String(200), nullable=False, server_default=""),
    Column("price", BigInteger, nullable=False),  # minor units a month
    Column("since", Date),
    Column("until", Date),
)

charges = Table(
    "billing_charges",
    metadata,
    _account(),
    _id(),
    Column("period", Date, nullable=False),  # the first day of the month
    Column("service", String(200), nullable=False),
    Column("amount", BigInteger, nullable=False),  # minor units; a discount's is negative
    Column("kind", String(16), nullable=False),
    Column("description", String(500), nullable=False, server_default=""),
    Index("ix_billing_charges_account_period", "account", "period"),
)

payments = Table(
    "billing_payments",
    metadata,
    _account(),
    _id(),
    Column("date", Date, nullable=False),
    Column("amount", BigInteger, nullable=False),  # minor units
    Column("method", String(200), nullable=False, server_default=""),
    Index("ix_billing_payments_account_date", "account", "date"),
)

# What was booked from outside, by its external id: whatever comes twice is booked once.
postings = Table(
    "billing_postings",
    metadata,
    Column("external_id", String(ID), primary_key=True),
    Column("account", String(NUMBER), ForeignKey("billing_accounts.number"), nullable=False, index=True),
    Column("kind", String(16), nullable=False),  # payment, refund, promise
    Column("amount", BigInteger, nullable=False),  # minor units, positive
    Column("booked_at", UtcDateTime, nullable=False),
    Column("until", Date),  # a promise's last day
)

bills = Table(
    "billing_bills",
    metadata,
    _account(),
    _id(),
    Column("period", Date, nullable=False),
    Column("issued", Date, nullable=False),
    Column("due", Date, nullable=False),
    Column("amount", BigInteger, nullable=False),  # minor units: what the month's charges come to
    Index("ix_billing_bills_account_period", "account", "period"),
)

snapshots = Table(
    "billing_snapshots",
    metadata,
    Column("account", String(NUMBER), primary_key=True),
    Column("what", String(16), primary_key=True),  # overview, statement
    Column("taken_at", UtcDateTime, nullable=False),
    Column("json", Text, nullable=False),
)
