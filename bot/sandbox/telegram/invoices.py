"""Telegram's payments as people meet them: an invoice with a Pay button, and a bot that is asked before money moves."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from bot.sandbox.shapes import Impossible, Json
from bot.sandbox.telegram import checks, markup
from bot.sandbox.telegram.call import Call, Table, known_fields
from bot.sandbox.telegram.errors import bad
from bot.sandbox.telegram.service import TOAST, Bill, Checkout, Telegram

if TYPE_CHECKING:
    from bot.sandbox.telegram.people import Person

_BILL: Table = {
    "title": "str",
    "description": "str",
    "payload": "str",
    "provider_token": "str",
    "currency": "str",
    "prices": "json",
}
SEND_INVOICE: Table = _BILL | {
    "chat_id": "chat",
    "start_parameter": "str",
    "disable_notification": "bool",
    "protect_content": "bool",
    "reply_parameters": "json",
    "reply_markup": "json",
}
CREATE_LINK: Table = _BILL
ANSWER_CHECKOUT: Table = {"pre_checkout_query_id": "str", "ok": "bool", "error_message": "str"}

PAY = "pay"  # what the page and the tests press by
PATIENCE = timedelta(seconds=10)  # core.telegram.org/bots/api#precheckoutquery
_LARGEST = 10**9  # the smallest units; the real limits are about 10,000 dollars


def send_invoice(telegram: Telegram, call: Call) -> Json:
    chat = telegram.find_chat(call.get("chat_id"))
    invoice, bill = _read(call)
    content: Json = {"invoice": invoice | {"start_parameter": call.get("start_parameter") or ""}}
    if call.get("reply_markup") is not None:
        buttons = markup.inline(call.get("reply_markup"))["inline_keyboard"]
        if buttons:
            # The real server wants a Pay button first; the bot leaves that to Telegram, so none is emulated.
            raise bad("BUTTON_TYPE_INVALID")
    checks.reply_target(call.get("reply_parameters"), chat.messages)
    telegram.chat_for_writing(chat.id)
    message = telegram.new_message(chat, telegram.bot, content)
    telegram.bills[message["message_id"]] = bill
    return message


def create_link(telegram: Telegram, call: Call) -> str:
    """An address that nobody here can follow: the demo pays in the chat."""
    _read(call)
    return f"https://t.me/$sandbox{len(telegram.calls)}"


def answer_checkout(telegram: Telegram, call: Call) -> bool:
    checkout = telegram.checkouts.get(str(call.get("pre_checkout_query_id")))
    late = checkout is not None and telegram.clock.now() - checkout.issued > PATIENCE
    if checkout is None or checkout.answered or late:
        raise bad("query is too old and response timeout expired or query ID is invalid")
    bill = telegram.bills[checkout.message_id]
    if not call.get("ok"):
        if not call.get("error_message"):
            raise bad("error_message is required")
        checkout.refusal = str(call.get("error_message"))
        checkout.person.answered(checkout.refusal, telegram.clock.now() + TOAST)
    checkout.answered = True
    if call.get("ok") and not bill.paid:
        bill.paid = True
        checkout.person.charged(bill)
    telegram.changed()
    return True


def start_checkout(telegram: Telegram, person: Person, message_id: int | None) -> str:
    """Asks the bot; raises Impossible where there is nothing to pay."""
    unpaid = [
        number
        for number in reversed(person.chat.messages)
        if number in telegram.bills and not telegram.bills[number].paid and message_id in (None, number)
    ]
    if not unpaid:
        raise Impossible({"en": "there is no unpaid invoice", "ru": "неоплаченного счёта здесь нет"})
    bill = telegram.bills[unpaid[0]]
    query_id = telegram.new_query_id(person)
    telegram.checkouts[query_id] = Checkout(person, unpaid[0], telegram.clock.now())
    query = {
        "id": query_id,
        "from": person.user,
        "currency": bill.currency,
        "total_amount": bill.amount,
        "invoice_payload": bill.payload,
    }
    telegram.publish("pre_checkout_query", query, person.id)
    return query_id


def inline_rows(telegram: Telegram, message: Json) -> list[list[Json]]:
    """The buttons under a message; under an unpaid invoice Telegram itself draws Pay."""
    bill = telegram.bills.get(message["message_id"])
    if bill is not None:
        label = f"Заплатить {bill.amount / 100:,.2f} {bill.currency}".replace(",", " ")
        return [] if bill.paid else [[{"text": label, "pay": True}]]
    rows: list[list[Json]] = message.get("reply_markup", {}).get("inline_keyboard", [])
    return rows


def invoice_text(message: Json) -> str:
    """An invoice or a payment in words, for a page that draws no card of its own."""
    if "invoice" in message:
        return f"{message['invoice']['title']}\n{message['invoice']['description']}"
    if "successful_payment" in message:
        paid = message["successful_payment"]
        return f"✅ {paid['total_amount'] / 100:.2f} {paid['currency']}"
    return ""


def _read(call: Call) -> tuple[Json, Bill]:
    title, description = _words(call, "title", 32), _words(call, "description", 255)
    payload = str(call.get("payload") or "")
    if not 1 <= len(payload.encode()) <= 128:
        raise bad("INVOICE_PAYLOAD_INVALID")
    if not re.fullmatch(r"\d+:(TEST|LIVE):\S+", str(call.get("provider_token") or "")):
        raise bad("PAYMENT_PROVIDER_INVALID")
    currency = str(call.get("currency") or "")
    if not re.fullmatch(r"[A-Z]{3}", currency):
        raise bad("CURRENCY_INVALID")
    amount = _total(call.get("prices"))
    invoice = {"title": title, "description": description, "currency": currency, "total_amount": amount}
    return invoice, Bill(payload, amount, currency)


def _words(call: Call, name: str, longest: int) -> str:
    value = call.get(name)
    if not isinstance(value, str) or not 1 <= len(value) <= longest:
        raise bad(f"invoice {name} must be 1-{longest} characters")
    return value


def _total(prices: Any) -> int:
    if not isinstance(prices, list) or not prices:
        raise bad("can't parse prices: array expected")
    total = 0
    for item in prices:
        price = known_fields(item, "LabeledPrice", frozenset({"label", "amount"}))
        if not isinstance(price.get("label"), str) or not price["label"] or type(price.get("amount")) is not int:
            raise bad("can't parse LabeledPrice")
        total += price["amount"]
    if not 0 < total <= _LARGEST:
        raise bad("CURRENCY_TOTAL_AMOUNT_INVALID")
    return total
