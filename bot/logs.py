"""Structured logs: one line a turn, no secret and no personal data in full."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any, Literal

import msgspec
import structlog

# A net under everything that is logged: long runs of digits are phone numbers, account numbers or chat ids, and what
# follows "bot" in Telegram's URLs is the token. What a line needs to be found by (turn ids) has no such runs.
_DIGITS = re.compile(r"(?<![\w.])\+?\d{7,}(?![\w.])")
_TELEGRAM_TOKEN = re.compile(r"\d{5,}:[\w-]{30,}")
_MAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.]+")


_SUSPECT = re.compile(r"\d{5}|@")  # what none of them can do without


def hide(text: str) -> str:
    """The text without tokens, with phone numbers and mail addresses cut short."""
    if _SUSPECT.search(text) is None:
        return text
    text = _TELEGRAM_TOKEN.sub("<token>", text)
    text = _MAIL.sub("<mail>", text)
    return _DIGITS.sub(lambda found: f"…{found.group()[-2:]}", text)


def _hide_values(_logger: Any, _method: str, entry: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key, value in entry.items():
        if isinstance(value, str) and key != "timestamp":
            entry[key] = hide(value)
    return entry


def _json(entry: object, **_options: object) -> str:
    return msgspec.json.encode(entry, enc_hook=repr).decode()


class _Lines:
    """Writes finished lines to standard error."""

    def __init__(self, name: str = "") -> None:
        self.name = name

    def msg(self, line: str) -> None:
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()

    debug = info = warning = error = critical = exception = msg


def configure(style: Literal["json", "console"], *, level: int = logging.INFO) -> None:
    """Sends structlog's and the libraries' lines the same way, to standard error."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    ending: list[Any] = (
        [structlog.processors.format_exc_info, _hide_values, structlog.processors.JSONRenderer(_json)]
        if style == "json"
        else [
            structlog.processors.format_exc_info,
            _hide_values,
            structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty()),
        ]
    )
    # Our own lines do not pass through the standard library's logging: there is one a turn, and it would take
    # a fifth of the turn's time.
    structlog.configure(
        processors=[*shared, *ending],
        logger_factory=_Lines,
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *ending],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    # Their own lines at INFO say less than ours, and at DEBUG more than may be said.
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "aiogram", "apscheduler", "viber", "httpx", "alembic"):
        logging.getLogger(name).setLevel(logging.WARNING)
