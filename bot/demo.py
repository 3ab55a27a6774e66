"""The demo: the very program that serves subscribers, between two emulated messengers, on one machine."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import socket
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import typer

from bot.demo_desk import furnish
from bot.demo_staff import bind_staff, make_group
from bot.logs import configure
from bot.sandbox.app import build_sandbox
from bot.sandbox.controls import DemoControls
from bot.sandbox.levers import both
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

# One person for each story. The same phone in both messengers is the same subscriber.
PEOPLE = (
    ("Алексей Кузнецов", "+79000000002", "ru", both("долг за месяц", "owes for a month")),
    ("Анна Соколова", "+79000000010", "ru", both("семья, три счёта", "a family, three accounts")),
    ("Галина Смирнова", "+79000000003", "ru", both("долг за три месяца, пени", "owes for three months, penalties")),
    ("Екатерина Новикова", "+79000000011", "ru", both("сменился тариф", "the tariff has changed")),
    (
        "Dmitry Volkov",
        "+79000000004",
        "en",
        both("предоплата кончается; английский", "prepaid, runs out; in English"),
    ),
    ("Северный ветер", "+79000000020", "ru", both("компания, восемь счетов", "a company, eight accounts")),
    ("Павел Ильин", "+79000000099", "ru", both("своих счетов нет", "has no account yet")),
)
OPERATOR = "Северсвязь"
REMIND_EVERY = 2.0  # seconds: soon after the clock was moved


async def run_demo(listener: socket.socket, make_settings: Callable[..., Any], *, verbose: bool) -> None:
    """Until Ctrl+C, with the page at ``listener``. The database lives in a temporary folder and is gone afterwards."""
    configure("console", level=20 if verbose else 40)
    stop = stop_on_signals()
    clock = ShiftedClock()
    broken: list[BreakableBilling] = []

    def breakable(billing: Billing) -> Billing:
        broken.append(BreakableBilling(billing))
        return broken[0]

    people = [PersonSpec(m, *person) for m in ("telegram", "viber") for person in PEOPLE]
    controls = DemoControls(clock)
    sandbox = build_sandbox(clock, people=people, operator=OPERATOR, controls=controls)
    forum = make_group(sandbox.telegram)
    own = listen("127.0.0.1", 0)  # the bot itself: only the sandbox talks to it
    async with contextlib.AsyncExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="abonent-demo-"))
        outside = await stack.enter_async_context(sandbox_running(sandbox, listener=listener))
        settings = make_settings(
            files_dir=Path(folder) / "files",
            database_url=f"sqlite+aiosqlite:///{Path(folder) / 'demo.db'}",
            secret_key=secrets.token_urlsafe(48),
            public_url=f"http://127.0.0.1:{own.getsockname()[1]}",
            telegram_token=TELEGRAM_TOKEN,
            telegram_api_url=outside.telegram_api_url,
            telegram_mode="polling",
            telegram_staff_group=str(forum.chat.id),
            viber_token=VIBER_TOKEN,
            viber_api_url=outside.viber_api_url,
            sms_http_url=outside.sms_http_url,
            smtp_url=outside.smtp_url,
            mail_from="demo@abonent.example",
            sandbox_bank_url=outside.bank_url,
            sandbox_bank_key=sandbox.bank.key,
            promise_max=3000,
            autopay=True,
            # At once in the morning, not somewhere in the day: whoever moves the clock waits for it.
            reminder_spread_minutes=0,
            reminder_budget=1000,
            reminder_viber_price="2.50",
            operator_name=OPERATOR,
            support_phone="+74950000000",
            support_hours="8:00-22:00",
        )
        program = await stack.enter_async_context(
            open_program(settings, clock=clock, wrap_billing=breakable, live_billing=True)
        )
        await prepare(program, may_migrate=True)
        now = clock.now()
        await program.database.write(fill_demo, now.date(), settings.currency, now=now)
        sandbox.desk.desk = await furnish(program.pages)
        stack.callback(program.pages.closing.set)
        await program.database.write(bind_staff, forum, now)
        requests = controls.plug(
            program.database,
            settings.currency,
            broken[0],
            sandbox.inbox,
            sandbox.bank,
            program.desk,
            program.pages.demo_logins,
        )
        watching = asyncio.create_task(requests.watch(sandbox.events))
        stack.callback(watching.cancel)
        reminding = asyncio.create_task(program.reminders.keep_ticking(REMIND_EVERY))
        stack.callback(reminding.cancel)
        await stack.enter_async_context(running(program, own))
        stack.callback(sandbox.close)  # the program's long poll ends at once, and so do the page's streams
        _greet(outside.base_url)
        await stop.wait()
    typer.echo("Goodbye.")


def _greet(address: str) -> None:
    typer.echo(
        f"\n  Abonent's demo is ready: open {typer.style(address, bold=True)}\n\n"
        "  On the left Telegram, on the right Viber, beside them the SMS that the bot sends\n"
        "  and what the operator can do. Press Start, share the phone, look at what you owe.\n\n"
        f"  The staff's desk: {typer.style(address + '/desk', bold=True)}, with a log-in for each role ready.\n\n"
        "  Ctrl+C ends it; nothing stays on the machine.\n"
    )
