"""Pauses between tries to log in, growing with each failure: for a name from one address, a name, an address."""

from __future__ import annotations

import hashlib
import ipaddress
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, func, insert, select

from core.ids import new_id
from core.subscribers.tables import attempts

KIND = "desk"
WINDOW = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class _Limit:
    """``free`` failures cost nothing; each one after them doubles the pause, up to ``longest``."""

    free: int
    longest: timedelta

    def pause(self, failures: int) -> timedelta:
        if failures < self.free:
            return timedelta()
        return min(timedelta(seconds=2 << min(failures - self.free, 20)), self.longest)


# A stranger who knows a name must not be able to lock its owner out: from anywhere, its pause stays short.
_PAIR = _Limit(3, timedelta(minutes=15))
_LOGIN = _Limit(10, timedelta(seconds=30))
_ADDRESS = _Limit(20, timedelta(minutes=15))


def begin(connection: Connection, login: str, address: str, now: datetime) -> timedelta:
    """Counts a try as failed until :func:`forgive`; a pause that is not over yet is returned, and nothing counted."""
    keys = _keys(login, address)
    if connection.dialect.name == "postgresql":  # counting and inserting are one step; SQLite has one writer anyway
        for key, _limit in sorted(keys, key=lambda one: one[0]):
            connection.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(key, 0))))
    wait = max(_left(connection, key, limit, now) for key, limit in keys)
    if wait <= timedelta():
        rows = [{"id": new_id(now), "kind": KIND, "key": key, "at": now} for key, _limit in keys]
        connection.execute(insert(attempts), rows)
    return wait


def forgive(connection: Connection, login: str, address: str) -> None:
    """The password was right: this name starts afresh, from this address and from everywhere."""
    pair, name, _address = (key for key, _limit in _keys(login, address))
    connection.execute(delete(attempts).where(attempts.c.kind == KIND, attempts.c.key.in_([pair, name])))


def _left(connection: Connection, key: str, limit: _Limit, now: datetime) -> timedelta:
    query = select(func.count(), func.max(attempts.c.at)).where(
        attempts.c.kind == KIND, attempts.c.key == key, attempts.c.at > now - WINDOW
    )
    failures, last = connection.execute(query).one()
    return last + limit.pause(failures) - now if failures and last is not None else timedelta()


def _keys(login: str, address: str) -> tuple[tuple[str, _Limit], tuple[str, _Limit], tuple[str, _Limit]]:
    # Hashed: what people type into the field for the name may well be a password.
    name = hashlib.sha256(login.strip().lower().encode()).hexdigest()[:32]
    where = _network(address)
    return ((f"pair:{name}:{where}", _PAIR), (f"login:{name}", _LOGIN), (f"address:{where}", _ADDRESS))


def _network(address: str) -> str:
    """One customer's network: an IPv4 address, or the 64 bits that an IPv6 customer moves in freely."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address[:60]
    return str(ipaddress.ip_network((found, 64), strict=False)) if found.version == 6 else str(found)
