"""By which way a reminder goes: what is free first, then what costs, and only ways that the operator has opened."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from msgspec import Struct

from core.reminders.models import Reason

SESSION = timedelta(hours=24)
"""Viber: what a bot writes within 24 hours of the person's last message costs nothing."""

TELEGRAM, VIBER, SMS, EMAIL = "telegram", "viber", "sms", "email"


class Reach(Struct, frozen=True):
    """A chat that can be written to. ``heard_at`` is when the person last did something there."""

    chat_id: str
    channel: str
    language: str
    heard_at: datetime | None


class Way(Struct, frozen=True):
    """``target`` is a chat's id, a phone (E.164) or an address; ``cost`` is in the operator's currency."""

    channel: str
    target: str
    language: str
    cost: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Prices:
    """What ways cost a message. ``budget`` is for a calendar month; a way that is not ``open`` is never taken."""

    viber: Decimal = Decimal(0)
    sms: Decimal = Decimal(0)
    budget: Decimal = Decimal(0)
    sms_open: bool = False
    email_open: bool = False


def choose(
    prices: Prices,
    chats: Sequence[Reach],
    *,
    phone: str | None,
    email: str | None,
    language: str,
    preferred: str,
    spent: Decimal,
    now: datetime,
    tried: Collection[str] = (),
) -> Way | Reason:
    """The best way that is left; ``tried`` are targets that have failed. ``spent``: of this month's budget.

    The messenger that the person chose, where it is free; the chat used last among the free ones; Viber outside of its
    session while the budget lasts; SMS, e-mail.
    """
    usable = [chat for chat in chats if chat.chat_id not in tried]
    if len(usable) > 1:
        usable.sort(key=lambda chat: (chat.heard_at is not None, chat.heard_at or now), reverse=True)
    free = [chat for chat in usable if _is_free(chat, now)]
    if len(free) > 1:
        free.sort(key=lambda chat: chat.channel != preferred)
    if free:
        return Way(free[0].channel, free[0].chat_id, free[0].language)
    left = prices.budget - spent
    for chat in usable:
        if chat.channel == VIBER and prices.budget > 0 and prices.viber <= left:
            return Way(VIBER, chat.chat_id, chat.language, prices.viber)
    if prices.email_open and email and email not in tried:
        return Way(EMAIL, email, language)
    if prices.sms_open and phone and phone not in tried and prices.sms <= left:
        return Way(SMS, phone, language, prices.sms)
    short = bool(usable) or (prices.sms_open and phone is not None and phone not in tried)
    return Reason.over_budget if short else Reason.no_chat


def _is_free(chat: Reach, now: datetime) -> bool:
    if chat.channel == VIBER:
        return chat.heard_at is not None and now - chat.heard_at < SESSION
    return True
