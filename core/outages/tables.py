"""The table of known failures."""

from __future__ import annotations

from sqlalchemy import Column, String, Table, Text

from core.database import UtcDateTime, metadata

outages = Table(
    "outages",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("regions", Text, nullable=False),  # JSON: codes of core.regions; none for everywhere
    Column("texts", Text, nullable=False),  # JSON: what is wrong, by language
    Column("since", UtcDateTime, nullable=False),
    Column("until", UtcDateTime),  # when it is expected to be mended, if that is known
    Column("ended_at", UtcDateTime, index=True),
    Column("staff", String(120), nullable=False, server_default=""),  # who wrote it down
)
