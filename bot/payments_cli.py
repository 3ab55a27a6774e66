"""`abonent payments`: what was put aside, one payment in full, and that a person has decided."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

if TYPE_CHECKING:
    from core.clock import Clock
    from core.database import Database

payments_app = typer.Typer(help="Payments that a person must look at.", no_args_is_help=True)

T = TypeVar("T")


@payments_app.command("list")
def list_troubles() -> None:
    """Payments that were put aside, the oldest first. Money in them is not credited by itself."""
    from core.payments import store

    found = _run(lambda database, _clock: database.read(store.open_troubles))
    for one in found:
        typer.secho(f"{one.id}  {one.at:%Y-%m-%d %H:%M}  {one.kind}", bold=True)
        typer.echo(f"  order {one.order_id or '-'}, {one.provider} {one.provider_payment_id}: {one.said}")
    if not found:
        typer.echo("Nothing was put aside.")


@payments_app.command()
def show(order: Annotated[str, typer.Argument(help="The order's number, as the payer sees it.")]) -> None:
    """One payment: its lines, its status and what the billing was told."""
    from core.payments import store

    found = _run(lambda database, _clock: database.read(store.load, order))
    if found is None:
        typer.secho("✗ There is no such payment.", fg="red", err=True)
        raise typer.Exit(1)
    typer.secho(f"{found.id}  {found.status}  {found.amount.amount} {found.amount.currency}", bold=True)
    typer.echo(f"  {found.provider} {found.provider_payment_id or '(not opened)'}, {found.created_at:%Y-%m-%d %H:%M}")
    for line in found.lines:
        typer.echo(f"  account {line.account}: {line.amount.amount}")
    for one in _run(lambda database, _clock: database.read(store.postings_of, found)):
        when = f"{one.posted_at:%Y-%m-%d %H:%M}" if one.posted_at is not None else "waits"
        typer.echo(f"  {one.kind} {one.external_id}: {one.amount.amount} to {one.account}, in the billing: {when}")


@payments_app.command()
def done(trouble: Annotated[str, typer.Argument(help="The number from the list.")]) -> None:
    """A person has decided: it leaves the list. Nothing is credited by this."""
    from core.payments import store

    if not _run(lambda database, clock: database.write(store.resolve_trouble, trouble, clock.now())):
        typer.secho("✗ There is no such entry in the list.", fg="red", err=True)
        raise typer.Exit(1)
    typer.secho("Done.", fg="green")


def _run(act: Callable[[Database, Clock], Awaitable[T]]) -> T:
    return asyncio.run(_open(act))


async def _open(act: Callable[[Database, Clock], Awaitable[T]]) -> T:
    from bot.cli import load_settings
    from bot.migrate import NotReady, ready_database
    from core.clock import SystemClock

    settings = load_settings()
    try:
        async with ready_database(settings.database_url) as database:
            return await act(database, SystemClock())
    except NotReady as error:
        typer.secho(f"✗ {error}", fg="red", err=True)
        raise typer.Exit(2) from None
