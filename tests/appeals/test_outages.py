"""Known failures: told in the regions they concern, until they are mended."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli import app
from core.outages import service as outages
from tests.appeals.conftest import Office


async def test_a_failure_concerns_its_regions(office: Office) -> None:
    now = office.clock.now()
    texts = {"en": "A cable is cut.", "ru": "Повреждён кабель."}
    one = await office.database.write(outages.begin, ["RU-MOW"], texts, now, until=now + timedelta(hours=3))
    everywhere = await office.database.write(outages.begin, [], {"ru": "Нет связи."}, now + timedelta(seconds=1))
    office.clock.move(timedelta(minutes=1))
    assert [found.id for found in await office.services.outages.at("RU-MOW")] == [everywhere.id, one.id]
    assert [found.id for found in await office.services.outages.at("RU-SPE")] == [everywhere.id]
    assert one.text("ru") == "Повреждён кабель." and everywhere.text("en") == "Нет связи."

    assert await office.database.write(outages.end, everywhere.id, office.clock.now())
    assert not await office.database.write(outages.end, everywhere.id, office.clock.now()), "once"
    assert await office.services.outages.at("RU-SPE") == []
    assert [found.id for found in await office.database.read(outages.recent)] == [everywhere.id, one.id]


async def test_a_failure_has_words(office: Office) -> None:
    with pytest.raises(ValueError, match="say what is wrong"):
        await office.database.write(outages.begin, [], {"en": "  "}, office.clock.now())


def test_from_the_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ABONENT_DATABASE_URL", f"sqlite+aiosqlite:///{tmp_path / 'abonent.db'}")
    monkeypatch.setenv("ABONENT_SECRET_KEY", "a-secret-key-for-tests-that-is-long-enough")
    run = CliRunner().invoke
    assert run(app, ["migrate"]).exit_code == 0
    for wrong in (["--text", "fr=Panne"], ["--text", "Broken"], ["--text", "en=Broken", "--region", "RU-XXX"]):
        refused = run(app, ["outage", "add", *wrong])
        assert refused.exit_code == 2 and "✗" in refused.output, refused.output
    added = run(app, ["outage", "add", "--text", "en=Broken", "--text", "ru=Сломано", "--region", "RU-MOW"])
    assert added.exit_code == 0, added.output
    listed = run(app, ["outage", "list"]).output
    assert "RU-MOW" in listed and "Сломано" in listed
    number = listed.split()[0]
    assert run(app, ["outage", "end", number]).exit_code == 0
    assert run(app, ["outage", "end", number]).exit_code == 2
    assert "Nothing is known" in run(app, ["outage", "list"]).output
