"""The words in which reminders are planned, recorded and explained."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from core.billing.models import AccountNumber


class Status(StrEnum):
    """Where a reminder stands. Values lie in the database: add, never rename."""

    planned = "planned"  # waits for its hour
    skipped = "skipped"  # not wanted now; planned after all when its reason goes away while the stage lasts
    queued = "queued"  # part of a message that is on its way
    sent = "sent"
    cancelled = "cancelled"  # the debt is gone, or the person decided otherwise
    dropped = "dropped"  # could not be sent while it made sense


FINAL = frozenset({Status.sent, Status.cancelled, Status.dropped})


class Reason(StrEnum):
    """Why somebody was not reminded. Values lie in the database: add, never rename."""

    nobody = "nobody_registered"
    small = "below_threshold"
    closed = "account_closed"
    no_due_date = "no_due_date"
    debts_off = "switched_off"
    muted = "account_muted"
    paused = "paused_by_person"
    no_consent = "consent_refused"
    asked_later = "asked_for_another_day"
    changed = "settings_changed"
    promised = "payment_promised"
    paying = "payment_on_its_way"
    autopay = "auto_payment_announced"
    no_chat = "no_chat"
    over_budget = "over_budget"
    paid = "paid"
    out_of_date = "out_of_date"
    unlinked = "not_linked_any_more"
    unknown_account = "account_unknown"
    capped = "cap_reached"
    billing_silent = "billing_silent"
    outside_hours = "outside_hours"
    operator_paused = "paused_by_operator"
    failed = "could_not_be_delivered"


HELD_BACK = frozenset(
    {
        Reason.outside_hours,
        Reason.operator_paused,
        Reason.paid,
        Reason.out_of_date,
        Reason.debts_off,
        Reason.no_consent,
        Reason.changed,
        Reason.unlinked,
    }
)
"""Why a message that was written did not go out: a reason of ours, and no fault of the way that it was to take."""


class Kind(StrEnum):
    """What a person can switch off on its own."""

    debts = "debts"
    receipts = "receipts"
    news = "news"
    works = "works"


@dataclass(frozen=True, slots=True)
class Prefs:
    """What a person asked for; the defaults are the operator's.

    ``ahead`` is in days, ``hour`` a whole hour in the person's zone, ``channel`` a messenger's name.
    ``paused_until`` is the first day on which reminders come again; ``asked_for`` the day of "remind me on...".
    """

    ahead: int | None = None
    hour: int | None = None
    channel: str = ""
    paused_until: date | None = None
    asked_for: date | None = None
    debts: bool = True
    receipts: bool = True
    news: bool = True
    works: bool = True
    muted: frozenset[AccountNumber] = field(default_factory=frozenset)

    def wants(self, kind: Kind) -> bool:
        return bool(getattr(self, kind.value))


@dataclass(frozen=True, slots=True)
class Stage:
    """One reminder of one bill. ``code`` is part of its key; ``legal``: comes whatever a person switched off."""

    code: str
    on: date
    legal: bool = False
