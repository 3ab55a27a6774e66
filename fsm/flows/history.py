"""An account month by month: a list, a month's details, and a year as a picture."""

from __future__ import annotations

import asyncio
from datetime import date

from babel.dates import format_date
from babel.numbers import format_decimal

from core.billing.chart import ChartLabels, draw_history
from core.billing.explain import MonthHistory, monthly_history, total
from core.billing.models import AccountNumber, Payment
from core.billing.months import first_day
from core.money import Money, exponent
from fsm.account_reads import Sight, look
from fsm.account_words import age, capital, heading, item, label, money, paid_by, standing
from fsm.action import Action
from fsm.actions import OpenAccount
from fsm.flows.charges import Comparison, charged_in
from fsm.screen import Choice, Picture, Rich, Row, Screen, bold, lines, paragraphs, screen
from fsm.state import State
from fsm.talk import Talk

PAGE = 6  # months on a screen: a quarter of a phone's height in buttons
PAYMENTS_SHOWN = 15


class PickMonth(Action, frozen=True, tag="bal.mon"):
    month: date


class TurnHistory(Action, frozen=True, tag="bal.hpg"):
    page: int


class WhyThisMonth(Action, frozen=True, tag="bal.mwhy"):
    """How this month differs from the one before."""


class History(State, frozen=True):
    """The last months with what was charged and paid, the newest first."""

    number: AccountNumber
    page: int = 0

    async def show(self, talk: Talk) -> Screen:
        seen = await look(talk, self.number)
        if isinstance(seen, Screen):
            return seen
        months = monthly_history(seen.statement, seen.today)[::-1]
        last = (len(months) - 1) // PAGE
        page = min(max(self.page, 0), last)
        here = months[page * PAGE : (page + 1) * PAGE]
        buttons = [Choice(capital(talk.translator.month(one.month)), PickMonth(one.month)) for one in here]
        older = Choice(talk.t("‹ Older"), TurnHistory(page + 1)) if page < last else None
        newer = Choice(talk.t("Newer ›"), TurnHistory(page - 1)) if page > 0 else None
        return screen(
            paragraphs(
                heading(talk, seen.link),
                bold(talk.t("History by month")),
                *(_summary(talk, one, seen.today) for one in here),
                age(talk, seen.statement.as_of, fresh=seen.fresh),
            ),
            *(tuple(buttons[start : start + 2]) for start in range(0, len(buttons), 2)),
            tuple(button for button in (older, newer) if button),
            Choice(talk.t("‹ To the account"), OpenAccount(seen.link.account_number)),
        )

    def expects(self, talk: Talk) -> str:
        return talk.t("Choose a month with a button below.")

    async def on_month(self, talk: Talk, press: PickMonth) -> Month:
        return Month(self.number, first_day(press.month))

    async def on_page(self, talk: Talk, press: TurnHistory) -> History:
        return History(self.number, max(press.page, 0))


class Month(State, frozen=True):
    """One month: what there was, what was charged and paid, what came out."""

    number: AccountNumber
    month: date

    async def show(self, talk: Talk) -> Screen:
        seen = await look(talk, self.number)
        if isinstance(seen, Screen):
            return seen
        months = monthly_history(seen.statement, seen.today)
        # A month may have left the window since, or never have been in it: the newest is shown then.
        at = next((index for index, one in enumerate(months) if one.month == self.month), len(months) - 1)
        older = Choice(f"‹ {_short(talk, months[at - 1].month)}", PickMonth(months[at - 1].month)) if at else None
        newer = (
            Choice(f"{_short(talk, months[at + 1].month)} ›", PickMonth(months[at + 1].month))
            if at + 1 < len(months)
            else None
        )
        return screen(
            paragraphs(
                heading(talk, seen.link),
                _details(talk, seen, months[at]),
                age(talk, seen.statement.as_of, fresh=seen.fresh),
            ),
            tuple(button for button in (older, newer) if button),
            Choice(talk.t("⚖️ Compare with month before"), WhyThisMonth()) if at else None,
            Choice(talk.t("‹ To the account"), OpenAccount(seen.link.account_number)),
        )

    async def on_month(self, talk: Talk, press: PickMonth) -> Month:
        return Month(self.number, first_day(press.month))

    async def on_why(self, talk: Talk, press: WhyThisMonth) -> Comparison:
        return Comparison(self.number, self.month)


class Year(State, frozen=True):
    """Twelve months as a picture."""

    number: AccountNumber

    async def show(self, talk: Talk) -> Screen:
        seen = await look(talk, self.number)
        if isinstance(seen, Screen):
            return seen
        months = monthly_history(seen.statement, seen.today)
        drawn = await asyncio.to_thread(draw_history, months, _labels(talk, seen))
        caption = paragraphs(
            heading(talk, seen.link),
            bold(talk.t("Now: {standing}", standing=standing(talk, seen.statement.overview.balance))),
            _average(talk, months, seen.today),
            age(talk, seen.statement.as_of, fresh=seen.fresh),
        )
        back: Row = (Choice(talk.t("‹ To the account"), OpenAccount(seen.link.account_number)),)
        return screen(caption, back, picture=Picture(drawn, "year.png"))


def _summary(talk: Talk, one: MonthHistory, today: date) -> Rich:
    name, closing = capital(talk.translator.month(one.month)), standing(talk, one.closing)
    now = one.month == first_day(today)
    return lines(
        bold(talk.t("{month}, so far", month=name) if now else name),
        talk.t("charged {charged}, paid {paid}", charged=money(talk, one.charged), paid=money(talk, one.paid)),
        talk.t("now: {standing}", standing=closing) if now else talk.t("at the end: {standing}", standing=closing),
    )


def _details(talk: Talk, seen: Sight, one: MonthHistory) -> Rich:
    paid = [payment for payment in seen.statement.payments if first_day(payment.date) == one.month]
    this = one.month == first_day(seen.today)
    return paragraphs(
        talk.t("At the beginning of the month: {standing}", standing=standing(talk, one.opening)),
        charged_in(talk, seen.statement, one.month, seen.today),
        lines(
            bold(talk.t("Paid: {sum}", sum=money(talk, one.paid))),
            *(_payment(talk, payment) for payment in paid[:PAYMENTS_SHOWN]),
            _other_payments(talk, paid[PAYMENTS_SHOWN:]),
        ),
        bold(_closing(talk, one, now=this)),
    )


def _closing(talk: Talk, one: MonthHistory, *, now: bool) -> str:
    closing = standing(talk, one.closing)
    return talk.t("Now: {standing}", standing=closing) if now else talk.t("At the end: {standing}", standing=closing)


def _payment(talk: Talk, payment: Payment) -> str:
    return item(talk.translator.day(payment.date), money(talk, payment.amount), paid_by(talk, payment.method))


def _other_payments(talk: Talk, payments: list[Payment]) -> str:
    if not payments:
        return ""
    rest = total((payment.amount for payment in payments), Money.zero(payments[0].amount.currency))
    return item(talk.t("other"), money(talk, rest))


def _average(talk: Talk, months: list[MonthHistory], today: date) -> str:
    """What a whole month costs on the average; months in which nothing was charged do not count."""
    whole = [one for one in months if one.month < first_day(today) and one.charged][-12:]
    if not whole:
        return ""
    zero = Money.zero(whole[0].charged.currency)
    average = Money(total((one.charged for one in whole), zero).amount / len(whole), zero.currency)
    return talk.t("A month costs {sum} on the average.", sum=money(talk, average))


def _labels(talk: Talk, seen: Sight) -> ChartLabels:
    language, currency = talk.language, seen.statement.account.currency
    # Columns compare at a glance when every sum keeps its kopecks.
    pattern = f"#,##0.{'0' * exponent(currency)}".rstrip(".")
    return ChartLabels(
        title=label(talk, seen.link),
        subtitle=talk.t("Twelve months, {currency}. A minus is still to pay.", currency=currency),
        charged=talk.t("charged"),
        paid=talk.t("paid"),
        balance=talk.t("at month's end"),
        month=lambda month: _short(talk, month),
        amount=lambda value: format_decimal(value.amount, pattern, locale=language),
    )


def _short(talk: Talk, month: date) -> str:
    return capital(format_date(month, "LLL yy", locale=talk.language))
