"""My appeals: not sent yet, open, over; each with its thread, its files, and what can be done with it."""

from __future__ import annotations

from typing import ClassVar

from core.appeals.models import OPEN, SETTLED, Appeal, AppealStatus
from fsm.account_words import LONGEST_LABEL, shorten, spaced
from fsm.action import Action
from fsm.actions import AnswerAppeal, OpenAppeal, OpenAppeals, WriteAppeal
from fsm.appeal_state import AboutAppeal
from fsm.appeal_words import answers, drawn, pages, quoted, standing, stars, title, who
from fsm.draft import resumed
from fsm.event import File, Text
from fsm.flows.appeal import Letter
from fsm.flows.appeal_answer import Added, NoSuchAppeal, TooLate, put
from fsm.screen import Asks, Choice, KeptFile, Row, Screen, Tone, bold, italic, lines, paragraphs, rich, screen
from fsm.state import State, entry
from fsm.talk import Talk
from fsm.told_appeals import rating_row, return_choice, verdict_rows, withdraw_choice

SHOWN = 6  # appeals on one screen


class Older(Action, frozen=True, tag="al.older"):
    """Another page of the list, counted from 0."""

    page: int


class Over(Action, frozen=True, tag="al.over"):
    """Those that are over, or back to those that are not."""

    closed: bool


class TurnTo(Action, frozen=True, tag="al.page"):
    """A page of the thread, counted from the newest, 0."""

    page: int


class ShowFile(Action, frozen=True, tag="al.file"):
    """A file of the thread, sent once more."""

    message_id: str


@entry(commands=("appeals", "requests"), public=True)
async def open_appeals(talk: Talk, action: OpenAppeals) -> Appeals | NoAppeals:
    service, person = talk.core.appeals, who(talk)
    found = await service.of_person(*person)
    if not found and not await service.draft(*person):
        return NoAppeals()
    return Appeals(closed=bool(found) and all(one.status is AppealStatus.closed for one in found))


@entry(link="request", public=True)
async def open_appeal(talk: Talk, action: OpenAppeal) -> OneAppeal | Letter | NoSuchAppeal:
    found = await talk.core.appeals.get(action.appeal_id, *who(talk))
    if found is None:
        return NoSuchAppeal()
    return Letter(resumed(found)) if found.appeal.status is AppealStatus.draft else OneAppeal(found.appeal.id)


class NoAppeals(State, frozen=True):
    """Nothing was written yet."""

    public: ClassVar[bool] = True
    returns: ClassVar[bool] = False

    async def show(self, talk: Talk) -> Screen:
        return screen(
            talk.t("Here you will see your appeals to our staff and their answers."),
            Choice(talk.t("✍️ Write to us"), WriteAppeal(), Tone.primary),
            Choice(talk.t("📋 My appeals"), OpenAppeals()),
        )


class Appeals(State, frozen=True):
    """The list, the newest first: those that are not over, or those that are."""

    closed: bool = False
    page: int = 0
    public: ClassVar[bool] = True

    async def show(self, talk: Talk) -> Screen:
        person = who(talk)
        found = await talk.core.appeals.of_person(*person)
        over = [one for one in found if one.status is AppealStatus.closed]
        live = [one for one in found if one.status is not AppealStatus.closed]
        listed, others = (over, live) if self.closed else (live, over)
        page = min(self.page, max(len(listed) - 1, 0) // SHOWN)
        here = listed[page * SHOWN : (page + 1) * SHOWN]
        drafts = [] if self.closed or page else [one for one in await talk.core.appeals.drafts(*person) if one.messages]
        head = talk.t("📋 My appeals that are closed") if self.closed else talk.t("📋 My appeals")
        turns = (
            Choice(talk.t("← Newer"), Older(page - 1)) if page else None,
            Choice(talk.t("Older →"), Older(page + 1)) if len(listed) > (page + 1) * SHOWN else None,
        )
        return screen(
            paragraphs(
                bold(head),
                *(lines(bold(talk.t("Not sent yet")), quoted(talk, resumed(one).words)) for one in drafts),
                *(lines(bold(title(talk, one)), standing(talk, one)) for one in here),
                None if here or drafts else talk.t("There is nothing here."),
            ),
            *(Choice(talk.t("✍️ Go on with what is not sent"), OpenAppeal(one.appeal.id)) for one in drafts),
            *(Choice(shorten(title(talk, one), LONGEST_LABEL), OpenAppeal(one.id)) for one in here),
            tuple(turn for turn in turns if turn is not None),
            self._others(talk, len(others)),
            Choice(talk.t("✍️ Write to us"), WriteAppeal()),
        )

    def _others(self, talk: Talk, count: int) -> Choice | None:
        if not count:
            return None
        if self.closed:
            return Choice(talk.t("📂 Those that are open: {n}", n=count), Over(closed=False))
        return Choice(talk.t("🗄 Closed: {n}", n=count), Over(closed=True))

    async def on_older(self, talk: Talk, press: Older) -> Appeals:
        return Appeals(self.closed, min(max(press.page, 0), 10_000))

    async def on_over(self, talk: Talk, press: Over) -> Appeals:
        return Appeals(press.closed)


class OneAppeal(AboutAppeal, frozen=True):
    """One appeal with its thread, a page at a time."""

    page: int = 0

    async def show(self, talk: Talk) -> Screen:
        found = await talk.core.appeals.get(self.appeal_id, *who(talk))
        if found is None:
            return await NoSuchAppeal().show(talk)
        appeal, made = found.appeal, pages(talk, found)
        page = min(self.page, max(len(made) - 1, 0))
        here = made[page] if made else []
        turns = (
            Choice(talk.t("← Earlier"), TurnTo(page + 1)) if page + 1 < len(made) else None,
            Choice(talk.t("Later →"), TurnTo(page - 1)) if page else None,
        )
        return screen(
            paragraphs(
                lines(
                    bold(title(talk, appeal)),
                    standing(talk, appeal),
                    talk.t("💰 Account {number}", number=spaced(appeal.account_number))
                    if appeal.account_number
                    else None,
                    *answers(talk, talk.core.appeals.kinds.get(appeal.kind), appeal.fields),
                    talk.t("Your rating: {stars}", stars=stars(appeal.rating)) if appeal.rating else None,
                ),
                *(drawn(talk, message) for message in here),
                None if here else italic(talk.t("Nothing was written in it.")),
            ),
            *(
                Choice("📎 " + shorten(message.file_name, LONGEST_LABEL - 3), ShowFile(message.id))
                for message in here
                if message.blob
            ),
            tuple(turn for turn in turns if turn is not None),
            *_ways_on(talk, appeal),
            Choice(talk.t("📋 My appeals"), OpenAppeals()),
            asks=Asks.file,
        )

    def expects(self, talk: Talk) -> str:
        return talk.t("Write here to add something, or choose a button below.")

    async def on_turn(self, talk: Talk, press: TurnTo) -> OneAppeal:
        return OneAppeal(self.appeal_id, min(max(press.page, 0), 1000))

    async def on_file_wanted(self, talk: Talk, press: ShowFile) -> OneAppeal:
        found = await talk.core.appeals.get(self.appeal_id, *who(talk))
        said = found.said if found is not None else ()
        message = next((one for one in said if one.id == press.message_id and one.blob), None)
        kept = await talk.core.appeals.file(message.blob) if message is not None else None
        if message is None or kept is None:
            talk.tell(talk.t("This file is not here any more."))
            return self
        file = KeptFile(kept.sha256, message.file_name, kept.media_type, kept.size)
        talk.show_first(Screen(rich("📎 " + message.file_name), footer=False, kept=file))
        return self

    async def on_text(self, talk: Talk, said: Text) -> Added | OneAppeal | TooLate | NoSuchAppeal:
        return await put(talk, self.appeal_id, said) or self

    async def on_file(self, talk: Talk, sent: File) -> Added | OneAppeal | TooLate | NoSuchAppeal:
        return await put(talk, self.appeal_id, sent) or self


def _ways_on(talk: Talk, appeal: Appeal) -> list[Row]:
    """What the person can do with it now."""
    rows: list[Row] = []
    if appeal.status in OPEN:
        rows = [(Choice(talk.t("✍️ Write"), AnswerAppeal(appeal.id), Tone.primary),)]
        return [*rows, (withdraw_choice(talk.translator, appeal),)]
    if appeal.status in SETTLED:
        rows = verdict_rows(talk.translator, appeal)
    elif talk.core.appeals.may_return(appeal):
        rows = [(return_choice(talk.translator, appeal),)]
    else:
        rows = [(Choice(talk.t("✍️ A new appeal about this"), WriteAppeal("", appeal.id)),)]
    if appeal.rating is None:
        rows.append(rating_row(appeal.id))
    return rows
