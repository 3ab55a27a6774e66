"""What auto-payment is made of: saved means of payment, rules of people for their accounts, and single charges."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from core.billing.numbers import AccountNumber
from core.money import Money

LAST_DAY = 0
"""As a rule's day: the last day of the month, whichever that is."""

LATEST_DAY = 28
"""The largest day that each month has."""


@dataclass(frozen=True, slots=True)
class AutopayTerms:
    """The operator's terms. ``limit`` is what is suggested for a month; ``retries``: tries after a soft refusal.

    After ``failures`` refused charges in a row a rule pauses.
    """

    limit: Money
    retries: int = 1
    failures: int = 3


@dataclass(frozen=True, slots=True)
class SavedMeans:
    """A card or an account kept at a provider. ``reference`` is the provider's; ``title`` is masked: "Mir •• 4444"."""

    id: str
    subscriber_id: str
    provider: str
    reference: str
    title: str
    valid: bool
    created_at: datetime


class Trigger(StrEnum):
    """When a rule charges. The values lie in the database: add, never rename."""

    day = "day"  # on a day of the month
    debt = "debt"  # when the debt has reached a sum
    balance = "balance"  # when the balance has fallen below a sum


class RuleStatus(StrEnum):
    waiting = "waiting"  # for the payment that saves the card
    active = "active"
    paused = "paused"  # see the reason; the person may let it go on
    off = "off"  # for ever


class Why(StrEnum):
    """Why a rule is paused or off, or a charge was not made. The values lie in the database: add, never rename."""

    person = "person"  # switched off, or "not this time"
    unlinked = "unlinked"  # no right to the account any more
    signed_out = "signed_out"  # from all chats
    forgotten = "forgotten"
    replaced = "replaced"  # by a new rule for the same account
    unpaid = "unpaid"  # the payment that was to save the card did not come about
    not_saved = "not_saved"  # it was paid, but the card could not be kept
    means_gone = "means_gone"  # the card is expired, closed, or refused for good
    failures = "failures"  # refused too often
    no_chat = "no_chat"  # nobody to announce a charge to
    unsure = "unsure"  # what became of a charge is not known: the staff look into it
    closed = "closed"  # the account is
    nothing_owed = "nothing_owed"
    small = "small"  # less than can be paid
    limit = "limit"  # this month's limit is used up
    late = "late"  # it could not be done while it made sense
    declined = "declined"  # the bank said no
    funds = "funds"  # no: not enough money
    holder = "holder"  # no: the bank wants to see the person


class ChargeStatus(StrEnum):
    announced = "announced"
    charging = "charging"  # the provider is being asked
    done = "done"  # the money is on the account
    failed = "failed"
    skipped = "skipped"  # nothing was taken: see the reason
    cancelled = "cancelled"  # by the person, or with its rule


LIVING = (ChargeStatus.announced, ChargeStatus.charging)
"""A rule has at most one of these."""


@dataclass(frozen=True, slots=True)
class Rule:
    """``threshold`` goes with debt and balance, ``day`` with day, ``topup`` (what is charged) with balance.

    ``limit`` is for a calendar month in the person's zone, whatever rules they had for the account in it.
    """

    id: str
    subscriber_id: str
    account: AccountNumber
    chat_id: str
    means_id: str  # empty while it waits for the card
    order_id: str  # the payment that saves the card
    trigger: Trigger
    day: int
    threshold: Money
    topup: Money
    limit: Money
    status: RuleStatus
    reason: str
    failures: int
    due_on: date | None  # of a rule by day: the day of the next charge
    created_at: datetime

    @property
    def living(self) -> bool:
        return self.status is not RuleStatus.off


@dataclass(frozen=True, slots=True)
class Draft:
    """A rule as somebody has chosen it, before it is one."""

    account: AccountNumber
    trigger: Trigger
    limit: Money
    day: int = 0
    threshold: Money | None = None
    topup: Money | None = None


@dataclass(frozen=True, slots=True)
class Charge:
    """``amount`` is what was announced; ``taken`` what the provider is asked for: never more."""

    id: str
    rule_id: str
    occurrence: str
    account: AccountNumber
    amount: Money
    taken: Money | None
    charge_at: datetime
    status: ChargeStatus
    reason: str
    order_id: str
    tries: int
    created_at: datetime
