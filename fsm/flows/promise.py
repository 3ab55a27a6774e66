"""A promised payment in two taps: the service goes on for some days, and the person pays later."""

from __future__ import annotations

from datetime import date

from core.billing.models import AccountNumber
from core.errors import OutsideUnavailable
from core.money import Money
from core.payments.promises import Answer, No, Promise, PromiseStatus
from fsm.account_reads import right_to
from fsm.account_words import spaced
from fsm.action import Action
from fsm.actions import OpenAccount, OpenAccounts, OpenPayment, OpenPromise
from fsm.screen import Choice, Rich, Screen, Tone, bold, lines, paragraphs, screen
from fsm.state import State, entry
from fsm.talk import Talk


class TakePromise(Action, frozen=True, tag="prom.yes"):
    """Yes, please."""


@entry()
async def open_promise(talk: Talk, action: OpenPromise) -> OfferPromise | NoPromise:
    """The number may be forged, or the right to it gone."""
    link, _several = await right_to(talk, action.number)
    if link is None:
        return NoPromise("", No.off)
    return await _offer(talk, link.account_number)


class OfferPromise(State, frozen=True):
    """The terms, and a button that agrees to them."""

    number: AccountNumber
    amount: Money
    until: date

    async def show(self, talk: Talk) -> Screen:
        sum_, day = talk.translator.money(self.amount), talk.translator.day(self.until)
        return screen(
            paragraphs(
                bold(talk.t("Promised payment")),
                talk.t("Account {number}", number=spaced(self.number)),
                talk.t("The service goes on until {day}. By then {sum} is to be paid.", day=day, sum=sum_),
                await _history(talk, self.number),
            ),
            Choice(talk.t("🤝 Yes, please"), TakePromise(), Tone.primary),
            Choice(talk.t("💳 Better pay now"), OpenPayment(self.number)),
        )

    async def on_yes(self, talk: Talk, press: TakePromise) -> PromiseAsked | NoPromise | OfferPromise:
        link, _several = await right_to(talk, self.number)
        now = await _offer(talk, self.number) if link is not None else NoPromise("", No.off)
        if isinstance(now, NoPromise):
            return now
        if now != self:
            talk.tell(talk.t("The figures have changed meanwhile. Please look once more."))
            return now
        give = talk.core.payments.promises.give
        write = await give(self.number, talk.subscriber.id, talk.chat.chat_id, self.amount, self.until)
        talk.write(write)
        return PromiseAsked(self.number)


class PromiseAsked(State, frozen=True):
    """Recorded; the billing's answer comes as a message of its own."""

    number: AccountNumber
    settles = True

    async def show(self, talk: Talk) -> Screen:
        return screen(
            talk.t("I have passed it on to the billing. The answer comes in a moment."),
            Choice(talk.t("💰 Balance & charges"), OpenAccount(self.number)),
        )


class NoPromise(State, frozen=True):
    """Why not, and from when it is possible."""

    number: AccountNumber
    no: No
    amount: Money | None = None
    possible_from: date | None = None
    returns = False

    async def show(self, talk: Talk) -> Screen:
        pay = Choice(talk.t("💳 Pay"), OpenPayment(self.number), Tone.primary) if self.number else None
        return screen(
            paragraphs(bold(talk.t("No promised payment now")), self._why(talk)),
            pay,
            Choice(talk.t("💰 My accounts"), OpenAccounts()),
        )

    def _why(self, talk: Talk) -> str:
        match self.no:
            case No.closed:
                return talk.t("The contract is closed.")
            case No.no_debt:
                return talk.t("Nothing is owed on this account, so there is nothing to put off.")
            case No.too_much if self.amount is not None:
                return talk.t("The debt is larger than {sum}.", sum=talk.translator.money(self.amount))
            case No.too_soon if self.possible_from is not None:
                day = talk.translator.day(self.possible_from)
                return talk.t("One was given not long ago. The next is possible from {day}.", day=day)
            case _:
                return talk.t("Promised payments are not available for this account.")


async def _offer(talk: Talk, number: AccountNumber) -> OfferPromise | NoPromise:
    known = await talk.core.billing.overviews([number])
    if not known.fresh or not known.value:
        raise OutsideUnavailable("a promise needs today's debt")
    answer: Answer = await talk.core.payments.promises.ask(known.value[0], talk.zone)
    if answer.no is None and answer.amount is not None and answer.until is not None:
        return OfferPromise(number, answer.amount, answer.until)
    return NoPromise(number, answer.no or No.off, answer.amount, answer.possible_from)


async def _history(talk: Talk, number: AccountNumber) -> Rich | None:
    found = await talk.core.payments.promises.of_account(number, 3)
    if not found:
        return None
    return lines(talk.t("Earlier:"), *(_line(talk, one) for one in found))


def _line(talk: Talk, promise: Promise) -> str:
    day, sum_ = talk.translator.day(promise.asked_at), talk.translator.money(promise.amount)
    if promise.status is PromiseStatus.refused:
        return talk.t("• {day}: {sum}, refused", day=day, sum=sum_)
    return talk.t("• {day}: {sum}", day=day, sum=sum_)
