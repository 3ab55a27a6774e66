"""One tap from what is owed to a payment that is ready: under a reminder, however old, and under an account."""

from __future__ import annotations

from typing import ClassVar

from core.billing.models import AccountNumber
from core.payments.models import PaymentLine, PaymentStatus
from core.payments.service import MOST_LINES
from fsm.account_reads import not_yours
from fsm.account_words import spaced
from fsm.actions import OpenAccount, OpenAccounts, OpenPayment, OpenPayments, PayAgain, PayNow
from fsm.flows.payment import ChooseAccounts, ChooseSum, NoPayments, TooMany
from fsm.flows.payment_order import OnePayment, PaymentReady
from fsm.flows.payment_way import first_way, make_ready
from fsm.payment_reads import out_of_limits, sums_of
from fsm.screen import Choice, Screen, Tone, bold, lines, paragraphs, screen
from fsm.state import State, entry
from fsm.talk import Talk


@entry()
async def pay_now(
    talk: Talk, action: PayNow
) -> PaymentReady | ChooseSum | ChooseAccounts | NothingOwed | OnItsWay | NotTheirs | NoPayments | TooMany:
    """The debt is read again: the button may be days old. Pressed twice, it makes one payment."""
    numbers = await _numbers(talk, action)
    return await _ready(talk, numbers) if numbers else NotTheirs()


@entry(link="again")
async def pay_again(
    talk: Talk, action: PayAgain
) -> OnePayment | PaymentReady | ChooseSum | ChooseAccounts | NothingOwed | OnItsWay | NoPayments | TooMany:
    """From the chat, or from the page of a link that is over. One's own debts are read again; another's account gets
    the sum that was ordered."""
    order = await talk.core.payments.get(action.order_id, talk.subscriber.id)
    if order is None or order.seen(talk.now) not in (PaymentStatus.expired, PaymentStatus.cancelled):
        return OnePayment(action.order_id)
    numbers = tuple(line.account for line in order.lines)
    links = {link.account_number for link in await talk.core.links.of_subscriber(talk.subscriber.id)}
    if links.issuperset(numbers):
        return await _ready(talk, numbers)
    ways = talk.core.payments.ways(talk.chat.channel)
    if not ways:
        return NoPayments()
    lines_ = tuple(PaymentLine(line.account, line.amount, line.account in links) for line in order.lines)
    way = order.provider if order.provider in ways else first_way(ways)
    return await _once(talk, lines_, way)


async def _ready(
    talk: Talk, numbers: tuple[AccountNumber, ...]
) -> PaymentReady | ChooseSum | ChooseAccounts | NothingOwed | OnItsWay | NoPayments | TooMany:
    ways = talk.core.payments.ways(talk.chat.channel)
    if not ways:
        return NoPayments()
    if await talk.core.payments.on_their_way(numbers):
        return OnItsWay(numbers)
    if await talk.core.autopay.being_made(numbers):
        return OnItsWay(numbers, by_itself=True)
    known = await sums_of(talk, numbers)
    if len(known) < len(numbers) or not all(one.fresh for one in known):
        return ChooseSum(numbers[:MOST_LINES])  # which says that the figures are old, or not known
    parts = tuple(PaymentLine(one.number, one.debt) for one in known if one.debt.minor > 0)
    if not parts:
        return NothingOwed(numbers)
    if len(parts) > MOST_LINES:
        return ChooseAccounts(tuple(part.account for part in parts[:MOST_LINES]))
    wrong = next((said for part in parts if (said := out_of_limits(talk, part.amount))), "")
    if wrong:
        talk.tell(wrong)
        return ChooseSum(tuple(part.account for part in parts))
    return await _once(talk, parts, first_way(ways))


async def _once(talk: Talk, parts: tuple[PaymentLine, ...], way: str) -> PaymentReady | TooMany:
    payments, person = talk.core.payments, talk.subscriber.id
    if await payments.too_many(person) and not await payments.open_like(person, way, parts):
        return TooMany()
    return await make_ready(talk, parts, way)


async def _numbers(talk: Talk, action: PayNow) -> tuple[AccountNumber, ...]:
    """Those that the person still has a right to, whatever the button names."""
    links = [link.account_number for link in await talk.core.links.of_subscriber(talk.subscriber.id)]
    if action.reminder:
        spoken = await talk.core.reminders.spoken_of(action.reminder, talk.subscriber.id)
        return tuple(number for number in links if number in spoken)
    return tuple(number for number in links if number == action.number)


class NotTheirs(State, frozen=True):
    """A button of an account that is not theirs, or not any more."""

    returns: ClassVar[bool] = False

    async def show(self, talk: Talk) -> Screen:
        return not_yours(talk)


class NothingOwed(State, frozen=True):
    """Paid meanwhile."""

    numbers: tuple[AccountNumber, ...]
    settles: ClassVar[bool] = True

    async def show(self, talk: Talk) -> Screen:
        one = self.numbers[0] if len(self.numbers) == 1 else ""
        return screen(
            paragraphs(
                bold(talk.t("✅ Nothing is owed any more. Thank you!")),
                lines(*(talk.t("Account {number}", number=spaced(number)) for number in self.numbers[:MOST_LINES])),
            ),
            Choice(talk.t("📋 Details"), OpenAccount(one) if one else OpenAccounts()),
            Choice(talk.t("💳 Pay ahead"), OpenPayment(one)),
            Choice(talk.t("🧾 My payments"), OpenPayments()),
        )


class OnItsWay(State, frozen=True):
    """The bank has the money and the billing does not show it yet: paying again would be paying twice.

    ``by_itself``: auto-payment is asking the bank at this moment.
    """

    numbers: tuple[AccountNumber, ...]
    by_itself: bool = False

    async def show(self, talk: Talk) -> Screen:
        one = self.numbers[0] if len(self.numbers) == 1 else ""
        return screen(
            paragraphs(
                bold(talk.t("⏳ Your payment is on its way.")),
                talk.t("Auto-payment is asking the bank for it at this moment; I will write what became of it.")
                if self.by_itself
                else talk.t("The bank has confirmed it; the account will show it soon, and I will write then."),
            ),
            Choice(talk.t("🧾 My payments"), OpenPayments(), Tone.primary),
            Choice(talk.t("💳 Pay one more time"), OpenPayment(one)),
        )
