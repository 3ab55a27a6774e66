"""What the demo's operator can do from the page: charge, take payments, decide requests, break things, move time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import get_args

from sqlalchemy import Connection

from bot.sandbox.bank.service import Bank
from bot.sandbox.bank_control import BankControl
from bot.sandbox.desk_control import DeskControl
from bot.sandbox.inbox import Inbox
from bot.sandbox.levers import both, choice, lever
from bot.sandbox.shapes import Impossible, Json, Words
from core.billing.breakable import BreakableBilling, Mode
from core.billing.demo import add_charge, take_payment
from core.billing.demo_people import PEOPLE
from core.clock import ShiftedClock
from core.database import Database
from core.money import Money
from core.staff.models import Member
from handlers.desk.acts import StaffDesk

# Names of services are the billing's own data: they are said alike in any language.
_SERVICES = ("Домашний интернет", "Телевидение", "Вызов мастера", "Международные звонки")
_MOVES = {
    "hour": (timedelta(hours=1), "на час", "by an hour"),
    "day": (timedelta(days=1), "на день", "by a day"),
    "week": (timedelta(days=7), "на неделю", "by a week"),
    "month": (timedelta(days=30), "на 30 дней", "by 30 days"),
}
_BILLING = {
    "ok": ("работает", "works", "Биллинг работает.", "The billing works."),
    "slow": ("отвечает через 30 секунд", "answers after 30 seconds", "Биллинг задумался.", "The billing is slow."),
    "down": ("не отвечает", "does not answer", "Биллинг не отвечает.", "The billing does not answer."),
}
_CODES = {
    "ok": ("доходят", "arrive", "SMS и письма снова доходят.", "SMS and mail arrive again."),
    "down": ("не отправляются", "cannot be sent", "SMS и письма не отправляются.", "SMS and mail cannot be sent."),
}
_STARTING: Words = {"ru": "Демонстрация ещё запускается.", "en": "The demo is still starting."}


@dataclass(frozen=True)
class Plugged:
    """What the levers pull, once the program is there."""

    database: Database
    currency: str
    billing: BreakableBilling
    inbox: Inbox
    bank: BankControl
    desk: DeskControl


class DemoControls:
    """Implements :class:`bot.sandbox.shapes.Controls` on the demo's own database. Plugged in once that is there."""

    def __init__(self, clock: ShiftedClock) -> None:
        self._clock = clock
        self._parts: Plugged | None = None

    def plug(
        self,
        database: Database,
        currency: str,
        billing: BreakableBilling,
        inbox: Inbox,
        bank: Bank,
        desk: StaffDesk,
        staff: Sequence[tuple[Member, str]] = (),
    ) -> DeskControl:
        """Returns what follows the requests: its `watch` is to run beside the demo."""
        requests = DeskControl(desk, staff)
        self._parts = Plugged(database, currency, billing, inbox, BankControl(bank), requests)
        return requests

    def describe(self) -> list[Json]:
        parts = self._parts
        people = [
            {"value": one.number, "label": {"ru": f"{one.note_ru} · {one.number}", "en": f"{one.note} · {one.number}"}}
            for one in PEOPLE
        ]
        account = choice("account", both("Кому", "Whose"), people, "7700100218")
        amount = {"name": "amount", "label": both("Сумма", "Amount"), "kind": "number", "default": "350"}
        services = [{"value": name, "label": name} for name in _SERVICES]
        service = choice("service", both("За что", "For what"), services, _SERVICES[0])
        modes = [{"value": mode, "label": both(*said[:2])} for mode, said in _BILLING.items()]
        mode = choice("mode", both("Как сейчас", "Now it"), modes, parts.billing.mode if parts else "ok")
        ways = [{"value": mode, "label": both(*said[:2])} for mode, said in _CODES.items()]
        codes = choice(
            "mode", both("Как сейчас", "Now they"), ways, "down" if parts and parts.inbox.broken_sms else "ok"
        )
        moves = [{"value": key, "label": both(*said[1:])} for key, said in _MOVES.items()]
        by = choice("by", both("Вперёд", "Forward"), moves, "day")
        accounts, faults = both("Лицевые счета", "Accounts"), both("Сбои", "Faults")
        return [
            lever("charge", both("Начислить", "Charge"), accounts, account, service, amount),
            lever("payment", both("Принять оплату", "Take a payment"), accounts, account, amount),
            *(parts.desk.describe() if parts else []),
            lever("billing", both("Биллинг", "The billing"), faults, mode),
            lever("codes", both("SMS и почта", "SMS and mail"), faults, codes),
            *(parts.bank.describe() if parts else []),
            lever("clock", both("Передвинуть часы", "Move the clock"), both("Время", "Time"), by),
        ]

    async def run(self, name: str, params: Json) -> Words:
        """What was done, in a sentence. Raises Impossible with the reason."""
        parts = self._parts
        if parts is None:
            raise Impossible(_STARTING)
        given = {key: str(value) for key, value in params.items()}
        match name:
            case "charge":
                money, number = self._money(parts, given), given.get("account", "")
                service = given.get("service", "")
                await self._book(parts, lambda c, now: add_charge(c, number, service, money, now=now))
                return both(f"Начислено {money.amount} на счёт {number}.", f"{money.amount} charged to {number}.")
            case "payment":
                money, number = self._money(parts, given), given.get("account", "")
                await self._book(parts, lambda c, now: take_payment(c, number, money, now=now))
                return both(f"Принято {money.amount} на счёт {number}.", f"{money.amount} paid to {number}.")
            case "billing":
                wanted = next((mode for mode in get_args(Mode) if mode == given.get("mode")), None)
                if wanted is None:
                    raise Impossible("Such a state of the billing is not known.")
                parts.billing.mode = wanted
                return both(*_BILLING[wanted][2:])
            case "codes":
                state = given.get("mode", "")
                if state not in _CODES:
                    raise Impossible("Such a state of SMS and mail is not known.")
                parts.inbox.broken_sms = parts.inbox.broken_mail = state == "down"
                return both(*_CODES[state][2:])
            case "bank":
                return parts.bank.switch(given)
            case "refund":
                return parts.bank.refund(given)
            case "cards":
                return parts.bank.card(given)
            case "clock":
                if given.get("by") not in _MOVES:
                    raise Impossible("The clock moves by an hour, a day, a week or 30 days.")
                by, ru, en = _MOVES[given["by"]]
                self._clock.move(by)
                return both(f"Часы передвинуты {ru} вперёд.", f"The clock was moved {en}.")
            case "request":
                return await parts.desk.run(given)
        raise Impossible("There is no such control.")

    async def _book(self, parts: Plugged, book: Callable[[Connection, datetime], None]) -> None:
        now = self._clock.now()
        try:
            await parts.database.write(book, now)
        except (LookupError, ValueError) as error:
            raise Impossible(str(error)) from None

    def _money(self, parts: Plugged, given: dict[str, str]) -> Money:
        try:
            amount = Decimal(given.get("amount", "").replace(",", ".").replace(" ", ""))
        except InvalidOperation:
            raise Impossible(both("Сумма должна быть числом.", "The amount must be a number.")) from None
        if not amount.is_finite() or not 0 < amount < 10_000_000:
            raise Impossible(
                both("Сумма: больше нуля и меньше десяти миллионов.", "The amount: above zero, below ten million.")
            )
        return Money(amount, parts.currency)
