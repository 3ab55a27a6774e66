"""Other people's rights to an account: its owner sees them, and takes them away."""

from __future__ import annotations

from typing import ClassVar

from core.billing.models import AccountNumber
from core.subscribers.activity import Did, did
from core.subscribers.links import Access, answers_for
from fsm.account_words import spaced
from fsm.action import Action
from fsm.actions import ManageLinks, OpenAccess, RevokeLink
from fsm.screen import Choice, Screen, Tone, bold, lines, paragraphs, screen
from fsm.state import State, entry
from fsm.talk import Talk
from fsm.told import link_revoked, role_word

SHOWN = 10  # people on one screen


class MorePeople(Action, frozen=True, tag="pp.more"):
    start: int


class TakeAway(Action, frozen=True, tag="pp.yes"):
    """Confirms it."""


class Keep(Action, frozen=True, tag="pp.no"):
    """Leaves everything as it is."""


@entry()
async def open_access(talk: Talk, action: OpenAccess) -> People | NotYours:
    mine = await talk.core.links.find(talk.subscriber.id, action.number)
    return People(action.number) if mine is not None and answers_for(mine) else NotYours()


class NotYours(State, frozen=True):
    """The list of people is for the account's owner alone."""

    returns: ClassVar[bool] = False

    async def show(self, talk: Talk) -> Screen:
        said = talk.t("Only the account's owner can see who else has access.")
        return screen(said, Choice(talk.t("👥 My accounts and access"), ManageLinks()))


class People(State, frozen=True):
    """Everybody with a right to the account, for its owner."""

    number: AccountNumber
    start: int = 0

    async def show(self, talk: Talk) -> Screen:
        mine = await talk.core.links.find(talk.subscriber.id, self.number)
        if mine is None or not answers_for(mine):  # it may have been taken away since
            return screen(talk.t("Only the account's owner can see who else has access."))
        found = await talk.core.links.of_account(self.number)
        page = found[self.start : self.start + SHOWN]
        others = [one for one in page if one.link.subscriber_id != talk.subscriber.id]
        alone = talk.t("Nobody but you.") if len(found) == 1 else None
        return screen(
            paragraphs(
                bold(talk.t("Who sees account {number}", number=spaced(self.number))),
                lines(*(_person(talk, one) for one in page)),
                alone,
            ),
            *(
                Choice(talk.t("⛔ Take away: {name}", name=_name(talk, one)), RevokeLink(one.link.id), Tone.danger)
                for one in others
            ),
            Choice(talk.t("More people"), MorePeople(self.start + SHOWN)) if len(found) > self.start + SHOWN else None,
        )

    async def on_more(self, talk: Talk, press: MorePeople) -> People:
        return People(self.number, max(press.start, 0))


@entry()
async def revoke_link(talk: Talk, action: RevokeLink) -> ConfirmRevoke | NothingToRevoke:
    found = await _revocable(talk, action.link_id)
    if found is None:
        return NothingToRevoke()
    return ConfirmRevoke(action.link_id, found[0].link.account_number, _name(talk, found[0]))


class ConfirmRevoke(State, frozen=True):
    """Asks once: one tap in a message must not cut a relative off by mistake."""

    link_id: str
    number: AccountNumber
    name: str

    async def show(self, talk: Talk) -> Screen:
        return screen(
            paragraphs(
                bold(talk.t("Take away the access of {name}?", name=self.name)),
                talk.t("They will no longer see account {number}, and will be told so.", number=spaced(self.number)),
            ),
            (Choice(talk.t("Take it away"), TakeAway(), Tone.danger), Choice(talk.t("Keep it"), Keep())),
        )

    async def on_yes(self, talk: Talk, press: TakeAway) -> Revoked | NothingToRevoke:
        found = await _revocable(talk, self.link_id)
        if found is None:
            return NothingToRevoke()
        access, as_contact = found
        talk.write(
            talk.core.links.revoke(self.link_id, talk.subscriber.id, as_contact=as_contact),
            did(talk.subscriber.id, talk.chat.chat_id, Did.link_revoked, talk.now, self.number),
        )
        for chat in await talk.core.links.chats_of(access.link.subscriber_id):
            talk.notify(chat, lambda translator: link_revoked(translator, self.number))
        return Revoked(self.number, self.name)

    async def on_no(self, talk: Talk, press: Keep) -> Kept:
        return Kept(self.number, self.name)


class Revoked(State, frozen=True):
    """The right is taken away."""

    number: AccountNumber
    name: str
    settles: ClassVar[bool] = True

    async def show(self, talk: Talk) -> Screen:
        said = talk.t("✅ {name} no longer sees account {number}.", name=self.name, number=spaced(self.number))
        return screen(said, Choice(talk.t("👥 My accounts and access"), ManageLinks()))


class Kept(State, frozen=True):
    """Nothing was changed."""

    number: AccountNumber
    name: str
    returns: ClassVar[bool] = False

    async def show(self, talk: Talk) -> Screen:
        said = talk.t("{name} keeps the access to account {number}.", name=self.name, number=spaced(self.number))
        return screen(said, Choice(talk.t("👥 My accounts and access"), ManageLinks()))


class NothingToRevoke(State, frozen=True):
    """The same words for an access that has ended, one that never was, and one that is not theirs to take."""

    returns: ClassVar[bool] = False

    async def show(self, talk: Talk) -> Screen:
        return screen(
            talk.t("This access has ended already, so there is nothing to take away."),
            Choice(talk.t("👥 My accounts and access"), ManageLinks()),
        )


async def _revocable(talk: Talk, link_id: str) -> tuple[Access, bool] | None:
    """The access, and whether only the account's contact phone gives the person the say. Ids may be forged."""
    found = await talk.core.links.by_id(link_id)
    if found is None or not found[1] or found[0].link.subscriber_id == talk.subscriber.id:
        return None
    access = found[0]
    mine = await talk.core.links.find(talk.subscriber.id, access.link.account_number)
    if mine is not None and answers_for(mine):
        return access, False
    account = await talk.core.billing.find(access.link.account_number)
    if account is not None and account.phone and account.phone == talk.subscriber.phone:
        return access, True
    return None


def _name(talk: Talk, access: Access) -> str:
    return access.name or talk.t("somebody without a name")


def _person(talk: Talk, access: Access) -> str:
    who = talk.t("you") if access.link.subscriber_id == talk.subscriber.id else _name(talk, access)
    role, since = role_word(talk.translator, access.link.role), talk.translator.day(access.link.created_at)
    return talk.t("{name} · {role}, since {day}", name=who, role=role, day=since)
