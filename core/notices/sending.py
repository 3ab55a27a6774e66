"""Sends what the operator has released: finds the people, writes to each once, and goes on after any stop."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update

from core.billing.service import BillingService
from core.clock import Clock
from core.database import Database
from core.delivery.commit import Post, outbox_row
from core.delivery.messages import OutgoingMessage, Priority
from core.delivery.tables import outbox
from core.delivery.writes import Write, insert_for
from core.ids import new_id
from core.money import Money
from core.notices import settling, store
from core.notices.audience import Page, concerned, of_nobody, page_of
from core.notices.models import Notice, NoticeStatus
from core.notices.tables import notices, people
from core.notices.weigh import weigh
from core.reminders.assess import Rules
from core.reminders.due import backlog
from core.reminders.hours import allowed, moment
from core.reminders.models import Prefs, Reason, Status
from core.reminders.people import Person, load_people, spent
from core.reminders.sending import BACKLOG
from core.reminders.ways import Way
from core.reminders.writing import BUDGET_LOCK

BATCH = 100  # people in one transaction
PAGES = 50  # looked at in one run; the next one goes on

Compose = Callable[[Notice, str], tuple[OutgoingMessage, Sequence[Write]]]
"""The words for one language, with the writes that they need."""


class NoticeSender:
    """Run it often, in any number of processes at once."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        billing: BillingService,
        rules: Rules,
        compose: Compose,
        *,
        most: int = BACKLOG,
    ) -> None:
        """``most``: bulk messages in the outbox above which nothing is added: they would wait past their hour."""
        self._database = database
        self._clock = clock
        self._billing = billing
        self._rules = rules
        self._compose = compose
        self._most = most

    async def run(self) -> Counter[str]:
        """How many messages were written (``queued``), and what became of the rest, by reason.

        Raises OutsideUnavailable when tariffs are to be looked up and the billing is silent; nothing is lost by it.
        """
        counted: Counter[str] = Counter()
        await self._database.write(settling.settle)
        for notice in reversed(await self._database.read(store.load_all, NoticeStatus.sending)):
            counted.update(await self._hand_out_all(notice))
            if not notice.looked:
                await self._look_for_people(notice)
                counted.update(await self._hand_out_all(notice))
            await self._database.write(store.finish, notice.id, self._clock.now())
        return counted

    async def _look_for_people(self, notice: Notice) -> None:
        audience, after = await self._database.read(store.load_audience, notice.id)
        keys = audience.keys()
        for _ in range(PAGES):
            page = await self._database.read(page_of, audience, after)
            ids = await concerned(self._billing, audience, keys, page.readers)
            nobody = await self._database.read(of_nobody, keys) if page.after is None else 0
            if not await self._database.write(_note, notice.id, after, page, ids, nobody, self._clock.now()):
                return  # another process is at it
            if page.after is None:
                return
            after = page.after

    async def _hand_out_all(self, notice: Notice) -> Counter[str]:
        counted: Counter[str] = Counter()
        while await self._database.read(backlog) < self._most:
            done = await self._database.write(hand_out, self._rules, notice, self._compose, self._clock.now())
            if not done:
                break
            counted.update(done)
        return counted


def _note(
    connection: Connection, number: int, before: str, page: Page, ids: Sequence[str], nobody: int, now: datetime
) -> bool:
    """Writes a page's people down and moves on behind it. False when somebody else has done it meanwhile."""
    values: dict[str, Any] = {"looked": True, "nobody": nobody} if page.after is None else {"cursor": page.after}
    here = notices.c.cursor == before, notices.c.looked.is_(False)
    if connection.execute(update(notices).where(notices.c.id == number, *here).values(**values)).rowcount != 1:
        return False
    rows = [{"notice_id": number, "subscriber_id": one, "status": Status.planned.value, "due_at": now} for one in ids]
    if rows:
        connection.execute(insert_for(connection, people).on_conflict_do_nothing(), rows)
    return True


def hand_out(connection: Connection, rules: Rules, notice: Notice, compose: Compose, now: datetime) -> Counter[str]:
    """Decides about the next people and puts their messages into the outbox, all or nothing. Empty: nobody is due."""
    counted: Counter[str] = Counter()
    alive = select(notices.c.id).where(notices.c.id == notice.id, notices.c.status == NoticeStatus.sending.value)
    if connection.execute(alive).first() is None:
        return counted
    query = (
        select(people.c.subscriber_id, people.c.tried)
        .where(people.c.notice_id == notice.id, people.c.status == Status.planned.value, people.c.due_at <= now)
        .order_by(people.c.due_at, people.c.subscriber_id)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    )
    rows = connection.execute(query).all()
    if not rows:
        return counted
    found = load_people(connection, [row.subscriber_id for row in rows], rules.operator)
    paid = _spent(connection, rules, notice, now)
    letters: list[tuple[str, Way]] = []
    for row in rows:
        person = found.get(row.subscriber_id)
        way = weigh(rules, notice, person, now, spent=paid, tried=row.tried.splitlines())
        if isinstance(way, Reason) or person is None:
            counted[_aside(connection, notice.id, row, way)] += 1
        elif not allowed(rules.policy, person.zone, now):
            _later(connection, notice.id, person, rules, now)
            counted[Reason.outside_hours.value] += 1
        else:
            paid += way.cost
            letters.append((person.id, way))
    if letters:
        _post(connection, rules, notice, letters, compose, now)
        counted[Status.queued.value] += len(letters)
    return counted


def _spent(connection: Connection, rules: Rules, notice: Notice, now: datetime) -> Decimal:
    """Of the month's budget; nobody else spends it until this transaction ends."""
    if not notice.paid:
        return Decimal(0)
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(BUDGET_LOCK)))
    return spent(connection, rules.operator, now)


def _aside(connection: Connection, number: int, row: Row[*tuple[Any, ...]], why: Way | Reason) -> str:
    reason = why if isinstance(why, Reason) else Reason.unlinked
    status = Status.skipped
    if row.tried and reason in (Reason.no_chat, Reason.over_budget):
        status, reason = Status.dropped, Reason.failed
    _set(connection, number, row.subscriber_id, status=status.value, reason=reason.value)
    return reason.value


def _later(connection: Connection, number: int, person: Person, rules: Rules, now: datetime) -> None:
    """Soon after the allowed hours begin: a notice of works is not put off until the evening to spread the load."""
    due_at = moment(rules.policy, person.zone, now, person.id, Prefs(hour=rules.policy.opens))
    _set(connection, number, person.id, due_at=due_at, reason=Reason.outside_hours.value)


def _set(connection: Connection, number: int, subscriber_id: str, **values: Any) -> None:
    connection.execute(
        update(people).where(people.c.notice_id == number, people.c.subscriber_id == subscriber_id).values(**values)
    )


def _post(
    connection: Connection,
    rules: Rules,
    notice: Notice,
    letters: Sequence[tuple[str, Way]],
    compose: Compose,
    now: datetime,
) -> None:
    drawn: dict[str, OutgoingMessage] = {}
    rows = []
    for _id, way in letters:
        if way.language not in drawn:
            message, writes = compose(notice, way.language)
            for write in writes:
                write.apply(connection)
            drawn[way.language] = message
        rows.append(outbox_row(Post(way.target, drawn[way.language], Priority.bulk), new_id(now), now))
    statement = insert(outbox).returning(outbox.c.id, sort_by_parameter_order=True)
    outbox_ids = connection.execute(statement, rows).scalars()
    for (subscriber_id, way), row, outbox_id in zip(letters, rows, outbox_ids, strict=True):
        _set(
            connection,
            notice.id,
            subscriber_id,
            status=Status.queued.value,
            reason="",
            channel=way.channel,
            target=way.target,
            cost=Money(way.cost, rules.operator.currency).minor,
            message_id=row["turn_id"],
            outbox_id=outbox_id,
            queued_at=now,
        )
