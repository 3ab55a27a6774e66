"""The composition root: the one place that names concrete classes."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from starlette.routing import BaseRoute

from bot.integrations.codes.gateway import Gateway
from bot.integrations.codes.mail import Mail
from bot.integrations.codes.sender import CodeSender
from bot.integrations.codes.sms_http import SmsHttp
from bot.integrations.codes.warning import NumberWarning
from bot.integrations.files import FileFetcher
from bot.notice_sending import Notices
from bot.reminders import Reminders
from bot.scheduler import build_scheduler
from bot.settings import Settings
from bot.wiring_appeals import add_appeal_jobs, appeal_rules, blob_loader
from bot.wiring_autopay import add_autopay_job
from bot.wiring_desk import build_desk, routes_of_desk
from bot.wiring_group import StaffGroup, build_group
from bot.wiring_helpdesk import Helpdesks, build_helpdesks
from bot.wiring_messengers import RATES, telegram_messenger, viber_messenger
from bot.wiring_payments import (
    autopay_terms,
    bot_addresses,
    build_autopay,
    build_payments,
    build_providers,
    default_terms,
    payer_contact,
    payment_routes,
    payment_tasks,
    payment_terms,
    promise_terms,
    telegram_cashier,
)
from bot.wiring_reminders import (
    add_reminder_jobs,
    build_notices,
    build_reminders,
    bulk_gate,
    reminder_rules,
    reminder_tasks,
)
from core.appeals.files import FileStore
from core.appeals.rules import AppealRules
from core.appeals.service import FETCH_FILE, AppealService
from core.billing.embedded import EmbeddedBilling
from core.billing.protocol import Billing
from core.billing.service import BillingService
from core.clock import Clock, SystemClock
from core.database import Database
from core.delivery import outbox
from core.delivery.commit import Post
from core.delivery.writer import Writer
from core.operator import Operator
from core.outages.service import OutageService
from core.payments.autopay.service import Autopay
from core.payments.links import PaymentLinks
from core.payments.service import PaymentService
from core.regions import zone_of
from core.reminders.assess import Rules
from core.reminders.service import ReminderService
from core.services import Services
from core.subscribers.codes import SEND_CODE, CodeService, Way
from core.subscribers.links import LinkService
from core.subscribers.models import Subscriber
from core.subscribers.service import WARN_NUMBER, SubscriberService
from core.subscribers.snapshots import SnapshotReader
from fsm.engine import Engine
from fsm.state import Registry
from handlers.channel import Channel
from handlers.desk.acts import StaffDesk
from handlers.desk.clockwork import AppealClockwork
from handlers.desk.desk import Desk
from handlers.edge import Edge
from handlers.files import SignedFiles
from handlers.pace import Pace
from handlers.sender import Sender
from handlers.turn import Turns
from handlers.worker import TaskHandler, Worker

WrapBilling = Callable[[Billing], Billing]


def build_services(
    database: Database,
    clock: Clock,
    operator: Operator,
    billing: Billing,
    *,
    secret_key: str,
    code_ways: Collection[Way] = frozenset(Way),
    rules: Rules | None = None,
    payments: PaymentService | None = None,
    appeals: AppealRules | None = None,
    autopay: Autopay | None = None,
) -> Services:
    """The domain, on a database and a billing.

    ``code_ways``: those that one-time codes can be sent by here. ``payments``: none are taken where it is None.
    """
    links = PaymentLinks(secret_key, "")
    return Services(
        clock=clock,
        operator=operator,
        billing=BillingService(billing, database, clock),
        appeals=AppealService(database, clock, appeals),
        links=LinkService(database, clock),
        subscribers=SubscriberService(database, clock, operator),
        codes=CodeService(database, clock, operator, secret_key, code_ways),
        reminders=ReminderService(database, rules or Rules(operator)),
        payments=payments or build_payments(database, clock, default_terms(operator), links, {}),
        outages=OutageService(database, clock),
        autopay=autopay or Autopay(database, clock, None),
    )


def build_operator(settings: Settings) -> Operator:
    return Operator(
        name=settings.operator_name,
        currency=settings.currency,
        country=settings.country,
        languages=settings.languages,
        zone=ZoneInfo(settings.timezone),
        support_phone=settings.support_phone,
        support_hours=settings.support_hours,
        privacy_url=settings.privacy_url,
        privacy_version=settings.privacy_version,
    )


def zone_finder(operator: Operator) -> Callable[[Subscriber | None], ZoneInfo]:
    """Where a person lives; the operator's zone until they have said it."""

    def find(subscriber: Subscriber | None) -> ZoneInfo:
        if subscriber is None or not subscriber.region:
            return operator.zone
        return zone_of(subscriber.region, operator.zone.key)

    return find


def build_gateways(settings: Settings) -> dict[Way, Gateway]:
    """The ways by which one-time codes can be sent here."""
    gateways: dict[Way, Gateway] = {}
    if settings.sms_http_url:
        gateways[Way.sms] = SmsHttp(settings.sms_http_url)
    if settings.smtp_url.get_secret_value():
        gateways[Way.email] = Mail(settings.smtp_url.get_secret_value(), settings.mail_from)
    return gateways


def build_tasks(
    database: Database,
    services: Services,
    registry: Registry,
    gateways: Mapping[Way, Gateway],
    channels: Mapping[str, Channel],
    store: FileStore,
    wake_sender: Callable[[], None],
) -> dict[str, TaskHandler]:
    """Who carries out which kind of task."""

    async def post(message: Post) -> None:
        await database.write(outbox.put, message, "task", services.clock.now())
        wake_sender()

    return {
        SEND_CODE: CodeSender(services.codes, services.clock, services.operator, registry, gateways, post),
        WARN_NUMBER: NumberWarning(gateways),
        FETCH_FILE: FileFetcher(
            channels, database, store, services.clock, services.operator, registry, services.appeals.rules, wake_sender
        ),
    }


@dataclass
class Program:
    """Everything that runs, put together and not yet started."""

    settings: Settings
    clock: Clock
    database: Database
    services: Services
    writer: Writer
    turns: Turns
    sender: Sender
    worker: Worker
    scheduler: AsyncIOScheduler
    reminders: Reminders
    notices: Notices
    desk: StaffDesk
    pages: Desk  # of the staff: open streams end when it is told to close
    clockwork: AppealClockwork
    store: FileStore
    helpdesks: Helpdesks
    group: StaffGroup | None
    edges: list[Edge]
    routes: list[BaseRoute]


@contextlib.asynccontextmanager
async def open_program(
    settings: Settings,
    *,
    clock: Clock | None = None,
    wrap_billing: WrapBilling = lambda billing: billing,
    live_billing: bool = False,
) -> AsyncIterator[Program]:
    """Builds the program; closes what it opened when the block ends. The writer runs, nothing else does.

    ``live_billing``: the embedded tables are the billing itself and not an import, so its figures are of this moment.
    """
    clock = clock or SystemClock()
    secret_key = settings.secret_key.get_secret_value()
    operator = build_operator(settings)
    async with contextlib.AsyncExitStack() as stack:
        database = Database(settings.database_url)
        stack.push_async_callback(database.close)
        billing = wrap_billing(EmbeddedBilling(database, clock, live=live_billing, zone=operator.zone))
        gateways = build_gateways(settings)
        for gateway in gateways.values():
            stack.push_async_callback(gateway.close)
        providers = build_providers(settings, clock, payer_contact(database))
        for provider in providers.values():
            stack.push_async_callback(provider.close)
        links = PaymentLinks(secret_key, settings.public_url)
        terms, promise = payment_terms(settings), promise_terms(settings)
        payments = build_payments(database, clock, terms, links, providers, promise)
        rules = reminder_rules(settings, operator)
        services = build_services(
            database,
            clock,
            operator,
            billing,
            secret_key=secret_key,
            code_ways=gateways,
            rules=rules,
            payments=payments,
            appeals=appeal_rules(settings, operator),
            autopay=build_autopay(database, clock, autopay_terms(settings), providers),
        )
        registry = Registry()
        engine = Engine(registry, services, zone_finder(operator))

        store = FileStore(settings.files_dir)
        load_blob = blob_loader(database, store)

        async def blob_bytes(key: str) -> bytes:
            return (await load_blob(key))[0]

        files = SignedFiles(secret_key, settings.public_url, clock, load_blob)
        messengers = [
            *telegram_messenger(
                settings,
                clock,
                operator,
                blob_bytes,
                lambda: telegram_cashier(database, clock, operator, worker.wake),
                lambda: group.door if group is not None else None,
            ),
            *viber_messenger(settings, database, operator, files.url),
        ]
        channels = {channel.name: channel for channel, _plug in messengers}
        for channel in channels.values():
            stack.push_async_callback(channel.close)

        paces = {name: Pace(RATES[name]) for name in channels}
        sender = Sender(database, clock, channels, engine.fallback, paces, bulk_gate(database, services))
        tasks = build_tasks(database, services, registry, gateways, channels, store, sender.wake)
        tasks |= reminder_tasks(database, services, gateways)
        tasks |= payment_tasks(database, services, registry, providers, links, sender.wake)
        worker = Worker(database, clock, tasks)
        writer = await stack.enter_async_context(Writer(database))
        turns = Turns(
            engine,
            SnapshotReader(database),
            writer,
            clock,
            {name: channel.capabilities for name, channel in channels.items()},
            wake_sender=sender.wake,
            wake_worker=worker.wake,
        )
        desk = StaffDesk(database, services, registry, sender.wake, worker.wake)
        group = build_group(settings, channels, database, services, desk, store, worker.wake)
        edges = [plug(turns) for _channel, plug in messengers]
        pages = build_desk(database, services, desk, store, settings.public_url, staff_group=group is not None)
        routes: list[BaseRoute] = [files.route(), *routes_of_desk(settings, pages)]
        routes.extend(route for edge in edges for route in edge.routes())
        bots = bot_addresses(settings)
        routes.extend(payment_routes(database, services, providers, settings.public_url, bots, worker.wake))
        scheduler = build_scheduler(
            database, clock, services.billing, worker.wake, retention_years=operator.retention_years
        )
        reminders = build_reminders(database, services, registry, payments=bool(providers), wake_sender=sender.wake)
        notices = build_notices(database, services, registry, sender.wake)
        add_reminder_jobs(scheduler, reminders, notices)
        mirrors = [group.mirror] if group is not None else []
        helpdesks = build_helpdesks(settings, database, services, desk, store, worker.wake, mirrors)
        for close in helpdesks.close:
            stack.push_async_callback(close)
        tasks |= helpdesks.tasks  # the worker's own
        routes.extend(helpdesks.routes)
        helpdesks.schedule(scheduler)
        if group is not None:
            tasks |= group.tasks
            group.schedule(scheduler)
        clockwork = AppealClockwork(database, services, registry, sender.wake, worker.wake)
        add_appeal_jobs(scheduler, clockwork, database, services, store)
        add_autopay_job(scheduler, database, services, registry, sender.wake, worker.wake)
        yield Program(
            settings,
            clock,
            database,
            services,
            writer,
            turns,
            sender,
            worker,
            scheduler,
            reminders,
            notices,
            desk,
            pages,
            clockwork,
            store,
            helpdesks,
            group,
            edges,
            routes,
        )
