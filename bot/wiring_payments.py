"""Puts payments together: the providers that are switched on, their tasks, and the web's routes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import cast

from sqlalchemy import Connection, select
from starlette.routing import BaseRoute

from bot.integrations.payments.autopay_voice import AutopayVoice, ForgetMeans
from bot.integrations.payments.gost_qr import BankTransfer
from bot.integrations.payments.sandbox_bank import SandboxBank
from bot.integrations.payments.stripe_checkout import StripeCheckout
from bot.integrations.payments.tasks import AttendOrder, PostPromise, TakeNotice
from bot.integrations.payments.telegram_payments import TelegramCashier, TelegramPayments
from bot.integrations.payments.teller import PaymentTeller
from bot.integrations.payments.yookassa import FindContact, PayerContact, Receipts, YooKassa
from bot.settings import Settings
from core.billing.models import AccountNumber
from core.clock import Clock
from core.database import Database
from core.delivery.writes import Write
from core.money import Money
from core.operator import Operator
from core.payments import notices, store
from core.payments.attendant import Attendant
from core.payments.autopay.ending import FORGET_MEANS
from core.payments.autopay.models import AutopayTerms
from core.payments.autopay.service import Autopay
from core.payments.links import PaymentLinks
from core.payments.models import PaymentOrder
from core.payments.notices import TAKE_NOTICE, NoticeDesk
from core.payments.promises import POST_PROMISE, PromiseTerms
from core.payments.protocol import Keeper, Notice, PaymentProvider
from core.payments.service import ATTEND, PaymentService, PaymentTerms
from core.reminders import due
from core.services import Services
from core.subscribers.tables import subscribers
from fsm.state import Registry
from handlers.payments.notices import notice_route
from handlers.payments.page import PATIENCE, PayPages
from handlers.worker import TaskHandler

RECEIPT_ITEM = "Услуги связи"
"""What a Russian receipt says was paid for, whatever language the payer speaks."""

TRANSFER_PURPOSE = "Оплата услуг связи, лицевой счёт"
"""What a Russian bank writes on a transfer, before the account's number."""


def build_providers(settings: Settings, clock: Clock, find_contact: FindContact) -> dict[str, PaymentProvider]:
    """By name, in the order in which they are offered. ``find_contact``: where a payer's receipt goes."""
    providers: list[PaymentProvider] = []
    if settings.yookassa_shop_id:
        vat_code = settings.yookassa_vat_code
        providers.append(
            YooKassa(
                settings.yookassa_shop_id,
                settings.yookassa_secret_key.get_secret_value(),
                clock,
                operator=settings.operator_name,
                api_url=settings.yookassa_api_url,
                method=settings.yookassa_method,
                receipts=Receipts(vat_code, RECEIPT_ITEM, find_contact) if vat_code else None,
            )
        )
    if stripe_key := settings.stripe_secret_key.get_secret_value():
        providers.append(
            StripeCheckout(
                stripe_key,
                settings.stripe_webhook_secret.get_secret_value(),
                clock,
                operator=settings.operator_name,
                api_url=settings.stripe_api_url,
            )
        )
    if settings.telegram_payment_token.get_secret_value():
        providers.append(TelegramPayments(settings.operator_name))
    if (details := settings.bank_details) is not None:
        providers.append(BankTransfer(details, TRANSFER_PURPOSE, timedelta(days=settings.bank_transfer_days)))
    if settings.sandbox_bank_url:
        key = settings.sandbox_bank_key.get_secret_value()
        bank = SandboxBank(settings.sandbox_bank_url, key, settings.public_url, clock, settings.operator_name)
        providers.append(bank)
    return {one.name: one for one in providers}


def payer_contact(database: Database) -> FindContact:
    """The confirmed e-mail address and the phone number of a subscriber, as registered."""

    def load(connection: Connection, subscriber_id: str) -> PayerContact:
        query = select(subscribers.c.email, subscribers.c.phone).where(subscribers.c.id == subscriber_id)
        row = connection.execute(query).first()
        return PayerContact(row.email or "", row.phone or "") if row is not None else PayerContact()

    async def find(subscriber_id: str) -> PayerContact:
        return await database.read(load, subscriber_id)

    return find


def keepers_of(providers: Mapping[str, PaymentProvider]) -> dict[str, Keeper]:
    """Those that can keep a means of payment and charge it later."""
    return {name: cast(Keeper, one) for name, one in providers.items() if one.means.saves}


def build_autopay(
    database: Database, clock: Clock, terms: AutopayTerms | None, providers: Mapping[str, PaymentProvider]
) -> Autopay:
    return Autopay(database, clock, terms, keepers_of(providers))


def build_payments(
    database: Database,
    clock: Clock,
    terms: PaymentTerms,
    links: PaymentLinks,
    providers: Mapping[str, PaymentProvider],
    promise: PromiseTerms | None = None,
) -> PaymentService:
    return PaymentService(database, clock, terms, links, {name: one.means for name, one in providers.items()}, promise)


def payment_terms(settings: Settings) -> PaymentTerms:
    return PaymentTerms(
        Money(settings.payment_min, settings.currency),
        Money(settings.payment_max, settings.currency),
        timedelta(hours=settings.payment_link_hours),
    )


def autopay_terms(settings: Settings) -> AutopayTerms | None:
    """None where it is switched off."""
    if not settings.autopay:
        return None
    limit = Money(settings.autopay_limit, settings.currency)
    return AutopayTerms(limit, settings.autopay_retries, settings.autopay_failures)


def promise_terms(settings: Settings) -> PromiseTerms | None:
    if not settings.promise_max:
        return None
    most = Money(settings.promise_max, settings.currency)
    return PromiseTerms(most, settings.promise_days, settings.promise_every_days)


def default_terms(operator: Operator) -> PaymentTerms:
    """For an installation that takes no payments: nothing is ever held against them."""
    return PaymentTerms(Money.from_minor(1, operator.currency), Money.from_minor(10**9, operator.currency))


def payment_tasks(
    database: Database,
    services: Services,
    registry: Registry,
    providers: Mapping[str, PaymentProvider],
    links: PaymentLinks,
    wake_sender: Callable[[], None],
) -> dict[str, TaskHandler]:
    """Who carries out which kind of payments' tasks."""
    clock = services.clock
    autopay = AutopayVoice(clock, services.operator, services.reminders.policy, services.autopay.terms, registry)
    teller = PaymentTeller(clock, services.operator, registry, wake_sender, call_off_reminders, autopay)
    attendant = Attendant(database, clock, services.billing, providers, links, teller)
    desk = NoticeDesk(database, clock, providers, attendant)
    return {
        ATTEND: AttendOrder(attendant, wake_sender),
        TAKE_NOTICE: TakeNotice(desk, database, clock, wake_sender),
        POST_PROMISE: PostPromise(services.payments.promises, services.billing, database, clock, teller),
        FORGET_MEANS: ForgetMeans(keepers_of(providers), database, clock),
    }


def call_off_reminders(connection: Connection, accounts: Sequence[AccountNumber]) -> None:
    due.call_off(connection, accounts)


def telegram_cashier(
    database: Database, clock: Clock, operator: Operator, wake_worker: Callable[[], None]
) -> TelegramCashier:
    """Also where invoices are switched off: one that was sent before may still be paid."""

    async def load(order_id: str) -> PaymentOrder | None:
        return await database.read(store.load, order_id)

    async def keep(provider: str, notice: Notice, body: bytes) -> bool:
        fresh = await database.write(_keep, provider, notice, body, clock)
        wake_worker()
        return fresh

    return TelegramCashier(load, keep, clock, operator)


def payment_routes(
    database: Database,
    services: Services,
    providers: Mapping[str, PaymentProvider],
    public_url: str,
    bots: list[tuple[str, str]],
    wake_worker: Callable[[], None],
    patience: float = PATIENCE,
) -> list[BaseRoute]:
    """The page behind a link and the notices' address; nothing where no provider is switched on."""
    if not providers:
        return []

    async def keep(provider: str, notice: Notice, body: bytes) -> bool:
        fresh = await database.write(_keep, provider, notice, body, services.clock)
        wake_worker()
        return fresh

    async def commit(write: Write) -> None:
        await database.write(write.apply)
        wake_worker()

    pages = PayPages(
        services.payments,
        services.clock,
        services.operator,
        commit,
        public_url=public_url,
        bots=bots,
        patience=patience,
    )
    return [*pages.routes(), notice_route(providers, keep)]


def bot_addresses(settings: Settings) -> list[tuple[str, str]]:
    """Where the page behind a link may send people who need a new one."""
    found = []
    if settings.telegram_bot_name:
        found.append(("Telegram", f"https://t.me/{settings.telegram_bot_name.removeprefix('@')}"))
    if settings.viber_bot_uri:
        found.append(("Viber", f"viber://pa?chatURI={settings.viber_bot_uri}"))
    return found


def _keep(connection: Connection, provider: str, notice: Notice, body: bytes, clock: Clock) -> bool:
    return notices.keep(connection, provider, notice, body, clock.now())
