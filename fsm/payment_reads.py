"""What a payment needs to know of the accounts: debts and recommended sums, fresh or as last known."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from core.billing.forecast import recommended_sum
from core.billing.models import AccountNumber
from core.errors import OutsideUnavailable
from core.money import Money
from core.payments.models import PaymentLine
from fsm.account_reads import today_of
from fsm.talk import Talk


@dataclass(frozen=True, slots=True)
class Sums:
    """What one account may be paid. ``fresh`` is False for last known figures."""

    number: AccountNumber
    debt: Money
    ahead: Money  # the debt and the services until the end of next month
    fresh: bool


async def sums_of(talk: Talk, numbers: Sequence[AccountNumber]) -> list[Sums]:
    """In the order asked; accounts of which nothing is known are left out."""
    found = await asyncio.gather(*(_sums(talk, number) for number in numbers))
    return [one for one in found if one is not None]


async def _sums(talk: Talk, number: AccountNumber) -> Sums | None:
    try:
        known = await talk.core.billing.statement(number)
    except OutsideUnavailable:
        return None
    if known is None:
        return None
    statement = known.value
    return Sums(number, statement.overview.debt, recommended_sum(statement, today_of(talk)), known.fresh)


def total(amounts: Sequence[Money], currency: str) -> Money:
    result = Money.zero(currency)
    for amount in amounts:
        result = result + amount
    return result


def out_of_limits(talk: Talk, amount: Money) -> str:
    """Why the sum cannot be paid for one account; empty when it can."""
    terms = talk.core.payments.terms
    if amount.currency != terms.minimum.currency:
        return talk.t("This account is kept in another currency, so it cannot be paid here.")
    if amount < terms.minimum:
        return talk.t("The smallest sum that can be paid here is {sum}.", sum=talk.translator.money(terms.minimum))
    if amount > terms.maximum:
        return talk.t("The largest sum that can be paid at once is {sum}.", sum=talk.translator.money(terms.maximum))
    return ""


def lines_total(lines: Sequence[PaymentLine]) -> Money:
    return total([line.amount for line in lines], lines[0].amount.currency)
