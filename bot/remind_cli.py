"""`abonent remind`: a trial run that says who would get what and why not, a report, and the operator's switch."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

if TYPE_CHECKING:
    from bot.settings import Settings
    from core.reminders.report import Report, Trial

remind_app = typer.Typer(help="Reminders of debts.", no_args_is_help=True)

Day = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="A day, such as 2026-03-17.")]


def _settings() -> Settings:
    from bot.cli import load_settings

    return load_settings()


@remind_app.command()
def plan(
    on: Annotated[
        datetime | None, typer.Option("--on", formats=["%Y-%m-%d"], help="The day to plan for; today by default.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say who would get what.")] = False,
    totals_only: Annotated[bool, typer.Option("--totals", help="Leave out the lines, show the totals.")] = False,
) -> None:
    """Plan the reminders that are due now; with --dry-run, only show them, for any day."""
    settings = _settings()
    if not dry_run:
        if on is not None:
            typer.secho("✗ Another day can only be looked at: add --dry-run.", fg="red", err=True)
            raise typer.Exit(2)
        counted = asyncio.run(_plan(settings))
        for result, count in sorted(counted.items()):
            typer.echo(f"{count:>8}  {result}")
        return
    trial = asyncio.run(_trial(settings, on.date() if on else None, lines=not totals_only))
    for sentence in trial.sentences():
        typer.echo(sentence)


@remind_app.command()
def report(
    since: Day = None,
    until: Day = None,
    picture: Annotated[Path | None, typer.Option(help="Draw it by stage into this PNG file, too.")] = None,
) -> None:
    """What was sent, read and paid, and why the others were not reminded; the last 30 days by default."""
    days = (since.date() if since else None, until.date() if until else None)
    found, drawn = asyncio.run(_report(_settings(), *days, draw=picture is not None))
    for sentence in found.sentences():
        typer.echo(sentence)
    if picture is not None:
        try:
            picture.write_bytes(drawn)
        except OSError as error:
            typer.secho(f"✗ {picture} cannot be written: {error.strerror}", fg="red", err=True)
            raise typer.Exit(2) from None
        typer.echo(f"\nDrawn: {picture}")


@remind_app.command()
def pause(reason: Annotated[str, typer.Argument(help="Why, for colleagues.")] = "") -> None:
    """Stop sending reminders; what waits in the outbox waits too."""
    asyncio.run(_switch(_settings(), True, reason))
    typer.echo("Reminders are paused. Go on with: abonent remind resume")


@remind_app.command()
def resume() -> None:
    """Go on sending reminders. What is out of date by now is dropped, with that reason."""
    asyncio.run(_switch(_settings(), False, ""))
    typer.echo("Reminders go on.")


async def _plan(settings: Settings) -> dict[str, int]:
    from bot.wiring_reminders import open_planner

    async with open_planner(settings) as planner:
        return {str(result): count for result, count in (await planner.run()).items()}


async def _trial(settings: Settings, on: date | None, *, lines: bool) -> Trial:
    from bot.wiring_reminders import open_planner
    from core.clock import SystemClock
    from core.reminders.report import trial

    now = SystemClock().now()
    if on is not None:
        # Early enough for the day's messages to lie ahead, late enough for it to be that day in zones to the west.
        now = datetime.combine(on, time(6), ZoneInfo(settings.timezone)).astimezone(UTC)
    async with open_planner(settings) as planner:
        return await trial(planner, now, settings.currency, lines=lines)


async def _report(settings: Settings, since: date | None, until: date | None, *, draw: bool) -> tuple[Report, bytes]:
    from bot.migrate import ready_database
    from core.clock import SystemClock
    from core.reminders.picture import draw_stages, stages_of
    from core.reminders.report import report_of

    today = SystemClock().now().date()
    last = until or today
    first = since or last - timedelta(days=30)
    start, end = (datetime.combine(day, time(0), UTC) for day in (first, last + timedelta(days=1)))
    async with ready_database(settings.database_url) as database:
        found = await database.read(report_of, start, end, settings.currency)
        stages = await database.read(stages_of, start, end) if draw else {}
    title, period = f"{settings.operator_name}: reminders of debts", f"{first:%Y-%m-%d} to {last:%Y-%m-%d}, UTC"
    return found, draw_stages(stages, title, period) if draw else b""


async def _switch(settings: Settings, paused: bool, reason: str) -> None:
    from bot.migrate import ready_database
    from core.clock import SystemClock
    from core.reminders.due import set_paused

    async with ready_database(settings.database_url) as database:
        await database.write(set_paused, paused, reason, SystemClock().now())
