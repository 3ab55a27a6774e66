"""Words that nobody has asked for, while staff wait for an answer: are they that answer?

Where a messenger does not say what somebody answers to, people simply type below the staff's message.
"""

from __future__ import annotations

from datetime import timedelta

from core.appeals.models import OPEN, SETTLED, AppealStatus, Author, Thread
from core.appeals.service import MAX_TEXT
from fsm.action import Action
from fsm.actions import GuessAppeal
from fsm.appeal_state import AboutAppeal
from fsm.appeal_words import quoted, who
from fsm.event import File, Text
from fsm.flows.appeal_answer import Added, NoSuchAppeal, TooLate, put, sent_appeal
from fsm.flows.help import Answer, Found, NothingFound, Questions, search
from fsm.screen import Choice, Screen, Tone, bold, lines, paragraphs, screen
from fsm.state import entry, takes_the_rest
from fsm.talk import Talk
from fsm.words import says_yes

LATELY = timedelta(days=3)
"""So long after staff have written, words that fit nothing else may be an answer to them."""


class ForThisOne(Action, frozen=True, tag="fw.yes"):
    """Yes, they belong there."""


class ForNone(Action, frozen=True, tag="fw.no"):
    """No, it was something else."""


@takes_the_rest
async def maybe_an_answer(talk: Talk, said: Text | File, understood: bool) -> Action | bool:
    """A question of staff's goes before everything; what they have only told, behind the ready answers."""
    found = await talk.core.appeals.of_person(*who(talk))
    waiting = [one for one in found if one.status is AppealStatus.pending]
    if waiting:
        latest = max(waiting, key=lambda one: one.updated_at)
        if isinstance(said, Text):
            return GuessAppeal(latest.id, said.text[:MAX_TEXT])
        new = await put(talk, latest.id, said)
        if isinstance(new, Added):
            talk.tell(new.said(talk))
        return True
    if understood or isinstance(said, File):
        return False
    lively = [one for one in found if one.status in (*OPEN, *SETTLED) and talk.now - one.updated_at < LATELY]
    for appeal in sorted(lively, key=lambda one: one.updated_at, reverse=True)[:3]:
        thread = await sent_appeal(talk, appeal.id)
        if thread is not None and _staff_wrote_last(thread):
            return GuessAppeal(appeal.id, said.text[:MAX_TEXT])
    return False


@entry(public=True)
async def guess_appeal(
    talk: Talk, action: GuessAppeal
) -> IsItAnAnswer | Questions | Answer | Found | NothingFound | NoSuchAppeal:
    found = await sent_appeal(talk, action.appeal_id)
    if found is None:
        return NoSuchAppeal()
    if not action.words:
        return Questions()
    return IsItAnAnswer(found.appeal.id, found.appeal.number, action.words)


class IsItAnAnswer(AboutAppeal, frozen=True):
    """Asked once before the words go anywhere; whoever writes on writes on."""

    number: int
    words: str

    async def show(self, talk: Talk) -> Screen:
        found = await sent_appeal(talk, self.appeal_id)
        staff = [one.text for one in found.said if one.author is Author.staff and one.text] if found else []
        return screen(
            paragraphs(
                bold(talk.t("Is it an answer in appeal No. {appeal}?", appeal=self.number)),
                lines(talk.t("We wrote:"), quoted(talk, staff[-1])) if staff else None,
                lines(talk.t("You wrote:"), quoted(talk, self.words)),
            ),
            Choice(talk.t("✅ Yes, send it there"), ForThisOne(), Tone.primary),
            Choice(talk.t("No, it is something else"), ForNone()),
        )

    async def on_text(self, talk: Talk, said: Text) -> IsItAnAnswer | Added | TooLate | NoSuchAppeal:
        if says_yes(said.text):
            return await self._put(talk)
        return IsItAnAnswer(self.appeal_id, self.number, f"{self.words}\n{said.text}"[:MAX_TEXT])

    async def on_yes(self, talk: Talk, press: ForThisOne) -> IsItAnAnswer | Added | TooLate | NoSuchAppeal:
        return await self._put(talk)

    async def on_no(self, talk: Talk, press: ForNone) -> Questions | Answer | Found | NothingFound:
        return search(talk, self.words)

    async def _put(self, talk: Talk) -> IsItAnAnswer | Added | TooLate | NoSuchAppeal:
        return await put(talk, self.appeal_id, Text(self.words), wrong=True) or self


def _staff_wrote_last(thread: Thread) -> bool:
    said = [one for one in thread.said if one.author is not Author.system]
    return bool(said) and said[-1].author is Author.staff
