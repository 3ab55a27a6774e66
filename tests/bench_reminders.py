"""Measures planning: time and peak memory for many accounts, on either database, and how both grow.

Run it with ``python -m tests.bench_reminders [--postgres URL] [SIZES...]``; a tenth of the accounts are in debt.
"""

from __future__ import annotations

import argparse
import asyncio
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


async def measure(url: str, size: int) -> None:
    # A statement of the filling takes longer than any of the program's own.
    database = Database(url, statement_limit=None)
    await database.write(metadata.drop_all)
    await database.write(metadata.create_all)
    began = time.monotonic()
    await database.write(fill_crowd, size, NOW)
    print(f"{database.dialect:<11} {size:>9,} accounts filled in {time.monotonic() - began:.1f} s", flush=True)
    world = World(database, ManualClock(NOW), Rules(Operator()))
    for run in ("first", "repeated"):
        with Peak() as peak:
            began, worked = time.monotonic(), time.process_time()
            counted: Counter[str] = await world.planner().run()
            seconds, worked = time.monotonic() - began, time.process_time() - worked
        print(
            f"{database.dialect:<11} {size:>9,} accounts {counted['planned']:>8,} planned  {run:<8} "
            f"{seconds:7.2f} s ({worked:.2f} s of it this process)  {counted['planned'] / seconds:>8,.0f}/s  "
            f"peak +{peak.megabytes:5.1f} MB  load {os.getloadavg()[0]:.1f}",
            flush=True,
        )
    await database.close()


async def main(sizes: list[int], postgres: str) -> None:
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            await measure(f"sqlite+aiosqlite:///{Path(folder) / 'bench.db'}", size)
        if postgres:
            await measure(postgres, size)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sizes", nargs="*", type=int, default=list(SIZES))
    parser.add_argument("--postgres", default="", help="an empty database, as postgresql+asyncpg://...")
    given = parser.parse_args(sys.argv[1:])
    asyncio.run(main(given.sizes, given.postgres))
