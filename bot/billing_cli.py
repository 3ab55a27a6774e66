"""`abonent billing`: fills the embedded billing from a file, or with the demo's operator."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from bot.settings import Settings
    from core.billing.csv_import import ImportReport

billing_app = typer.Typer(help="The embedded billing.", no_args_is_help=True)


def _settings() -> Settings:
    from bot.cli import load_settings

    return load_settings()


@billing_app.command("import")
def import_file(
    file: Annotated[
        Path, typer.Argument(help="Accounts, services, charges, payments and bills; see docs.", exists=True)
    ],
) -> None:
    """Import a CSV file. Every line is checked; when one is bad, nothing of the file is applied."""
    report = asyncio.run(_import(_settings(), file))
    if report.applied:
        for name, done in (("added", report.added), ("changed", report.changed), ("unchanged", report.unchanged)):
            if done:
                typer.echo(f"{name}: " + ", ".join(f"{count} {kind}" for kind, count in sorted(done.items())))
        typer.secho(f"{report.lines} lines imported.", fg="green")
        return
    for bad in sorted(report.bad):
        typer.secho(str(bad), fg="red", err=True)
    typer.secho(f"{len(report.bad)} bad lines: nothing was applied.", fg="red", err=True)
    raise typer.Exit(1)


async def _import(settings: Settings, file: Path) -> ImportReport:
    from core.billing.csv_import import import_csv
    from core.clock import SystemClock

    async with _ready_database(settings) as database:
        return await import_csv(
            database, file, currency=settings.currency, country=settings.country, now=SystemClock().now()
        )


@billing_app.command()
def demo() -> None:
    """Add the demo's operator: two dozen accounts with a year of history."""
    count = asyncio.run(_demo(_settings()))
    typer.echo(f"{count} accounts added." if count else "The demo's accounts are there already.")


async def _demo(settings: Settings) -> int:
    from core.billing.demo import fill_demo
    from core.clock import SystemClock

    now = SystemClock().now()
    async with _ready_database(settings) as database:
        added: int = await database.write(fill_demo, now.date(), settings.currency, now=now)
        return added


def _ready_database(settings: Settings):  # type: ignore[no-untyped-def]  # an async context manager, imported late
    from bot.migrate import ready_database

    return ready_database(settings.database_url)
