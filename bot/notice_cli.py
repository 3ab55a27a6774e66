"""`abonent notice`: planned works and news, from a draft over a look at who gets it to the report."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

if TYPE_CHECKING:
    from bot.settings import Settings
    from core.database import Database

notice_app = typer.Typer(help="Planned works and news to many people.", no_args_is_help=True)

T = TypeVar("T")
Number = Annotated[int, typer.Argument(help="The notice's number.")]
Watch = Annotated[
    bool, typer.Option("--watch", help="Show a progress bar until it is done; Ctrl+C only stops looking.")
]


@notice_app.command()
def draft(
    file: Annotated[Path | None, typer.Argument(help="A TOML file with the notice; options add to it.")] = None,
    kind: Annotated[str, typer.Option(help="works or news.")] = "",
    text: Annotated[list[str] | None, typer.Option(help="LANGUAGE=TEXT or LANGUAGE=@FILE, for each language.")] = None,
    region: Annotated[list[str] | None, typer.Option(help="A region's code or full name; may be repeated.")] = None,
    tariff: Annotated[list[str] | None, typer.Option(help="A tariff as the billing calls it; may be repeated.")] = None,
    accounts: Annotated[Path | None, typer.Option(help="A file with an account number a line.")] = None,
    everyone: Annotated[bool, typer.Option("--everyone", help="It concerns everybody who is registered.")] = False,
    until: Annotated[str, typer.Option(help="When it is of no use any more: 2026-03-18 06:00, in your zone.")] = "",
    paid: Annotated[bool, typer.Option("--paid", help="Viber may cost, within the month's budget.")] = False,
) -> None:
    """Write a notice down. Nobody gets it yet."""
    from zoneinfo import ZoneInfo

    from bot.notice_file import Written, read_file, text_option
    from core.clock import SystemClock
    from core.notices import store

    settings = _settings()

    async def write(database: Database) -> int:
        written = read_file(file) if file else Written()
        written.kind = kind or written.kind
        written.texts |= dict(map(text_option, text or []))
        written.regions += region or []
        written.tariffs += tariff or []
        written.accounts = accounts or written.accounts
        written.everyone |= everyone
        written.until = until or written.until
        written.paid |= paid
        ready = written.draft(settings.country, ZoneInfo(settings.timezone))
        return await database.write(store.add, ready, settings.languages, SystemClock().now())

    number = _run(settings, write)
    typer.echo(f"Notice {number} is written down. Look at it: abonent notice preview {number}")


@notice_app.command()
def preview(number: Number) -> None:
    """Say who would get it, by which way and in which language, and why others would not. Nothing is sent."""
    from bot.wiring import build_operator
    from bot.wiring_reminders import reading_billing, reminder_rules
    from core.clock import SystemClock
    from core.notices import store
    from core.notices.preview import preview as look

    settings = _settings()

    async def show(database: Database) -> list[str]:
        notice = await database.read(store.load, number)
        operator = build_operator(settings)
        rules, clock = reminder_rules(settings, operator), SystemClock()
        found = await look(database, reading_billing(database, clock, operator), rules, notice, clock.now())
        texts = [f"{language}: {text}" for language, text in notice.texts.items()]
        return [f"Notice {number}, {notice.kind}, {notice.status}", *texts, "", *found.sentences()]

    for sentence in _run(settings, show):
        typer.echo(sentence)


@notice_app.command()
def test(
    number: Number,
    phone: Annotated[str, typer.Option(help="The phone with which you are signed in to the bot.")],
) -> None:
    """Send it to your own chats alone, in each of its languages."""
    from bot.notice_sending import show_to
    from bot.wiring import build_operator
    from core.clock import SystemClock
    from core.notices.models import Wrong
    from core.subscribers.phones import parse_phone
    from fsm.state import Registry

    settings = _settings()

    async def send(database: Database) -> int:
        own = parse_phone(phone, settings.country)
        if not isinstance(own, str):
            raise Wrong(f"{phone!r} is not a phone number")
        made = {"registry": Registry(), "operator": build_operator(settings), "clock": SystemClock()}
        return await database.write(lambda connection: show_to(connection, number, own, **made))  # type: ignore[arg-type]  # by name

    chats = _run(settings, send)
    typer.echo(f"On its way to your {chats} chat{'s' if chats > 1 else ''}, if the bot is running.")


@notice_app.command()
def send(number: Number, watch: Watch = False) -> None:
    """Release it: the running bot sends it, in each person's allowed hours. It cannot be sent twice."""
    from core.clock import SystemClock
    from core.notices import store

    settings = _settings()
    _run(settings, lambda database: database.write(store.start, number, SystemClock().now()))
    typer.echo(f"Notice {number} is being sent. Stop it with: abonent notice pause {number}")
    if watch:
        _watch(settings, number)


@notice_app.command()
def pause(number: Number) -> None:
    """Stop it; what waits in the outbox waits too."""
    from core.notices import store

    _run(_settings(), lambda database: database.write(store.pause, number))
    typer.echo(f"Notice {number} is paused. Go on with: abonent notice resume {number}")


@notice_app.command()
def resume(number: Number, watch: Watch = False) -> None:
    """Go on where it stopped."""
    from core.notices import store

    settings = _settings()
    _run(settings, lambda database: database.write(store.resume, number))
    typer.echo(f"Notice {number} goes on.")
    if watch:
        _watch(settings, number)


@notice_app.command("list")
def list_all() -> None:
    """All notices, the newest first, with how far each has come."""
    from core.notices import store
    from core.notices.report import progress

    async def lines(database: Database) -> list[str]:
        found = []
        for notice in await database.read(store.load_all):
            far = await database.read(progress, notice.id)
            words = " ".join(next(iter(notice.texts.values())).split())[:50]
            count = f"{far.sent} sent of {far.total}"
            named = f"No. {notice.id:<5} {notice.created_at:%Y-%m-%d}  {notice.kind:<6} {notice.status:<8}"
            found.append(f"{named} {count}  {words}")
        return found

    for line in _run(_settings(), lines) or ["There are none."]:
        typer.echo(line)


@notice_app.command()
def report(number: Number, watch: Watch = False) -> None:
    """Who got it, who has seen it, and why others did not."""
    from core.notices.report import report_of

    settings = _settings()
    if watch:
        _watch(settings, number)
    found = _run(settings, lambda database: database.read(report_of, number, settings.currency))
    for sentence in found.sentences():
        typer.echo(sentence)


def _watch(settings: Settings, number: int) -> None:
    from bot.notice_watch import watch

    try:
        _run(settings, lambda database: watch(database, number))
    except KeyboardInterrupt:
        typer.echo(f"It goes on without you. How far it is: abonent notice report {number}")


def _settings() -> Settings:
    from bot.cli import load_settings

    return load_settings()


def _run(settings: Settings, work: Callable[[Database], Awaitable[T]]) -> T:
    """On the database; what the operator asked for wrongly ends in a sentence."""
    from bot.migrate import ready_database
    from core.errors import OutsideUnavailable
    from core.notices.models import Wrong

    async def run() -> T:
        async with ready_database(settings.database_url) as database:
            return await work(database)

    try:
        return asyncio.run(run())
    except (Wrong, OutsideUnavailable) as error:
        sentence = str(error)
        typer.secho(f"✗ {sentence[:1].upper()}{sentence[1:]}.", fg="red", err=True)
        raise typer.Exit(2) from None
