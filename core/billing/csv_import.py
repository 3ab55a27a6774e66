"""Takes an operator's CSV file into our own billing tables: all of it, or nothing when a single line is bad."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Table, TextualSelect, bindparam, select, text, update

from core.billing.csv_fields import BadField
from core.billing.csv_rows import ALL_COLUMNS, Row, RowMaker
from core.billing.csv_source import CsvSource, Unreadable
from core.billing.numbers import number_key
from core.billing.tables import accounts, bills, charges, payments, services
from core.database import Database
from core.delivery.writes import insert_for

BATCH = 1000  # rows in one statement
_NAMES = {accounts: "account", services: "service", charges: "charge", payments: "payment", bills: "bill"}
_SIGNS = {charges: -1, payments: 1}
T = TypeVar("T")


@dataclass(frozen=True, slots=True, order=True)
class BadLine:
    """Where and why, in a sentence for the operator. It names no phone number and no e-mail address."""

    line: int
    reason: str

    def __str__(self) -> str:
        return f"Line {self.line}: {self.reason}"


@dataclass
class ImportReport:
    """What an import did: rows by kind of line. When there is a bad line, nothing was applied."""

    lines: int = 0
    bad: list[BadLine] = field(default_factory=list)
    added: Counter[str] = field(default_factory=Counter)
    changed: Counter[str] = field(default_factory=Counter)
    unchanged: Counter[str] = field(default_factory=Counter)

    @property
    def applied(self) -> bool:
        return not self.bad


@dataclass
class _Check:
    """The first reading: faults, and the accounts that lines speak of."""

    report: ImportReport = field(default_factory=ImportReport)
    declared: dict[str, tuple[str, int]] = field(default_factory=dict)  # key -> number, line
    spoken_of: defaultdict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    troubled: set[str] = field(default_factory=set)  # accounts whose own line is bad

    def fault(self, line: int, reason: str) -> None:
        self.report.bad.append(BadLine(line, reason))


async def import_csv(database: Database, path: Path, *, currency: str, country: str, now: datetime) -> ImportReport:
    """Checks the whole file, then applies it in one transaction; docs/billing-csv.md describes the format.

    The same file again changes nothing but the "as of" time of its accounts, which becomes ``now``. The file is
    streamed; what is kept in memory is the account numbers and a fingerprint of each line.
    """
    try:
        source = await asyncio.to_thread(CsvSource.open, path)
        check = await asyncio.to_thread(_check, source, RowMaker(currency, country))
    except Unreadable as error:
        return ImportReport(bad=[BadLine(1, str(error))])
    await database.read(_check_against_tables, check, currency)
    check.report.bad.sort()
    if check.report.applied:
        await database.write_once(_apply, source, RowMaker(currency, country), check.report, now)
    return check.report


def _check(source: CsvSource, maker: RowMaker) -> _Check:
    check = _Check()
    for name in sorted(set(source.header) - ALL_COLUMNS):
        check.fault(1, f"The column {name!r} is not known." if name else "A column has no name.")
    for name in sorted({"kind", "account"} - set(source.header)):
        check.fault(1, f"The column {name} is missing.")
    if check.report.bad:
        return check
    seen: dict[int, int] = {}
    for record in source.records():
        check.report.lines += 1
        if record.fault:
            check.fault(record.line, record.fault)
            continue
        try:
            row = maker.row(record.fields)
        except BadField as error:
            check.fault(record.line, str(error))
            if record.fields.get("kind", "").lower() == "account":
                check.troubled.add(record.fields.get("account", ""))
            continue
        if row.table is accounts:
            _declare(check, row, record.line)
            continue
        check.spoken_of[row.account].append(record.line)
        if (first := seen.setdefault(hash((row.table.name, row.account, row.id)), record.line)) != record.line:
            check.fault(record.line, f"The {_NAMES[row.table]} with the id {row.id!r} is already in line {first}.")
    if not check.report.lines:
        check.fault(1, "The file has no lines after the first.")
    return check


def _declare(check: _Check, row: Row, line: int) -> None:
    number, first = check.declared.setdefault(number_key(row.account), (row.account, line))
    if first != line:
        same = "is already" if number == row.account else f"differs only in spelling from {number!r}"
        check.fault(line, f"The account {row.account!r} {same} in line {first}.")


def _check_against_tables(connection: Connection, check: _Check, currency: str) -> None:
    declared = dict(check.declared.values())
    # A bad account line is a fault of its own: its charges are not blamed for it.
    outside = [number for number in check.spoken_of if number not in declared and number not in check.troubled]
    known: dict[str, str] = {}
    for batch in _batches([*declared, *outside]):
        rows = connection.execute(select(accounts.c.number, accounts.c.currency).where(accounts.c.number.in_(batch)))
        known.update((row.number, row.currency) for row in rows)
    for number in outside:
        if number not in known:
            for line in check.spoken_of[number]:
                check.fault(line, f"The account {number!r} is neither in this file nor known from before.")
    for number, other in known.items():
        if other != currency:
            line = declared.get(number) or check.spoken_of[number][0]
            check.fault(line, f"The account {number!r} is kept in {other}, and the file is in {currency}.")
    for batch in _batches(list(check.declared)):
        twins = connection.execute(select(accounts.c.number, accounts.c.key).where(accounts.c.key.in_(batch)))
        for twin in twins:
            number, line = check.declared[twin.key]
            if twin.number != number:
                check.fault(
                    line, f"The account {number!r} differs only in spelling from {twin.number!r}, known before."
                )


def _apply(connection: Connection, source: CsvSource, maker: RowMaker, report: ImportReport, now: datetime) -> None:
    moved: defaultdict[str, int] = defaultdict(int)
    stated: dict[str, int] = {}
    # An account first, wherever it stands in the file: the other rows refer to it.
    for batch in _batches(_rows(source, maker, own=True)):
        _upsert(connection, accounts, batch, report, now)
        stated.update((row.account, row.balance) for row in batch if row.balance is not None)
        moved.update((row.account, 0) for row in batch)
    for mixed in _batches(_rows(source, maker, own=False)):
        for table in (services, charges, payments, bills):
            if batch := [row for row in mixed if row.table is table]:
                for number, by in _upsert(connection, table, batch, report, now).items():
                    moved[number] += by
    _balances(connection, moved, stated, now)


def _rows(source: CsvSource, maker: RowMaker, *, own: bool) -> Iterator[Row]:
    """The accounts' own lines, or all the others."""
    for record in source.records():
        if (record.fields.get("kind", "").lower() == "account") is not own:
            continue
        if record.fault:
            raise Unreadable(f"The file changed while it was read, in line {record.line}.")
        yield maker.row(record.fields)


def _upsert(
    connection: Connection, table: Table, rows: Sequence[Row], report: ImportReport, now: datetime
) -> dict[str, int]:
    """Writes what is new or different; returns how far each account's balance moves, in minor units."""
    keys = [column.name for column in table.primary_key]
    there = {tuple(old[key] for key in keys): old for old in _existing(connection, table, rows)}
    fresh: list[dict[str, Any]] = []
    moved: defaultdict[str, int] = defaultdict(int)
    for row in rows:
        old = there.get(tuple(row.values[key] for key in keys))
        moved[row.account] += _SIGNS.get(table, 0) * (
            row.values.get("amount", 0) - (old["amount"] if old and "amount" in old else 0)
        )
        if old is not None and all(old[name] == value for name, value in row.values.items()):
            report.unchanged[_NAMES[table]] += 1
            continue
        (report.added if old is None else report.changed)[_NAMES[table]] += 1
        fresh.append(row.values | {"balance": 0, "balance_at": now} if table is accounts else row.values)
    if fresh:
        insert = insert_for(connection, table)
        changed = {name: insert.excluded[name] for name in rows[0].values if name not in keys}
        connection.execute(insert.on_conflict_do_update(index_elements=keys, set_=changed), fresh)
    return moved


def _existing(connection: Connection, table: Table, rows: Sequence[Row]) -> list[dict[str, Any]]:
    if table is accounts:
        query = select(table).where(accounts.c.number.in_([row.account for row in rows]))
        return [dict(row) for row in connection.execute(query).mappings()]
    padded = [*rows, *[rows[-1]] * (BATCH - len(rows))]
    wanted = {
        f"{name}{n}": value for n, row in enumerate(padded) for name, value in (("a", row.account), ("i", row.id))
    }
    return [dict(row) for row in connection.execute(_by_pairs(table), wanted).mappings()]


@cache
def _by_pairs(table: Table) -> TextualSelect:
    """The rows of BATCH pairs of account and id.

    Written out, for SQLAlchemy compiles VALUES anew each time, and with an IN for each column SQLite tries every
    account with every id.
    """
    pairs = ", ".join(f"(:a{n}, :i{n})" for n in range(BATCH))
    names = ", ".join(f"t.{one.name}" for one in table.c)
    return text(
        f"WITH wanted (account, id) AS (VALUES {pairs})"
        f" SELECT {names} FROM wanted w JOIN {table.name} t ON t.account = w.account AND t.id = w.id"
    ).columns(*table.c)


def _balances(connection: Connection, moved: dict[str, int], stated: dict[str, int], now: datetime) -> None:
    one = update(accounts).where(accounts.c.number == bindparam("which"))
    by = one.values(balance=accounts.c.balance + bindparam("by"), balance_at=now)
    to = one.values(balance=bindparam("to"), balance_at=now)
    for batch in _batches(sorted(moved)):
        if moves := [{"which": number, "by": moved[number]} for number in batch if number not in stated]:
            connection.execute(by, moves)
        if states := [{"which": number, "to": stated[number]} for number in batch if number in stated]:
            connection.execute(to, states)


def _batches(items: Iterable[T]) -> Iterator[list[T]]:
    rest = iter(items)
    while batch := list(islice(rest, BATCH)):
        yield batch
