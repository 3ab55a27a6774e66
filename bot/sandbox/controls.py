"""What the demo's operator can do from the page: charge, take a payment, break the billing, move the clock."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal, InvalidOperation

from bot.sandbox.shapes import Impossible, Json
from core.billing.breakable import BreakableBilling
from core.billing.demo import add_charge, take_payment
from core.billing.demo_people import PEOPLE
from core.clock import ShiftedClock
from core.database import Database
from core.money import Money

_SERVICES = ("Домашний интернет", "Телевидение", "Вызов мастера", "Международные звонки")
_MOVES = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(days=7)}


class DemoControls:
    """Implements :class:`bot.sandbox.shapes.Controls` on the demo's own database. Plugged in once that is there."""

    def __init__(self, clock: ShiftedClock) -> None:
        self._clock = clock
        self._database: Database | None = None
        self._currency = ""
        self._billing: BreakableBilling | None = None
        self._changed: Callable[[], None] = lambda: None

    def plug(self, database: Database, currency: str, billing: BreakableBilling, changed: Callable[[], None]) -> None:
        self._database = database
        self._currency = currency
        self._billing = billing
        self._changed = changed

    def describe(self) -> list[Json]:
        accounts = [{"value": one.number, "label": f"{one.number} · {one.note_ru}"} for one in PEOPLE]
        account = {"name": "account", "label": "Лицевой счёт", "kind": "choice", "choices": accounts}
        amount = {"name": "amount", "label": "Сумма", "kind": "number", "default": "350"}
        services = [{"value": name, "label": name} for name in _SERVICES]
        modes = [
            {"value": "ok", "label": "работает"},
            {"value": "slow", "label": "отвечает через 30 с"},
            {"value": "down", "label": "не отвечает"},
        ]
        moves = [
            {"value": "hour", "label": "на час вперёд"},
            {"value": "day", "label": "на день вперёд"},
            {"value": "week", "label": "на неделю вперёд"},
        ]
        service = {"name": "service", "label": "Услуга", "kind": "choice", "choices": services}
        mode = {"name": "mode", "label": "Биллинг", "kind": "choice", "choices": modes, "default": self._mode()}
        by = {"name": "by", "label": "Сдвинуть", "kind": "choice", "choices": moves, "default": "day"}
        return [
            {"name": "charge", "label": "Начислить", "group": "Лицевой счёт", "params": [account, service, amount]},
            {"name": "payment", "label": "Принять оплату", "group": "Лицевой счёт", "params": [account, amount]},
            {"name": "billing", "label": "Переключить", "group": "Биллинг", "params": [mode]},
            {"name": "clock", "label": "Передвинуть часы", "group": "Время", "params": [by]},
        ]

    def _mode(self) -> str:
        return self._billing.mode if self._billing is not None else "ok"

    async def run(self, name: str, params: Json) -> str:
        """What was done, in a sentence. Raises Impossible with the reason."""
        if self._database is None or self._billing is None:
            raise Impossible("The demo is still starting.")
        match name:
            case "charge":
                money = self._money(params)
                await self._book(add_charge, str(params.get("account", "")), str(params.get("service", "")), money)
                said = f"Начислено {money.amount} на счёт {params.get('account')}."
            case "payment":
                money = self._money(params)
                await self._book(take_payment, str(params.get("account", "")), money)
                said = f"Принято {money.amount} на счёт {params.get('account')}."
            case "billing":
                mode = params.get("mode")
                if mode not in ("ok", "slow", "down"):
                    raise Impossible("Such a state of the billing is not known.")
                self._billing.mode = mode
                said = {"ok": "Биллинг работает.", "slow": "Биллинг задумался.", "down": "Биллинг не отвечает."}[mode]
            case "clock":
                by = _MOVES.get(str(params.get("by", "")))
                if by is None:
                    raise Impossible("The clock moves by an hour, a day or a week.")
                self._clock.move(by)
                said = "Часы передвинуты."
            case _:
                raise Impossible("There is no such control.")
        self._changed()
        return said

    async def _book(self, operation, *args) -> None:  # type: ignore[no-untyped-def]  # either of the demo's two
        assert self._database is not None
        now = self._clock.now()
        try:
            await self._database.write(lambda connection: operation(connection, *args, now=now))
        except (LookupError, ValueError) as error:
            raise Impossible(str(error)) from None

    def _money(self, params: Json) -> Money:
        try:
            amount = Decimal(str(params.get("amount", "")).replace(",", ".").replace(" ", ""))
        except InvalidOperation:
            raise Impossible("The amount must be a number.") from None
        if not amount.is_finite() or not 0 < amount < 10_000_000:
            raise Impossible("The amount must be above zero and below ten million.")
        return Money(amount, self._currency)
