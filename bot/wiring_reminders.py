"""Puts reminders and notices together: the rules from the settings, the planner, the sending, the words."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import datetime, timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bot.integrations.codes.gateway import Gateway
from bot.notice_sending import NoticeComposer, Notices
from bot.reminders import Composer, ReminderPost, Reminders
from bot.scheduler import add_job
from bot.settings import Settings
from bot.settings_reminders import reminder_policy, reminder_prices
from core.billing.embedded import EmbeddedBilling
from core.billing.service import BillingService
from core.clock import Clock, SystemClock
from core.database import Database
from core.notices.gate import NoticeGate
from core.notices.sending import NoticeSender
from core.operator import Operator
from core.reminders.assess import Rules
from core.reminders.gate import Gate
from core.reminders.planning import Planner
from core.reminders.report import Report, report_of
from core.reminders.sending import Dispatcher
from core.reminders.settling import Outcomes
from core.reminders.writing import SEND_REMINDER
from core.services import Services
from core.subscribers.codes import Way
from fsm.state import Registry
from handlers import sender
from handlers.worker import TaskHandler

EVERY = timedelta(seconds=10)  # what the outbox takes at a time is sent in twenty: the messengers never wait for us
PATIENCE = 60.0  # seconds for a page of debts, where nobody looks at a screen


def reminder_rules(settings: Settings, operator: Operator) -> Rules:
    return Rules(operator, reminder_policy(settings, operator.country), reminder_prices(settings))


def build_gate(database: Database, services: Services) -> Gate:
    return Gate(database, services.clock, services.operator, services.reminders.policy)


def bulk_gate(database: Database, services: Services) -> sender.Gate:
    """The last word on everything that is sent in bulk."""
    reminders = build_gate(database, services)
    notices = NoticeGate(database, services.clock, services.reminders.rules)

    async def look(message_id: str) -> str | None:
        return await reminders(message_id) or await notices(message_id)

    return look


def reminder_tasks(database: Database, services: Services, gateways: Mapping[Way, Gateway]) -> dict[str, TaskHandler]:
    return {SEND_REMINDER: ReminderPost(database, build_gate(database, services), gateways, services.clock)}


def build_reminders(
    database: Database,
    services: Services,
    registry: Registry,
    *,
    payments: bool,
    wake_sender: Callable[[], None] = lambda: None,
) -> Reminders:
    clock, billing, rules = services.clock, services.billing, services.reminders.rules
    composer = Composer(billing, clock, services.operator, registry, payments=payments)

    async def look_back(since: datetime, until: datetime) -> Report:
        return await database.read(report_of, since, until, services.operator.currency)

    return Reminders(
        clock,
        Planner(database, clock, billing, rules),
        Dispatcher(database, clock, billing, rules, composer),
        Outcomes(database, clock, billing),
        wake_sender,
        look_back,
    )


def build_notices(
    database: Database, services: Services, registry: Registry, wake_sender: Callable[[], None] = lambda: None
) -> Notices:
    composer = NoticeComposer(services.clock, services.operator, registry)
    sending = NoticeSender(database, services.clock, services.billing, services.reminders.rules, composer)
    return Notices(sending, wake_sender)


def add_reminder_jobs(scheduler: AsyncIOScheduler, reminders: Reminders, notices: Notices) -> None:
    add_job(scheduler, "reminders", EVERY, reminders.tick)
    add_job(scheduler, "notices", EVERY, notices.tick)


def reading_billing(database: Database, clock: Clock, operator: Operator) -> BillingService:
    """For the command line, where nobody looks at a screen in a chat."""
    return BillingService(EmbeddedBilling(database, clock, zone=operator.zone), database, clock, limit=PATIENCE)


@contextlib.asynccontextmanager
async def open_planner(settings: Settings) -> AsyncIterator[Planner]:
    """For the command line: a planner alone. Whoever looks at all debts at once may wait for the billing longer."""
    from bot.migrate import ready_database
    from bot.wiring import build_operator

    clock, operator = SystemClock(), build_operator(settings)
    async with ready_database(settings.database_url) as database:
        billing = reading_billing(database, clock, operator)
        yield Planner(database, clock, billing, reminder_rules(settings, operator))
