"""Imports every table, so that the metadata is whole."""

from __future__ import annotations

import core.appeals.mirror_tables
import core.appeals.tables
import core.billing.tables
import core.delivery.tables
import core.notices.tables
import core.outages.tables
import core.payments.autopay.tables
import core.payments.tables
import core.reminders.tables
import core.staff.binding_tables
import core.staff.tables
import core.subscribers.tables  # noqa: F401 - imported for what they add to the metadata
from core.database import metadata

__all__ = ["metadata"]
