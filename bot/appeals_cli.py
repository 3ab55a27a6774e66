"""`abonent appeals`: the staff read requests, answer them, and decide about links."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

if TYPE_CHECKING:
    from core.appeals.models import Actor
    from handlers.desk.acts import StaffDesk

appeals_app = typer.Typer(help="Requests of subscribers to the staff.", no_args_is_help=True)

T = TypeVar("T")
Number = Annotated[int, typer.Argument(help="The request's number.")]


@appeals_app.command("list")
def list_open() -> None:
    """Requests that wait for staff, the oldest first."""
    found = _at_desk(lambda desk: desk.waiting())
    for appeal in found:
        about = f"link {appeal.account_number}" if appeal.account_number else "message"
        typer.echo(f"No. {appeal.number:<6} {appeal.created_at:%Y-%m-%d %H:%M}  {appeal.status:<13} {about}")
    if not found:
        typer.echo("Nothing waits.")


@appeals_app.command()
def show(number: Number) -> None:
    """One request with everything that was written in it."""
    found = _at_desk(lambda desk: desk.show(number))
    appeal = found.appeal
    typer.secho(f"No. {appeal.number}, {appeal.kind}, {appeal.status}", bold=True)
    for name, value in (("account", appeal.account_number), ("call back", appeal.contact), ("chat", appeal.chat_id)):
        if value:
            typer.echo(f"{name}: {_shown(value)}")
    for message in found.messages:
        typer.secho(f"\n{message.at:%Y-%m-%d %H:%M} {message.author}", fg="cyan")
        if message.text:
            typer.echo(_shown(message.text))
        if message.file_name:
            typer.echo(f"file: {_shown(message.file_name)} ({message.blob or 'not fetched'})")


def _shown(text: str) -> str:
    """A stranger's words without what a terminal would obey."""
    return "".join(char if char.isprintable() or char == "\n" else "�" for char in text)


@appeals_app.command()
def answer(
    number: Number,
    text: Annotated[str, typer.Argument(help="What the person reads.")],
    done: Annotated[bool, typer.Option("--done", help="These words say how it was solved: it is resolved.")] = False,
    ask: Annotated[bool, typer.Option("--ask", help="The person is to answer before work goes on.")] = False,
) -> None:
    """Answer a request; the person reads it in their chats."""
    _told(_at_desk(lambda desk: _answer(desk, number, text, done=done, ask=ask)))


@appeals_app.command()
def approve(
    number: Number,
    role: Annotated[str, typer.Option(help="owner, family or representative.")] = "family",
) -> None:
    """Link the account that was asked for. The account's owner hears of it and can take the access away."""
    from core.subscribers.models import Role

    if role not in list(Role):
        typer.secho("✗ The role is owner, family or representative.", fg="red", err=True)
        raise typer.Exit(2)
    _told(_at_desk(lambda desk: desk.approve(_actor(), number, Role(role))))


@appeals_app.command()
def refuse(
    number: Number,
    reason: Annotated[str, typer.Argument(help="Why not: the person reads it.")],
) -> None:
    """Refuse to link the account that was asked for."""
    _told(_at_desk(lambda desk: desk.refuse(_actor(), number, reason)))


def _actor() -> Actor:
    from core.appeals.models import Actor

    return Actor(name="command line", via="cli")


def _answer(desk: StaffDesk, number: int, text: str, *, done: bool, ask: bool) -> Awaitable[int]:
    if done:
        return desk.resolve(_actor(), number, text)
    return desk.ask(_actor(), number, text) if ask else desk.reply(_actor(), number, text)


@appeals_app.command()
def reject(number: Number, reason: Annotated[str, typer.Argument(help="Why not: the person reads it.")]) -> None:
    """Decide that an appeal is not granted, with the reason."""
    _told(_at_desk(lambda desk: desk.reject(_actor(), number, reason)))


def _told(chats: int) -> None:
    typer.secho("Done. " + (f"It will be read in {chats} chat(s)." if chats else "No chat can be reached."), fg="green")


def _at_desk(act: Callable[[StaffDesk], Awaitable[T]]) -> T:
    return asyncio.run(_run(act))


async def _run(act: Callable[[StaffDesk], Awaitable[T]]) -> T:
    from bot.cli import load_settings
    from bot.wiring import open_program
    from core.appeals.staff import NotPossible
    from core.errors import OutsideUnavailable

    settings = load_settings()
    async with open_program(settings) as program:
        try:
            return await act(program.desk)
        except NotPossible as error:
            typer.secho(f"✗ {error}", fg="red", err=True)
        except OutsideUnavailable:
            typer.secho("✗ The billing is not answering: nothing was changed. Try again later.", fg="red", err=True)
    raise typer.Exit(1)
