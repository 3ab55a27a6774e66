"""`abonent outage`: known failures of the network, which subscribers hear of before they write about them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from bot.settings import Settings

outage_app = typer.Typer(help="Known failures, told in the regions that they concern.", no_args_is_help=True)

T = TypeVar("T")


@outage_app.command()
def add(
    text: Annotated[list[str], typer.Option(help="LANGUAGE=TEXT, for each language.")],
    region: Annotated[list[str] | None, typer.Option(help="A region's code, RU-MOW; none: everywhere.")] = None,
    hours: Annotated[float | None, typer.Option(min=0.1, help="In how many hours it is expected to be mended.")] = None,
) -> None:
    """Write a failure down."""
    from core.clock import SystemClock
    from core.outages.service import begin
    from core.regions import region as known

    settings = _settings()
    texts = {language: said for language, _, said in (one.partition("=") for one in text)}
    wrong = [language for language in texts if language not in settings.languages]
    if wrong or not all(said.strip() for said in texts.values()):
        _fail(f"--text is LANGUAGE=TEXT, with a language of {', '.join(settings.languages)}.")
    if strange := [code for code in region or [] if known(code) is None]:
        _fail(f"There is no region {', '.join(strange)}.")
    now = SystemClock().now()
    until = now + timedelta(hours=hours) if hours is not None else None

    def write(connection: Connection) -> str:
        return begin(connection, region or [], texts, now, until=until, staff="command line").id

    typer.echo(f"Written down. When it is mended: abonent outage end {_run(settings, write)}")


@outage_app.command("list")
def list_known() -> None:
    """What is known to be broken now, the newest first."""
    from core.outages.service import going_on

    found = _run(_settings(), going_on)
    for one in found:
        until = f", until {one.until:%Y-%m-%d %H:%M}" if one.until else ""
        typer.secho(f"{one.id}  since {one.since:%Y-%m-%d %H:%M}{until} UTC  {', '.join(one.regions) or 'everywhere'}")
        for language, said in one.texts.items():
            typer.echo(f"    {language}: {said}")
    if not found:
        typer.echo("Nothing is known to be broken.")


@outage_app.command()
def end(outage: Annotated[str, typer.Argument(help="As `abonent outage list` names it.")]) -> None:
    """It is mended."""
    from core.clock import SystemClock
    from core.outages.service import end as finish

    now = SystemClock().now()
    if not _run(_settings(), lambda connection: finish(connection, outage, now)):
        _fail(f"There is no failure {outage} that has not ended.")
    typer.echo("Good. Nobody hears of it any more.")


def _settings() -> Settings:
    from bot.cli import load_settings

    return load_settings()


def _run(settings: Settings, act: Callable[[Connection], T]) -> T:
    async def run() -> T:
        from bot.migrate import ready_database

        async with ready_database(settings.database_url) as database:
            return await database.write(act)

    return asyncio.run(run())


def _fail(sentence: str) -> None:
    typer.secho(f"✗ {sentence}", fg="red", err=True)
    raise typer.Exit(2)
