"""`abonent check`: tries everything that the settings name, and says in plain sentences what to mend."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from urllib.parse import unquote, urlsplit

import aiohttp
import aiosmtplib

from bot import migrate
from bot.wiring import Program
from core.database import Database
from core.staff import accounts
from handlers.edge import Finding

PATIENCE = 10.0  # seconds for each outside system


async def examine(program: Program) -> AsyncIterator[Finding]:
    """Finding after finding, as they come in."""
    settings = program.settings
    for note in settings.warnings():
        yield Finding("warning", note)
    yield await _database(program.database)
    if settings.desk and await _nobody_at_the_desk(program.database):
        yield Finding(
            "warning",
            "Nobody can log in to the staff's desk yet: run `abonent staff add`, or switch it off with ABONENT_DESK.",
        )
    if not program.edges:
        yield Finding(
            "problem",
            "No messenger is switched on: set ABONENT_TELEGRAM_TOKEN (from @BotFather) or ABONENT_VIBER_TOKEN.",
        )
    for edge in program.edges:
        for finding in await _patiently(edge.diagnose(), edge.name):
            yield finding
    for examine in program.helpdesks.examine:
        for finding in await _patiently(examine(), "the helpdesk"):
            yield finding
    if program.group is not None:
        for finding in await _patiently(program.group.examine(), "the staff's group"):
            yield finding
    if settings.public_url:
        yield await _http(f"{settings.public_url}/health/live", "ABONENT_PUBLIC_URL", must_answer=False)
    if settings.sms_http_url:
        yield await _http(settings.sms_http_url, "ABONENT_SMS_HTTP_URL", must_answer=True)
    if settings.smtp_url.get_secret_value():
        yield await _mail(settings.smtp_url.get_secret_value())


async def _patiently(work, name: str) -> Sequence[Finding]:  # type: ignore[no-untyped-def]  # any coroutine of findings
    try:
        async with asyncio.timeout(3 * PATIENCE):
            found: Sequence[Finding] = await work
            return found
    except TimeoutError:
        return [Finding("problem", f"{name.capitalize()} did not answer within {3 * PATIENCE:.0f} seconds.")]


async def _database(database: Database) -> Finding:
    kind = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}[database.dialect]
    try:
        current = await migrate.current(database)
    except Exception as error:  # drivers raise what they like; the operator wants one sentence
        return Finding("problem", f"{kind} cannot be used ({type(error).__name__}): check ABONENT_DATABASE_URL.")
    if current == migrate.newest():
        return Finding("ok", f"{kind} answers, and its tables are up to date.")
    if database.dialect == "sqlite":
        return Finding("ok", f"{kind} answers; `serve` will bring its tables up to date by itself.")
    return Finding("problem", f"{kind} answers, but its tables are behind: make a backup and run `abonent migrate`.")


async def _nobody_at_the_desk(database: Database) -> bool:
    try:
        return not await database.read(accounts.any_active)
    except Exception:  # there are no tables yet: what there is to say of the database is said already
        return False


async def _http(url: str, name: str, *, must_answer: bool) -> Finding:
    """Only whether somebody is there: a GET neither sends an SMS nor costs anything."""
    host = urlsplit(url).hostname
    try:
        timeout = aiohttp.ClientTimeout(total=PATIENCE)
        async with aiohttp.ClientSession(timeout=timeout) as session, session.get(url, allow_redirects=False) as answer:
            if must_answer and answer.status in (401, 403, 404):
                return Finding("warning", f"{name}: {host} answers {answer.status} to a GET; check its path and login.")
            return Finding("ok", f"{name}: {host} answers.")
    except (aiohttp.ClientError, TimeoutError) as error:
        reason = type(error).__name__
        if must_answer:
            return Finding("problem", f"{name}: {host} cannot be reached ({reason}).")
        return Finding("warning", f"{name}: {host} does not answer from here ({reason}); it will while `serve` runs.")


async def _mail(url: str) -> Finding:
    parts = urlsplit(url)
    tls = parts.scheme == "smtps"
    server = aiosmtplib.SMTP(
        hostname=parts.hostname,
        port=parts.port or (465 if tls else 25),
        username=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
        use_tls=tls,
        timeout=PATIENCE,
    )
    try:
        async with server:
            await server.noop()
    except aiosmtplib.SMTPAuthenticationError:
        return Finding("problem", "ABONENT_SMTP_URL: the mail server does not accept the user name and password.")
    except (aiosmtplib.SMTPException, OSError) as error:
        return Finding("problem", f"ABONENT_SMTP_URL: {parts.hostname} cannot be used ({type(error).__name__}).")
    return Finding("ok", f"ABONENT_SMTP_URL: {parts.hostname} answers.")
