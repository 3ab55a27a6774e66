"""The sandbox bank's API and the page on which its payer pays, declines, pays late, pays twice or walks away."""

from __future__ import annotations

import asyncio
import hmac
from decimal import Decimal, InvalidOperation
from html import escape
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from bot.sandbox.bank.service import Bank, BankPayment

_CSS = """
:root{color-scheme:light dark}*{box-sizing:border-box}
body{margin:0;font:18px/1.45 system-ui,sans-serif;background:#eef1f5;color:#17202a}
main{max-width:26rem;margin:0 auto;padding:1.25rem 1rem}
.card{background:#fff;border-radius:14px;padding:1.25rem;box-shadow:0 1px 4px #0002}
h1{font-size:1.15rem;margin:.2rem 0 1rem}p{margin:.4rem 0}.sum{font-size:1.9rem;font-weight:700;margin:.3rem 0}
.note{color:#5b6673;font-size:.9rem}button{display:block;width:100%;min-height:3rem;margin:.6rem 0;border:0;
border-radius:10px;font:inherit;cursor:pointer;background:#e4e9ef;color:#17202a}
button.main{background:#0a6b4f;color:#fff;font-weight:600}a{color:#0a5b8f}
.keep{display:flex;gap:.6rem;align-items:flex-start;margin:.9rem 0}
.keep input{width:1.4rem;height:1.4rem;margin:0;flex:none}
@media(prefers-color-scheme:dark){body{background:#12161b;color:#e8edf2}.card{background:#1c232b}
.note{color:#9fb0c0}button{background:#2b3540;color:#e8edf2}button.main{background:#1a8f6c}a{color:#7cc4f0}}
"""
_ACTS = (
    ("pay", "Оплатить", "main"),
    ("late", "Оплатить, но деньги придут через 45 секунд", ""),
    ("twice", "Нажать «Оплатить» дважды", ""),
    ("decline", "Банк отказывает", ""),
    ("close", "Закрыть страницу, не платя", ""),
)


class BankServer:
    """Routes under ``/bank``."""

    def __init__(self, bank: Bank) -> None:
        self._bank = bank

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/bank/payments", self._open, methods=["POST"]),
            Route("/bank/payments/{id}", self._look, methods=["GET"]),
            Route("/bank/payments/{id}/cancel", self._cancel, methods=["POST"]),
            Route("/bank/payments/{id}/refund", self._refund, methods=["POST"]),
            Route("/bank/charges", self._open, methods=["POST"]),
            Route("/bank/cards/{id}", self._forget, methods=["DELETE"]),
            Route("/bank/pay/{id}", self._page, methods=["GET"]),
            Route("/bank/pay/{id}", self._press, methods=["POST"]),
        ]

    # -- for the shop ------------------------------------------------------------------------------------------------

    async def _open(self, request: Request) -> Response:
        if not self._ours(request):
            return JSONResponse({"error": "unauthorized"}, 401)
        await asyncio.sleep(self._bank.faults.slow)
        key = request.headers.get("idempotence-key", "")
        try:
            wanted: Any = await request.json()
            charges = request.url.path.endswith("/charges")
            if charges and key and (payment := self._bank.charge(key, wanted)) is None:
                return JSONResponse({"error": "unknown"}, 404)
            payment = self._bank.open(key, wanted) if key else None
        except (ValueError, KeyError, TypeError, InvalidOperation):
            payment = None
        if payment is None:
            return JSONResponse({"error": "bad request"}, 400)
        if self._bank.faults.fails_after_creating > 0:
            self._bank.faults.fails_after_creating -= 1
            return JSONResponse({"error": "internal"}, 500)
        return JSONResponse(self._bank.as_json(payment))

    async def _look(self, request: Request) -> Response:
        await asyncio.sleep(self._bank.faults.slow)
        payment = self._found(request)
        if not self._ours(request):
            return JSONResponse({"error": "unauthorized"}, 401)
        return JSONResponse(self._bank.as_json(payment)) if payment else JSONResponse({"error": "unknown"}, 404)

    async def _cancel(self, request: Request) -> Response:
        payment = self._found(request)
        if not self._ours(request):
            return JSONResponse({"error": "unauthorized"}, 401)
        if payment is None:
            return JSONResponse({"error": "unknown"}, 404)
        self._bank.cancel(payment)
        return JSONResponse(self._bank.as_json(payment))

    async def _refund(self, request: Request) -> Response:
        payment = self._found(request)
        if not self._ours(request):
            return JSONResponse({"error": "unauthorized"}, 401)
        try:
            wanted: Any = await request.json()
            amount = Decimal(str(wanted["amount"]))
            if payment is None:
                return JSONResponse({"error": "unknown"}, 404)
            self._bank.refund(payment, amount)
        except (ValueError, KeyError, TypeError, InvalidOperation):
            return JSONResponse({"error": "bad request"}, 400)
        return JSONResponse(self._bank.as_json(payment))

    async def _forget(self, request: Request) -> Response:
        if not self._ours(request):
            return JSONResponse({"error": "unauthorized"}, 401)
        card = self._bank.cards.pop(request.path_params["id"], None)
        return JSONResponse({"forgotten": True}) if card is not None else JSONResponse({"error": "unknown"}, 404)

    def _ours(self, request: Request) -> bool:
        given = request.headers.get("authorization", "").encode("latin-1", "replace")
        return hmac.compare_digest(given, f"Bearer {self._bank.key}".encode())

    def _found(self, request: Request) -> BankPayment | None:
        return self._bank.payments.get(request.path_params["id"])

    # -- for the payer -----------------------------------------------------------------------------------------------

    async def _page(self, request: Request) -> Response:
        payment = self._found(request)
        if payment is None:
            return HTMLResponse(_html("Такого платежа нет", ""), 404)
        closed = "closed" in request.query_params
        if payment.status != "pending" or closed:
            said = {
                "succeeded": "Оплачено",
                "cancelled": "Платёж отклонён",
                "pending": "Страницу можно закрыть: ничего не оплачено",
            }[payment.status]
            back = f'<p><a href="{escape(payment.return_url, quote=True)}">Вернуться</a></p>'
            again = (
                "" if payment.status != "pending" else f'<p><a href="{escape(request.url.path)}">Открыть снова</a></p>'
            )
            return HTMLResponse(_html(said, again + back))
        buttons = "".join(
            f'<button name="act" value="{act}" class="{kind}">{label}</button>' for act, label, kind in _ACTS
        )
        keeps = (
            '<label class="keep"><input type="checkbox" name="keep" value="1" checked> '
            "Запомнить эту карту для автоплатежа</label>"
            if payment.save
            else ""
        )
        body = (
            f'<p class="sum">{payment.amount:.2f} {escape(payment.currency)}</p>'
            f"<p>{escape(payment.description)}</p>"
            f'<form method="post">{keeps}{buttons}</form>'
            '<p class="note">Это банк демонстрации: деньги не настоящие.</p>'
        )
        return HTMLResponse(_html("Учебный банк", body))

    async def _press(self, request: Request) -> Response:
        payment = self._found(request)
        if payment is None:
            return HTMLResponse(_html("Такого платежа нет", ""), 404)
        form = await request.form()
        act = str(form.get("act", ""))
        if act == "close":
            return RedirectResponse(f"{request.url.path}?closed=1", 303)
        self._bank.act(payment, act, keep=bool(form.get("keep")) if payment.save else None)
        return RedirectResponse(payment.return_url, 303)


def _html(title: str, body: str) -> str:
    return (
        '<!doctype html><html lang="ru"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{title}</title><style>{_CSS}</style></head>"
        f'<body><main><div class="card"><h1>🏦 {title}</h1>{body}</div></main></body></html>'
    )
