"""The end of an appeal as its author sees it: solved, no longer needed, and how well it went."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar

from core.appeals.models import OPEN, SETTLED
from fsm.actions import ConfirmAppeal, GoOn, OpenAppeal, RateAppeal, ReturnAppeal, WithdrawAppeal
from fsm.appeal_words import stars
from fsm.draft import begin, keep
from fsm.event import Text
from fsm.flows.appeal import ChooseKind
from fsm.flows.appeal_answer import NoSuchAppeal, sent_appeal
from fsm.flows.appeals import OneAppeal
from fsm.screen import Choice, Screen, Tone, bold, paragraphs, screen
from fsm.state import State, entry
from fsm.talk import Talk
from fsm.told_appeals import rating_row

A_WORD_FOR = timedelta(hours=1)
"""So long after a rating what is typed is about it; later it is a matter of its own."""

LONGEST_WORDS = 1000  # characters of a rating's words


@entry(public=True)
async def confirm_appeal(talk: Talk, action: ConfirmAppeal) -> Solved | OneAppeal | NoSuchAppeal:
    found = await sent_appeal(talk, action.appeal_id)
    if found is None:
        return NoSuchAppeal()
    appeal = found.appeal
    if appeal.status in OPEN:
        talk.tell(talk.t("Appeal No. {appeal} is at work again. When it is solved, we ask you.", appeal=appeal.number))
        return OneAppeal(appeal.id)
    if appeal.status in SETTLED:
        talk.write(talk.core.appeals.confirm(appeal.id))
    return Solved(appeal.id, appeal.number, rated=appeal.rating is not None)


@entry(public=True)
async def withdraw_appeal(talk: Talk, action: WithdrawAppeal) -> Withdrawn | OneAppeal | NoSuchAppeal:
    found = await sent_appeal(talk, action.appeal_id)
    if found is None:
        return NoSuchAppeal()
    appeal = found.appeal
    if appeal.status in SETTLED:
        talk.tell(talk.t("Our staff have decided meanwhile: here is their answer."))
        return OneAppeal(appeal.id)
    if appeal.status in OPEN:
        talk.write(talk.core.appeals.withdraw(appeal.id))
    return Withdrawn(appeal.id, appeal.number)


@entry(public=True)
async def rate_appeal(talk: Talk, action: RateAppeal) -> Rated | OneAppeal | NoSuchAppeal:
    found = await sent_appeal(talk, action.appeal_id)
    if found is None:
        return NoSuchAppeal()
    appeal = found.appeal
    if appeal.status in OPEN:
        talk.tell(talk.t("You can rate it when it is decided."))
        return OneAppeal(appeal.id)
    if not 1 <= action.rating <= 5:  # no button of ours says that
        return OneAppeal(appeal.id)
    talk.write(talk.core.appeals.rate(appeal.id, action.rating, appeal.rating_words))
    low = action.rating <= 3 and talk.core.appeals.may_return(appeal)
    return Rated(appeal.id, appeal.number, action.rating, talk.now, may_return=low)


class Solved(State, frozen=True):
    """Closed with a plain yes; how was it?"""

    appeal_id: str
    number: int
    rated: bool = False
    public: ClassVar[bool] = True
    settles: ClassVar[bool] = True

    async def show(self, talk: Talk) -> Screen:
        return screen(
            paragraphs(
                bold(talk.t("✅ Good! Appeal No. {appeal} is closed.", appeal=self.number)),
                None if self.rated else talk.t("How did we do? 5 is very good."),
            ),
            None if self.rated else rating_row(self.appeal_id),
            Choice(talk.t("👀 See the appeal"), OpenAppeal(self.appeal_id)),
            _go_on(talk),
        )


class Withdrawn(State, frozen=True):
    """No answer is needed; who changes their mind presses once."""

    appeal_id: str
    number: int
    public: ClassVar[bool] = True
    settles: ClassVar[bool] = True

    async def show(self, talk: Talk) -> Screen:
        return screen(
            bold(talk.t("Appeal No. {appeal} is closed: no answer is needed.", appeal=self.number)),
            Choice(talk.t("↩️ It is needed after all"), ReturnAppeal(self.appeal_id)),
            Choice(talk.t("👀 See the appeal"), OpenAppeal(self.appeal_id)),
            _go_on(talk),
        )


class Rated(State, frozen=True):
    """Thanks for the figure; a word may follow."""

    appeal_id: str
    number: int
    rating: int
    at: datetime
    may_return: bool = False
    public: ClassVar[bool] = True
    settles: ClassVar[bool] = True

    async def show(self, talk: Talk) -> Screen:
        return screen(
            paragraphs(
                bold(stars(self.rating) + " " + talk.t("Thank you!")),
                talk.t("What could be better? A word right here helps us.")
                if self.rating <= 3
                else talk.t("If you like, add a word right here."),
            ),
            Choice(talk.t("↩️ Return to work"), ReturnAppeal(self.appeal_id), Tone.primary) if self.may_return else None,
            Choice(talk.t("👀 See the appeal"), OpenAppeal(self.appeal_id)),
            _go_on(talk),
            hint=talk.t("A word about it"),
        )

    def expects(self, talk: Talk) -> str:
        return talk.t("Add a word, or go on with a button.")

    async def on_text(self, talk: Talk, said: Text) -> RatedInWords | ChooseKind | OneAppeal | NoSuchAppeal:
        if talk.now - self.at > A_WORD_FOR:
            return ChooseKind(await keep(talk, await begin(talk), said))
        found = await sent_appeal(talk, self.appeal_id)
        if found is None:
            return NoSuchAppeal()
        if found.appeal.status in OPEN:  # returned to work meanwhile
            talk.tell(talk.t("You can rate it when it is decided."))
            return OneAppeal(self.appeal_id)
        talk.write(talk.core.appeals.rate(self.appeal_id, self.rating, said.text[:LONGEST_WORDS]))
        return RatedInWords(self.appeal_id)


class RatedInWords(State, frozen=True):
    """It was read."""

    appeal_id: str
    public: ClassVar[bool] = True
    settles: ClassVar[bool] = True

    async def show(self, talk: Talk) -> Screen:
        return screen(
            talk.t("🌷 Thank you, our staff will read it."),
            Choice(talk.t("👀 See the appeal"), OpenAppeal(self.appeal_id)),
            _go_on(talk),
        )


def _go_on(talk: Talk) -> Choice | None:
    return Choice(talk.t("▶️ Continue where you stopped"), GoOn()) if talk.parked else None
