"""An operator with as many debtors as a test asks for, each with a bill, a subscriber and a chat."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, insert, select, update

from core.billing.embedded import EmbeddedBilling
from core.billing.service import BillingService
from core.billing.tables import accounts, bills, charges
from core.clock import ManualClock
from core.database import Database
from core.delivery.messages import OutgoingMessage
from core.delivery.tables import conversations, outbox
from core.operator import Operator
from core.reminders.assess import Rules
from core.reminders.decide import Item
from core.reminders.people import Person
from core.reminders.planning import Planner
from core.reminders.sending import Dispatcher
from core.reminders.tables import reminders
from core.reminders.ways import Way
from core.reminders.writing import Composed
from core.subscribers.tables import account_links, chats, subscribers

CURRENCY = "RUB"


@dataclass(frozen=True)
class Debtor:
    """One account in debt and its person; ``person`` may have several."""

    number: str
    person: str = ""
    amount: int = 50_000  # minor units
    due: date = date(2026, 3, 20)
    region: str = "RU-MOW"
    channel: str = "telegram"
    heard_hours_ago: float | None = 1.0
    role: str = "owner"


def fill(connection: Connection, debtors: Iterable[Debtor], now: datetime) -> None:
    """Accounts, one bill each, people, chats and links."""
    everyone = list(debtors)
    _insert(connection, accounts, [_account(one, now) for one in everyone])
    _insert(connection, charges, [_charge(one) for one in everyone])
    _insert(connection, bills, [_bill(one) for one in everyone])
    people = {one.person: one for one in everyone if one.person}
    _insert(connection, subscribers, [_subscriber(one, now) for one in people.values()])
    _insert(connection, chats, [_chat(one, now) for one in people.values() if one.channel])
    _insert(
        connection,
        conversations,
        [
            {
                "chat_id": f"{one.channel}:{one.person}",
                "state": "",
                "version": 1,
                "heard_at": now - timedelta(hours=one.heard_hours_ago),
            }
            for one in people.values()
            if one.channel and one.heard_hours_ago is not None
        ],
    )
    _insert(connection, account_links, [_link(one, now) for one in everyone if one.person])


def _insert(connection: Connection, table: Any, rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        connection.execute(insert(table), rows)


def _account(one: Debtor, now: datetime) -> dict[str, Any]:
    return {
        "number": one.number,
        "key": one.number,
        "holder_kind": "person",
        "state": "active",
        "kind": "postpaid",
        "currency": CURRENCY,
        "linkable": True,
        "balance": -one.amount,
        "balance_at": now,
    }


def _charge(one: Debtor) -> dict[str, Any]:
    return {
        "account": one.number,
        "id": "c",
        "period": (one.due.replace(day=1) - timedelta(days=1)).replace(day=1),
        "service": "Internet",
        "amount": one.amount,
        "kind": "recurring",
    }


def _bill(one: Debtor) -> dict[str, Any]:
    period = (one.due.replace(day=1) - timedelta(days=1)).replace(day=1)
    return {
        "account": one.number,
        "id": "b",
        "period": period,
        "issued": one.due.replace(day=1),
        "due": one.due,
        "amount": one.amount,
    }


def _subscriber(one: Debtor, now: datetime) -> dict[str, Any]:
    return {"id": one.person, "name": one.person, "region": one.region, "created_at": now}


def _chat(one: Debtor, now: datetime) -> dict[str, Any]:
    return {
        "chat_id": f"{one.channel}:{one.person}",
        "channel": one.channel,
        "address": one.person,
        "subscriber_id": one.person,
        "language": "en",
        "status": "active",
        "created_at": now,
    }


def _link(one: Debtor, now: datetime) -> dict[str, Any]:
    return {
        "id": f"l{one.number}"[:16],
        "subscriber_id": one.person,
        "account_number": one.number,
        "role": one.role,
        "proof": "phone",
        "created_at": now,
    }


async def compose(person: Person, way: Way, items: Sequence[Item], message_id: str) -> Composed:
    """Words that a test can read: who owes what."""
    said = ", ".join(f"{item.debt.number} {item.debt.debt.amount} {item.line.stage}" for item in items)
    if way.channel in ("sms", "email"):
        return Composed(subject="debt", text=said)
    return Composed(OutgoingMessage(((said, "plain"),)))


@dataclass
class World:
    """The domain's side of reminders on a database."""

    database: Database
    clock: ManualClock
    rules: Rules = field(default_factory=lambda: Rules(Operator()))

    @property
    def billing(self) -> BillingService:
        inner = EmbeddedBilling(self.database, self.clock, live=True, zone=self.rules.operator.zone)
        return BillingService(inner, self.database, self.clock, limit=60)

    def planner(self, page: int = 5000) -> Planner:
        return Planner(self.database, self.clock, self.billing, self.rules, page=page)

    def dispatcher(self) -> Dispatcher:
        return Dispatcher(self.database, self.clock, self.billing, self.rules, compose, backlog=10**9)

    async def tick(self) -> Counter[str]:
        """Plans, writes what is due, and takes it as sent."""
        planned = await self.planner().run()
        return planned + await self.send()

    async def send(self) -> Counter[str]:
        done = await self.dispatcher().run()
        await self.database.write(deliver, self.clock.now())
        return done

    async def texts(self) -> list[tuple[str, str]]:
        """Each message in the outbox: the chat and the text."""
        return await self.database.read(outbox_texts)

    async def record(self) -> dict[tuple[str, str, str], tuple[str, str]]:
        """By person, account and stage: status and reason."""
        return await self.database.read(record)

    async def pay(self, number: str, left: int = 0) -> None:
        await self.database.write(
            lambda c: c.execute(update(accounts).where(accounts.c.number == number).values(balance=-left))
        )


def deliver(connection: Connection, now: datetime) -> None:
    connection.execute(
        update(outbox).where(outbox.c.status == "pending").values(status="sent", sent_at=now, message_id="1")
    )


def outbox_texts(connection: Connection) -> list[tuple[str, str]]:
    from core.delivery.messages import decode_message

    rows = connection.execute(select(outbox.c.chat_id, outbox.c.message).order_by(outbox.c.id))
    return [(row.chat_id, decode_message(row.message).text) for row in rows]


def record(connection: Connection) -> dict[tuple[str, str, str], tuple[str, str]]:
    return {
        (row.subscriber_id, row.account, row.stage): (row.status, row.reason)
        for row in connection.execute(select(reminders))
    }


def roubles(minor: int) -> Decimal:
    return Decimal(minor).scaleb(-2)
