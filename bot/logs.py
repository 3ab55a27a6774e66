"""Structured logs: one line a turn, no secret and no personal data in full."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any, Literal

import structlog

# A net under everything that is logged: long runs of digits are phone numbers, account numbers or chat ids, and what
# follows "bot" in Telegram's URLs is the token. What a line needs to be found by (turn ids) has no such runs.
_DIGITS = re.compile(r"(?<![\w.])\+?\d{7,}(?![\w.])")
_TELEGRAM_TOKEN = re.compile(r"\d{5,}:[\w-]{30,}")
_MAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.]+")


def hide(text: str) -> str:
    """The text without tokens, with phone numbers and mail addresses cut short."""
    text = _TELEGRAM_TOKEN.sub("<token>", text)
    text = _MAIL.sub("<mail>", text)
    return _DIGITS.sub(lambda found: f"…{found.group()[-2:]}", text)


def _hide_values(_logger: Any, _method: str, entry: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key, value in entry.items():
        if isinstance(value, str) and key != "timestamp":
            entry[key] = hide(value)
    return entry


def configure(style: Literal["json", "console"], *, level: int = logging.INFO) -> None:
    """Sends structlog's and the libraries' lines the same way, to standard error."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    ending: list[Any] = (
        [structlog.processors.format_exc_info, _hide_values, structlog.processors.JSONRenderer(ensure_ascii=False)]
        if style == "json"
        else [
            structlog.processors.format_exc_info,
            _hide_values,
            structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty()),
        ]
    )
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
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
