"""Finds the people whom a notice concerns, page by page, whatever billing there is."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, select

from core.billing.models import AccountNumber
from core.billing.numbers import number_key
from core.billing.service import BillingService
from core.notices.models import Audience
from core.subscribers.tables import account_links, subscribers

PAGE = 500  # people
AT_ONCE = 8  # accounts that the billing is asked about at the same time


@dataclass(frozen=True, slots=True)
class Reader:
    """A registered person with the accounts that they have a right to."""

    id: str
    accounts: tuple[AccountNumber, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """``after`` is where the next one begins; None behind the last."""

    readers: tuple[Reader, ...]
    after: str | None


def page_of(connection: Connection, audience: Audience, after: str, limit: int = PAGE) -> Page:
    """People in the order of their ids, those of other regions left out."""
    query = select(subscribers.c.id).where(subscribers.c.id > after, subscribers.c.erased_at.is_(None))
    if audience.regions:
        query = query.where(subscribers.c.region.in_(audience.regions))
    ids = list(connection.execute(query.order_by(subscribers.c.id).limit(limit)).scalars())
    links = select(account_links.c.subscriber_id, account_links.c.account_number).where(
        account_links.c.subscriber_id.in_(ids), account_links.c.ended_at.is_(None)
    )
    numbers: dict[str, list[AccountNumber]] = {}
    if audience.accounts or audience.tariffs:
        for subscriber_id, number in connection.execute(links):
            numbers.setdefault(subscriber_id, []).append(number)
    found = tuple(Reader(one, tuple(sorted(numbers.get(one, ())))) for one in ids)
    return Page(found, ids[-1] if len(ids) == limit else None)


async def concerned(
    billing: BillingService, audience: Audience, keys: frozenset[str], readers: Iterable[Reader]
) -> list[str]:
    """Those of a page whom it concerns. ``keys`` are :meth:`Audience.keys`, worked out once.

    Raises OutsideUnavailable when the billing has to be asked for tariffs and is silent.
    """
    if not (audience.accounts or audience.tariffs):
        return [reader.id for reader in readers]
    listed = [
        (reader.id, number)
        for reader in readers
        for number in reader.accounts
        if not audience.accounts or number_key(number) in keys
    ]
    if audience.tariffs:
        wanted = {tariff.casefold() for tariff in audience.tariffs}
        numbers = sorted({number for _id, number in listed})
        room = asyncio.Semaphore(AT_ONCE)

        async def fits(number: AccountNumber) -> bool:
            async with room:
                return await _on_tariff(billing, number, wanted)

        on_it = dict(zip(numbers, await asyncio.gather(*map(fits, numbers)), strict=True))
        listed = [(id_, number) for id_, number in listed if on_it[number]]
    return sorted({id_ for id_, _number in listed})


async def _on_tariff(billing: BillingService, number: AccountNumber, wanted: set[str]) -> bool:
    known = await billing.statement(number)  # the whole: it is kept as the last known
    if known is None:
        return False
    today = known.value.as_of.date()
    return any(
        service.tariff.casefold() in wanted
        for service in known.value.services
        if service.until is None or service.until >= today
    )


def of_nobody(connection: Connection, keys: frozenset[str]) -> int:
    """How many accounts of a list have nobody here whom one could tell."""
    living = (
        select(account_links.c.account_number)
        .join(subscribers, subscribers.c.id == account_links.c.subscriber_id)
        .where(account_links.c.ended_at.is_(None), subscribers.c.erased_at.is_(None))
    )
    return len(keys - {number_key(number) for number in connection.execute(living).scalars()}) if keys else 0
