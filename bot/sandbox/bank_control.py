"""The bank on the demo's panel: its bad days, and giving money back."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from bot.sandbox.bank.service import Bank, BankPayment, Faults
from bot.sandbox.levers import both, choice, lever, remark
from bot.sandbox.shapes import Impossible, Json, Words

_BAD_DAYS = both("Сбои", "Faults")
_GROUP = both("Банк", "The bank")
_SLOW = 8.0  # seconds: below what the program waits for
_MODES: dict[str, tuple[Faults, str, str, str, str]] = {
    "ok": (Faults(), "работает", "works", "Банк работает.", "The bank works."),
    "slow": (
        Faults(slow=_SLOW),
        "отвечает через 8 секунд",
        "answers after 8 seconds",
        "Банк задумался.",
        "The bank is slow.",
    ),
    "twice": (
        Faults(repeat=2),
        "сообщает обо всём дважды",
        "reports everything twice",
        "Банк сообщает обо всём дважды.",
        "The bank reports everything twice.",
    ),
    "lost": (
        Faults(lost=True),
        "ни о чём не сообщает",
        "reports nothing",
        "Банк ни о чём не сообщает: его спрашивают.",
        "The bank reports nothing: it has to be asked.",
    ),
}
_CARDS = {
    "ok": ("даёт списать", "lets charges through", "Банк даёт списать.", "The bank lets charges through."),
    "slow": (
        "даёт списать через 45 секунд",
        "lets them through after 45 seconds",
        "Банк думает над каждым списанием.",
        "The bank thinks about each charge.",
    ),
    "funds": ("денег не хватает", "has too little money", "На карте мало денег.", "The card has too little money."),
    "holder": (
        "банк хочет подтверждения",
        "the bank wants its holder",
        "Банк хочет, чтобы человек подтвердил списание.",
        "The bank wants the person to confirm.",
    ),
    "gone": ("закрыта", "is closed", "Карта закрыта.", "The card is closed."),
}
_SHARES = {"all": ("всё", "all of it", Decimal(1)), "half": ("половину", "half of it", Decimal("0.5"))}
_LISTED = 20  # payments to choose from, the newest first


class BankControl:
    """Pulls the sandbox bank's switches."""

    def __init__(self, bank: Bank) -> None:
        self._bank = bank

    def describe(self) -> list[Json]:
        modes = [{"value": mode, "label": both(*said[1:3])} for mode, said in _MODES.items()]
        now = next((mode for mode, said in _MODES.items() if said[0] == self._bank.faults), "ok")
        mode = choice("mode", both("Как сейчас", "Now it"), modes, now)
        return [lever("bank", both("Банк", "The bank"), _BAD_DAYS, mode), self._refund(), self._cards()]

    def _cards(self) -> Json:
        cards = list(self._bank.cards.values())
        if not cards:
            return remark("cards", both("Сохранённых карт нет.", "No card is saved."), _GROUP)
        states = [{"value": state, "label": both(*said[:2])} for state, said in _CARDS.items()]
        return lever(
            "cards",
            both("Сохранённая карта", "A saved card"),
            _GROUP,
            choice(
                "card", both("Карта", "Card"), [{"value": c.id, "label": both(c.title, c.title)} for c in cards], ""
            ),
            choice("state", both("Что с ней", "It"), states, cards[-1].state),
        )

    def card(self, given: dict[str, str]) -> Words:
        """What becomes of the next charges. Raises Impossible for a card that is not saved."""
        card = self._bank.cards.get(given.get("card", ""))
        if card is None or given.get("state") not in _CARDS:
            raise Impossible(both("Выберите карту.", "Choose a card."))
        card.state = given["state"]
        self._bank.changed()
        return both(*_CARDS[card.state][2:])

    def _refund(self) -> Json:
        paid = self._paid()
        if not paid:
            return remark("refund", both("Возвращать нечего.", "There is nothing to give back."), _GROUP)
        payments = [{"value": one.id, "label": _label(one)} for one in paid]
        shares = [{"value": key, "label": both(*said[:2])} for key, said in _SHARES.items()]
        return lever(
            "refund",
            both("Вернуть деньги", "Give money back"),
            _GROUP,
            choice("payment", both("Платёж", "Payment"), payments, paid[0].id),
            choice("share", both("Сколько", "How much"), shares, "all"),
        )

    def switch(self, given: dict[str, str]) -> Words:
        """Raises Impossible for a state that the bank does not have."""
        if given.get("mode") not in _MODES:
            raise Impossible("Such a state of the bank is not known.")
        faults, _ru, _en, done_ru, done_en = _MODES[given["mode"]]
        self._bank.faults = Faults(slow=faults.slow, repeat=faults.repeat, lost=faults.lost)
        return both(done_ru, done_en)

    def refund(self, given: dict[str, str]) -> Words:
        """Raises Impossible for a payment that has nothing left to give back."""
        payment = self._bank.payments.get(given.get("payment", ""))
        if payment is None or given.get("share") not in _SHARES:
            raise Impossible(both("Выберите платёж.", "Choose a payment."))
        share = _SHARES[given["share"]][2]
        amount = (_left(payment) * share).quantize(Decimal("0.01"), ROUND_HALF_UP)
        try:
            self._bank.refund(payment, amount)
        except ValueError:
            raise Impossible(both("Этот платёж уже возвращён.", "This payment was given back already.")) from None
        self._bank.changed()
        return both(f"Банк вернул {amount} {payment.currency}.", f"The bank gave {amount} {payment.currency} back.")

    def _paid(self) -> list[BankPayment]:
        found = [one for one in self._bank.payments.values() if one.status == "succeeded" and _left(one) > 0]
        return found[::-1][:_LISTED]


def _left(payment: BankPayment) -> Decimal:
    return payment.amount - payment.refunded


def _label(payment: BankPayment) -> Words:
    sum_ = f"{_left(payment):.2f} {payment.currency} · {', '.join(payment.accounts)}"
    return both(sum_, sum_)
