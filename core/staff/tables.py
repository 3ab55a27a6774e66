"""Tables of the staff: accounts, sessions, what was done, ready answers, and who looks at which appeal."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, String, Table, Text, text

from core.database import UtcDateTime, metadata

staff = Table(
    "staff",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("login", String(60), nullable=False, unique=True),  # in lower case
    Column("name", String(100), nullable=False),
    Column("role", String(20), nullable=False),  # agent, supervisor, administrator
    Column("password_hash", String(255), nullable=False),  # argon2id, with its parameters
    Column("active", Boolean, nullable=False, server_default=text("true")),
    Column("language", String(10), nullable=False, server_default=""),
    Column("created_at", UtcDateTime, nullable=False),
    Column("signed_in_at", UtcDateTime),
)

# Of a session's token only the hash is here: who reads the database cannot sign in with it.
staff_sessions = Table(
    "staff_sessions",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("staff_id", String(16), ForeignKey("staff.id"), nullable=False, index=True),
    Column("token_hash", String(64), nullable=False, unique=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
    Column("address", String(64), nullable=False, server_default=""),
    Column("browser", String(200), nullable=False, server_default=""),
)

# No foreign key: what was done stays on record whatever becomes of the account.
staff_audit = Table(
    "staff_audit",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("at", UtcDateTime, nullable=False, index=True),
    Column("staff_id", String(16), nullable=False, server_default="", index=True),
    Column("login", String(60), nullable=False, server_default=""),
    Column("what", String(40), nullable=False),
    Column("detail", Text, nullable=False, server_default=""),
    Column("address", String(64), nullable=False, server_default=""),
)

staff_templates = Table(
    "staff_templates",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("title", String(100), nullable=False),
    Column("body", Text, nullable=False),
    Column("kind", String(30), nullable=False, server_default=""),
    Column("updated_at", UtcDateTime, nullable=False),
)

staff_presence = Table(
    "staff_presence",
    metadata,
    Column("appeal_id", String(16), primary_key=True),
    Column("staff_id", String(16), primary_key=True),
    Column("seen_at", UtcDateTime, nullable=False),
    Column("writing", Boolean, nullable=False, server_default=text("false")),
    Index("ix_staff_presence_seen_at", "seen_at"),
)
