"""More words in an appeal that was sent: an answer to staff, a return to work, a reply to a message from any state."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from core.appeals.models import OPEN, SETTLED, AppealStatus, Author, Thread
from core.appeals.service import MAX_MESSAGES
from fsm.action import Action
from fsm.actions import AnswerAppeal, GoOn, OpenAppeal, OpenAppeals, ReturnAppeal, WriteAppeal
from fsm.appeal_state import AboutAppeal
from fsm.appeal_words import add, file_is_too_much, files_lately, quoted, who
from fsm.event import File, Input, Text
from fsm.screen import Asks, Choice, Screen, Tone, bold, lines, paragraphs, screen
from fsm.state import State, entry, takes_replies
from fsm.talk import Talk
from fsm.words import says_thanks, says_yes

QUOTED = 600  # characters of what staff wrote last


class JustReturn(Action, frozen=True, tag="aa.back"):
    """Back to work without a word."""


@entry(public=True)
async def answer_appeal(talk: Talk, action: AnswerAppeal) -> Answering | TooLate | NoSuchAppeal:
    found = await sent_appeal(talk, action.appeal_id)
    if found is None:
        return NoSuchAppeal()
    if not talk.core.appeals.may_write(found.appeal):
        return TooLate(found.appeal.id, found.appeal.number)
    return Answering(found.appeal.id, found.appeal.number)


@entry(public=True)
async def return_appeal(talk: Talk, action: ReturnAppeal) -> StillWrong | Answering | TooLate | NoSuchAppeal:
    found = await sent_appeal(talk, action.appeal_id)
    if found is None:
        return NoSuchAppeal()
    appeal = found.appeal
    if appeal.status in OPEN:
        talk.tell(talk.t("Appeal No. {appeal} is at work already.", appeal=appeal.number))
        return Answering(appeal.id, appeal.number)
    if not talk.core.appeals.may_return(appeal):
        return TooLate(appeal.id, appeal.number)
    return StillWrong(appeal.id, appeal.number)


@takes_replies
async def replied(talk: Talk, said: Input, state: State) -> bool:
    """An answer to a message about an appeal goes into that appeal, whatever is being talked about."""
    if talk.reply_to is None or not isinstance(said, Text | File):
        return False
    person, chat_id = who(talk)
    found = await talk.core.appeals.replied_to(chat_id, talk.reply_to.message_id, person)
    if found is None or found.appeal.status is AppealStatus.draft:
        return False
    if state.about == found.appeal.id and isinstance(state, Answering | StillWrong | Added):
        return False  # that very appeal is the question on the screen
    new = await put(talk, found.appeal.id, said)
    if isinstance(new, Added):
        talk.tell(new.said(talk))
    elif isinstance(new, TooLate):
        shown = await new.show(talk)
        talk.show_first(screen(shown.text, *shown.rows, footer=False))
    return True


class NoSuchAppeal(State, frozen=True):
    """A button that is forged, or an appeal that is no longer this person's to see."""

    public: ClassVar[bool] = True
    returns: ClassVar[bool] = False

    async def show(self, talk: Talk) -> Screen:
        return screen(
            talk.t("I cannot find this appeal among yours."),
            Choice(talk.t("📋 My appeals"), OpenAppeals(), Tone.primary),
            Choice(talk.t("✍️ Write to us"), WriteAppeal()),
        )


class Answering(AboutAppeal, frozen=True):
    """Waits for more words or a file; what comes is with staff at once."""

    number: int
    unfinished: ClassVar[bool] = True

    async def show(self, talk: Talk) -> Screen:
        found = await sent_appeal(talk, self.appeal_id)
        if found is None:
            return await NoSuchAppeal().show(talk)
        staff = [one.text for one in found.messages if one.author is Author.staff and one.text]
        decided = found.appeal.status not in OPEN
        return screen(
            paragraphs(
                quoted(talk, staff[-1], QUOTED) if staff else None,
                bold(talk.t("Your message for appeal No. {appeal}? A photo or a document too.", appeal=self.number)),
                talk.t("It has been decided: what you write returns it to work.") if decided else None,
            ),
            Choice(talk.t("👀 See the appeal"), OpenAppeal(self.appeal_id)),
            asks=Asks.file,
            hint=talk.t("Your message"),
        )

    def expects(self, talk: Talk) -> str:
        return talk.t("Write your message here, or send a photo or a document.")

    async def on_text(self, talk: Talk, said: Text) -> Added | Answering | TooLate | NoSuchAppeal:
        return await put(talk, self.appeal_id, said) or self

    async def on_file(self, talk: Talk, sent: File) -> Added | Answering | TooLate | NoSuchAppeal:
        return await put(talk, self.appeal_id, sent) or self


class StillWrong(AboutAppeal, frozen=True):
    """Before it goes back to work: what is still wrong?"""

    number: int
    unfinished: ClassVar[bool] = True

    async def show(self, talk: Talk) -> Screen:
        return screen(
            paragraphs(
                bold(talk.t("What is still wrong?")),
                talk.t("A word or a photo helps our staff to find it."),
            ),
            Choice(talk.t("↩️ Return it without a word"), JustReturn()),
            Choice(talk.t("👀 See the appeal"), OpenAppeal(self.appeal_id)),
            asks=Asks.file,
            hint=talk.t("What is still wrong"),
        )

    def expects(self, talk: Talk) -> str:
        return talk.t("Write what is still wrong, send a photo, or return it without a word.")

    async def on_return(self, talk: Talk, press: JustReturn) -> Added | TooLate | NoSuchAppeal:
        found = await sent_appeal(talk, self.appeal_id)
        if found is None:
            return NoSuchAppeal()
        appeals, appeal = talk.core.appeals, found.appeal
        if appeal.status not in OPEN:
            if not appeals.may_return(appeal):
                return TooLate(appeal.id, appeal.number)
            talk.write(appeals.reopen(appeal.id, ""))
        return Added(appeal.id, appeal.number, appeals.answer_by(appeal.kind).due_at, returned=True)

    async def on_text(self, talk: Talk, said: Text) -> Added | StillWrong | TooLate | NoSuchAppeal:
        return await put(talk, self.appeal_id, said, wrong=True) or self

    async def on_file(self, talk: Talk, sent: File) -> Added | StillWrong | TooLate | NoSuchAppeal:
        return await put(talk, self.appeal_id, sent, wrong=True) or self


class Added(AboutAppeal, frozen=True):
    """It is with staff; more may follow."""

    number: int
    due: datetime | None = None
    returned: bool = False
    settles: ClassVar[bool] = True

    def said(self, talk: Talk) -> str:
        if self.returned:
            return talk.t("↩️ Appeal No. {appeal} is back at work.", appeal=self.number)
        return talk.t("✅ Added to appeal No. {appeal}.", appeal=self.number)

    async def show(self, talk: Talk) -> Screen:
        return screen(
            paragraphs(
                bold(self.said(talk)),
                talk.t("We answer by {moment}.", moment=talk.translator.moment(self.due)) if self.due else None,
                talk.t("Our staff see it. You may write more right here."),
            ),
            Choice(talk.t("👀 See the appeal"), OpenAppeal(self.appeal_id)),
            Choice(talk.t("▶️ Continue where you stopped"), GoOn()) if talk.parked else None,
            asks=Asks.file,
        )

    def expects(self, talk: Talk) -> str:
        return talk.t("Write more here, or go on with a button.")

    async def on_text(self, talk: Talk, said: Text) -> Added | TooLate | NoSuchAppeal:
        return await put(talk, self.appeal_id, said) or self

    async def on_file(self, talk: Talk, sent: File) -> Added | TooLate | NoSuchAppeal:
        return await put(talk, self.appeal_id, sent) or self


class TooLate(State, frozen=True):
    """The term of returning it to work has passed: a new one can follow it."""

    appeal_id: str
    number: int
    public: ClassVar[bool] = True
    settles: ClassVar[bool] = True

    async def show(self, talk: Talk) -> Screen:
        days = talk.core.appeals.rules.return_days
        return screen(
            paragraphs(
                bold(talk.t("Appeal No. {appeal} was closed a while ago.", appeal=self.number)),
                talk.n(
                    "An appeal can be returned to work for {n} day. Write a new one: it will refer to the old one.",
                    "An appeal can be returned to work for {n} days. Write a new one: it will refer to the old one.",
                    days,
                ),
            ),
            Choice(talk.t("✍️ A new appeal about this"), WriteAppeal("", self.appeal_id), Tone.primary),
            Choice(talk.t("👀 See the appeal"), OpenAppeal(self.appeal_id)),
        )


async def sent_appeal(talk: Talk, appeal_id: str) -> Thread | None:
    """This person's appeal; a draft is none yet."""
    found = await talk.core.appeals.get(appeal_id, *who(talk))
    return found if found is not None and found.appeal.status is not AppealStatus.draft else None


async def put(
    talk: Talk, appeal_id: str, said: Text | File, *, wrong: bool = False
) -> Added | TooLate | NoSuchAppeal | None:
    """What was said goes into the appeal; None with a word about why it did not.

    ``wrong``: it was asked what is still wrong, so that even a thank-you means it.
    """
    found = await sent_appeal(talk, appeal_id)
    if found is None:
        return NoSuchAppeal()
    appeals, appeal = talk.core.appeals, found.appeal
    decided = appeal.status not in OPEN
    if decided and not wrong and isinstance(said, Text) and (says_thanks(said.text) or says_yes(said.text)):
        # A kind word after a decision is not meant to return it to work.
        yes = talk.t("✅ Yes, solved")
        hint = talk.t("If it is solved, press “{button}” under our answer.", button=yes)
        talk.tell(lines(talk.t("You are welcome!"), hint if appeal.status in SETTLED else None))
        return None
    if not appeals.may_write(appeal):
        return TooLate(appeal.id, appeal.number)
    if len(found.messages) >= MAX_MESSAGES:
        talk.tell(talk.t("Appeal No. {appeal} is very long already. Please begin a new one.", appeal=appeal.number))
        return None
    if await file_is_too_much(talk, said, files_lately(found)):
        return None
    add(talk, appeal.id, said)
    waited = decided or appeal.status is AppealStatus.pending
    due = appeals.answer_by(appeal.kind).due_at if waited else None
    return Added(appeal.id, appeal.number, due, returned=decided)
