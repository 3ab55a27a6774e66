"""Tables of the staff in Telegram: who is who there, codes that prove it, and where their group is."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, String, Table

from core.database import UtcDateTime, metadata
from core.staff.tables import staff

# Who of the staff a Telegram account belongs to. One account is one person; a person may have several.
staff_telegram = Table(
    "staff_telegram",
    metadata,
    Column("telegram_id", String(20), primary_key=True),
    Column("staff_id", String(16), ForeignKey(staff.c.id), nullable=False, index=True),
    Column("bound_at", UtcDateTime, nullable=False),
)

# The code that binds, one for each of the staff at a time. Only its hash is here.
staff_codes = Table(
    "staff_codes",
    metadata,
    Column("staff_id", String(16), ForeignKey(staff.c.id), primary_key=True),
    Column("code_hash", String(64), nullable=False, unique=True),
    Column("expires_at", UtcDateTime, nullable=False),
)

# The group as the settings name it, where it has moved to since, and what its General topic was told last.
staff_groups = Table(
    "staff_groups",
    metadata,
    Column("chat", String(32), primary_key=True),
    Column("moved_to", String(32), nullable=False, server_default=""),
    Column("told_at", UtcDateTime),  # of the newest line of an appeal's history that was told there
    Column("told_id", String(16), nullable=False, server_default=""),
)
