"""`abonent notice`, as an operator types it: from a file and options to the report."""

from __future__ import annotations

import asyncio
import io
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from rich.console import Console
from sqlalchemy import select, update
from typer.testing import CliRunner, Result

from bot.cli import app
from bot.notice_file import Written, read_file, text_option
from bot.notice_watch import watch
from core.clock import SystemClock
from core.database import Database
from core.delivery.messages import Priority, decode_message
from core.delivery.tables import outbox
from core.notices.models import Audience, NoticeStatus, Wrong
from core.notices.tables import notices
from core.subscribers.tables import subscribers
from tests.notices.conftest import Town
from tests.reminders.world import Debtor, fill

MOSCOW = ZoneInfo("Europe/Moscow")
FILE = """
kind = "works"
regions = ["RU-KGD", "Москва"]
tariffs = ["Домашний 100"]
accounts = "numbers.csv"
until = "2026-03-18 06:00"
[text]
ru = "Ночью интернет может пропадать."
en = "The internet may be interrupted."
"""


@pytest.fixture
def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    address = f"sqlite+aiosqlite:///{tmp_path / 'abonent.db'}"
    monkeypatch.setenv("ABONENT_DATABASE_URL", address)
    monkeypatch.setenv("ABONENT_SECRET_KEY", "a-secret-key-for-tests-that-is-long-enough")
    return address


def abonent(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["notice", *arguments])


def test_a_file_says_all_of_it(tmp_path: Path) -> None:
    (tmp_path / "works.toml").write_text(FILE, "utf-8")
    (tmp_path / "numbers.csv").write_text("number;address\n77 01;Here\n\n№7702;There\n7701\n", "utf-8-sig")
    draft = read_file(tmp_path / "works.toml").draft("RU", MOSCOW)
    assert draft.audience == Audience(("RU-KGD", "RU-MOW"), ("Домашний 100",), ("77 01", "№7702"))
    assert draft.until == datetime(2026, 3, 18, 3, 0, tzinfo=UTC)
    assert set(draft.texts) == {"ru", "en"}
    assert not draft.paid


@pytest.mark.parametrize(
    ("file", "why"),
    [
        ("kind = ", "Invalid value"),
        ('kind = "works"\nregion = ["RU-MOW"]', "unknown: region"),
        ('kind = "works"\ntext = "hello"', "a text for each language"),
        ('kind = "works"\nregions = "RU-MOW"', "regions is a list"),
        ('kind = "debts"', "works or news"),
        ('kind = "works"\nregions = ["Atlantis"]', "no region 'Atlantis'"),
        ('kind = "works"\nuntil = "tomorrow"', "not a moment"),
        ('kind = "works"\naccounts = "nowhere.csv"', "cannot be read"),
    ],
)
def test_what_is_wrong_in_a_file_is_said(tmp_path: Path, file: str, why: str) -> None:
    (tmp_path / "notice.toml").write_text(file, "utf-8")
    with pytest.raises(Wrong, match=why):
        read_file(tmp_path / "notice.toml").draft("RU", MOSCOW)


@pytest.mark.parametrize(
    ("written", "why"),
    [
        (Written("works", everyone=True), "there is no text"),
        (Written("works", {"en": "hello"}), "say whom it concerns"),
        (Written("works", {"en": "hello"}, ["RU-MOW"], everyone=True), "say whom it concerns"),
        (Written("works", {"de": "hallo"}, everyone=True), "does not speak 'de'"),
        (Written("works", {"en": " "}, everyone=True), "is empty"),
        (Written("works", {"en": "x" * 3001}, everyone=True), "3001 characters"),
    ],
)
def test_a_notice_that_makes_no_sense_is_refused(written: Written, why: str) -> None:
    with pytest.raises(Wrong, match=why):
        written.draft("RU", MOSCOW).check(("ru", "en"))


def test_a_text_of_an_option_or_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "ru.txt").write_text("привет", "utf-8")
    assert text_option("en=a = b") == ("en", "a = b")
    assert text_option(f"ru=@{tmp_path / 'ru.txt'}") == ("ru", "привет")
    with pytest.raises(Wrong, match="LANGUAGE=TEXT"):
        text_option("hello")


async def _people(url: str) -> None:
    database = Database(url)
    await database.write(fill, [Debtor("1", "p"), Debtor("2", "q", region="RU-KGD")], SystemClock().now())
    await database.write(
        lambda c: c.execute(update(subscribers).where(subscribers.c.id == "p").values(phone="+79000000001"))
    )
    await database.close()


async def _outbox(url: str) -> list[tuple[str, int, str]]:
    database = Database(url)
    rows = await database.read(lambda c: c.execute(select(outbox)).all())
    await database.close()
    return [(row.chat_id, row.priority, decode_message(row.message).text) for row in rows]


def test_from_the_draft_to_the_report(url: str) -> None:
    drafted = abonent("draft", "--kind", "news", "--text", "en=hello", "--text", "ru=привет", "--region", "RU-MOW")
    assert drafted.exit_code == 0, drafted.output
    assert "Notice 1 is written down" in drafted.output
    asyncio.run(_people(url))
    shown = abonent("preview", "1").output
    assert "It concerns 1 people; 1 get it" in shown
    assert "ru: привет" in shown
    tested = abonent("test", "1", "--phone", "8 900 000-00-01")
    assert "On its way to your 1 chat" in tested.output, tested.output
    sent = asyncio.run(_outbox(url))
    assert [(chat, priority) for chat, priority, _text in sent] == [("telegram:p", Priority.notice)] * 2
    assert {text.split("\n\n")[1] for _chat, _priority, text in sent} == {"hello", "привет"}
    assert "is being sent" in abonent("send", "1").output
    again = abonent("send", "1")
    assert again.exit_code == 2
    assert "Notice 1 is not a draft" in again.output
    assert "paused" in abonent("pause", "1").output
    assert "goes on" in abonent("resume", "1").output
    assert "No. 1" in abonent("list").output
    report = abonent("report", "1")
    assert "Notice 1, news, sending" in report.output


def test_what_is_asked_for_wrongly_ends_in_a_sentence(url: str) -> None:
    assert "There are none" in abonent("list").output
    for arguments, why in (
        (("preview", "7"), "There is no notice 7"),
        (("send", "7"), "There is no notice 7"),
        (("draft", "--kind", "news", "--text", "en=hello"), "Say whom it concerns"),
        (("draft", "--kind", "news", "--text", "hello", "--everyone"), "A text is given as"),
    ):
        result = abonent(*arguments)
        assert (result.exit_code, why in result.output) == (2, True), result.output
    abonent("draft", "--kind", "news", "--text", "en=hello", "--everyone")
    assert "Nobody is signed in" in abonent("test", "1", "--phone", "+79000000009").output
    assert "is not a phone number" in abonent("test", "1", "--phone", "1").output


async def test_the_progress_bar_follows_until_it_is_done(town: Town) -> None:
    await town.people(Debtor("1", "p"), Debtor("2", "q"))
    number = await town.send()
    screen = Console(file=io.StringIO(), force_terminal=True, width=100)
    looking = asyncio.create_task(watch(town.database, number, every=0.001, console=screen))
    await town.run()
    await looking
    assert isinstance(screen.file, io.StringIO)
    assert f"Notice {number}, done: 2 sent" in screen.file.getvalue()
    assert "2/2" in screen.file.getvalue()
    paused = await town.send()
    await town.database.write(
        lambda c: c.execute(update(notices).where(notices.c.id == paused).values(status=NoticeStatus.paused.value))
    )
    await watch(town.database, paused, console=screen)
    assert f"Notice {paused}, paused: 0 sent" in screen.file.getvalue()
