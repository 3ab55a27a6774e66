"""The command `abonent` as an operator meets it: what it says, and with which code it ends."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bot.cli import app
from bot.sandbox import Addresses, Limits, build_sandbox
from bot.sandbox import running as sandbox_running
from bot.sandbox.world import TELEGRAM_TOKEN, VIBER_TOKEN
from bot.server import listen
from tests.e2e.world import SECRET, sqlite_in


@pytest.fixture
def operator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An operator's machine: an empty directory, and settings that are enough to begin with."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ABONENT_SECRET_KEY", SECRET)
    monkeypatch.setenv("ABONENT_DATABASE_URL", sqlite_in(tmp_path))
    return monkeypatch


def abonent(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def test_wrong_settings_are_named_one_by_one(operator: pytest.MonkeyPatch) -> None:
    operator.setenv("ABONENT_SECRET_KEY", "short")
    operator.setenv("ABONENT_VIBER_TOKEN", VIBER_TOKEN)
    result = abonent("serve")
    assert result.exit_code == 2
    assert "ABONENT_SECRET_KEY has 5 characters" in result.output
    assert "ABONENT_PUBLIC_URL is missing" in result.output
    assert "ABONENT_VIBER_TOKEN needs it" in result.output
    assert VIBER_TOKEN not in result.output


def test_a_bot_without_a_messenger_is_not_started(operator: pytest.MonkeyPatch) -> None:
    result = abonent("serve")
    assert result.exit_code == 2
    assert "No messenger is switched on" in result.output


def test_a_port_that_is_taken(operator: pytest.MonkeyPatch) -> None:
    with listen("127.0.0.1", 0) as busy:
        busy.listen()
        port = busy.getsockname()[1]
        operator.setenv("ABONENT_TELEGRAM_TOKEN", TELEGRAM_TOKEN)
        operator.setenv("ABONENT_PORT", str(port))
        for result, way_out in (
            (abonent("serve"), "ABONENT_PORT"),
            (abonent("demo", "--port", str(port)), "abonent demo --port"),
        ):
            assert result.exit_code == 2
            assert str(port) in result.output
            assert way_out in result.output


def test_tables_and_the_demos_billing(operator: pytest.MonkeyPatch) -> None:
    assert "The tables are now at" in abonent("migrate").output
    assert "up to date" in abonent("migrate").output
    assert "24 accounts added" in abonent("billing", "demo").output
    assert "there already" in abonent("billing", "demo").output


def test_an_import_with_a_bad_line_applies_nothing(operator: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "accounts.csv"
    file.write_text("kind,account,phone\naccount,1001,\naccount,1002,nonsense\n", encoding="utf-8")
    result = abonent("billing", "import", str(file))
    assert result.exit_code == 1
    assert "nothing was applied" in result.output
    assert "Line 3" in result.output


def test_the_diagrams_are_printed(operator: pytest.MonkeyPatch) -> None:
    result = abonent("flows", "--stdout")
    assert result.exit_code == 0
    assert "stateDiagram" in result.stdout or "mermaid" in result.stdout


async def _check(addresses: Addresses, operator: pytest.MonkeyPatch, **more: str) -> Result:
    settings = {
        "PUBLIC_URL": "http://127.0.0.1:9",
        "TELEGRAM_TOKEN": TELEGRAM_TOKEN,
        "TELEGRAM_API_URL": addresses.telegram_api_url,
        "VIBER_TOKEN": VIBER_TOKEN,
        "VIBER_API_URL": addresses.viber_api_url,
        "SMS_HTTP_URL": addresses.sms_http_url,
        "SMTP_URL": addresses.smtp_url,
    }
    for name, value in (settings | more).items():
        operator.setenv(f"ABONENT_{name}", value)
    return await asyncio.to_thread(abonent, "check")


async def test_check_names_what_is_wrong(operator: pytest.MonkeyPatch) -> None:
    sandbox = build_sandbox(limits=Limits.off())
    async with sandbox_running(sandbox) as addresses:
        good = await _check(addresses, operator)
        assert "Telegram" in good.output
        assert "SQLite answers" in good.output
        assert "ABONENT_SMTP_URL: 127.0.0.1 answers." in good.output
        bad = await _check(
            addresses,
            operator,
            TELEGRAM_TOKEN="7000000002:" + "x" * 35,
            SMTP_URL="smtp://127.0.0.1:9",
            SMS_HTTP_URL="http://127.0.0.1:9/sms",
        )
    assert bad.exit_code == 1
    assert "ABONENT_SMTP_URL: 127.0.0.1 cannot be used" in bad.output
    assert "ABONENT_SMS_HTTP_URL: 127.0.0.1 cannot be reached" in bad.output
    assert "to mend." in bad.output
    assert "xxxxx" not in bad.output
