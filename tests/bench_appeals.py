"""Measures the staff's desk over a database full of appeals: an answer, the inbox, a search, what time does, on both.

Run it with ``python -m tests.bench_appeals [--postgres URL] [APPEALS]``; there are ten messages to each appeal, and one
appeal in thirty is open.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import itertools
import logging
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import structlog
from sqlalchemy import Connection, text

from bot.wiring import build_services
from core.appeals import queries, records
from core.appeals.files import FileStore, forget_unused
from core.appeals.models import Actor
from core.billing.embedded import EmbeddedBilling
from core.clock import ManualClock
from core.database import Database
from core.operator import Operator
from core.staff import figures, inbox, pulse
from fsm.state import Registry
from handlers.desk.acts import StaffDesk
from handlers.desk.clockwork import AppealClockwork
from migrations.models import metadata
from tests.bench import own_postgres
from tests.support.dialogue import SECRET

TIMES = 20
WORDS = 10  # messages of an appeal

# For each dialect: numbers from 1 to :n as the column x, the id of a number, and a moment so many minutes ago.
SPEECH = {
    "sqlite": {
        "numbers": "WITH RECURSIVE s(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM s WHERE x < :n)",
        "id": "printf('%016d', {0})",
        "ago": "datetime(:now, '-' || ({0}) || ' minutes') || '.000000'",
    },
    "postgresql": {
        "numbers": "WITH s AS (SELECT generate_series(1, :n) AS x)",
        "id": "lpad(({0})::text, 16, '0')",
        "ago": "CAST(:now AS text)::timestamp AT TIME ZONE 'UTC' - ({0}) * interval '1 minute'",
    },
}
STATUS = "CASE WHEN x % 30 = 0 THEN 'in_progress' WHEN x % 30 = 1 THEN 'resolved' ELSE 'closed' END"


def fill(connection: Connection, size: int, now: str) -> None:
    """The newest appeals have the highest numbers; every second subscriber has four of them."""
    speech = SPEECH[connection.dialect.name]

    def one(number: str) -> str:
        return speech["id"].format(number)

    def ago(minutes: str) -> str:
        return speech["ago"].format(minutes)

    person = "x % (:n / 4 + 1)"
    for into, values, rows in (
        (
            "subscribers (id, phone, name, region, created_at)",
            f"{one('x')}, '+7' || (9000000000 + x), 'Anna ' || x, 'RU-MOW', {ago('600000')}",
            size // 4 + 1,
        ),
        (
            "chats (chat_id, channel, address, subscriber_id, name, language, status, created_at)",
            f"'telegram:' || x, 'telegram', '' || x, {one('x')}, 'Anna', 'ru', 'active', {ago('600000')}",
            size // 4 + 1,
        ),
        (
            "appeals (id, number, subscriber_id, chat_id, kind, contact, account_number, status, reason, assignee,"
            " created_at, updated_at, sent_at, due_at, warn_at, closing_at, closing_warn_at, version)",
            f"{one('x')}, x, {one(person)}, 'telegram:' || ({person}), 'technical', '+79000000001', '' || (100000 + x),"
            f" {STATUS}, '', CASE WHEN x % 60 = 0 THEN 's1' ELSE '' END, {ago(':n - x')}, {ago(':n - x')},"
            f" {ago(':n - x')}, CASE WHEN x % 30 = 0 THEN {ago('-10000 - x')} END,"
            f" CASE WHEN x % 30 = 0 THEN {ago('-9000 - x')} END,"
            f" CASE WHEN x % 30 = 1 THEN {ago('-10000 - x')} END, CASE WHEN x % 30 = 1 THEN {ago('-9000 - x')} END, 3",
            size,
        ),
        (
            "appeal_messages (id, appeal_id, author, text, blob, file_name, at, staff_id)",
            f"{one('x')}, {one(f'(x - 1) / {WORDS} + 1')}, CASE WHEN x % 3 = 0 THEN 'staff' ELSE 'subscriber' END,"
            " 'The internet has been slow since the evening, the lamp blinks, case ' || x,"
            f" CASE WHEN x % {WORDS} = 1 THEN {one('x')} END, CASE WHEN x % {WORDS} = 1 THEN 'a.jpg' END,"
            f" {ago(f':n / {WORDS} - (x - 1) / {WORDS}')}, ''",
            size * WORDS,
        ),
        (
            "appeal_events (id, appeal_id, at, actor, name, what, detail)",
            f"{one('x')}, {one('(x - 1) / 3 + 1')}, {ago(':n / 3 - (x - 1) / 3')}, 's1', 'Anna',"
            " CASE x % 3 WHEN 1 THEN 'sent' WHEN 2 THEN 'started' ELSE 'resolved' END, ''",
            size * 3,
        ),
        (
            "files (sha256, media_type, size, created_at)",
            f"{one(f'(x - 1) * {WORDS} + 1')}, 'image/jpeg', 9, {ago('9000')}",
            size,
        ),
    ):
        given = {"n": rows, "now": now}
        connection.execute(text(f"INSERT INTO {into} {speech['numbers']} SELECT {values} FROM s"), given)
    connection.execute(text("ANALYZE"))


async def measure(url: str, size: int) -> dict[str, float]:
    """Medians in milliseconds."""
    database, clock = Database(url, statement_limit=None), ManualClock()
    now = clock.now()
    await database.write(metadata.create_all)
    began = time.monotonic()
    await database.write(fill, size, f"{now:%Y-%m-%d %H:%M:%S}")
    print(
        f"{database.dialect}: {size:,} appeals filled in {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True
    )
    billing = EmbeddedBilling(database, clock)
    services = build_services(database, clock, Operator(languages=("en", "ru")), billing, secret_key=SECRET)
    registry, anna = Registry(), Actor("s1", "Anna", "desk")
    desk, clockwork = StaffDesk(database, services, registry), AppealClockwork(database, services, registry)
    opened = itertools.cycle(range(30, size // 30 * 30 + 1, 30))
    person = f"{7:016}"
    read = database.read
    page = inbox.Wanted

    async def sent() -> None:
        appeal, create = await services.appeals.create(person, "telegram:7", "technical", draft=True)
        for write in (
            create,
            services.appeals.append(appeal.id, "It is slow"),
            services.appeals.send(appeal.id, "+79000000001"),
        ):
            await database.write(write.apply)

    async def late() -> None:
        clock.move(timedelta(minutes=30))
        await clockwork.tick()

    with tempfile.TemporaryDirectory() as folder:
        store = FileStore(Path(folder))
        acts: dict[str, Callable[[], Awaitable[object]]] = {
            "desk: an answer": lambda: desk.reply(anna, next(opened), "We are on it."),
            "desk: a note": lambda: desk.note(anna, next(opened), "Called."),
            "desk: a thread": lambda: desk.show(next(opened)),
            "desk: a history": lambda: read(records.history, f"{next(opened):016}"),
            "inbox: open ones": lambda: read(inbox.page, page(), "s1", clock.now()),
            "inbox: all, page 50": lambda: read(inbox.page, page(view="all", sort="new", page=50), "s1", clock.now()),
            "inbox: counts": lambda: read(inbox.counts, "s1", clock.now()),
            "inbox: a number": lambda: read(inbox.page, page(view="all", words=f"{size}"), "s1", clock.now()),
            "inbox: a word, open": lambda: read(inbox.page, page(words=f"{size}"), "s1", clock.now()),
            "inbox: has it changed": lambda: read(pulse.of_inbox),
            "desk: 30 days in figures": lambda: read(figures.figures_of, 30, services.operator.zone, clock.now()),
            "person: an appeal sent": sent,
            "person: their appeals": lambda: services.appeals.of_person(person, "telegram:7"),
            "person: a draft": lambda: services.appeals.draft(person, "telegram:7"),
            "person: files of a day": lambda: services.appeals.may_send_files("telegram:7"),
            "person: the next number": lambda: read(queries.last_number),
            "time: nothing due": clockwork.tick,
            "time: half an hour on": late,
            "files: none to forget": lambda: database.write(forget_unused, store, clock.now()),
        }
        medians = {name: await _median(act) for name, act in acts.items()}
    await database.close()
    return medians


async def _median(act: Callable[[], Awaitable[object]]) -> float:
    times = []
    await act()
    for _ in range(TIMES):
        began = time.perf_counter()
        await act()
        times.append(1000 * (time.perf_counter() - began))
        if sum(times) > 20_000:
            break
    return statistics.median(times)


async def main(size: int, postgres: str) -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    found: dict[str, dict[str, float]] = {}
    async with contextlib.nullcontext(postgres) if postgres else own_postgres() as url:
        with tempfile.TemporaryDirectory() as folder:
            found["sqlite"] = await measure(f"sqlite+aiosqlite:///{Path(folder) / 'bench.db'}", size)
        if url:
            found["postgresql"] = await measure(url, size)
    print(f"{f'{size:,} appeals, medians in ms':<32}" + "".join(f"{dialect:>12}" for dialect in found))
    for name in found["sqlite"]:
        print(f"{name:<32}" + "".join(f"{medians[name]:>12.1f}" for medians in found.values()))
    print(f"load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("appeals", nargs="?", type=int, default=10_000)
    database = "an empty database, as postgresql+asyncpg://...; without it one is made on this machine's server"
    parser.add_argument("--postgres", default="", help=database)
    given = parser.parse_args(sys.argv[1:])
    asyncio.run(main(given.appeals, given.postgres))
