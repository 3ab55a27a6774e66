"""`abonent staff`: accounts of the staff for the web desk. Passwords are typed or made here, never in the arguments."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

if TYPE_CHECKING:
    from core.clock import Clock
    from core.database import Database
    from core.staff.audit import Who
    from core.staff.models import StaffRole
    from core.staff.office import Office

staff_app = typer.Typer(help="Accounts of the staff, for the web desk.", no_args_is_help=True)

T = TypeVar("T")
Login = Annotated[str, typer.Argument(help="The log-in name.")]
Make = Annotated[bool, typer.Option("--generate", help="Make a password and show it once.")]


@staff_app.command()
def add(
    login: Login,
    name: Annotated[str, typer.Option(help="As colleagues and subscribers read it.")] = "",
    role: Annotated[str, typer.Option(help="agent, supervisor or administrator.")] = "agent",
    generate: Make = False,
) -> None:
    """Take somebody on. The password is typed twice, or made with --generate."""
    wanted, password = _role(role), "" if generate else _typed()
    member, password = _run(lambda office, who: office.add(who, login, name or login, wanted, password))
    typer.secho(f"{member.name} ({member.login}) is {member.role}.", fg="green")
    _show(password, generate)


@staff_app.command("list")
def list_staff() -> None:
    """Everybody, with role and when they signed in last."""
    found = _run(lambda office, _who: office.everybody())
    for one in found:
        seen = f"{one.signed_in_at:%Y-%m-%d %H:%M}" if one.signed_in_at else "never signed in"
        state = "" if one.active else "  (switched off)"
        typer.echo(f"{one.login:<20} {one.role:<14} {seen:<17} {one.name}{state}")
    if not found:
        typer.echo("Nobody yet: abonent staff add LOGIN --role administrator")


@staff_app.command()
def role(login: Login, role: Annotated[str, typer.Argument(help="agent, supervisor or administrator.")]) -> None:
    """Give another role. Their sessions end."""
    wanted = _role(role)

    async def act(office: Office, who: Who) -> None:
        await office.set_role(who, (await office.find(login)).id, wanted)

    _run(act)
    typer.secho("Done.", fg="green")


@staff_app.command()
def password(login: Login, generate: Make = False) -> None:
    """Set a new password. Their sessions end."""
    new = "" if generate else _typed()

    async def act(office: Office, who: Who) -> str:
        return await office.set_password(who, (await office.find(login)).id, new)

    _show(_run(act), generate)
    typer.secho("Done.", fg="green")


@staff_app.command()
def disable(login: Login, enable: Annotated[bool, typer.Option("--undo", help="Let them in again.")] = False) -> None:
    """Switch an account off at once, with all its sessions; what they did stays on record."""

    async def act(office: Office, who: Who) -> None:
        await office.set_active(who, (await office.find(login)).id, enable)

    _run(act)
    typer.secho("Done.", fg="green")


@staff_app.command()
def sessions(login: Login, end: Annotated[bool, typer.Option("--end", help="End all of them.")] = False) -> None:
    """Where somebody is signed in."""
    from core.staff import accounts
    from core.staff import sessions as table
    from core.staff.doors import Doors
    from core.staff.models import Refused

    async def act(database: Database, clock: Clock, who: Who) -> None:
        found = await database.read(accounts.by_login, login)
        if found is None:
            raise Refused("There is no account {login}.", login=login[:60])
        for one in await database.read(table.of_member, found.id, clock.now()):
            typer.echo(f"{one.seen_at:%Y-%m-%d %H:%M}  {one.address:<20} {one.browser}")
        if end:
            ended = await Doors(database, clock).end_sessions(who, found.id)
            typer.secho(f"{ended} session(s) ended.", fg="green")

    asyncio.run(_open(act))


@staff_app.command()
def code(
    login: Login, forget: Annotated[bool, typer.Option("--forget", help="Take their Telegram accounts away.")] = False
) -> None:
    """Show a one-time code with which they tell the bot in Telegram who they are: /bind CODE."""
    from core.staff import accounts, binding
    from core.staff.models import Refused

    async def act(database: Database, clock: Clock, who: Who) -> None:
        found = await database.read(accounts.by_login, login)
        if found is None or not found.active:
            raise Refused("There is no account {login}.", login=login[:60])
        if forget:
            gone = await database.write(binding.unbind, found.id, who, clock.now())
            typer.secho(f"{gone} Telegram account(s) of {found.login} mean nothing any more.", fg="green")
            return
        made = await database.write(binding.issue, found, who, clock.now())
        minutes = int(binding.LIFE.total_seconds() // 60)
        typer.echo(f"{found.name} writes to the bot within {minutes} minutes: /bind {made}")

    asyncio.run(_open(act))


def _role(said: str) -> StaffRole:
    from core.staff.models import StaffRole

    if said not in list(StaffRole):
        typer.secho("✗ The role is agent, supervisor or administrator.", fg="red", err=True)
        raise typer.Exit(2)
    return StaffRole(said)


def _typed() -> str:
    """Twice at a terminal; one line where it is piped in."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))


def _show(password: str, made: bool) -> None:
    if made:
        typer.echo(f"The password, shown this once: {password}")


def _run(act: Callable[[Office, Who], Awaitable[T]]) -> T:
    async def with_office(database: Database, clock: Clock, who: Who) -> T:
        from core.staff.office import Office

        return await act(Office(database, clock), who)

    return asyncio.run(_open(with_office))


async def _open(act: Callable[[Database, Clock, Who], Awaitable[T]]) -> T:
    from bot.cli import load_settings
    from bot.migrate import ready_database
    from core.clock import SystemClock
    from core.staff.audit import Who
    from core.staff.models import Refused

    settings = load_settings()
    try:
        async with ready_database(settings.database_url) as database:
            return await act(database, SystemClock(), Who("", "command line"))
    except Refused as error:
        typer.secho(f"✗ {error}", fg="red", err=True)
        raise typer.Exit(1) from None
