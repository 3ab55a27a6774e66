"""The people behind accounts: who has a right to which, how they can be reached, what they asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from msgspec import Struct
from sqlalchemy import Connection, func, select

from core.among import among
from core.billing.models import AccountNumber
from core.delivery.tables import conversations
from core.money import Money
from core.notices.tables import people as told
from core.operator import Operator
from core.payments.autopay.models import LIVING
from core.payments.autopay.tables import charges
from core.payments.tables import postings, promises
from core.regions import zone_of
from core.reminders import prefs
from core.reminders.models import Prefs
from core.reminders.tables import messages
from core.reminders.ways import Reach
from core.subscribers import consents
from core.subscribers.chats import ACTIVE
from core.subscribers.models import Proof, Role
from core.subscribers.tables import account_links, chats, subscribers

FAILED = "failed"


class Person(Struct, frozen=True):
    """Somebody who may be reminded. ``refuses``: their last word on the processing of their data was no."""

    id: str
    zone: ZoneInfo
    phone: str | None
    email: str | None
    prefs: Prefs
    chats: tuple[Reach, ...] = ()
    refuses: bool = False


class Right(Struct, frozen=True):
    """A living link. ``owner``: they answer for the account, so legal notices are theirs."""

    account: AccountNumber
    subscriber_id: str
    nickname: str
    owner: bool


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of some accounts and their people at one moment."""

    people: dict[str, Person] = field(default_factory=dict)
    rights: dict[AccountNumber, list[Right]] = field(default_factory=dict)
    promised: dict[AccountNumber, date] = field(default_factory=dict)
    paying: frozenset[AccountNumber] = frozenset()
    charged: dict[AccountNumber, int] = field(default_factory=dict)
    """What auto-payment has announced for an account, or is charging: minor units."""

    spent: Decimal = Decimal(0)  # of this month's budget


def facts_of(connection: Connection, numbers: Sequence[AccountNumber], operator: Operator, now: datetime) -> Facts:
    """For a page of accounts."""
    living = among(connection, account_links.c.account_number, numbers), account_links.c.ended_at.is_(None)
    query = select(
        account_links.c.account_number,
        account_links.c.subscriber_id,
        account_links.c.nickname,
        account_links.c.role,
        account_links.c.proof,
    ).where(*living)
    rights: dict[AccountNumber, list[Right]] = {}
    for number, subscriber_id, nickname, role, proof in connection.execute(query).all():
        owner = role == Role.owner.value or (role == Role.representative.value and proof == Proof.phone.value)
        rights.setdefault(number, []).append(Right(number, subscriber_id, nickname, owner))
    ids = sorted({right.subscriber_id for found in rights.values() for right in found})
    return Facts(
        people=load_people(connection, ids, operator),
        rights=rights,
        promised=_promised(connection, numbers),
        paying=frozenset(
            connection.execute(
                select(postings.c.account).where(
                    among(connection, postings.c.account, numbers), postings.c.posted_at.is_(None)
                )
            ).scalars()
        ),
        charged=_charged(connection, numbers),
        spent=spent(connection, operator, now),
    )


def load_people(connection: Connection, ids: Sequence[str], operator: Operator) -> dict[str, Person]:
    """Those of ``ids`` who have not asked to be forgotten."""
    wishes = prefs.load(connection, ids)
    reach: dict[str, list[Reach]] = {}
    query = (
        select(chats.c.subscriber_id, chats.c.chat_id, chats.c.channel, chats.c.language, conversations.c.heard_at)
        .outerjoin(conversations, conversations.c.chat_id == chats.c.chat_id)
        .where(among(connection, chats.c.subscriber_id, ids), chats.c.status == ACTIVE)
    )
    for subscriber_id, chat_id, channel, language, heard_at in connection.execute(query).all():
        reach.setdefault(subscriber_id, []).append(Reach(chat_id, channel, language, heard_at))
    people = select(subscribers.c.id, subscribers.c.region, subscribers.c.phone, subscribers.c.email)
    default = Prefs()
    found = connection.execute(
        people.where(among(connection, subscribers.c.id, ids), subscribers.c.erased_at.is_(None))
    )
    home = operator.zone
    refusing = consents.refusing(connection, ids)
    return {
        id_: Person(
            id_,
            zone_of(region, home.key) if region else home,
            phone,
            email,
            wishes.get(id_, default),
            tuple(reach.get(id_, ())),
            id_ in refusing,
        )
        for id_, region, phone, email in found.all()
    }


def _charged(connection: Connection, numbers: Sequence[AccountNumber]) -> dict[AccountNumber, int]:
    living = among(connection, charges.c.account, numbers), charges.c.status.in_([one.value for one in LIVING])
    query = select(charges.c.account, func.max(charges.c.amount)).where(*living).group_by(charges.c.account)
    return {account: int(amount) for account, amount in connection.execute(query)}


def _promised(connection: Connection, numbers: Sequence[AccountNumber]) -> dict[AccountNumber, date]:
    query = (
        select(promises.c.account, func.max(promises.c.until).label("until"))
        .where(among(connection, promises.c.account, numbers), promises.c.status == "granted")
        .group_by(promises.c.account)
    )
    return {row.account: row.until for row in connection.execute(query)}


def spent(connection: Connection, operator: Operator, now: datetime) -> Decimal:
    """What this calendar month's reminders and notices have cost, in the operator's zone and currency."""
    local = now.astimezone(operator.zone)
    since = local.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    query = select(func.coalesce(func.sum(messages.c.cost), 0)).where(
        messages.c.created_at >= since, messages.c.status != FAILED
    )
    notices = select(func.coalesce(func.sum(told.c.cost), 0)).where(told.c.cost > 0, told.c.queued_at >= since)
    minor = int(connection.execute(query).scalar_one()) + int(connection.execute(notices).scalar_one())
    return Money.from_minor(minor, operator.currency).amount


def history(connection: Connection, ids: Sequence[str], since: date) -> dict[str, list[date]]:
    """The day of each message to each person since a day, those that failed left out."""
    found: dict[str, list[date]] = {}
    query = select(messages.c.subscriber_id, messages.c.day).where(
        messages.c.subscriber_id.in_(ids), messages.c.day >= since, messages.c.status != FAILED
    )
    for subscriber_id, day in connection.execute(query):
        found.setdefault(subscriber_id, []).append(day)
    return found
