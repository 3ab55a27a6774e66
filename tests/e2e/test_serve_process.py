"""A real `abonent serve`: it migrates, connects, answers, and on SIGTERM finishes what it has begun."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import httpx
import pytest

from bot.sandbox import Limits, build_sandbox
from bot.sandbox import running as sandbox_running
from bot.sandbox.world import TELEGRAM_TOKEN, VIBER_TOKEN
from tests.e2e.world import SECRET, connected, sqlite_in
from tests.support.ports import free_port

pytestmark = pytest.mark.slow


async def test_stopped_in_the_middle_of_an_answer(tmp_path: Path) -> None:
    sandbox = build_sandbox(limits=Limits.off())
    port = free_port()
    async with sandbox_running(sandbox) as addresses:
        settings = {
            "SECRET_KEY": SECRET,
            "DATABASE_URL": sqlite_in(tmp_path),
            "PORT": str(port),
            "PUBLIC_URL": f"http://127.0.0.1:{port}",
            "TELEGRAM_TOKEN": TELEGRAM_TOKEN,
            "TELEGRAM_API_URL": addresses.telegram_api_url,
            "TELEGRAM_MODE": "webhook",
            "VIBER_TOKEN": VIBER_TOKEN,
            "VIBER_API_URL": addresses.viber_api_url,
            "SMS_HTTP_URL": addresses.sms_http_url,
        }
        environment = {name: value for name, value in os.environ.items() if not name.startswith("ABONENT_")}
        environment |= {f"ABONENT_{name}": value for name, value in settings.items()}
        environment["PYTHONPATH"] = str(Path(__file__).parents[2])
        command = (sys.executable, "-c", "from bot.cli import main; main()", "serve")
        log = (tmp_path / "log").open("wb")
        process = await asyncio.create_subprocess_exec(*command, env=environment, cwd=tmp_path, stderr=log)
        try:
            await sandbox.until(lambda: connected(sandbox, "webhook"), 60)
            async with httpx.AsyncClient(trust_env=False) as http:
                assert (await http.get(f"http://127.0.0.1:{port}/health/ready")).status_code == 200
            anna = sandbox.telegram.person("Anna Petrova", "+79000000002", "en")
            boris = sandbox.viber.person("Boris", "+79000000004", "en")
            anna.start()
            boris.say("/menu")
            accepted = await sandbox.deliver_due()
            process.send_signal(signal.SIGTERM)
            async with asyncio.timeout(20):
                assert await process.wait() == 0
            # Both were accepted, so both were answered before the end.
            assert accepted >= 2
            assert "Do you agree?" in anna.last.text
            assert boris.last.text
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
            log.close()
    said = (tmp_path / "log").read_text(encoding="utf-8")
    assert TELEGRAM_TOKEN not in said
    assert VIBER_TOKEN not in said
    assert "Traceback" not in said
