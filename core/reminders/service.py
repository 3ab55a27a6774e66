"""Reminders as conversations see them: what a person asked for, and the changes that they decide."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import Connection, select

from core.billing.models import AccountNumber
from core.database import Database
from core.delivery.writes import Write
from core.reminders import prefs
from core.reminders.assess import Rules
from core.reminders.models import Prefs
from core.reminders.policy import Policy
from core.reminders.tables import reminders


class ReminderService:
    """Reads at once; changes are returned as writes for the turn that decided them."""

    def __init__(self, database: Database, rules: Rules) -> None:
        self._database = database
        self.rules = rules

    @property
    def policy(self) -> Policy:
        return self.rules.policy

    async def prefs(self, subscriber_id: str) -> Prefs:
        """What the person asked for; the defaults when nothing."""
        return await self._database.read(_prefs, subscriber_id)

    async def spoken_of(self, message_id: str, subscriber_id: str) -> frozenset[AccountNumber]:
        """The accounts that a message to this person spoke of; none of somebody else's: the id may be forged."""
        return await self._database.read(_spoken_of, message_id, subscriber_id)

    def change(self, subscriber_id: str, **values: Any) -> Write:
        """Keeps some of :class:`Prefs`' fields, ``muted`` apart."""
        return prefs.change(subscriber_id, **values)

    def ask_for(self, subscriber_id: str, day: date) -> Write:
        """Silence until a day, and a reminder on it."""
        return prefs.change(subscriber_id, asked_for=day)

    def mute(self, subscriber_id: str, account: AccountNumber) -> Write:
        """No reminders of this account, a warning before its suspension apart."""
        return prefs.mute(subscriber_id, account)

    def unmute(self, subscriber_id: str, account: AccountNumber) -> Write:
        return prefs.unmute(subscriber_id, account)


def _spoken_of(connection: Connection, message_id: str, subscriber_id: str) -> frozenset[AccountNumber]:
    query = select(reminders.c.account).where(
        reminders.c.message_id == message_id, reminders.c.subscriber_id == subscriber_id
    )
    return frozenset(connection.execute(query).scalars())


def _prefs(connection: Connection, subscriber_id: str) -> Prefs:
    return prefs.load(connection, [subscriber_id]).get(subscriber_id, Prefs())
