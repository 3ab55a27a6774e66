"""The tasks of payments: look after an order, work a notice off, book a promise."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import structlog
from sqlalchemy import Connection

from bot.integrations.payments.teller import PaymentTeller
from core.billing.protocol import CannotBook
from core.billing.service import BillingService
from core.clock import Clock
from core.database import Database
from core.delivery.tasks import Task, plan
from core.payments.attendant import Attendant
from core.payments.notices import TAKE_NOTICE, NoticeDesk
from core.payments.promises import POST_PROMISE, Promise, Promises, PromiseStatus, decide

log = structlog.get_logger("payments")

LATER = timedelta(minutes=10)
ROUNDS = 144  # of LATER: a day; after that a person has to look


class AttendOrder:
    """Kind :data:`core.payments.service.ATTEND`."""

    def __init__(self, attendant: Attendant, wake_sender: Callable[[], None]) -> None:
        self._attendant = attendant
        self._wake_sender = wake_sender

    async def __call__(self, task: Task) -> None:
        try:
            await self._attendant.attend(task.payload["order"])
        finally:
            self._wake_sender()

    async def gave_up(self, task: Task) -> None:
        """Nothing is lost: the order itself says when it is looked after again."""


class TakeNotice:
    """Kind :data:`core.payments.notices.TAKE_NOTICE`."""

    def __init__(self, desk: NoticeDesk, database: Database, clock: Clock, wake_sender: Callable[[], None]) -> None:
        self._desk = desk
        self._database = database
        self._clock = clock
        self._wake_sender = wake_sender

    async def __call__(self, task: Task) -> None:
        try:
            status = await self._desk.take(task.payload["notice"])
        finally:
            self._wake_sender()
        if status == "foreign":
            log.warning("notice of a payment that is not ours", notice=task.payload["notice"][:12])

    async def gave_up(self, task: Task) -> None:
        await _again(self._database, self._clock, task, TAKE_NOTICE)


class PostPromise:
    """Kind :data:`core.payments.promises.POST_PROMISE`."""

    def __init__(
        self,
        promises: Promises,
        billing: BillingService,
        database: Database,
        clock: Clock,
        teller: PaymentTeller,
    ) -> None:
        self._promises = promises
        self._billing = billing
        self._database = database
        self._clock = clock
        self._teller = teller

    async def __call__(self, task: Task) -> None:
        promise = await self._promises.get(task.payload["promise"])
        if promise is None or promise.status is not PromiseStatus.asked:
            return
        try:
            await self._billing.post_promise(promise.account, promise.amount, promise.until, f"ap-{promise.id}")
        except CannotBook as error:
            log.error("the billing will not book a promise", promise=promise.id, reason=str(error))
            await self._database.write(self._decide, promise, PromiseStatus.refused)
        else:
            await self._database.write(self._decide, promise, PromiseStatus.granted)
        self._teller.wake()

    def _decide(self, connection: Connection, promise: Promise, status: PromiseStatus) -> None:
        if decide(connection, promise.id, status):
            self._teller.promised(connection, promise, status)

    async def gave_up(self, task: Task) -> None:
        await _again(self._database, self._clock, task, POST_PROMISE)


async def _again(database: Database, clock: Clock, task: Task, kind: str) -> None:
    """The same once more after a while, under an id of its own."""
    number = int(task.payload.get("round", 0)) + 1
    if number > ROUNDS:
        log.error("a payment's task was given up", kind=kind, task=task.id)
        return
    base = task.id.rsplit("~", 1)[0]
    write = plan(f"{base}~{number}", kind, {**task.payload, "round": number}, clock.now(), clock.now() + LATER)
    await database.write(write.apply)


__all__ = ["AttendOrder", "PostPromise", "TakeNotice"]
