"""How much, until when and what for: all accounts on one screen, then one account."""

from __future__ import annotations

import asyncio
from datetime import date

from core.billing.explain import explain_debt, total
from core.billing.forecast import monthly_price, suffices_until
from core.billing.models import AccountKind, AccountNumber, AccountOverview, AccountState, AccountStatement
from core.errors import OutsideUnavailable
from core.money import Money
from core.subscribers.models import AccountLink
from fsm.account_reads import Sight, look, not_yours, right_to, silent, today_of
from fsm.account_words import (
    LONGEST_LABEL,
    age,
    as_of,
    heading,
    label,
    money,
    paid_by,
    shorten,
    spaced,
    state_note,
    what_for,
    what_is_owed,
)
from fsm.action import Action
from fsm.actions import (
    ManageLinks,
    OpenAccount,
    OpenAccounts,
    OpenAutopay,
    OpenLinking,
    OpenPayment,
    OpenPayments,
    OpenPromise,
    PayNow,
    WriteAppeal,
)
from fsm.flows.charges import Comparison, Composition, Prices
from fsm.flows.history import History, Year
from fsm.screen import Choice, Rich, Row, Screen, Tone, bold, lines, paragraphs, screen
from fsm.state import State, entry
from fsm.talk import Talk

PAGE = 8  # accounts on a screen


class Update(Action, frozen=True, tag="bal.up"):
    """Asks the billing once more."""


class TurnPage(Action, frozen=True, tag="bal.page"):
    page: int


class WhatFor(Action, frozen=True, tag="bal.sum"):
    """What the sum consists of."""


class WhyChanged(Action, frozen=True, tag="bal.why"):
    """How the month differs from the one before."""


class ShowPrices(Action, frozen=True, tag="bal.srv"):
    """Services with their tariffs and prices."""


class ByMonth(Action, frozen=True, tag="bal.hist"):
    """Charges and payments, month by month."""


class AsPicture(Action, frozen=True, tag="bal.year"):
    """Twelve months as a picture."""


class NoAccounts(State, frozen=True):
    """Nothing is linked yet."""

    async def show(self, talk: Talk) -> Screen:
        return screen(
            talk.t(
                "You have no accounts here yet. Link one, and I will show what is owed, until when and what for.\n\n"
                "You need the account or contract number: it is on any bill."
            ),
            Choice(talk.t("➕ Link an account"), OpenLinking()),
        )


class NotYours(State, frozen=True):
    """A number that is unknown, or known and somebody else's: nobody learns which."""

    returns = False

    async def show(self, talk: Talk) -> Screen:
        return not_yours(talk)


class Accounts(State, frozen=True):
    """All accounts with what is owed on each."""

    page: int = 0

    async def show(self, talk: Talk) -> Screen:
        links = await talk.core.links.of_subscriber(talk.subscriber.id)
        if not links:
            return await NoAccounts().show(talk)
        try:
            known = await talk.core.billing.overviews([link.account_number for link in links])
        except OutsideUnavailable:
            return silent(talk, OpenAccounts())
        last = (len(links) - 1) // PAGE
        page = min(max(self.page, 0), last)
        here = links[page * PAGE : (page + 1) * PAGE]
        figures = {one.number: one for one in known.value}
        enough = await _enough(talk, [figures[one.account_number] for one in here if one.account_number in figures])
        # One moment for all, where it is one: eight times the same line help nobody.
        apart = known.fresh and len({one.as_of for one in known.value}) > 1
        text = paragraphs(
            _in_all(talk, known.value, partly=len(figures) < len(links)),
            *(_line(talk, link, figures.get(link.account_number), enough, apart=apart) for link in here),
            None if apart else age(talk, known.as_of, fresh=known.fresh),
        )
        buttons = [_button(talk, link) for link in here]
        return screen(
            text,
            *buttons,
            _pages(talk, page, last),
            Choice(talk.t("🔄 Update"), Update()),
            Choice(talk.t("✏️ Names and access"), ManageLinks()),
        )

    def expects(self, talk: Talk) -> str:
        return talk.t("Choose an account with a button below.")

    async def on_page(self, talk: Talk, press: TurnPage) -> Accounts:
        return Accounts(max(press.page, 0))

    async def on_update(self, talk: Talk, press: Update) -> Accounts:
        talk.say_briefly(talk.t("Checked again."))
        return self


class Account(State, frozen=True):
    """How much, until when and what for, in a few lines; the rest is a button away."""

    number: AccountNumber

    async def show(self, talk: Talk) -> Screen:
        seen = await look(talk, self.number)
        if isinstance(seen, Screen):
            return seen
        return screen(
            paragraphs(
                heading(talk, seen.link),
                _figures(talk, seen),
                state_note(talk, seen.statement.overview),
                _habits(talk, seen),
                age(talk, seen.statement.as_of, fresh=seen.fresh),
            ),
            *_ways_to_pay(talk, seen),
            Choice(talk.t("📋 What the sum consists of"), WhatFor()),
            Choice(talk.t("⚖️ Why the sum has changed"), WhyChanged()),
            Choice(talk.t("🧾 Services and prices"), ShowPrices()),
            (Choice(talk.t("🗓 By month"), ByMonth()), Choice(talk.t("📊 As a picture"), AsPicture())),
            Choice(talk.t("🔄 Update"), Update()),
            Choice(talk.t("✍️ Write about this account"), WriteAppeal(self.number)),
            Choice(talk.t("All my accounts"), OpenAccounts()) if seen.several else None,
        )

    async def on_what_for(self, talk: Talk, press: WhatFor) -> Composition:
        return Composition(self.number)

    async def on_why(self, talk: Talk, press: WhyChanged) -> Comparison:
        return Comparison(self.number)

    async def on_prices(self, talk: Talk, press: ShowPrices) -> Prices:
        return Prices(self.number)

    async def on_by_month(self, talk: Talk, press: ByMonth) -> History:
        return History(self.number)

    async def on_picture(self, talk: Talk, press: AsPicture) -> Year:
        return Year(self.number)

    async def on_update(self, talk: Talk, press: Update) -> Account:
        talk.say_briefly(talk.t("Checked again."))
        return self


@entry(commands=("balance",))
async def open_accounts(talk: Talk, action: OpenAccounts) -> Accounts | Account | NoAccounts:
    """Somebody with a single account has no list to choose from."""
    links = await talk.core.links.of_subscriber(talk.subscriber.id)
    if not links:
        return NoAccounts()
    return Account(links[0].account_number) if len(links) == 1 else Accounts()


@entry(link="acc")
async def open_account(talk: Talk, action: OpenAccount) -> Account | NotYours:
    """From a button, a reminder or a deep link, any of which may be forged or old."""
    link, _several = await right_to(talk, action.number)
    return NotYours() if link is None else Account(link.account_number)


def _ways_to_pay(talk: Talk, seen: Sight) -> list[Row]:
    """Paying, where it is switched on; putting it off, where something is owed and the operator allows it."""
    if not talk.core.payments.ways(talk.chat.channel):
        return []
    overview = seen.statement.overview
    tone = Tone.primary if overview.debt else Tone.plain
    rows: list[Row] = [(Choice(talk.t("💳 Pay"), _pay(overview), tone), _payments(talk))]
    terms = talk.core.payments.promises.terms
    if terms is not None and overview.debt and overview.state is not AccountState.closed:
        rows.append((Choice(talk.t("🤝 Promised payment"), OpenPromise(overview.number)),))
    if talk.core.autopay.on:
        rows.append((Choice(talk.t("🔁 Auto-payment"), OpenAutopay(overview.number)),))
    return rows


def _pay(overview: AccountOverview) -> OpenPayment | PayNow:
    """A debt leads to its payment at once; how much to pay ahead is asked."""
    return PayNow(overview.number) if overview.debt else OpenPayment(overview.number)


def _payments(talk: Talk) -> Choice:
    return Choice(talk.t("🧾 My payments"), OpenPayments())


def _figures(talk: Talk, seen: Sight) -> Rich:
    statement = seen.statement
    return lines(
        what_is_owed(talk, statement.overview, suffices_until(statement, seen.today), _overdue(statement, seen.today)),
        what_for(talk, explain_debt(statement)),
    )


def _overdue(statement: AccountStatement, today: date) -> Money:
    late = (bill.remaining for bill in statement.bills if bill.due < today)
    return total(late, Money.zero(statement.account.currency))


def _habits(talk: Talk, seen: Sight) -> Rich:
    """What the services cost and when money last came: the two things that a figure is held against."""
    statement = seen.statement
    price = monthly_price(statement, seen.today)
    cost = ""
    if price.minor > 0 and statement.account.state is not AccountState.closed:
        cost = talk.t("Services: {sum} a month", sum=money(talk, price))
    if not statement.payments:
        return lines(cost, talk.t("No payments in the last year."))
    last = statement.payments[-1]
    day = talk.translator.day(last.date)
    paid = talk.t("Last payment: {sum}, {day}", sum=money(talk, last.amount), day=day)
    return lines(cost, f"{paid} ({paid_by(talk, last.method)})" if last.method else paid)


async def _enough(talk: Talk, overviews: list[AccountOverview]) -> dict[AccountNumber, date]:
    """Until when each prepaid account suffices, where the billing says what its services cost."""
    prepaid = [one.number for one in overviews if one.kind is AccountKind.prepaid and one.debt.minor == 0]

    async def until(number: AccountNumber) -> date | None:
        try:
            known = await talk.core.billing.statement(number)
        except OutsideUnavailable:
            return None
        return suffices_until(known.value, today_of(talk)) if known is not None else None

    days = await asyncio.gather(*(until(number) for number in prepaid))
    return {number: day for number, day in zip(prepaid, days, strict=True) if day is not None}


def _in_all(talk: Talk, overviews: list[AccountOverview], *, partly: bool) -> Rich:
    """The whole debt, a figure for each currency. ``partly``: of some accounts nothing is known."""
    totals: dict[str, Money] = {}
    for one in overviews:
        if one.debt.minor > 0:
            currency = one.debt.currency
            totals[currency] = totals.get(currency, Money.zero(currency)) + one.debt
    if not totals:
        return Rich() if partly else bold(talk.t("Nothing to pay on any account"))
    sums = " + ".join(money(talk, one) for one in totals.values())
    return bold(
        talk.t("To pay, as far as is known now: {sum}", sum=sums)
        if partly
        else talk.t("To pay in all: {sum}", sum=sums)
    )


def _line(
    talk: Talk,
    link: AccountLink,
    overview: AccountOverview | None,
    enough: dict[AccountNumber, date],
    *,
    apart: bool,
) -> Rich:
    name = f"{link.nickname} · {spaced(link.account_number)}" if link.nickname else label(talk, link)
    if overview is None:
        return lines(name, talk.t("no figures right now"))
    state = {
        AccountState.active: "",
        AccountState.suspended: talk.t("⏸ suspended"),
        AccountState.closed: talk.t("🔒 closed"),
    }[overview.state]
    owed = what_is_owed(talk, overview, enough.get(link.account_number))
    return lines(name, owed, state, as_of(talk, overview.as_of) if apart else None)


def _button(talk: Talk, link: AccountLink) -> Choice:
    return Choice(shorten(label(talk, link), LONGEST_LABEL), OpenAccount(link.account_number))


def _pages(talk: Talk, page: int, last: int) -> tuple[Choice, ...] | None:
    row = []
    if page > 0:
        row.append(Choice(talk.t("‹ Earlier in the list"), TurnPage(page - 1)))
    if page < last:
        row.append(Choice(talk.t("Further ›"), TurnPage(page + 1)))
    return tuple(row) or None
