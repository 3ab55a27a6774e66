"""Paying: for which accounts and how much. By which way is in payment_way.py, what comes of it in payment_order.py."""

from __future__ import annotations

from core.billing.models import AccountNumber
from core.errors import OutsideUnavailable
from core.money import Money
from core.payments.models import PaymentLine
from core.payments.service import MOST_LINES
from core.subscribers.models import AccountLink
from fsm.account_reads import right_to
from fsm.account_words import LONGEST_LABEL, label, shorten, spaced
from fsm.action import Action
from fsm.actions import AnotherSum, OpenPayment, OpenPayments
from fsm.event import Text
from fsm.flows.payment_order import OnePayment, PaymentReady
from fsm.flows.payment_way import ChooseWay, ask_sum, proceed, typed_sum
from fsm.payment_reads import Sums, lines_total, out_of_limits, sums_of, total
from fsm.screen import Choice, Rich, Screen, Tone, bold, lines, paragraphs, screen
from fsm.state import State, entry
from fsm.talk import Talk

PAGE = 8  # accounts on a screen


class Toggle(Action, frozen=True, tag="pay.acc"):
    """Takes an account into the payment, or out of it."""

    number: str


class Chosen(Action, frozen=True, tag="pay.on"):
    """These accounts."""


class Stranger(Action, frozen=True, tag="pay.other"):
    """Somebody else's account."""


class PayDebt(Action, frozen=True, tag="pay.debt"):
    """What is owed."""


class PayAhead(Action, frozen=True, tag="pay.ahead"):
    """What is owed, and the services until the end of next month."""


class TurnAccounts(Action, frozen=True, tag="pay.page"):
    page: int


@entry(commands=("pay",), link="pay")
async def open_payment(
    talk: Talk, action: OpenPayment
) -> ChooseAccounts | ChooseSum | EnterNumber | NoPayments | TooMany:
    """From a button, a reminder or a deep link; the number may be anybody's."""
    if not talk.core.payments.ways(talk.chat.channel):
        return NoPayments()
    if await talk.core.payments.too_many(talk.subscriber.id):
        return TooMany()
    links = await talk.core.links.of_subscriber(talk.subscriber.id)
    link = (await right_to(talk, action.number))[0] if action.number else None
    if link is not None:
        return ChooseSum((link.account_number,))
    if not links:
        return EnterNumber()
    if len(links) == 1 and not action.number:
        return ChooseSum((links[0].account_number,))
    return ChooseAccounts(await _in_debt(talk, links))


@entry()
async def another_sum(talk: Talk, action: AnotherSum) -> ChooseSum | StrangersSum | OnePayment:
    """The payment that was made ready stays until another takes its place."""
    order = await talk.core.payments.get(action.order_id, talk.subscriber.id)
    if order is None or not order.payable(talk.now):
        return OnePayment(action.order_id)
    if not all(line.own for line in order.lines):
        return StrangersSum(order.lines[0].account, order.id)
    return ChooseSum(tuple(line.account for line in order.lines), order.id)


class NoPayments(State, frozen=True):
    """No way to pay is switched on in this messenger."""

    returns = False

    async def show(self, talk: Talk) -> Screen:
        return screen(
            talk.t("Payments cannot be made here yet. Please pay as you are used to: the money reaches the account.")
        )


class TooMany(State, frozen=True):
    """A stuck finger, or mischief."""

    returns = False

    async def show(self, talk: Talk) -> Screen:
        return screen(
            talk.t("There were many payment links in the last hour. Use one of them, or try again later."),
            Choice(talk.t("🧾 My payments"), OpenPayments()),
        )


class ChooseAccounts(State, frozen=True):
    """Which accounts to pay for; those in debt are chosen at first."""

    chosen: tuple[AccountNumber, ...] = ()
    page: int = 0
    unfinished = True

    async def show(self, talk: Talk) -> Screen:
        links = await talk.core.links.of_subscriber(talk.subscriber.id)
        debts = await _debts(talk, [link.account_number for link in links])
        last = (len(links) - 1) // PAGE if links else 0
        page = min(max(self.page, 0), last)
        here = links[page * PAGE : (page + 1) * PAGE]
        count = len(self.chosen)
        go_on = talk.n("Continue: {n} account", "Continue: {n} accounts", count) if count else ""
        pages = (
            Choice(talk.t("‹ Earlier in the list"), TurnAccounts(page - 1)) if page else None,
            Choice(talk.t("Further ›"), TurnAccounts(page + 1)) if page < last else None,
        )
        return screen(
            lines(bold(talk.t("Which accounts do you pay for?")), talk.t("Press to choose, press again to leave out.")),
            *(Choice(self._label(talk, link, debts.get(link.account_number)), _toggle(link)) for link in here),
            tuple(one for one in pages if one is not None),
            Choice(go_on, Chosen(), Tone.primary) if go_on else None,
            Choice(talk.t("Somebody else's account"), Stranger()),
        )

    def _label(self, talk: Talk, link: AccountLink, debt: Money | None) -> str:
        mark = "☑️" if link.account_number in self.chosen else "⬜️"
        owed = f" · {talk.translator.money(debt)}" if debt else ""
        return f"{mark} {shorten(label(talk, link), LONGEST_LABEL - 3 - len(owed))}{owed}"

    async def on_toggle(self, talk: Talk, press: Toggle) -> ChooseAccounts:
        link, _several = await right_to(talk, press.number)
        if link is None:
            return self
        number = link.account_number
        if number in self.chosen:
            return ChooseAccounts(tuple(one for one in self.chosen if one != number), self.page)
        if len(self.chosen) >= MOST_LINES:
            talk.tell(talk.n("At most {n} account at once.", "At most {n} accounts at once.", MOST_LINES))
            return self
        return ChooseAccounts((*self.chosen, number), self.page)

    async def on_page(self, talk: Talk, press: TurnAccounts) -> ChooseAccounts:
        return ChooseAccounts(self.chosen, max(press.page, 0))

    async def on_chosen(self, talk: Talk, press: Chosen) -> ChooseSum | ChooseAccounts:
        return ChooseSum(self.chosen) if self.chosen else self

    async def on_stranger(self, talk: Talk, press: Stranger) -> EnterNumber:
        return EnterNumber()


class EnterNumber(State, frozen=True):
    """Paying for an account that is not the person's: nothing of it is shown."""

    unfinished = True

    async def show(self, talk: Talk) -> Screen:
        return screen(
            paragraphs(
                bold(talk.t("Which account do you pay for?")),
                talk.t("Type its number: it is on any bill. Its balance is shown to its own people alone."),
            ),
            hint=talk.t("Account number"),
        )

    def expects(self, talk: Talk) -> str:
        return talk.t("Please type the account number.")

    async def on_text(self, talk: Talk, said: Text) -> ChooseSum | StrangersSum | EnterNumber:
        tries, phone = talk.core.links.tries, talk.subscriber.phone
        ends = await tries.ends_at(talk.chat.chat_id, phone)
        if ends is not None:
            hour = talk.translator.moment(ends)
            talk.tell(talk.t("There were too many numbers that do not exist. The next try: {moment}.", moment=hour))
            return self
        link, _several = await right_to(talk, said.text)
        if link is not None:
            return ChooseSum((link.account_number,))
        try:
            account = await talk.core.billing.find(said.text)
        except OutsideUnavailable:
            talk.tell(talk.t("The billing system is not answering right now. Please try again in a few minutes."))
            return self
        if account is None:
            talk.write(tries.count(talk.chat.chat_id, phone))
            talk.tell(talk.t("There is no such account. Please compare the number with the bill."))
            return self
        if account.currency != talk.core.payments.terms.minimum.currency:
            talk.tell(talk.t("This account is kept in another currency, so it cannot be paid here."))
            return self
        return StrangersSum(account.number)


class StrangersSum(State, frozen=True):
    """How much for somebody else's account. ``instead``: the order that is then wanted no more."""

    number: AccountNumber
    instead: str = ""
    unfinished = True

    async def show(self, talk: Talk) -> Screen:
        return screen(
            paragraphs(
                bold(talk.t("Account {number}", number=spaced(self.number))),
                talk.t("Please compare the number once more: a payment for another account is hard to get back."),
                ask_sum(talk),
            ),
            hint=talk.t("Sum"),
        )

    def expects(self, talk: Talk) -> str:
        return ask_sum(talk)

    async def on_text(self, talk: Talk, said: Text) -> StrangersSum | ChooseWay | PaymentReady:
        amount = typed_sum(talk, said.text)
        if amount is None:
            return self
        return await proceed(talk, (PaymentLine(self.number, amount, own=False),), self.instead)


class ChooseSum(State, frozen=True):
    """How much: the debt, the recommended sum, or what the person types. ``instead`` as in StrangersSum."""

    numbers: tuple[AccountNumber, ...]
    instead: str = ""
    unfinished = True

    async def show(self, talk: Talk) -> Screen:
        known = await self._known(talk)
        return screen(
            paragraphs(
                lines(*(bold(talk.t("Account {number}", number=spaced(number))) for number in self.numbers)),
                None if known else talk.t("The billing system is not answering right now, so I do not know the debt."),
                talk.t("The figures are the last known ones.") if any(not one.fresh for one in known) else None,
                _nothing_owed(talk, known),
                ask_sum(talk) if len(self.numbers) == 1 else talk.t("How much do you pay?"),
            ),
            *self._choices(talk, known),
            hint=talk.t("Sum") if len(self.numbers) == 1 else "",
        )

    def _choices(self, talk: Talk, known: list[Sums]) -> list[Choice]:
        found: list[Choice] = []
        debt, ahead = _parts(known, ahead=False), _parts(known, ahead=True)
        if debt:
            sum_ = talk.translator.money(lines_total(debt))
            found.append(Choice(talk.t("The debt: {sum}", sum=sum_), PayDebt(), Tone.primary))
        if ahead and (not debt or lines_total(ahead) > lines_total(debt)):
            sum_ = talk.translator.money(lines_total(ahead))
            found.append(Choice(talk.t("Until next month's end: {sum}", sum=sum_), PayAhead()))
        return found

    def expects(self, talk: Talk) -> str:
        return ask_sum(talk) if len(self.numbers) == 1 else talk.t("Please choose one of the buttons below.")

    async def on_debt(self, talk: Talk, press: PayDebt) -> ChooseSum | ChooseWay | PaymentReady:
        return await self._take(talk, _parts(await self._known(talk), ahead=False))

    async def on_ahead(self, talk: Talk, press: PayAhead) -> ChooseSum | ChooseWay | PaymentReady:
        return await self._take(talk, _parts(await self._known(talk), ahead=True))

    async def on_text(self, talk: Talk, said: Text) -> ChooseSum | ChooseWay | PaymentReady:
        if len(self.numbers) > 1:
            talk.tell(talk.t("Another sum can be paid for one account at a time."))
            return self
        amount = typed_sum(talk, said.text)
        if amount is None:
            return self
        own = bool(await self._known(talk, rights_only=True))
        return await proceed(talk, (PaymentLine(self.numbers[0], amount, own),), self.instead)

    async def _known(self, talk: Talk, *, rights_only: bool = False) -> list[Sums]:
        """Only what the person still has a right to."""
        links = {link.account_number for link in await talk.core.links.of_subscriber(talk.subscriber.id)}
        mine = [number for number in self.numbers if number in links]
        if rights_only:
            zero = Money.zero(talk.core.operator.currency)
            return [Sums(number, zero, zero, True) for number in mine]
        return await sums_of(talk, mine)

    async def _take(self, talk: Talk, parts: tuple[PaymentLine, ...]) -> ChooseSum | ChooseWay | PaymentReady:
        if not parts:
            talk.tell(talk.t("There is nothing to pay any more."))
            return self
        wrong = next((said for part in parts if (said := out_of_limits(talk, part.amount))), "")
        if wrong:
            talk.tell(wrong)
            return self
        return await proceed(talk, parts, self.instead)


def _parts(known: list[Sums], *, ahead: bool) -> tuple[PaymentLine, ...]:
    amounts = [(one.number, one.ahead if ahead else one.debt) for one in known]
    return tuple(PaymentLine(number, amount) for number, amount in amounts if amount.minor > 0)


def _nothing_owed(talk: Talk, known: list[Sums]) -> Rich | str | None:
    owed = total([one.debt for one in known], known[0].debt.currency) if known else None
    return talk.t("Nothing is owed now. You can pay ahead.") if owed is not None and not owed else None


def _toggle(link: AccountLink) -> Toggle:
    return Toggle(link.account_number)


async def _debts(talk: Talk, numbers: list[AccountNumber]) -> dict[AccountNumber, Money]:
    try:
        known = await talk.core.billing.overviews(numbers)
    except OutsideUnavailable:
        return {}
    return {one.number: one.debt for one in known.value if one.debt}


async def _in_debt(talk: Talk, links: list[AccountLink]) -> tuple[AccountNumber, ...]:
    return tuple(await _debts(talk, [link.account_number for link in links]))[:MOST_LINES]
