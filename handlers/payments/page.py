"""The page behind a payment link: shows what is to be paid, and leads to the provider once it is pressed."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from urllib.parse import urlsplit

import structlog
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from core.clock import Clock
from core.delivery.writes import Write
from core.operator import Operator
from core.payments.models import PaymentOrder, PaymentStatus
from core.payments.service import PaymentService
from fsm.payment_page_words import (
    PageWords,
    back_page,
    failed_page,
    new_link,
    pay_page,
    preparing_page,
    unknown_page,
)
from fsm.texts import Translator, choose_language

log = structlog.get_logger("pay")

PATIENCE = 6.0  # seconds that a press waits for the provider before a page says so
STEP = 0.1  # seconds between two looks
_FOLDER = Path(__file__).parent / "templates"
_NAMES = {"ru": "Русский", "en": "English"}

Commit = Callable[[Write], Awaitable[None]]
"""Writes at once, and lets the worker know."""


class PayPages:
    """Routes under ``/pay``. ``bots``: names and addresses of the bot, offered where a new link is needed."""

    def __init__(
        self,
        payments: PaymentService,
        clock: Clock,
        operator: Operator,
        commit: Commit,
        *,
        public_url: str,
        bots: Sequence[tuple[str, str]] = (),
        patience: float = PATIENCE,
    ) -> None:
        self._payments = payments
        self._clock = clock
        self._operator = operator
        self._commit = commit
        self._bots = tuple(bots)
        self._patience = patience
        environment = Environment(
            loader=FileSystemLoader(_FOLDER), autoescape=True, undefined=StrictUndefined, trim_blocks=True
        )
        self._template = environment.get_template("page.html")
        self._css = (_FOLDER / "page.css").read_text("utf-8").strip()
        self._headers = _headers(self._css, public_url)

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/pay/{token}", self._show, methods=["GET"]),
            Route("/pay/{token}", self._press, methods=["POST"]),
            Route("/pay/{token}/go", self._go, methods=["GET"]),
            Route("/pay/{token}/back", self._back, methods=["GET"]),
        ]

    async def _show(self, request: Request) -> Response:
        order = await self._order(request)
        if isinstance(order, Response):
            return order
        words = pay_page(self._translator(request), order, self._clock.now())
        return self._page(request, words, order)

    async def _press(self, request: Request) -> Response:
        """303 to the provider; however often it is pressed, one payment comes of it."""
        order = await self._order(request)
        if isinstance(order, Response):
            return order
        if order.payable(self._clock.now()):
            try:
                await self._commit(self._payments.press(order.id))
                order = await self._opened(request, order)
            except Exception:  # the database is away: the person reads a page, not a stack trace
                log.exception("payment could not be opened", order=order.id)
                return self._page(request, failed_page(self._translator(request)), None, 503)
        return self._on(request, order)

    async def _go(self, request: Request) -> Response:
        """Where the page goes on by itself after a press; opens nothing."""
        order = await self._order(request)
        return order if isinstance(order, Response) else self._on(request, order)

    def _on(self, request: Request, order: PaymentOrder) -> Response:
        if order.payable(self._clock.now()) and order.confirmation.startswith(("https://", "http://")):
            return RedirectResponse(order.confirmation, 303, self._headers)
        return self._page(request, preparing_page(self._translator(request), order, self._clock.now()), order)

    async def _back(self, request: Request) -> Response:
        order = await self._order(request)
        if isinstance(order, Response):
            return order
        if order.payable(self._clock.now()):
            try:
                await self._commit(self._payments.check_now(order.id))
            except Exception:  # asked all the same a little later, by the look-after
                log.exception("payment could not be asked about", order=order.id)
        words = back_page(self._translator(request), order, self._clock.now())
        return self._page(request, words, order, leads_back=True)

    def _ways_back(self, translator: Translator, order: PaymentOrder | None) -> list[tuple[str, str]]:
        """To the chat; where the link is over, straight to a new one. An order's id says nothing about a person."""
        if order is None or order.seen(self._clock.now()) not in (PaymentStatus.expired, PaymentStatus.cancelled):
            return list(self._bots)
        return [
            (new_link(translator, messenger), f"{url}{'&context' if '?' in url else '?start'}=again_{order.id}")
            for messenger, url in self._bots
        ]

    async def _opened(self, request: Request, order: PaymentOrder) -> PaymentOrder:
        """The order as soon as the provider has answered, or as it is when patience ends."""
        waited = 0.0
        while True:
            found = await self._payments.by_token(request.path_params["token"])
            order = found or order
            if order.confirmation or not order.payable(self._clock.now()) or waited >= self._patience:
                return order
            await asyncio.sleep(STEP)
            waited += STEP

    async def _order(self, request: Request) -> PaymentOrder | Response:
        try:
            order = await self._payments.by_token(request.path_params["token"])
        except Exception:  # the database is away: the person reads a page, not a stack trace
            log.exception("payment page could not be shown")
            return self._page(request, failed_page(self._translator(request)), None, 503)
        return order or self._page(request, unknown_page(self._translator(request)), None, 404)

    def _translator(self, request: Request) -> Translator:
        wanted = request.query_params.get("lang") or request.headers.get("accept-language", "")
        return Translator(choose_language(wanted[:35].split(",")[0], self._operator.languages), self._operator.zone)

    def _page(
        self,
        request: Request,
        words: PageWords,
        order: PaymentOrder | None,
        status: int = 200,
        *,
        leads_back: bool = False,
    ) -> Response:
        translator = self._translator(request)
        token = self._payments.token(order) if order is not None else ""
        html = self._template.render(
            words=words,
            css=self._css,
            language=translator.language,
            operator=self._operator.name,
            action=f"/pay/{token}?lang={translator.language}",
            refresh_to="" if leads_back else f";url=/pay/{token}/go?lang={translator.language}",
            posts=not leads_back,
            bots=self._ways_back(translator, order) if not words.button else (),
            languages=[
                (code, _NAMES.get(code, code)) for code in self._operator.languages if code != translator.language
            ],
        )
        return HTMLResponse(html, status, self._headers)


def _headers(css: str, public_url: str) -> dict[str, str]:
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    # A browser holds the redirect that answers a form against form-action too, and providers have many hosts.
    plain = " http://127.0.0.1:* http://localhost:*" if urlsplit(public_url).scheme == "http" else ""
    policy = (
        f"default-src 'none'; style-src 'sha256-{digest}'; form-action 'self' https:{plain}; "
        "base-uri 'none'; frame-ancestors 'none'"
    )
    return {
        "Content-Security-Policy": policy,
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "X-Robots-Tag": "noindex",
        "Cache-Control": "no-store",
        "Vary": "Accept-Language",
    }
