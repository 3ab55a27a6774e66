"""Setting auto-payment up: when, how much, up to which limit, from which card; and what will happen, in plain words."""

from __future__ import annotations

from core.billing.models import AccountKind, AccountNumber, AccountState
from core.errors import OutsideUnavailable
from core.money import Money
from core.payments.autopay.models import LAST_DAY, LATEST_DAY, Draft, Trigger
from fsm.account_reads import right_to
from fsm.account_words import LONGEST_LABEL, label, shorten, spaced
from fsm.action import Action
from fsm.actions import SetUpAutopay
from fsm.event import Text
from fsm.flows.autopay_confirm import ChooseCard, Confirm, NotOffered, cards_of, keepers
from fsm.payment_words import read_amount
from fsm.screen import Choice, Screen, bold, lines, paragraphs, screen
from fsm.state import State, entry
from fsm.talk import Talk

DAYS = (1, 5, 10, 15, 20, 25)  # offered; any other up to 28 is typed
SHARES = (10, 5, 2)  # of the operator's usual limit: sums to choose from


class TakeAccount(Action, frozen=True, tag="ap.acc"):
    number: str


class OnDay(Action, frozen=True, tag="ap.day"):
    """On a day of the month."""


class AtSum(Action, frozen=True, tag="ap.sum"):
    """When the debt, or the balance, reaches a sum."""


class TakeDay(Action, frozen=True, tag="ap.dd"):
    day: int


class TakeSum(Action, frozen=True, tag="ap.take"):
    """In minor units."""

    minor: int


@entry()
async def set_up_autopay(talk: Talk, action: SetUpAutopay) -> ChooseAccount | ChooseWhen | NotOffered:
    """The number may be forged, or the right to it gone."""
    links = await talk.core.links.of_subscriber(talk.subscriber.id)
    if not talk.core.autopay.on or not links:
        return NotOffered()
    link = (await right_to(talk, action.number))[0] if action.number else None
    if link is None and len(links) > 1:
        return ChooseAccount()
    return await _begin(talk, (link or links[0]).account_number)


async def _begin(talk: Talk, number: AccountNumber) -> ChooseWhen | NotOffered:
    known = await talk.core.billing.overviews([number])
    if not known.value:
        raise OutsideUnavailable("auto-payment needs to know what kind of account it is")
    one = known.value[0]
    if one.state is AccountState.closed or one.debt.currency != talk.core.payments.terms.minimum.currency:
        return NotOffered()
    return ChooseWhen(number, one.kind is AccountKind.prepaid)


class ChooseAccount(State, frozen=True):
    """For which account."""

    unfinished = True

    async def show(self, talk: Talk) -> Screen:
        links = await talk.core.links.of_subscriber(talk.subscriber.id)
        return screen(
            bold(talk.t("Which account is to be paid automatically?")),
            *(
                Choice(shorten(label(talk, link), LONGEST_LABEL), TakeAccount(link.account_number))
                for link in links[:20]
            ),
        )

    async def on_account(self, talk: Talk, press: TakeAccount) -> ChooseWhen | NotOffered | ChooseAccount:
        link, _several = await right_to(talk, press.number)
        return self if link is None else await _begin(talk, link.account_number)


class ChooseWhen(State, frozen=True):
    """By the calendar, or by the figures."""

    number: AccountNumber
    prepaid: bool
    unfinished = True

    async def show(self, talk: Talk) -> Screen:
        return screen(
            lines(bold(talk.t("When is it to be paid?")), talk.t("Account {number}", number=spaced(self.number))),
            Choice(talk.t("📅 On a day of the month"), OnDay()),
            Choice(
                talk.t("📉 When little money is left") if self.prepaid else talk.t("📈 When the debt has grown"),
                AtSum(),
            ),
        )

    async def on_day(self, talk: Talk, press: OnDay) -> EnterDay:
        return EnterDay(self.number, self.prepaid)

    async def on_sum(self, talk: Talk, press: AtSum) -> EnterThreshold:
        return EnterThreshold(self.number, self.prepaid)


class EnterDay(State, frozen=True):
    """Which day of the month."""

    number: AccountNumber
    prepaid: bool
    unfinished = True

    async def show(self, talk: Talk) -> Screen:
        return screen(
            lines(
                bold(talk.t("On which day of the month?")),
                talk.t("Choose one, or type a day from 1 to {last}.", last=LATEST_DAY),
            ),
            tuple(Choice(str(day), TakeDay(day)) for day in DAYS[:3]),
            tuple(Choice(str(day), TakeDay(day)) for day in DAYS[3:]),
            Choice(talk.t("The last day"), TakeDay(LAST_DAY)),
            hint=talk.t("Day of the month"),
        )

    def expects(self, talk: Talk) -> str:
        return talk.t("Choose one, or type a day from 1 to {last}.", last=LATEST_DAY)

    async def on_text(self, talk: Talk, said: Text) -> EnterTopup | EnterLimit | EnterDay:
        typed = said.text.strip().rstrip(".")
        if not typed.isascii() or not typed.isdigit() or not 1 <= int(typed[:4]) <= LATEST_DAY:
            talk.tell(talk.t("Not each month has such a day. Please choose a day from 1 to 28, or the last one."))
            return self
        return self._on(int(typed))

    async def on_day(self, talk: Talk, press: TakeDay) -> EnterTopup | EnterLimit | EnterDay:
        return self._on(press.day) if 0 <= press.day <= LATEST_DAY else self

    def _on(self, day: int) -> EnterTopup | EnterLimit:
        if self.prepaid:
            return EnterTopup(self.number, Trigger.day, day)
        return EnterLimit(self.number, Trigger.day, day)


class EnterThreshold(State, frozen=True):
    """From which debt on, or below which balance."""

    number: AccountNumber
    prepaid: bool
    unfinished = True

    async def show(self, talk: Talk) -> Screen:
        if self.prepaid:
            return _question(talk, talk.t("Below which balance shall I top it up?"), _usual(talk))
        return _question(talk, talk.t("From which debt on shall I pay it?"), _usual(talk))

    def expects(self, talk: Talk) -> str:
        return _ask_sum(talk)

    async def on_text(self, talk: Talk, said: Text) -> EnterTopup | EnterLimit | EnterThreshold:
        return self._on(_typed(talk, said.text, talk.core.payments.terms.minimum))

    async def on_sum(self, talk: Talk, press: TakeSum) -> EnterTopup | EnterLimit | EnterThreshold:
        return self._on(_taken(talk, press, talk.core.payments.terms.minimum))

    def _on(self, amount: Money | None) -> EnterTopup | EnterLimit | EnterThreshold:
        if amount is None:
            return self
        if self.prepaid:
            return EnterTopup(self.number, Trigger.balance, 0, amount)
        return EnterLimit(self.number, Trigger.debt, 0, amount)


class EnterTopup(State, frozen=True):
    """How much a prepaid account gets each time."""

    number: AccountNumber
    trigger: Trigger
    day: int = 0
    threshold: Money | None = None
    unfinished = True

    async def show(self, talk: Talk) -> Screen:
        return _question(talk, talk.t("How much shall I pay each time?"), _usual(talk))

    def expects(self, talk: Talk) -> str:
        return _ask_sum(talk)

    async def on_text(self, talk: Talk, said: Text) -> EnterLimit | EnterTopup:
        return self._on(talk, _typed(talk, said.text, talk.core.payments.terms.minimum))

    async def on_sum(self, talk: Talk, press: TakeSum) -> EnterLimit | EnterTopup:
        return self._on(talk, _taken(talk, press, talk.core.payments.terms.minimum))

    def _on(self, talk: Talk, amount: Money | None) -> EnterLimit | EnterTopup:
        if amount is None:
            return self
        if amount > talk.core.payments.terms.maximum:
            most = talk.translator.money(talk.core.payments.terms.maximum)
            talk.tell(talk.t("The largest sum that can be paid at once is {sum}.", sum=most))
            return self
        return EnterLimit(self.number, self.trigger, self.day, self.threshold, amount)


class EnterLimit(State, frozen=True):
    """How much a month at most."""

    number: AccountNumber
    trigger: Trigger
    day: int = 0
    threshold: Money | None = None
    topup: Money | None = None
    unfinished = True

    def _least(self, talk: Talk) -> Money:
        least = talk.core.payments.terms.minimum
        return max(least, self.topup or least)

    def expects(self, talk: Talk) -> str:
        return _ask_sum(talk)

    async def show(self, talk: Talk) -> Screen:
        said = talk.t("More than that is never charged in a calendar month, whatever is owed.")
        terms = talk.core.autopay.terms
        usual = [terms.limit, terms.limit + terms.limit, terms.limit + terms.limit + terms.limit] if terms else []
        offered = [one for one in usual if one >= self._least(talk)]
        return _question(talk, talk.t("How much a month at most?"), offered, said)

    async def on_text(self, talk: Talk, said: Text) -> ChooseCard | Confirm | EnterLimit:
        return await self._on(talk, _typed(talk, said.text, self._least(talk)))

    async def on_sum(self, talk: Talk, press: TakeSum) -> ChooseCard | Confirm | EnterLimit:
        return await self._on(talk, _taken(talk, press, self._least(talk)))

    async def _on(self, talk: Talk, amount: Money | None) -> ChooseCard | Confirm | EnterLimit:
        if amount is None:
            return self
        draft = Draft(self.number, self.trigger, amount, self.day, self.threshold, self.topup)
        cards, ways = await cards_of(talk), keepers(talk)
        return Confirm(draft, way=ways[0]) if not cards and len(ways) == 1 else ChooseCard(draft)


def _question(talk: Talk, question: str, offered: list[Money], said: str = "") -> Screen:
    return screen(
        paragraphs(bold(question), said, _ask_sum(talk)),
        *(Choice(talk.translator.money(one), TakeSum(one.minor)) for one in offered),
        hint=talk.t("Sum"),
    )


def _ask_sum(talk: Talk) -> str:
    return talk.t("Choose a sum, or type another.")


def _usual(talk: Talk) -> list[Money]:
    """Parts of the operator's usual limit, of which none is too small to be paid."""
    terms, least = talk.core.autopay.terms, talk.core.payments.terms.minimum
    if terms is None:
        return []
    parts = [Money(terms.limit.amount // share, terms.limit.currency) for share in SHARES]
    return [one for one in dict.fromkeys(parts) if one >= least]


def _typed(talk: Talk, text: str, least: Money) -> Money | None:
    """None after saying what is wrong with it."""
    amount = read_amount(text, least.currency)
    if amount is None:
        talk.tell(talk.t("I could not read this sum. Please type it in figures, for example 500 or 349.50."))
    return _fits(talk, amount, least) if amount is not None else None


def _taken(talk: Talk, press: TakeSum, least: Money) -> Money | None:
    """A button may be forged: what it brings is held against the same bounds."""
    return _fits(talk, Money.from_minor(min(max(press.minor, 0), 10**11), least.currency), least)


def _fits(talk: Talk, amount: Money, least: Money) -> Money | None:
    if amount >= least:
        return amount
    talk.tell(talk.t("It has to be {sum} at least.", sum=talk.translator.money(least)))
    return None
