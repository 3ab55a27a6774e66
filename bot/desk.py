"""The staff's side of requests: a decision, and the messages that tell of it, in one transaction."""

from __future__ import annotations

from sqlalchemy import Connection

from bot.notices import tell
from core.appeals import queries, staff
from core.appeals.models import Appeal, Thread
from core.appeals.staff import NotPossible
from core.billing.models import BillingAccount
from core.database import Database
from core.services import Services
from core.subscribers.models import Proof, Role
from fsm import told
from fsm.state import Registry


class Desk:
    """What a member of staff can do. Every method raises :class:`core.appeals.staff.NotPossible` with a sentence.

    Messages lie in the outbox when a method returns; the running program sends them.
    """

    def __init__(self, database: Database, services: Services, registry: Registry) -> None:
        self._database = database
        self._services = services
        self._registry = registry

    async def waiting(self) -> list[Appeal]:
        """Requests that are not decided, the oldest first."""
        return await self._database.read(queries.list_open)

    async def show(self, number: int) -> Thread:
        found = await self._database.read(queries.load_numbered, number)
        if found is None:
            raise NotPossible(f"There is no request No. {number}.")
        return found

    async def answer(self, number: int, text: str, *, done: bool = False) -> int:
        """Says in how many chats it will be read."""
        return await self._database.write(self._answer, number, text, done)

    async def approve(self, number: int, role: Role = Role.family) -> int:
        """Links the account that was asked for; OutsideUnavailable when the billing is silent."""
        appeal = (await self.show(number)).appeal
        account = await self._services.billing.find(appeal.account_number) if appeal.account_number else None
        if account is None:
            raise NotPossible(f"The billing knows no account {appeal.account_number or 'without a number'}.")
        return await self._database.write(self._approve, number, account, role)

    async def refuse(self, number: int, reason: str) -> int:
        return await self._database.write(self._refuse, number, reason)

    def _answer(self, connection: Connection, number: int, text: str, done: bool) -> int:
        appeal = staff.answer(connection, number, text, self._services.clock.now(), done=done)
        return self._tell(connection, appeal, lambda t: told.appeal_answered(t, appeal.number, appeal.id, text.strip()))

    def _approve(self, connection: Connection, number: int, account: BillingAccount, role: Role) -> int:
        now = self._services.clock.now()
        done = staff.approve(connection, number, account, role, now)
        tell(
            connection,
            done.owners_chats,
            lambda t: told.link_added(t, done.account_number, done.name, Proof.staff, done.link_id),
            registry=self._registry,
            operator=self._services.operator,
            now=now,
            cause=done.appeal.id,
        )
        return self._tell(
            connection,
            done.appeal,
            lambda t: told.link_approved(t, done.appeal.number, done.appeal.id, done.account_number),
        )

    def _refuse(self, connection: Connection, number: int, reason: str) -> int:
        appeal = staff.refuse(connection, number, reason, self._services.clock.now())
        return self._tell(
            connection,
            appeal,
            lambda t: told.link_refused(t, appeal.number, appeal.id, appeal.account_number, reason.strip()),
        )

    def _tell(self, connection: Connection, appeal: Appeal, say: told.Say) -> int:
        return tell(
            connection,
            staff.chats_to_tell(connection, appeal),
            say,
            registry=self._registry,
            operator=self._services.operator,
            now=self._services.clock.now(),
            cause=appeal.id,
        )
