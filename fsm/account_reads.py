"""Reads one account for a person who has a right to it, and says so when there is nothing to show."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from core.billing.models import AccountNumber, AccountStatement, number_key
from core.errors import OutsideUnavailable
from core.subscribers.models import AccountLink, Role
from fsm.actions import OpenAccount, OpenAccounts, OpenLinking
from fsm.screen import Choice, Screen, screen
from fsm.talk import Talk


@dataclass(frozen=True, slots=True)
class Sight:
    """What this person sees of the account now. ``fresh`` is False for last known figures."""

    link: AccountLink
    several: bool  # the person has other accounts as well
    statement: AccountStatement
    fresh: bool
    today: date  # where the person lives

    @property
    def own(self) -> bool:
        """The holder's name and address are for the account's owner alone."""
        return self.link.role is Role.owner


def today_of(talk: Talk) -> date:
    return talk.now.astimezone(talk.zone).date()


async def right_to(talk: Talk, number: AccountNumber) -> tuple[AccountLink | None, bool]:
    """The person's link to an account, in any spelling of its number, and whether they have several."""
    links = await talk.core.links.of_subscriber(talk.subscriber.id)
    wanted = number_key(number)
    found = next((link for link in links if wanted and number_key(link.account_number) == wanted), None)
    return found, len(links) > 1


async def look(talk: Talk, number: AccountNumber) -> Sight | Screen:
    """The account's figures, or the screen that says why there are none.

    The right is checked each time: an owner may have taken it away since the last screen.
    """
    link, several = await right_to(talk, number)
    if link is None:
        return not_yours(talk)
    try:
        known = await talk.core.billing.statement(link.account_number)
    except OutsideUnavailable:
        return silent(talk, OpenAccount(link.account_number))
    if known is None:
        return screen(
            talk.t("The billing system does not know this account any more. A person can find out why."),
            Choice(talk.t("All my accounts"), OpenAccounts()) if several else None,
        )
    return Sight(link, several, known.value, known.fresh, today_of(talk))


def not_yours(talk: Talk) -> Screen:
    """The same words for a number that does not exist and for somebody else's account."""
    return screen(
        talk.t("This account is not linked to you, so I cannot show it. If it is yours, link it: it takes a minute."),
        Choice(talk.t("➕ Link an account"), OpenLinking()),
        Choice(talk.t("💰 My accounts"), OpenAccounts()),
    )


def silent(talk: Talk, again: OpenAccount | OpenAccounts) -> Screen:
    return screen(
        talk.t(
            "The billing system is not answering right now, and I have no earlier figures to show. "
            "Nothing is wrong with your account. Please try again in a few minutes."
        ),
        Choice(talk.t("🔄 Try again"), again),
    )
