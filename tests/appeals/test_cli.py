"""`abonent appeals`, as staff type it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli import app
from core.appeals.kinds import PERSON
from core.appeals.service import AppealService
from core.clock import SystemClock
from core.database import Database
from core.delivery.writes import Write
from migrations.models import metadata


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    url = f"sqlite+aiosqlite:///{tmp_path / 'abonent.db'}"
    monkeypatch.setenv("ABONENT_DATABASE_URL", url)
    monkeypatch.setenv("ABONENT_SECRET_KEY", "a-secret-key-for-tests-that-is-long-enough")
    return url


async def _fill(url: str) -> None:
    database = Database(url)
    await database.write(metadata.create_all)
    service = AppealService(database, SystemClock())

    async def keep(write: Write) -> None:
        await database.write(write.apply)

    appeal, create = await service.create(None, "telegram:1", PERSON)
    await keep(create)
    await keep(service.append(appeal.id, "The internet is down\x1b[2J"))
    await database.close()


def test_list_show_and_answer(settings: str) -> None:
    asyncio.run(_fill(settings))
    run = CliRunner().invoke
    listed = run(app, ["appeals", "list"])
    assert listed.exit_code == 0 and "No. 1" in listed.output, listed.output
    shown = run(app, ["appeals", "show", "1"], color=True).output
    assert "The internet is down" in shown
    assert "\x1b[2J" not in shown, "a stranger's words must not clear the staff's screen"
    answered = run(app, ["appeals", "answer", "1", "We are on our way.", "--done"])
    assert answered.exit_code == 0 and "No chat can be reached" in answered.output, answered.output
    assert "Nothing waits" in run(app, ["appeals", "list"]).output


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["show", "9"], "There is no appeal No. 9"),
        (["approve", "1"], "knows no account"),
        (["approve", "1", "--role", "king"], "owner, family or representative"),
        (["refuse", "1", "no"], "answer it instead"),
    ],
)
def test_what_cannot_be_done_is_a_sentence(settings: str, command: list[str], said: str) -> None:
    asyncio.run(_fill(settings))
    done = CliRunner().invoke(app, ["appeals", *command])
    assert done.exit_code != 0 and said in done.output, done.output
