"""`abonent remind`, as an operator types it: a trial run for any day, with a reason for everybody who gets nothing."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select
from typer.testing import CliRunner, Result

from bot.cli import app
from core.database import Database
from core.reminders.tables import muted, reminders
from tests.reminders.world import Debtor, fill

NOW = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    address = f"sqlite+aiosqlite:///{tmp_path / 'abonent.db'}"
    monkeypatch.setenv("ABONENT_DATABASE_URL", address)
    monkeypatch.setenv("ABONENT_SECRET_KEY", "a-secret-key-for-tests-that-is-long-enough")
    monkeypatch.setenv("ABONENT_REMINDER_BUDGET", "100")
    monkeypatch.setenv("ABONENT_REMINDER_VIBER_PRICE", "2.50")
    return address


def remind(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["remind", *arguments])


@pytest.fixture
def debtors(url: str) -> str:
    """In reach, in Viber for money, muted, too small, and nobody's."""
    remind("report")  # makes the tables

    async def go() -> None:
        database = Database(url)
        people = [
            Debtor("1", "p"),
            Debtor("2", "q", channel="viber", heard_hours_ago=100),
            Debtor("3", "r"),
            Debtor("4", "s", amount=1000),
            Debtor("5"),
        ]
        await database.write(fill, people, NOW)
        await database.write(lambda c: c.execute(insert(muted).values(subscriber_id="r", account="3")))
        await database.close()

    asyncio.run(go())
    return url


async def rows(url: str) -> int:
    database = Database(url)
    try:
        return await database.read(lambda c: c.execute(select(func.count()).select_from(reminders)).scalar_one())
    finally:
        await database.close()


def test_who_would_get_what_on_a_day_and_why_the_others_nothing(debtors: str) -> None:
    shown = remind("plan", "--on", "2026-03-17", "--dry-run")
    assert shown.exit_code == 0, shown.output
    lines = {line.split()[0]: line for line in shown.output.splitlines() if line[:1].isdigit()}
    assert "p  ahead  telegram  0.00 RUB  2026-03-17" in lines["1"]
    assert "q  ahead  viber  2.50 RUB  2026-03-17" in lines["2"]
    assert "not reminded: account_muted" in lines["3"]
    assert "not reminded: below_threshold" in lines["4"]
    assert "not reminded: nobody_registered" in lines["5"]
    assert "2  to be reminded" in shown.output
    assert "Messages: 2, cost: 2.50 RUB" in shown.output
    assert asyncio.run(rows(debtors)) == 0  # nothing was written


def test_the_totals_alone(debtors: str) -> None:
    shown = remind("plan", "--on", "2026-03-17", "--dry-run", "--totals")
    assert "account_muted" in shown.output
    assert "not reminded" not in shown.output


def test_another_day_can_only_be_looked_at(debtors: str) -> None:
    refused = remind("plan", "--on", "2026-03-17")
    assert refused.exit_code == 2
    assert "--dry-run" in refused.output
    assert asyncio.run(rows(debtors)) == 0


def test_the_switch(url: str) -> None:
    assert "paused" in remind("pause", "an error in the bills").output
    assert "go on" in remind("resume").output
