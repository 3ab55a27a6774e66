"""The domain's services in one bundle: what a conversation may ask for."""

from __future__ import annotations

from dataclasses import dataclass

from core.appeals.service import AppealService
from core.billing.service import BillingService
from core.clock import Clock
from core.operator import Operator
from core.outages.service import OutageService
from core.payments.autopay.service import Autopay
from core.payments.service import PaymentService
from core.reminders.service import ReminderService
from core.subscribers.codes import CodeService
from core.subscribers.links import LinkService
from core.subscribers.service import SubscriberService


@dataclass(frozen=True, slots=True)
class Services:
    """Built once in the wiring (bot/wiring.py: build_services)."""

    clock: Clock
    operator: Operator
    billing: BillingService
    links: LinkService
    appeals: AppealService
    subscribers: SubscriberService
    codes: CodeService
    reminders: ReminderService
    payments: PaymentService
    outages: OutageService
    autopay: Autopay
