"""The archive of actions: what was done in my name, when, and from where."""

from __future__ import annotations

from core.subscribers.activity import Deed, Did
from fsm.action import Action
from fsm.actions import OpenArchive, OpenProfile, OpenSessions
from fsm.screen import Choice, Rich, Screen, bold, italic, lines, paragraphs, screen
from fsm.state import State, entry
from fsm.talk import Talk
from fsm.told_sessions import messenger


class TurnTo(Action, frozen=True, tag="arch.page"):
    """A page, counted from 0."""

    page: int


@entry()
async def open_archive(talk: Talk, action: OpenArchive) -> Archive:
    return Archive()


class Archive(State, frozen=True):
    """A page of it, the newest first."""

    page: int = 0

    async def show(self, talk: Talk) -> Screen:
        deeds, more = await talk.core.subscribers.archive(talk.subscriber.id, self.page)
        turns = (
            Choice(talk.t("← Newer"), TurnTo(self.page - 1)) if self.page else None,
            Choice(talk.t("Older →"), TurnTo(self.page + 1)) if more else None,
        )
        return screen(
            paragraphs(
                bold(talk.t("What was done in your name")),
                *(_line(talk, deed) for deed in deeds),
                None if deeds else talk.t("There is nothing here yet."),
            ),
            tuple(choice for choice in turns if choice is not None),
            Choice(talk.t("I did not do this"), OpenSessions()) if deeds else None,
            Choice(talk.t("👤 My profile"), OpenProfile()),
        )

    async def on_turn(self, talk: Talk, press: TurnTo) -> Archive:
        return Archive(min(max(press.page, 0), 1000))


def _line(talk: Talk, deed: Deed) -> Rich:
    where = f"{talk.translator.moment(deed.at)} · {messenger(deed.channel)}"
    what = deed_word(talk, deed.what)
    return lines(f"{what}: {deed.detail}" if deed.detail else what, italic(where))


def deed_word(talk: Talk, what: str) -> str:
    """What was done, in the person's words."""
    words = {
        Did.registered: talk.t("Signed up"),
        Did.signed_in: talk.t("Signed in"),
        Did.signed_out: talk.t("Chat closed"),
        Did.cut_off: talk.t("“It was not me”: chat cut off"),
        Did.linked: talk.t("Account linked"),
        Did.unlinked: talk.t("Account unlinked"),
        Did.link_revoked: talk.t("Access to an account taken away"),
        Did.name_changed: talk.t("Name changed"),
        Did.phone_changed: talk.t("Phone number changed"),
        Did.region_changed: talk.t("Region changed"),
        Did.email_confirmed: talk.t("E-mail confirmed"),
        Did.email_removed: talk.t("E-mail removed"),
        Did.data_shown: talk.t("My data shown"),
        Did.appealed: talk.t("Appeal to staff"),
        Did.autopay_on: talk.t("Auto-payment switched on"),
        Did.autopay_off: talk.t("Auto-payment switched off"),
        Did.card_forgotten: talk.t("Saved card forgotten"),
    }
    return words.get(what, talk.t("Something else"))  # type: ignore[call-overload,no-any-return]  # a stored word may be of a newer version
