"""The command `abonent`. Each command imports what it needs, so that `abonent --help` answers at once."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from bot.appeals_cli import appeals_app
from bot.billing_cli import billing_app
from bot.notice_cli import notice_app
from bot.outage_cli import outage_app
from bot.payments_cli import payments_app
from bot.remind_cli import remind_app
from bot.staff_cli import staff_app

if TYPE_CHECKING:
    from bot.settings import Settings

app = typer.Typer(
    help="A telecom subscriber's personal account inside Telegram and Viber.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(billing_app, name="billing")
app.add_typer(remind_app, name="remind")
app.add_typer(notice_app, name="notice")
app.add_typer(appeals_app, name="appeals")
app.add_typer(payments_app, name="payments")
app.add_typer(staff_app, name="staff")
app.add_typer(outage_app, name="outage")


def load_settings(**overrides: Any) -> Settings:
    """The settings, or an end with every problem in a sentence of its own."""
    from bot.settings import SettingsError, load

    try:
        return load(**overrides)
    except SettingsError as error:
        for sentence in error.sentences:
            typer.secho(f"✗ {sentence}", fg="red", err=True)
        typer.echo("Settings come from the environment and from the file .env; README.md lists them.", err=True)
        raise typer.Exit(2) from None


@app.command()
def serve(
    migrate: Annotated[
        bool, typer.Option("--migrate", help="Bring the tables of PostgreSQL up to date first.")
    ] = False,
) -> None:
    """Run the bot: web server, polling or webhooks, scheduler and sender."""
    settings = load_settings()
    if not settings.telegram_token.get_secret_value() and not settings.viber_token.get_secret_value():
        typer.secho(
            "✗ No messenger is switched on: set ABONENT_TELEGRAM_TOKEN (from @BotFather) or ABONENT_VIBER_TOKEN.",
            fg="red",
            err=True,
        )
        raise typer.Exit(2)
    asyncio.run(_serve(settings, migrate))


async def _serve(settings: Settings, may_migrate: bool) -> None:
    import structlog

    from bot.logs import configure
    from bot.serve import Behind, prepare, running, stop_on_signals
    from bot.server import listen
    from bot.wiring import open_program

    configure(settings.log_format)
    log = structlog.get_logger("serve")
    for note in settings.warnings():
        log.warning(note)
    stop = stop_on_signals()
    try:
        listener = listen(settings.host, settings.port)
    except OSError as error:
        _fail(f"{settings.host}:{settings.port} cannot be listened on: {error.strerror}. Set ABONENT_PORT to another.")
    async with open_program(settings) as program:
        try:
            await prepare(program, may_migrate=may_migrate)
        except Behind as error:
            _fail(str(error))
        async with running(program, listener):
            host, port = listener.getsockname()[:2]
            log.info("serving", address=f"{host}:{port}", messengers=[edge.name for edge in program.edges])
            await stop.wait()
            log.info("stopping")
    log.info("stopped")


@app.command()
def demo(
    port: Annotated[int, typer.Option(help="Where the page is; 0 takes a free port.")] = 8080,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    verbose: Annotated[bool, typer.Option("--verbose", help="Show the program's log.")] = False,
) -> None:
    """Run the bot with both messengers emulated in a browser: no token, no server, nothing leaves this machine."""
    from bot.server import listen

    try:
        listener = listen(host, port)
    except OSError as error:
        _fail(f"{host}:{port} cannot be used: {error.strerror}. Choose another port: abonent demo --port {port + 10}")
    typer.echo("Starting, a few seconds ...")
    # Imported after the address is known to be free: the libraries of two messengers take a while, and a tenth less
    # of it when nobody looks for garbage among what they make.
    gc.disable()
    from bot.demo import run_demo

    gc.freeze()
    gc.enable()
    asyncio.run(run_demo(listener, _demo_settings, verbose=verbose))


def _demo_settings(**overrides: Any) -> Settings:
    # What the machine has set for a real bot must not reach the demo's sandbox, nor the other way round.
    return load_settings(_env_file=None, **overrides)


@app.command()
def migrate(
    to: Annotated[str, typer.Option(help="A revision; the newest by default.")] = "head",
) -> None:
    """Bring the database's tables up to date."""
    asyncio.run(_migrate(load_settings(), to))


async def _migrate(settings: Settings, revision: str) -> None:
    from bot import migrate as migrations
    from core.database import Database

    async with contextlib.AsyncExitStack() as stack:
        database = Database(settings.database_url, statement_limit=None)
        stack.push_async_callback(database.close)
        before = await migrations.current(database)
        await migrations.upgrade(database, revision)
        after = await migrations.current(database)
    typer.echo("The tables are up to date." if before == after else f"The tables are now at {after}.")


@app.command()
def check() -> None:
    """Try the database, the tokens, the webhooks, SMS and mail, and say what to mend."""
    problems = asyncio.run(_check(load_settings()))
    if problems:
        typer.secho(f"{problems} to mend.", fg="red")
        raise typer.Exit(1)
    typer.secho("Everything works.", fg="green")


async def _check(settings: Settings) -> int:
    from bot.checkup import examine
    from bot.logs import configure
    from bot.wiring import open_program

    configure("console", level=50)  # the findings say it all
    marks = {"ok": ("✓", "green"), "warning": ("!", "yellow"), "problem": ("✗", "red")}
    problems = 0
    async with open_program(settings) as program:
        async for finding in examine(program):
            mark, colour = marks[finding.level]
            typer.secho(f"{mark} {finding.text}", fg=colour)
            problems += finding.level == "problem"
    return problems


@app.command()
def flows(
    out: Annotated[Path, typer.Option(help="The file to write.")] = Path("docs/flows.md"),
    stdout: Annotated[bool, typer.Option("--stdout", help="Print instead of writing.")] = False,
) -> None:
    """Draw the conversations as state diagrams (Mermaid)."""
    from fsm.diagram import flows_markdown
    from fsm.state import Registry

    text = flows_markdown(Registry())
    if stdout:
        sys.stdout.write(text)
        return
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(text, encoding="utf-8")
    typer.echo(f"Written: {out}")


def _fail(sentence: str) -> NoReturn:
    typer.secho(f"✗ {sentence}", fg="red", err=True)
    raise typer.Exit(2)


def main() -> None:
    """The entry point of the distribution."""
    try:
        app()
    except Exception as error:  # only what is meant for the operator is put into a sentence
        from bot.migrate import NotReady

        if not isinstance(error, NotReady):
            raise
        typer.secho(f"✗ {error}", fg="red", err=True)
        sys.exit(2)


if __name__ == "__main__":
    main()
