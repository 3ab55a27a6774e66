"""What the buttons under a reminder do, today or a week later: paid already, another day, not of this account."""

from __future__ import annotations

from datetime import date, timedelta
from typing import ClassVar

from core.billing.models import AccountNumber, AccountOverview
from core.errors import OutsideUnavailable
from fsm.account_reads import not_yours, right_to, today_of
from fsm.account_words import label, money, spaced
from fsm.action import Action
from fsm.actions import (
    ChooseReminderDay,
    HavePaid,
    OpenAccount,
    OpenAccounts,
    OpenPerson,
    OpenReminders,
    RemindIn,
    StopReminders,
)
from fsm.screen import Choice, Rich, Screen, Tone, bold, lines, paragraphs, screen
from fsm.state import State, entry
from fsm.talk import Talk

FURTHEST = 31  # days that a reminder can be put off
ON_ITS_WAY = 3  # working days that a bank's transfer takes at the most, as a rule


class RemindAgain(Action, frozen=True, tag="rem.undo"):
    """It was a mistake: do remind me of this account."""


@entry()
async def have_paid(talk: Talk, action: HavePaid) -> Checked | NotYours:
    if not action.number:
        return Checked("")
    link, _several = await right_to(talk, action.number)
    return NotYours() if link is None else Checked(link.account_number)


@entry()
async def remind_in(talk: Talk, action: RemindIn) -> Asked | PickDay:
    if not 1 <= action.days <= FURTHEST:
        return PickDay()
    day = today_of(talk) + timedelta(days=action.days)
    talk.write(talk.core.reminders.ask_for(talk.subscriber.id, day))
    return Asked(day)


@entry()
async def choose_day(talk: Talk, action: ChooseReminderDay) -> PickDay:
    return PickDay()


@entry()
async def stop_reminders(talk: Talk, action: StopReminders) -> Stopped | NotYours:
    link, _several = await right_to(talk, action.number)
    if link is None:
        return NotYours()
    talk.write(talk.core.reminders.mute(talk.subscriber.id, link.account_number))
    return Stopped(link.account_number)


class NotYours(State, frozen=True):
    """A button of an account that is not theirs, or not any more."""

    returns: ClassVar[bool] = False

    async def show(self, talk: Talk) -> Screen:
        return not_yours(talk)


class Checked(State, frozen=True):
    """The billing was asked just now. ``number`` is empty for all accounts."""

    number: AccountNumber

    async def show(self, talk: Talk) -> Screen:
        links = await talk.core.links.of_subscriber(talk.subscriber.id)
        mine = [link for link in links if self.number in ("", link.account_number)]
        if not mine:
            return not_yours(talk)
        again = Choice(talk.t("🔄 Check again"), HavePaid(self.number))
        try:
            known = await talk.core.billing.overviews([link.account_number for link in mine])
        except OutsideUnavailable:
            return _silent(talk, again)
        if not known.fresh:
            return _silent(talk, again)
        owing = [one for one in known.value if one.debt.minor > 0]
        if not owing:
            return screen(
                paragraphs(
                    bold(talk.t("✅ Thank you! Nothing is owed.")),
                    talk.t("I will write again only when there is something to pay."),
                ),
                Choice(talk.t("📋 Details"), OpenAccount(self.number) if self.number else OpenAccounts()),
            )
        names = {link.account_number: label(talk, link) for link in mine}
        return screen(
            paragraphs(
                bold(talk.t("The billing does not show the payment yet.")),
                lines(*(f"{names[one.number]}: {money(talk, one.debt)}" for one in owing[:8])),
                await self._last(talk, owing),
                _where(talk),
            ),
            again,
            Choice(talk.t("⏰ Remind me in 3 days"), RemindIn(ON_ITS_WAY)),
            Choice(talk.t("🙋 Show the receipt to a person"), OpenPerson()),
            Choice(talk.t("📋 Details"), OpenAccount(self.number) if self.number else OpenAccounts()),
        )

    async def _last(self, talk: Talk, owing: list[AccountOverview]) -> str:
        """The last payment that has come: perhaps it is the very one, and something is still missing."""
        if len(owing) != 1:
            return ""
        try:
            known = await talk.core.billing.statement(owing[0].number)
        except OutsideUnavailable:
            return ""
        if known is None or not known.value.payments:
            return ""
        last = known.value.payments[-1]
        return talk.t(
            "The last payment that I see: {sum}, {day}.",
            sum=money(talk, last.amount),
            day=talk.translator.day(last.date),
        )


class PickDay(State, frozen=True):
    """On which day?"""

    async def show(self, talk: Talk) -> Screen:
        today = today_of(talk)
        days = [2, 3, 4, 5, 7, 10, 14, 21]
        buttons = [Choice(talk.translator.day(today + timedelta(days=step)), RemindIn(step)) for step in days]
        return screen(
            bold(talk.t("When shall I remind you?")),
            *(tuple(buttons[start : start + 2]) for start in range(0, len(buttons), 2)),
        )

    def expects(self, talk: Talk) -> str:
        return talk.t("Please choose a day below.")


class Asked(State, frozen=True):
    """Put off until a day."""

    day: date
    settles: ClassVar[bool] = True

    async def show(self, talk: Talk) -> Screen:
        return screen(
            paragraphs(
                bold(talk.t("⏰ I will remind you on {day}.", day=talk.translator.day(self.day))),
                talk.t("Until then I keep silent. If everything is paid by that day, nothing will come."),
                _law(talk),
            ),
            Choice(talk.t("📅 Another day"), ChooseReminderDay()),
            Choice(talk.t("⚙️ Reminders"), OpenReminders()),
        )


class Stopped(State, frozen=True):
    """No more reminders of an account."""

    number: AccountNumber
    settles: ClassVar[bool] = True

    async def show(self, talk: Talk) -> Screen:
        return screen(
            paragraphs(
                bold(talk.t("🔕 I will not remind you of account {number} any more.", number=spaced(self.number))),
                _law(talk),
            ),
            Choice(talk.t("↩️ Do remind me"), RemindAgain()),
            Choice(talk.t("⚙️ Reminders"), OpenReminders()),
        )

    async def on_undo(self, talk: Talk, press: RemindAgain) -> Resumed:
        talk.write(talk.core.reminders.unmute(talk.subscriber.id, self.number))
        return Resumed(self.number)


class Resumed(State, frozen=True):
    """Reminders of an account come again."""

    number: AccountNumber
    settles: ClassVar[bool] = True

    async def show(self, talk: Talk) -> Screen:
        return screen(
            bold(talk.t("🔔 I will remind you of account {number} again.", number=spaced(self.number))),
            Choice(talk.t("⚙️ Reminders"), OpenReminders(), Tone.primary),
        )


def _law(talk: Talk) -> str:
    if not talk.core.reminders.policy.suspend_after:
        return ""
    return talk.t("Only the warning before a suspension comes in any case: the law asks for it.")


def _where(talk: Talk) -> Rich:
    """Where the money may be, in the order of how often it is the reason."""
    return lines(
        talk.t("Where the money may be:"),
        talk.t("• a card or a banking app: usually minutes, sometimes a few hours;"),
        talk.n(
            "• a bank's office or the post: up to {n} working day;",
            "• a bank's office or the post: up to {n} working days;",
            ON_ITS_WAY,
        ),
        talk.t("• another account number on the receipt: compare it, and show the receipt to a person."),
    )


def _silent(talk: Talk, again: Choice) -> Screen:
    return screen(
        talk.t("The billing system is not answering right now, so I cannot look. A payment is never lost by that."),
        again,
    )
