"""What the sandbox's bank knows: payments, their keys, and the notices that wait to be sent."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx

from core.clock import Clock

LATE = timedelta(seconds=45)
RETRY = timedelta(seconds=5)
TRIES = 20
BANK_KEY = "sandbox-bank-key-of-the-demonstration"


@dataclass
class BankPayment:
    """Sums are decimal strings in the currency's major unit, as banks write them."""

    id: str
    order_id: str
    amount: Decimal
    currency: str
    description: str
    accounts: list[str]
    return_url: str
    notice_url: str
    status: str = "pending"  # pending, succeeded, cancelled
    paid_at: datetime | None = None
    late_at: datetime | None = None  # when a late payment will come
    refunded: Decimal = Decimal(0)
    taken: int = 0  # how often the payer's money was taken: never more than once
    save: bool = False  # the shop asks to keep the card; the payer decides
    saved: str = ""  # the card that was kept with this payment
    card: str = ""  # charged from this card, without its holder
    decline: str = ""  # why that was refused


@dataclass
class Card:
    """A card that its holder lets the shop charge. ``state``: ok, or what becomes of the next charges.

    "slow" is approved after a while; "funds", "holder" and "declined" are refusals of one charge, "gone" is for good.
    """

    id: str
    title: str
    state: str = "ok"


@dataclass
class Faults:
    """The bank's bad day. ``slow`` is in seconds; the rest are switches."""

    slow: float = 0
    repeat: int = 1  # how often each notice is sent
    reorder: bool = False  # the newest notice first
    lost: bool = False  # no notice at all
    fails_after_creating: int = 0  # so many openings answer 500 though the payment exists
    lies_about_amount: Decimal = Decimal(0)  # is added to the sum that is reported


@dataclass
class _Letter:
    due: datetime
    url: str
    body: bytes
    tries: int = 0


@dataclass
class Bank:
    """``changed`` is told of everything that a page would show; ``base_url`` says where the bank is reached."""

    clock: Clock
    http: httpx.AsyncClient
    base_url: Callable[[], str]
    changed: Callable[[], None] = lambda: None
    key: str = BANK_KEY
    faults: Faults = field(default_factory=Faults)
    payments: dict[str, BankPayment] = field(default_factory=dict)
    by_key: dict[str, str] = field(default_factory=dict)
    cards: dict[str, Card] = field(default_factory=dict)
    letters: list[_Letter] = field(default_factory=list)

    def open(self, idempotency_key: str, wanted: dict[str, Any]) -> BankPayment:
        """The same key opens the same payment. Raises ValueError for a sum that no bank takes."""
        if idempotency_key in self.by_key:
            return self.payments[self.by_key[idempotency_key]]
        amount = Decimal(str(wanted["amount"]))
        if not amount.is_finite() or amount <= 0:
            raise ValueError("a sum above zero is wanted")
        payment = BankPayment(
            id=secrets.token_hex(12),
            order_id=str(wanted["order_id"]),
            amount=amount,
            currency=str(wanted["currency"]),
            description=str(wanted.get("description", "")),
            accounts=[str(one) for one in wanted.get("accounts", [])],
            return_url=str(wanted.get("return_url", "")),
            notice_url=str(wanted["notice_url"]),
            save=wanted.get("save") is True,
            card=str(wanted.get("card", "")),
        )
        self.payments[payment.id] = payment
        self.by_key[idempotency_key] = payment.id
        return payment

    def charge(self, idempotency_key: str, wanted: dict[str, Any]) -> BankPayment | None:
        """Takes money from a kept card at once; None for a card that is not kept. ValueError as :meth:`open`."""
        known = idempotency_key in self.by_key
        card = self.cards.get(str(wanted["card"]))
        if card is None and not known:
            return None
        payment = self.open(idempotency_key, wanted)
        if known or card is None:
            return payment
        if card.state == "ok":
            self.succeed(payment)
        elif card.state == "slow":
            payment.late_at = self.clock.now() + LATE
        else:
            payment.status, payment.decline = "cancelled", "means_gone" if card.state == "gone" else card.state
            self.announce(payment, "payment.cancelled")
        self.changed()
        return payment

    def act(self, payment: BankPayment, what: str, *, keep: bool | None = None) -> None:
        """What the payer pressed on the bank's page; nothing happens to a payment that is over.

        ``keep``: whether the shop may keep the card; as the shop asks, where nothing is said.
        """
        if payment.status == "pending" and payment.save and keep is not False and what in ("pay", "twice", "late"):
            payment.saved = payment.saved or self._keep()
        if payment.status != "pending":
            if what == "twice":
                self.announce(payment, "payment.succeeded")
            return
        match what:
            case "pay":
                self.succeed(payment)
            case "twice":  # two taps: the money is taken once, the notice comes twice
                self.succeed(payment)
                self.announce(payment, "payment.succeeded")
            case "decline":
                payment.status = "cancelled"
                self.announce(payment, "payment.cancelled")
            case "late":
                payment.late_at = self.clock.now() + LATE
        self.changed()

    def succeed(self, payment: BankPayment) -> None:
        payment.status, payment.paid_at, payment.late_at = "succeeded", self.clock.now(), None
        payment.taken += 1
        self.announce(payment, "payment.succeeded")

    def _keep(self) -> str:
        card = Card(secrets.token_hex(12), f"Mir •• {4444 + len(self.cards)}")
        self.cards[card.id] = card
        return card.id

    def cancel(self, payment: BankPayment) -> None:
        if payment.status == "pending" and payment.late_at is None:
            payment.status = "cancelled"

    def refund(self, payment: BankPayment, amount: Decimal) -> None:
        """Raises ValueError for more than was paid."""
        if payment.status != "succeeded" or not 0 < amount <= payment.amount - payment.refunded:
            raise ValueError("no more can be given back than was paid")
        payment.refunded += amount
        self.announce(payment, "refund.succeeded")

    def announce(self, payment: BankPayment, event: str) -> None:
        """Each event has an id of its own; a repeated delivery bears the same."""
        if self.faults.lost:
            return
        body = json.dumps({"id": secrets.token_hex(8), "event": event, "payment": payment.id}).encode()
        for _ in range(self.faults.repeat):
            self.letters.append(_Letter(self.clock.now(), payment.notice_url, body))
        if self.faults.reorder:
            self.letters.reverse()

    async def deliver_due(self) -> int:
        """Posts the notices that are due; says how many were taken."""
        now = self.clock.now()
        for payment in self.payments.values():
            if payment.late_at is not None and payment.late_at <= now:
                self.succeed(payment)
        due = [one for one in self.letters if one.due <= now]
        taken = 0
        for letter in due:
            self.letters.remove(letter)
            if await self._post(letter):
                taken += 1
            elif letter.tries < TRIES:
                letter.due, letter.tries = now + RETRY, letter.tries + 1
                self.letters.append(letter)
        if taken:
            self.changed()
        return taken

    async def _post(self, letter: _Letter) -> bool:
        headers = {"Content-Type": "application/json", "X-Bank-Signature": self.sign(letter.body)}
        try:
            answer = await self.http.post(letter.url, content=letter.body, headers=headers, timeout=10)
        except httpx.HTTPError:
            return False
        return answer.status_code == 200

    def sign(self, body: bytes, at: int | None = None) -> str:
        moment = at if at is not None else int(self.clock.now().timestamp())
        return f"t={moment},v1={signature(self.key, moment, body)}"

    def as_json(self, payment: BankPayment) -> dict[str, Any]:
        return {
            "id": payment.id,
            "order_id": payment.order_id,
            "status": payment.status,
            "amount": str(payment.amount + self.faults.lies_about_amount),
            "currency": payment.currency,
            "accounts": payment.accounts,
            "paid_at": payment.paid_at.isoformat() if payment.paid_at is not None else None,
            "refunded": str(payment.refunded),
            "saved": self._as_saved(payment),
            "decline": payment.decline,
            "confirmation_url": f"{self.base_url()}/bank/pay/{payment.id}",
        }

    def _as_saved(self, payment: BankPayment) -> dict[str, str] | None:
        card = self.cards.get(payment.saved) if payment.status == "succeeded" else None
        return {"id": card.id, "title": card.title} if card is not None else None


def signature(key: str, moment: int, body: bytes) -> str:
    """Hex HMAC-SHA256 of ``"{moment}.{body}"``."""
    return hmac.new(key.encode(), str(moment).encode() + b"." + body, hashlib.sha256).hexdigest()
