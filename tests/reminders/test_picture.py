"""The report as a picture counts each stage, and is a picture."""

from __future__ import annotations

import io
from datetime import timedelta
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import update
from typer.testing import CliRunner

from bot.cli import app
from core.billing.tables import accounts
from core.delivery.tables import outbox
from core.reminders import prefs
from core.reminders.picture import StageCounts, draw_stages, stages_of
from core.reminders.settling import Outcomes
from tests.reminders.world import Debtor, World, fill

DAY = timedelta(days=1)


async def test_each_stage_is_counted(world: World) -> None:
    debtors = [Debtor(f"{n}", f"p{n}") for n in range(4)]
    await world.database.write(fill, [*debtors, Debtor("5", "off")], world.clock.now())
    await world.database.write(prefs.change("off", debts=False).apply)
    start = world.clock.now()
    await world.planner().run()
    await world.dispatcher().run()
    sent = update(outbox).where(outbox.c.chat_id != "telegram:p0")
    gone = update(outbox).where(outbox.c.chat_id == "telegram:p0")
    for statement in (
        sent.values(status="sent", sent_at=start),
        gone.values(status="dropped", reason="bot was blocked by the user"),
        update(outbox).where(outbox.c.chat_id == "telegram:p1").values(seen_at=start),
        update(accounts).where(accounts.c.number == "2").values(balance=0),
    ):
        await world.database.write(lambda c, statement=statement: c.execute(statement))  # type: ignore[misc]  # a row
    await world.send()
    world.clock.move(3 * DAY)
    await Outcomes(world.database, world.clock, world.billing).run()
    await world.tick()
    found = await world.database.read(stages_of, start - DAY, start + 5 * DAY)
    assert list(found) == ["ahead", "+0"]
    assert found["ahead"] == StageCounts(planned=4, sent=3, delivered=3, seen=1, failed=1, paid=1, measured=3)
    # Paid in between: not planned. The chat that had blocked the bot is tried no more, so that is the whole of it.
    assert found["+0"].planned == 3


@pytest.mark.parametrize("figure", [0, 1, 7, 123_456_789])
def test_any_figures_fit(figure: int) -> None:
    one = StageCounts(figure, figure, figure, figure, figure, figure, figure)
    counts = dict.fromkeys(("-3", "ahead", "+0", "+7", "suspension", "asked"), one)
    picture = Image.open(io.BytesIO(draw_stages(counts, "Оператор " * 20, "2026")))
    assert picture.format == "PNG"
    assert picture.width == 1000
    assert picture.height > draw_height({})
    # Nothing is written over the edge.
    edge = picture.convert("L").crop((picture.width - 4, 0, picture.width, picture.height))
    assert edge.getextrema() == (255, 255)


def draw_height(counts: dict[str, StageCounts]) -> int:
    return Image.open(io.BytesIO(draw_stages(counts, "Title", "Period"))).height


def test_the_command_writes_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ABONENT_DATABASE_URL", f"sqlite+aiosqlite:///{tmp_path / 'abonent.db'}")
    monkeypatch.setenv("ABONENT_SECRET_KEY", "a-secret-key-for-tests-that-is-long-enough")
    result = CliRunner().invoke(app, ["remind", "report", "--picture", "report.png"])
    assert result.exit_code == 0, result.output
    assert Image.open(tmp_path / "report.png").format == "PNG"
    refused = CliRunner().invoke(app, ["remind", "report", "--picture", "nowhere/report.png"])
    assert refused.exit_code == 2
    assert "cannot be written" in refused.output
