"""What staff can do with appeals, whatever the edge: a change, and the messages that tell of it, in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import copy
from typing import TypeVar

from sqlalchemy import Connection

from core.appeals import queries, staff
from core.appeals.models import Actor, Appeal, Thread
from core.appeals.rules import AppealRules
from core.appeals.staff import Done, KeptFile, NotPossible
from core.billing.models import BillingAccount
from core.database import Database
from core.services import Services
from core.subscribers.models import Proof, Role
from fsm import screen, told, told_appeals
from fsm.state import Registry
from fsm.texts import Translator
from handlers.desk.news import News, tell_appeal
from handlers.tell import tell

T = TypeVar("T")

Also = Callable[[Connection, Done], None]
"""What an edge writes down together with an act: that it was done, and which messages came of it."""


class StaffDesk:
    """Every method raises :class:`core.appeals.staff.NotPossible` with a sentence for whoever tried.

    Messages lie in the outbox when a method returns, and the sender has been woken. Those that return a number say in
    how many chats it will be read: with 0, nobody can be reached there.
    """

    def __init__(
        self,
        database: Database,
        services: Services,
        registry: Registry,
        wake_sender: Callable[[], None] = lambda: None,
        wake_worker: Callable[[], None] = lambda: None,
    ) -> None:
        self._database = database
        self._services = services
        self._registry = registry
        self._wake_sender = wake_sender
        self._wake_worker = wake_worker
        self._also: Also = _nothing

    def noting(self, also: Also) -> StaffDesk:
        """The same desk for one act, with something to be written in its transaction: what it raises undoes the act."""
        desk = copy(self)
        desk._also = also
        return desk

    @property
    def rules(self) -> AppealRules:
        return self._services.appeals.rules

    async def waiting(self) -> list[Appeal]:
        """Appeals that are not decided, the oldest first."""
        return await self._database.read(queries.list_open)

    async def show(self, number: int) -> Thread:
        found = await self._database.read(queries.load_numbered, number)
        if found is None:
            raise NotPossible("There is no appeal No. {number}.", number=number)
        return found

    async def reply(self, actor: Actor, number: int, text: str, files: Sequence[KeptFile] = ()) -> int:
        """Words and files for the subscriber; work goes on."""
        return await self._act(self._reply, actor, number, text, files, False)

    async def ask(self, actor: Actor, number: int, text: str, files: Sequence[KeptFile] = ()) -> int:
        """The same, and nothing is due from staff until the subscriber has answered."""
        return await self._act(self._reply, actor, number, text, files, True)

    async def note(self, actor: Actor, number: int, text: str, files: Sequence[KeptFile] = ()) -> None:
        """Words among staff."""

        def act(connection: Connection) -> None:
            done = staff.note(connection, self.rules, actor, number, text, self._services.clock.now(), files)
            self._also(connection, done)

        await self._act(act)

    async def start(self, actor: Actor, number: int) -> int:
        """Work begins, or begins again."""
        return await self._act(self._start, actor, number)

    async def resolve(self, actor: Actor, number: int, reason: str) -> int:
        return await self._act(self._decide, staff.resolve, actor, number, reason)

    async def reject(self, actor: Actor, number: int, reason: str) -> int:
        return await self._act(self._decide, staff.reject, actor, number, reason)

    async def assign(self, actor: Actor, number: int, staff_id: str, name: str = "") -> None:
        """``staff_id`` empty: nobody has it any more. ``name`` is for the history."""

        def act(connection: Connection) -> None:
            done = staff.assign(connection, self.rules, actor, number, staff_id, name, self._services.clock.now())
            self._also(connection, done)

        await self._act(act)

    async def change_kind(self, actor: Actor, number: int, kind: str) -> None:
        def act(connection: Connection) -> None:
            done = staff.change_kind(connection, self.rules, actor, number, kind, self._services.clock.now())
            self._also(connection, done)

        await self._act(act)

    async def approve(self, actor: Actor, number: int, role: Role = Role.family) -> int:
        """Links the account that was asked for; OutsideUnavailable when the billing is silent."""
        appeal = (await self.show(number)).appeal
        account = await self._services.billing.find(appeal.account_number) if appeal.account_number else None
        if account is None:
            raise NotPossible("The billing knows no account {account}.", account=appeal.account_number or "?")
        return await self._act(self._approve, actor, number, account, role)

    async def refuse(self, actor: Actor, number: int, reason: str) -> int:
        return await self._act(self._refuse, actor, number, reason)

    async def _act(self, change: Callable[..., T], *args: object) -> T:
        result = await self._database.write(change, *args)
        self._wake_sender()
        self._wake_worker()
        return result

    def _reply(
        self, connection: Connection, actor: Actor, number: int, text: str, files: Sequence[KeptFile], asks: bool
    ) -> int:
        now = self._services.clock.now()
        done = staff.answer(connection, self.rules, actor, number, text, now, asks=asks, files=files)
        say = told_appeals.asked if asks else told_appeals.answered
        parts: list[News] = [lambda t: say(t, done.appeal, text.strip())] if text.strip() else []
        parts.extend(_file(done.appeal, file) for file in files)
        return self._tell(connection, done, parts)

    def _start(self, connection: Connection, actor: Actor, number: int) -> int:
        done = staff.start(connection, self.rules, actor, number, self._services.clock.now())
        return self._tell(connection, done, [lambda t: told_appeals.started(t, done.appeal)])

    def _decide(
        self, connection: Connection, decide: Callable[..., Done], actor: Actor, number: int, reason: str
    ) -> int:
        done = decide(connection, self.rules, actor, number, reason, self._services.clock.now())
        return self._tell(connection, done, [lambda t: told_appeals.decided(t, done.appeal)])

    def _approve(self, connection: Connection, actor: Actor, number: int, account: BillingAccount, role: Role) -> int:
        now = self._services.clock.now()
        done = staff.approve(connection, self.rules, actor, number, account, role, now)
        tell(
            connection,
            done.owners_chats,
            lambda t: told.link_added(t, done.account_number, done.name, Proof.staff, done.link_id),
            registry=self._registry,
            operator=self._services.operator,
            now=now,
            cause=done.appeal.id,
        )
        news: News = lambda t: told.link_approved(t, done.appeal.number, done.appeal.id, done.account_number)  # noqa: E731 - one expression
        return self._tell(connection, Done(done.appeal), [news])

    def _refuse(self, connection: Connection, actor: Actor, number: int, reason: str) -> int:
        done = staff.refuse(connection, self.rules, actor, number, reason, self._services.clock.now())
        appeal = done.appeal

        def news(translator: Translator) -> screen.Screen:
            return told.link_refused(translator, appeal.number, appeal.id, appeal.account_number, appeal.reason)

        return self._tell(connection, done, [news])

    def _tell(self, connection: Connection, done: Done, parts: Sequence[News]) -> int:
        """``parts`` stand for the messages of ``done``, one for one; a part beyond them is the program's own word."""
        self._also(connection, done)
        messages = (*done.messages, *([None] * len(parts)))[: len(parts)]
        return tell_appeal(
            connection,
            done.appeal,
            list(zip(parts, messages, strict=True)),
            registry=self._registry,
            operator=self._services.operator,
            now=self._services.clock.now(),
        )


def _file(appeal: Appeal, file: KeptFile) -> News:
    kept = screen.KeptFile(file.blob, file.name, file.media_type, file.size)
    return lambda translator: told_appeals.file(translator, appeal, kept)


def _nothing(connection: Connection, done: Done) -> None:
    """Most edges write nothing down."""
