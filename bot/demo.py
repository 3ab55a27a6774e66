"""The demo: the very program that serves subscribers, between two emulated messengers, on one machine."""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import typer

from bot.logs import configure
from bot.sandbox.app import build_sandbox
from bot.sandbox.controls import DemoControls
from bot.sandbox.running import running as sandbox_running
from bot.sandbox.shapes import PersonSpec
from bot.sandbox.world import TELEGRAM_TOKEN, VIBER_TOKEN
from bot.serve import prepare, running, stop_on_signals
from bot.server import listen
from bot.wiring import open_program
from core.billing.breakable import BreakableBilling
from core.billing.demo import fill_demo
from core.billing.protocol import Billing
from core.clock import ShiftedClock

# One person for each story: see the page's hints. The same phone in both messengers is the same subscriber.
PEOPLE = (
    ("Алексей Кузнецов", "+79000000002", "ru"),
    ("Анна Соколова", "+79000000010", "ru"),
    ("Галина Смирнова", "+79000000003", "ru"),
    ("Dmitry Volkov", "+79000000004", "en"),
    ("Северный ветер", "+79000000020", "ru"),
)
OPERATOR = "Северсвязь"


async def run_demo(host: str, port: int, make_settings: Callable[..., Any], *, verbose: bool) -> None:
    """Until Ctrl+C. The database lives in a temporary folder and is gone afterwards."""
    configure("console", level=20 if verbose else 40)
    stop = stop_on_signals()
    clock = ShiftedClock()
    broken: list[BreakableBilling] = []

    def breakable(billing: Billing) -> Billing:
        broken.append(BreakableBilling(billing))
        return broken[0]

    people = [PersonSpec(m, name, phone, lang) for m in ("telegram", "viber") for name, phone, lang in PEOPLE]
    controls = DemoControls(clock)
    sandbox = build_sandbox(clock, people=people, operator=OPERATOR, controls=controls)
    listener = listen("127.0.0.1", 0)  # the bot itself: only the sandbox talks to it
    own = f"http://127.0.0.1:{listener.getsockname()[1]}"
    with tempfile.TemporaryDirectory(prefix="abonent-demo-") as folder:
        try:
            async with sandbox_running(sandbox, host, port) as outside:
                settings = make_settings(
                    database_url=f"sqlite+aiosqlite:///{Path(folder) / 'demo.db'}",
                    secret_key=secrets.token_urlsafe(48),
                    public_url=own,
                    telegram_token=TELEGRAM_TOKEN,
                    telegram_api_url=outside.telegram_api_url,
                    telegram_mode="polling",
                    viber_token=VIBER_TOKEN,
                    viber_api_url=outside.viber_api_url,
                    sms_http_url=outside.sms_http_url,
                    smtp_url=outside.smtp_url,
                    mail_from="demo@abonent.example",
                    operator_name=OPERATOR,
                    support_phone="+74950000000",
                    support_hours="8:00-22:00",
                )
                async with open_program(settings, clock=clock, wrap_billing=breakable, live_billing=True) as program:
                    await prepare(program, may_migrate=True)
                    now = clock.now()
                    await program.database.write(fill_demo, now.date(), settings.currency, now=now)
                    controls.plug(program.database, settings.currency, broken[0], sandbox.changed)
                    async with running(program, listener):
                        _greet(outside.base_url)
                        await stop.wait()
        except OSError as error:
            typer.secho(f"✗ {host}:{port} cannot be used: {error.strerror or error}.", fg="red", err=True)
            typer.echo("Choose another port: abonent demo --port 8090", err=True)
            raise typer.Exit(2) from None
    typer.echo("Goodbye.")


def _greet(address: str) -> None:
    typer.echo(
        f"\n  Abonent's demo is ready: open {typer.style(address, bold=True)}\n\n"
        "  On the left Telegram, on the right Viber, beside them the SMS that the bot sends\n"
        "  and what the operator can do. Press Start, share the phone, look at what you owe.\n\n"
        "  Ctrl+C ends it; nothing stays on the machine.\n"
    )
