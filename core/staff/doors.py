"""Logging in and out, and what a member changes about their own account."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection

from core.clock import Clock
from core.database import Database
from core.staff import accounts, audit, limits, passwords, sessions
from core.staff.audit import Who
from core.staff.models import Member, Refused, Session
from core.staff.passwords import Passwords


@dataclass(frozen=True, slots=True)
class Entered:
    member: Member
    token: str  # for the browser's cookie


@dataclass(frozen=True, slots=True)
class NotLetIn:
    """Never says whether the name exists. ``wait``: how long until the next try; zero at once."""

    wait: timedelta = timedelta()


class Doors:
    """The way into the desk."""

    def __init__(self, database: Database, clock: Clock, hasher: Passwords | None = None) -> None:
        self._database = database
        self._clock = clock
        self._passwords = hasher or Passwords()

    async def enter(self, login: str, password: str, address: str, browser: str) -> Entered | NotLetIn:
        wait = await self._database.write(limits.begin, login, address, self._clock.now())
        if wait > timedelta():
            return NotLetIn(wait)
        found = await self._database.read(accounts.password_of, login)
        if not await self._passwords.verify(password, found[1] if found else None) or found is None:
            await self._database.write(self._note_failure, found[0] if found else None, address)
            return NotLetIn()
        return await self._database.write(self._let_in, login, found, address, browser)

    def _note_failure(self, connection: Connection, member: Member | None, address: str) -> None:
        # A name that is nobody's is not written down: it may be somebody's password, typed into the wrong field.
        who = Who(member.id, member.login, address) if member else Who("", "", address)
        audit.write(connection, who, "log-in failed", "", self._clock.now())

    def _let_in(
        self, connection: Connection, login: str, found: tuple[Member, str], address: str, browser: str
    ) -> Entered | NotLetIn:
        now = self._clock.now()
        again = accounts.password_of(connection, login)
        if again is None or again[1] != found[1]:  # changed or switched off while the hash was verified
            return NotLetIn()
        member = again[0]
        limits.forgive(connection, login, address)
        token = sessions.open_session(connection, member.id, address, browser, now)
        audit.write(connection, Who(member.id, member.login, address), "logged in", browser, now)
        return Entered(member, token)

    async def who(self, token: str, *, quiet: bool = False) -> tuple[Member, Session] | None:
        """Who holds this token now. "Seen" is written down about once a minute; not for what a page does by itself."""
        now = self._clock.now()
        found = await self._database.read(sessions.find, token, now)
        if found is not None and not quiet and sessions.is_due(found[1], now):
            await self._database.write(sessions.touch, found[1].id, now)
        return found

    async def leave(self, who: Who, session_id: str) -> None:
        await self.end_session(who, who.staff_id, session_id, "logged out")

    async def end_session(self, who: Who, staff_id: str, session_id: str, what: str = "session ended") -> bool:
        """One session of a member's: one's own, or somebody's by an administrator."""

        def end(connection: Connection) -> bool:
            if not sessions.end(connection, session_id, staff_id):
                return False
            audit.write(connection, who, what, self._named(connection, who, staff_id), self._clock.now())
            return True

        return await self._database.write(end)

    async def end_sessions(self, who: Who, staff_id: str, besides: str = "") -> int:
        def end(connection: Connection) -> int:
            ended = sessions.end_all(connection, staff_id, besides=besides)
            detail = self._named(connection, who, staff_id)
            audit.write(connection, who, "sessions ended", detail, self._clock.now())
            return ended

        return await self._database.write(end)

    async def change_own_password(self, who: Who, session_id: str, old: str, new: str) -> None:
        """Raises Refused. Every other session ends. Wrong old passwords are limited as log-ins are."""
        passwords.check(new, who.login)
        wait = await self._database.write(limits.begin, who.login, who.address, self._clock.now())
        if wait > timedelta():
            raise Refused("Too many tries. Wait {n} s.", n=int(wait.total_seconds()) + 1)
        found = await self._database.read(accounts.password_of, who.login)
        if found is None or not await self._passwords.verify(old, found[1]):
            raise Refused("The old password is not right.")
        hashed = await self._passwords.hash(new)

        def change(connection: Connection) -> None:
            limits.forgive(connection, who.login, who.address)
            accounts.set_password(connection, who.staff_id, hashed, keep_session=session_id)
            audit.write(connection, who, "password changed", "", self._clock.now())

        await self._database.write(change)

    def _named(self, connection: Connection, who: Who, staff_id: str) -> str:
        other = accounts.by_id(connection, staff_id) if staff_id != who.staff_id else None
        return other.login if other is not None else ""
