"""The last known figures of the outside billing, kept for the hour in which it does not answer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import msgspec
from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import Connection, delete, select

from core.billing import tables
from core.billing.models import AccountNumber, AccountOverview, AccountStatement
from core.clock import Clock
from core.database import Database
from core.delivery.writes import insert_for

SAVE_AGAIN_AFTER = timedelta(minutes=10)
REMEMBERED = 20_000  # accounts whose last saving is remembered; the oldest are forgotten and merely saved again
FLUSH_AT_ONCE = 500

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_encode = msgspec.json.Encoder().encode
T = TypeVar("T", bound=Struct)
Key = tuple[AccountNumber, str]


class Snapshots:
    """Remembers what was seen at once, and writes it down when :meth:`flush` is called: no reading turn waits.

    Only what changed, or was written more than ten minutes ago, is written again. Names, addresses, phones and
    e-mails are left out: figures are all that a copy is needed for.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._waiting: dict[Key, tuple[datetime, bytes]] = {}
        self._saved: dict[Key, tuple[datetime, int]] = {}

    def remember(self, overview: AccountOverview) -> None:
        self._put((overview.number, "overview"), overview.as_of, overview, replace(overview, as_of=_EPOCH))

    def remember_statement(self, statement: AccountStatement) -> None:
        bare = replace(
            statement,
            account=replace(statement.account, holder_name="", address="", phone="", email=""),
        )
        ageless = replace(bare, overview=replace(bare.overview, as_of=_EPOCH))
        self._put((statement.account.number, "statement"), statement.as_of, bare, ageless)
        self.remember(statement.overview)

    def _put(self, key: Key, as_of: datetime, value: Struct, ageless: Struct) -> None:
        now = self._clock.now()
        mark = hash(_encode(ageless))
        saved = self._saved.get(key)
        if saved and saved[1] == mark and timedelta(0) <= now - saved[0] < SAVE_AGAIN_AFTER:
            return
        self._saved.pop(key, None)
        self._saved[key] = (now, mark)
        while len(self._saved) > REMEMBERED:
            del self._saved[next(iter(self._saved))]
        self._waiting[key] = (as_of, _encode(value))

    async def overviews(self, numbers: Sequence[AccountNumber]) -> list[AccountOverview]:
        """Those that are known, in the order asked."""
        known = await self._load("overview", numbers, AccountOverview)
        return [known[number] for number in numbers if number in known]

    async def statement(self, number: AccountNumber) -> AccountStatement | None:
        return (await self._load("statement", [number], AccountStatement)).get(number)

    async def _load(self, what: str, numbers: Sequence[AccountNumber], kind: type[T]) -> dict[AccountNumber, T]:
        found = {n: self._waiting[n, what][1] for n in numbers if (n, what) in self._waiting}
        if missing := [n for n in numbers if n not in found]:
            found.update(await self._database.read(_select, what, missing))
        values = {}
        for number, stored in found.items():
            try:
                values[number] = msgspec.json.decode(stored, type=kind)
            except msgspec.MsgspecError:
                continue  # written by another version: as good as not known
        return values

    async def flush(self) -> int:
        """Writes what is waiting; returns how many rows. A job calls it every minute, and the stop once."""
        waiting, self._waiting = self._waiting, {}
        if not waiting:
            return 0
        rows = [
            {"account": number, "what": what, "taken_at": as_of, "json": stored.decode()}
            # In the order of the key: two replicas never lock the same rows the other way round.
            for (number, what), (as_of, stored) in sorted(waiting.items())
        ]
        try:
            for start in range(0, len(rows), FLUSH_AT_ONCE):
                await self._database.write(_save, rows[start : start + FLUSH_AT_ONCE])
        except BaseException:  # what was not saved is kept for the next time, and the error goes on
            self._waiting = waiting | self._waiting
            raise
        return len(rows)

    def forget(self, numbers: Iterable[AccountNumber]) -> None:
        """Drops what is waiting about these accounts; see :func:`erase` for what was written."""
        for number in numbers:
            for what in ("overview", "statement"):
                self._waiting.pop((number, what), None)
                self._saved.pop((number, what), None)


def erase(connection: Connection, numbers: Sequence[AccountNumber]) -> None:
    """Deletes the snapshots of accounts that nobody is linked to any more."""
    connection.execute(delete(tables.snapshots).where(tables.snapshots.c.account.in_(numbers)))


def _select(connection: Connection, what: str, numbers: Sequence[AccountNumber]) -> dict[AccountNumber, bytes]:
    t = tables.snapshots
    rows = connection.execute(select(t.c.account, t.c.json).where(t.c.what == what, t.c.account.in_(numbers)))
    return {row.account: row.json.encode() for row in rows}


def _save(connection: Connection, rows: list[dict[str, object]]) -> None:
    insert = insert_for(connection, tables.snapshots)
    connection.execute(
        insert.on_conflict_do_update(
            index_elements=["account", "what"],
            set_={"json": insert.excluded.json, "taken_at": insert.excluded.taken_at},
            # Another replica may have seen newer figures.
            where=tables.snapshots.c.taken_at <= insert.excluded.taken_at,
        ),
        rows,
    )
