"""The composition root: the one place that names concrete classes."""

from __future__ import annotations

from core.appeals.service import AppealService
from core.billing.protocol import Billing
from core.billing.service import BillingService
from core.clock import Clock
from core.database import Database
from core.operator import Operator
from core.services import Services
from core.subscribers.links import LinkService


def build_services(
    database: Database, clock: Clock, operator: Operator, billing: Billing, *, secret_key: str
) -> Services:
    """The domain, on a database and a billing."""
    return Services(
        clock=clock,
        operator=operator,
        billing=BillingService(billing, database, clock),
        appeals=AppealService(database, clock),
        links=LinkService(database, clock, operator),
    )
