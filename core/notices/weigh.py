"""Whether a notice goes to a person, and by which way: the same for the preview and just before sending."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from core.notices.models import Notice
from core.reminders.assess import Rules
from core.reminders.models import Reason
from core.reminders.people import Person
from core.reminders.ways import Way, choose


def weigh(
    rules: Rules,
    notice: Notice,
    person: Person | None,
    now: datetime,
    *,
    spent: Decimal,
    tried: Collection[str] = (),
) -> Way | Reason:
    """``spent``: of this month's budget. ``tried``: chats that have failed. Hours are looked at apart from this."""
    if person is None:
        return Reason.unlinked
    if notice.until is not None and notice.until <= now:
        return Reason.out_of_date
    if person.refuses:
        return Reason.no_consent
    if not person.prefs.wants(notice.kind):
        return Reason.debts_off
    paused = person.prefs.paused_until
    if paused is not None and now.astimezone(person.zone).date() < paused:
        return Reason.paused
    # A notice is for the messengers alone: nobody pays for an SMS that says what the website says.
    prices = replace(rules.prices, sms_open=False, email_open=False)
    if not notice.paid:
        prices = replace(prices, budget=Decimal(0))
    return choose(
        prices,
        person.chats,
        phone=None,
        email=None,
        language=rules.operator.languages[0],
        preferred=person.prefs.channel,
        spent=spent,
        now=now,
        tried=tried,
    )
