"""Managing the staff: who is taken on, with which role, a new password, and who leaves. Everything is on record."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection

from core.clock import Clock
from core.database import Database
from core.staff import accounts, audit, binding, passwords
from core.staff.audit import Who
from core.staff.models import Member, Refused, StaffRole
from core.staff.passwords import Passwords


class Office:
    """For administrators at the desk and for `abonent staff`. Every change raises Refused when it cannot be."""

    def __init__(self, database: Database, clock: Clock, hasher: Passwords | None = None) -> None:
        self._database = database
        self._clock = clock
        self._passwords = hasher or Passwords()

    async def everybody(self) -> list[Member]:
        return await self._database.read(accounts.everybody)

    async def find(self, login: str) -> Member:
        found = await self._database.read(accounts.by_login, login)
        if found is None:
            raise Refused("There is no account {login}.", login=accounts.normal_login(login)[:60])
        return found

    async def add(
        self, who: Who, login: str, name: str, role: StaffRole, password: str = "", language: str = ""
    ) -> tuple[Member, str]:
        """Returns the password too: one is made when none is given, and cannot be seen again."""
        password = password or passwords.generate()
        passwords.check(password, login)
        hashed = await self._passwords.hash(password)

        def act(connection: Connection) -> Member:
            member = accounts.add(connection, login, name, role, hashed, language, self._clock.now())
            audit.write(connection, who, "staff added", f"{member.login}: {role}", self._clock.now())
            return member

        return await self._database.write(act), password

    async def set_role(self, who: Who, staff_id: str, role: StaffRole) -> None:
        await self._change(who, staff_id, "role changed", role, lambda c: accounts.set_role(c, staff_id, role))

    async def set_active(self, who: Who, staff_id: str, active: bool) -> None:
        if staff_id == who.staff_id and not active:
            raise Refused("You cannot switch yourself off.")
        what = "staff switched on" if active else "staff switched off"

        def act(connection: Connection) -> None:
            accounts.set_active(connection, staff_id, active)
            if not active:
                binding.unbind(connection, staff_id, who, self._clock.now())

        await self._change(who, staff_id, what, "", act)

    async def set_password(self, who: Who, staff_id: str, password: str = "") -> str:
        """A new password, made if none is given, and returned; all sessions end, and Telegram does not know them.

        Whoever had got in may have bound a Telegram account of their own.
        """
        member = await self._database.read(accounts.by_id, staff_id)
        if member is None:
            raise Refused("There is no such account.")
        password = password or passwords.generate()
        passwords.check(password, member.login)
        hashed = await self._passwords.hash(password)

        def act(connection: Connection) -> None:
            accounts.set_password(connection, staff_id, hashed)
            binding.unbind(connection, staff_id, who, self._clock.now())

        await self._change(who, staff_id, "password reset", "", act)
        return password

    async def set_profile(self, who: Who, staff_id: str, name: str, language: str) -> None:
        await self._change(
            who, staff_id, "profile changed", "", lambda c: accounts.set_profile(c, staff_id, name, language)
        )

    async def _change(self, who: Who, staff_id: str, what: str, detail: str, act: Callable[[Connection], None]) -> None:
        def change(connection: Connection) -> None:
            member = accounts.by_id(connection, staff_id)
            if member is None:
                raise Refused("There is no such account.")
            act(connection)
            said = f"{member.login}: {detail}" if detail else member.login
            audit.write(connection, who, what, said, self._clock.now())

        await self._database.write(change)
