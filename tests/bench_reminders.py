"""Measures planning: time and peak memory for many accounts, on either database, and how both grow.

Run it with ``python -m tests.bench_reminders [--postgres URL] [SIZES...]``; a tenth of the accounts are in debt.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import math
import os
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psutil

from core.clock import ManualClock
from core.database import Database, metadata
from core.operator import Operator
from core.reminders.assess import Rules
from tests.bench import own_postgres
from tests.reminders.crowd import fill_crowd
from tests.reminders.world import World

NOW = datetime(2026, 3, 17, 9, 0, tzinfo=UTC)
SIZES = (10_000, 100_000, 1_000_000)


@dataclass
class Peak:
    """The highest memory of this process, in megabytes above where it began, while the block runs."""

    megabytes: float = 0.0

    def __enter__(self) -> Peak:
        self._process = psutil.Process()
        self._before = self._process.memory_info().rss
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def _watch(self) -> None:
        while not self._stop.wait(0.02):
            self.megabytes = max(self.megabytes, (self._process.memory_info().rss - self._before) / 1e6)

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()


@dataclass(frozen=True)
class Result:
    """One planning."""

    dialect: str
    size: int
    planned: int
    run: str
    seconds: float
    worked: float  # seconds of this process's own
    megabytes: float
    load: float


async def measure(url: str, size: int) -> list[Result]:
    found = []
    # A statement of the filling takes longer than any of the program's own.
    database = Database(url, statement_limit=None)
    await database.write(metadata.drop_all)
    await database.write(metadata.create_all)
    began = time.monotonic()
    await database.write(fill_crowd, size, NOW)
    _say(f"{database.dialect}: {size:,} accounts filled in {time.monotonic() - began:.1f} s")
    world = World(database, ManualClock(NOW), Rules(Operator()))
    for run in ("first", "repeated"):
        with Peak() as peak:
            began, worked = time.monotonic(), time.process_time()
            counted: Counter[str] = await world.planner().run()
            seconds, worked = time.monotonic() - began, time.process_time() - worked
        load = os.getloadavg()[0]
        one = Result(database.dialect, size, counted["planned"], run, seconds, worked, peak.megabytes, load)
        _say(f"{one.dialect}: {size:,} accounts, {run} planning: {seconds:.2f} s, +{one.megabytes:.0f} MB")
        found.append(one)
    await database.close()
    return found


def table(results: list[Result]) -> str:
    """Everything side by side, with how time and memory grow: 1.00 is in step with the accounts, 0 not at all."""
    head = f"{'planning':<12}{'accounts':>11}{'in debt':>9}{'run':>10}{'s':>8}{'own s':>8}{'debts/s':>9}{'MB more':>9}"
    lines = [f"{head}{'load':>6}"]
    for one in sorted(results, key=lambda one: (one.dialect, one.run, one.size)):
        lines.append(
            f"{one.dialect:<12}{one.size:>11,}{one.planned:>9,}{one.run:>10}{one.seconds:>8.2f}{one.worked:>8.2f}"
            f"{one.planned / one.seconds:>9,.0f}{one.megabytes:>9.1f}{one.load:>6.1f}"
        )
    for dialect in dict.fromkeys(one.dialect for one in results):
        first = [one for one in results if one.dialect == dialect and one.run == "first"]
        first.sort(key=lambda one: one.size)
        if len(first) > 1:
            small, large = first[0], first[-1]
            grows = math.log(large.seconds / small.seconds) / math.log(large.size / small.size)
            memory = math.log(max(large.megabytes, 1) / max(small.megabytes, 1)) / math.log(large.size / small.size)
            said = f"{dialect}, from {small.size:,} to {large.size:,} accounts: time grows with their number"
            lines.append(f"{said} to the power of {grows:.2f}, memory of {memory:.2f}")
    return "\n".join(lines)


def _say(line: str) -> None:
    """How far it has come: the table follows."""
    print(line, file=sys.stderr, flush=True)


async def main(sizes: list[int], postgres: str) -> None:
    results = []
    async with contextlib.nullcontext(postgres) if postgres else own_postgres() as url:
        with tempfile.TemporaryDirectory() as folder:  # what is loaded once (holidays, zones) is nobody's time
            await measure(f"sqlite+aiosqlite:///{Path(folder) / 'bench.db'}", 100)
        for size in sizes:
            with tempfile.TemporaryDirectory() as folder:
                results += await measure(f"sqlite+aiosqlite:///{Path(folder) / 'bench.db'}", size)
            if url:
                results += await measure(url, size)
    print(table(results))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sizes", nargs="*", type=int, default=list(SIZES))
    database = "an empty database, as postgresql+asyncpg://...; without it one is made on this machine's server"
    parser.add_argument("--postgres", default="", help=database)
    given = parser.parse_args(sys.argv[1:])
    asyncio.run(main(given.sizes, given.postgres))
