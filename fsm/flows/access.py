"""One's own linked accounts: what they are called, and how to unlink one."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from core.billing.models import AccountNumber
from core.subscribers.activity import Did, did
from core.subscribers.links import MAX_NICKNAME, answers_for, tidy_nickname
from core.subscribers.models import AccountLink, Role
from fsm.account_words import label, spaced
from fsm.action import Action
from fsm.actions import ManageLinks, OpenAccess, OpenAccount, OpenAccounts, OpenLinking
from fsm.event import Text
from fsm.linking_words import nicknames
from fsm.screen import Choice, Screen, Tone, bold, lines, paragraphs, screen
from fsm.state import State, entry
from fsm.talk import Talk
from fsm.told import role_word

SHOWN = 10  # accounts on one screen


class OpenCard(Action, frozen=True, tag="ac.card"):
    link_id: str


class More(Action, frozen=True, tag="ac.more"):
    start: int


class NameIt(Action, frozen=True, tag="ac.name"):
    """A new name for the account."""


class CallIt(Action, frozen=True, tag="ac.call"):
    """One of the names that are offered."""

    index: int


class Unlink(Action, frozen=True, tag="ac.unl"):
    """Takes the account off one's own list."""


class Yes(Action, frozen=True, tag="ac.yes"):
    """Confirms what was asked."""


class No(Action, frozen=True, tag="ac.no"):
    """Leaves everything as it is."""


@entry(commands=("access",), link="access")
async def manage_links(talk: Talk, action: ManageLinks) -> Links | NoLinks:
    return Links() if await talk.core.links.of_subscriber(talk.subscriber.id) else NoLinks()


class NoLinks(State, frozen=True):
    """Nothing is linked yet."""

    returns: ClassVar[bool] = False

    async def show(self, talk: Talk) -> Screen:
        return screen(
            talk.t("No account is linked yet. Link the first one: you only need its number."),
            Choice(talk.t("🔗 Link an account"), OpenLinking(), Tone.primary),
        )


class Links(State, frozen=True):
    """The list; each account opens a card."""

    start: int = 0

    async def show(self, talk: Talk) -> Screen:
        found = await talk.core.links.of_subscriber(talk.subscriber.id)
        page = found[self.start : self.start + SHOWN]
        return screen(
            paragraphs(
                bold(talk.t("👥 My accounts and access")),
                lines(*(f"{_title(talk, link)} · {role_word(talk.translator, link.role)}" for link in page)),
                talk.t("Choose an account to name it, to see who has access, or to unlink it."),
            ),
            *(Choice(label(talk, link), OpenCard(link.id)) for link in page),
            Choice(talk.t("More accounts"), More(self.start + SHOWN)) if len(found) > self.start + SHOWN else None,
            Choice(talk.t("🔗 Link an account"), OpenLinking()),
        )

    async def on_more(self, talk: Talk, press: More) -> Links:
        return Links(max(press.start, 0))

    async def on_card(self, talk: Talk, press: OpenCard) -> Card | Links:
        mine = {link.id: link for link in await talk.core.links.of_subscriber(talk.subscriber.id)}
        link = mine.get(press.link_id)
        if link is None:
            talk.tell(talk.t("This account is no longer on your list."))
            return self
        return Card.of(link)


class Card(State, frozen=True):
    """One account and what can be done with the right to it."""

    link_id: str
    number: AccountNumber
    nickname: str
    role: Role
    answers: bool  # decides who else has access
    since: datetime

    @staticmethod
    def of(link: AccountLink) -> Card:
        return Card(link.id, link.account_number, link.nickname, link.role, answers_for(link), link.created_at)

    async def show(self, talk: Talk) -> Screen:
        number = talk.t("Account {number}", number=spaced(self.number))
        role, since = role_word(talk.translator, self.role), talk.translator.day(self.since)
        return screen(
            lines(
                bold(self.nickname or number),
                number if self.nickname else None,
                talk.t("Your role: {role}, since {day}", role=role, day=since),
            ),
            Choice(talk.t("Show the account"), OpenAccount(self.number), Tone.primary),
            Choice(talk.t("✏️ Name it"), NameIt()),
            Choice(talk.t("👥 Who has access"), OpenAccess(self.number)) if self.answers else None,
            Choice(talk.t("Unlink"), Unlink(), Tone.danger),
            Choice(talk.t("All linked accounts"), ManageLinks()),
        )

    async def on_name(self, talk: Talk, press: NameIt) -> NewName:
        return NewName(self)

    async def on_unlink(self, talk: Talk, press: Unlink) -> ConfirmUnlink:
        return ConfirmUnlink(self)


class NewName(State, frozen=True):
    """Waits for a name, offered or typed."""

    card: Card
    unfinished: ClassVar[bool] = True

    async def show(self, talk: Talk) -> Screen:
        names = [Choice(name, CallIt(index)) for index, name in enumerate(nicknames(talk))]
        return screen(
            talk.t("What shall I call account {number}? Choose or type a name.", number=spaced(self.card.number)),
            *(tuple(names[at : at + 2]) for at in range(0, len(names), 2)),
            Choice(talk.t("Just its number"), CallIt(-1)),
            hint=talk.t("A name for the account"),
        )

    def expects(self, talk: Talk) -> str:
        return talk.t("Choose a name, or type your own.")

    async def on_choice(self, talk: Talk, press: CallIt) -> Card | NewName:
        names = nicknames(talk)
        if press.index >= len(names):
            return self
        return await self._name(talk, names[press.index] if press.index >= 0 else "")

    async def on_typed(self, talk: Talk, said: Text) -> Card | NewName:
        nickname = tidy_nickname(said.text)
        if nickname is None:
            talk.tell(talk.t("A name may have up to {most} characters. Please make it shorter.", most=MAX_NICKNAME))
            return self
        return await self._name(talk, nickname)

    async def _name(self, talk: Talk, nickname: str) -> Card:
        card = self.card
        if await talk.core.links.find(talk.subscriber.id, card.number) is None:
            talk.tell(talk.t("This account is no longer linked to you, so it cannot be named."))
            return card
        talk.write(talk.core.links.rename(talk.subscriber.id, card.number, nickname))
        talk.tell(talk.t("✅ The name is kept."))
        return Card(card.link_id, card.number, nickname, card.role, card.answers, card.since)


class ConfirmUnlink(State, frozen=True):
    """Asks once before the account leaves the list."""

    card: Card

    async def show(self, talk: Talk) -> Screen:
        return screen(
            paragraphs(
                bold(talk.t("Unlink account {number}?", number=spaced(self.card.number))),
                talk.t(
                    "You will no longer see it here, and no reminders about it will come. "
                    "The contract stays as it is, and you can link the account again."
                ),
            ),
            (Choice(talk.t("Unlink"), Yes(), Tone.danger), Choice(talk.t("Keep it"), No())),
        )

    async def on_yes(self, talk: Talk, press: Yes) -> Unlinked:
        links, number = talk.core.links, self.card.number
        if await links.find(talk.subscriber.id, number) is not None:
            talk.write(
                links.unlink(talk.subscriber.id, number),
                did(talk.subscriber.id, talk.chat.chat_id, Did.unlinked, talk.now, number),
            )
        return Unlinked(number)

    async def on_no(self, talk: Talk, press: No) -> Card:
        return self.card


class Unlinked(State, frozen=True):
    """The account is off the list."""

    number: AccountNumber
    settles: ClassVar[bool] = True

    async def show(self, talk: Talk) -> Screen:
        return screen(
            talk.t("✅ Account {number} is unlinked.", number=spaced(self.number)),
            Choice(talk.t("My accounts"), OpenAccounts(), Tone.primary),
            Choice(talk.t("👥 My accounts and access"), ManageLinks()),
        )


def _title(talk: Talk, link: AccountLink) -> str:
    return f"{link.nickname} ({spaced(link.account_number)})" if link.nickname else spaced(link.account_number)
