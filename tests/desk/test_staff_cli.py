"""`abonent staff`, as an operator types it: no password among the arguments."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli import app


@pytest.fixture(autouse=True)
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ABONENT_DATABASE_URL", f"sqlite+aiosqlite:///{tmp_path / 'abonent.db'}")
    monkeypatch.setenv("ABONENT_SECRET_KEY", "Wq7-kZ2vB9xN4mTpLr8sYc3hFd6gJ1aE")


def run(*arguments: str, typed: str = "") -> tuple[int, str]:
    done = CliRunner().invoke(app, ["staff", *arguments], input=typed)
    return done.exit_code, done.output


def test_somebody_comes_changes_and_goes() -> None:
    code, said = run("add", "Anna", "--name", "Анна", "--role", "administrator", "--generate")
    assert code == 0 and "shown this once" in said, said
    code, said = run("add", "boris", typed="a-long-enough-one\n")
    assert code == 0 and "a-long-enough-one" not in said, said
    _code, said = run("list")
    assert "anna" in said and "Анна" in said and "administrator" in said
    assert run("role", "boris", "supervisor")[0] == 0
    assert run("password", "boris", typed="another-long-one\n")[0] == 0
    assert run("disable", "boris")[0] == 0
    assert "switched off" in run("list")[1]
    assert run("disable", "boris", "--undo")[0] == 0
    assert run("sessions", "boris", "--end")[0] == 0


def test_what_cannot_be_is_said_in_a_sentence() -> None:
    assert run("add", "anna", typed="short\n") == (1, "✗ A password has at least 10 characters.\n")
    assert run("add", "anna", "--role", "king", "--generate")[0] == 2
    assert run("add", "anna", "--role", "administrator", "--generate")[0] == 0
    assert "is taken" in run("add", "ANNA", "--generate")[1]
    assert "last administrator" in run("disable", "anna")[1]
    assert "no account nobody" in run("role", "nobody", "agent")[1]
