"""Writing to the staff: what it is about, the story with its files, a few questions, a summary, sent."""

from __future__ import annotations

from typing import ClassVar

from msgspec.structs import replace

from core.appeals.kinds import PERSON
from core.appeals.models import Appeal
from fsm.account_reads import right_to
from fsm.action import Action
from fsm.actions import OpenAppeal, OpenAppeals, OpenMenu, WriteAppeal
from fsm.appeal_words import kind_title, quoted, who
from fsm.draft import (
    ACCOUNT,
    CONTACT,
    Draft,
    answered,
    begin,
    fresh,
    keep,
    kind_of,
    lacking,
    left_to_ask,
    of_kind,
    resumed,
)
from fsm.draft_words import detail_screen, failures, questions_label, read_detail, summary, whats
from fsm.event import Contact, File, Text
from fsm.flows.appeal_sent import Discarded, Sent, send
from fsm.screen import Asks, Choice, Screen, Tone, bold, lines, paragraphs, screen
from fsm.state import State, entry
from fsm.talk import Talk


class PickKind(Action, frozen=True, tag="aw.kind"):
    code: str


class WriteAnyway(Action, frozen=True, tag="aw.all"):
    """In spite of a failure that is known."""


class Another(Action, frozen=True, tag="aw.new"):
    """A new message beside the one that is not sent."""


class Ask(Action, frozen=True, tag="aw.ask"):
    """The questions that are left."""


class Send(Action, frozen=True, tag="aw.send"):
    """To staff with it."""


class ChangeIt(Action, frozen=True, tag="aw.chg"):
    """Something in it is not right."""


class ChangeWhat(Action, frozen=True, tag="aw.what"):
    """This is not right: the kind, the story, or what was asked."""

    code: str


class Answer(Action, frozen=True, tag="aw.is"):
    """An answer that is offered; an empty one leaves the question out."""

    number: str


class Discard(Action, frozen=True, tag="aw.drop"):
    """Throws away what was not sent."""


@entry(commands=("appeal",), link="appeal", public=True)
async def write_appeal(talk: Talk, action: WriteAppeal) -> ChooseKind | NotSentYet:
    appeals = talk.core.appeals
    account = action.number if await _owns(talk, action.number) else ""
    earlier = await appeals.get(action.after_id, *who(talk)) if action.after_id else None
    draft = await begin(talk, account=account, after=earlier.appeal.number if earlier is not None else 0)
    begun = await appeals.draft(*who(talk))
    return NotSentYet(resumed(begun), draft) if begun is not None and begun.messages else ChooseKind(draft)


class NotSentYet(State, frozen=True):
    """Something was begun before: that one, or another?"""

    begun: Draft
    draft: Draft
    public: ClassVar[bool] = True
    returns: ClassVar[bool] = False

    async def show(self, talk: Talk) -> Screen:
        return screen(
            paragraphs(
                bold(talk.t("You have a message that is not sent yet.")),
                quoted(talk, self.begun.words),
            ),
            Choice(talk.t("✍️ Go on with it"), OpenAppeal(self.begun.id), Tone.primary),
            Choice(talk.t("➕ Write another one"), Another()),
        )

    async def on_another(self, talk: Talk, press: Another) -> ChooseKind:
        return ChooseKind(self.draft)


class ChooseKind(State, frozen=True):
    """What it is about. Whoever writes at once is not stopped: the words are kept, the kind may follow."""

    draft: Draft
    public: ClassVar[bool] = True
    unfinished: ClassVar[bool] = True

    async def show(self, talk: Talk) -> Screen:
        kinds = talk.core.appeals.kinds
        return screen(
            paragraphs(
                bold(talk.t("What is it about?")),
                lines(talk.t("Your words are kept:"), quoted(talk, self.draft.words))
                if self.draft.words
                else talk.t("Choose, or simply write what happened."),
            ),
            *(Choice(kind_title(talk, kind), PickKind(kind.code)) for kind in kinds.offered),
            Choice(talk.t("🙋 Something else"), PickKind(PERSON)),
            asks=Asks.file,
            hint=talk.t("What happened?"),
        )

    def expects(self, talk: Talk) -> str:
        return talk.t("Choose what it is about, or simply write.")

    async def on_kind(self, talk: Talk, press: PickKind) -> Letter | KnownFailure | ChooseKind:
        if press.code not in (PERSON, *(kind.code for kind in talk.core.appeals.kinds.offered)):
            return self
        now = await fresh(talk, self.draft)
        if not isinstance(now, Draft):
            return Letter(self.draft)
        draft = await of_kind(talk, now, press.code)
        if kind_of(talk, press.code).technical and not draft.failure_told and await failures(talk):
            return KnownFailure(replace(draft, failure_told=True))
        return Letter(draft)

    async def on_text(self, talk: Talk, said: Text) -> ChooseKind:
        return ChooseKind(await keep(talk, self.draft, said))

    async def on_file(self, talk: Talk, sent: File) -> ChooseKind:
        return ChooseKind(await keep(talk, self.draft, sent))


class KnownFailure(State, frozen=True):
    """The staff know already: nobody has to write, and everybody may."""

    draft: Draft
    public: ClassVar[bool] = True
    unfinished: ClassVar[bool] = True

    async def show(self, talk: Talk) -> Screen:
        return screen(
            paragraphs(
                bold(talk.t("⚠️ We know of a failure near you and are mending it.")),
                *await failures(talk),
                talk.t("You need not write about it. If yours is something else, or you want an answer, write."),
            ),
            Choice(talk.t("✍️ Write all the same"), WriteAnyway(), Tone.primary),
            Choice(talk.t("👍 Then I will wait"), OpenMenu()),
        )

    async def on_write(self, talk: Talk, press: WriteAnyway) -> Letter:
        return Letter(self.draft)

    async def on_text(self, talk: Talk, said: Text) -> Letter:
        return Letter(await keep(talk, self.draft, said))

    async def on_file(self, talk: Talk, sent: File) -> Letter:
        return Letter(await keep(talk, self.draft, sent))


class Letter(State, frozen=True):
    """The story, and the summary of what is there: any number of messages and files, all kept at once."""

    draft: Draft
    public: ClassVar[bool] = True
    unfinished: ClassVar[bool] = True

    async def show(self, talk: Talk) -> Screen:
        # What this very turn has described is not in the database yet; after any other way here, it has the last word.
        draft = self.draft if talk.writes else await fresh(talk, self.draft)
        if not isinstance(draft, Draft):
            return _gone(talk, draft)
        kind = kind_of(talk, draft.kind)
        if not draft.messages:
            return screen(
                paragraphs(
                    bold(kind.ask.in_(talk.language) or talk.t("What happened?")),
                    talk.t("Write as you would say it. Several messages are fine, photos and documents too."),
                ),
                asks=Asks.file,
                hint=talk.t("Your message"),
            )
        questions, needed = left_to_ask(talk, draft), lacking(talk, draft)
        ready = not questions
        return screen(
            paragraphs(
                bold(talk.n("{n} message is kept.", "{n} messages are kept.", draft.messages)),
                summary(talk, draft),
                talk.t("Write more, or send it to our staff."),
            ),
            Choice(questions_label(talk, questions), Ask(), Tone.primary) if questions else None,
            Choice(talk.t("📨 Send"), Send(), Tone.primary) if ready else None,
            Choice(talk.t("📨 Send right away"), Send()) if questions and not needed else None,
            (Choice(talk.t("✏️ Change"), ChangeIt()), Choice(talk.t("🗑 Delete"), Discard())),
            asks=Asks.file,
            hint=talk.t("More, if you like"),
        )

    def expects(self, talk: Talk) -> str:
        return talk.t("Write your message here, or send a photo or a document.")

    async def on_text(self, talk: Talk, said: Text) -> Letter:
        return Letter(await keep(talk, self.draft, said))

    async def on_file(self, talk: Talk, sent: File) -> Letter:
        return Letter(await keep(talk, self.draft, sent))

    async def on_ask(self, talk: Talk, press: Ask) -> Detail | Letter:
        return await _next(talk, self.draft)

    async def on_send(self, talk: Talk, press: Send) -> Sent | Detail | Letter:
        return await send_draft(talk, self.draft)

    async def on_change(self, talk: Talk, press: ChangeIt) -> Change:
        return Change(self.draft)

    async def on_discard(self, talk: Talk, press: Discard) -> Discarded:
        if self.draft.id:
            talk.write(talk.core.appeals.drop(self.draft.id))
        return Discarded()


class Detail(State, frozen=True):
    """One question beside the story. ``then``: what comes after the answer."""

    draft: Draft
    what: str  # the account, the contact, or the code of a field
    then: str = "next"  # next, letter, send
    public: ClassVar[bool] = True
    unfinished: ClassVar[bool] = True

    async def show(self, talk: Talk) -> Screen:
        return await detail_screen(talk, self.draft, self.what, Answer)

    def expects(self, talk: Talk) -> str:
        return talk.t("Type the answer, or choose one below.")

    async def on_text(self, talk: Talk, said: Text) -> Sent | Detail | Letter:
        return await self._typed(talk, said)

    async def on_contact(self, talk: Talk, shared: Contact) -> Sent | Detail | Letter:
        return await self._typed(talk, shared)

    async def _typed(self, talk: Talk, said: Text | Contact) -> Sent | Detail | Letter:
        found = await read_detail(talk, self.what, said)
        return await self._take(talk, found) if found is not None else self

    async def on_file(self, talk: Talk, sent: File) -> Detail:
        return replace(self, draft=await keep(talk, self.draft, sent))

    async def on_answer(self, talk: Talk, press: Answer) -> Sent | Detail | Letter:
        if press.number and not (self.what == ACCOUNT and await _owns(talk, press.number)):
            return self
        if not press.number and any(one.code == self.what for one in lacking(talk, self.draft)):
            return self
        return await self._take(talk, press.number)

    async def _take(self, talk: Talk, said: str) -> Sent | Detail | Letter:
        now = await fresh(talk, self.draft)
        if not isinstance(now, Draft):
            return Letter(self.draft)
        draft = answered(talk, now, self.what, said)
        if self.then == "send":
            return await send_draft(talk, draft, asked_now=True)
        return await _next(talk, draft) if self.then == "next" else Letter(draft)


class Change(State, frozen=True):
    """What shall be different?"""

    draft: Draft
    public: ClassVar[bool] = True
    unfinished: ClassVar[bool] = True

    async def show(self, talk: Talk) -> Screen:
        rows = [Choice(label, ChangeWhat(code)) for code, label in whats(talk, self.draft)]
        return screen(bold(talk.t("What shall I change?")), *rows)

    async def on_what(self, talk: Talk, press: ChangeWhat) -> ChooseKind | Detail | Letter | Change:
        now = await fresh(talk, self.draft)
        if not isinstance(now, Draft):
            return Letter(self.draft)
        if press.code not in dict(whats(talk, now)):
            return self
        match press.code:
            case "kind":
                return ChooseKind(now)
            case "story":
                if now.id:
                    talk.write(talk.core.appeals.empty(now.id))
                return Letter(replace(now, words="", messages=0, files=0))
        return Detail(now, press.code, "letter")


async def _owns(talk: Talk, number: str) -> bool:
    return bool(number) and talk.known is not None and (await right_to(talk, number))[0] is not None


def _gone(talk: Talk, became: Appeal | None) -> Screen:
    """The message is no longer a draft: sent from elsewhere, or thrown away."""
    if became is None:
        return screen(
            talk.t("This message is not here any more. Please write it again."),
            Choice(talk.t("✍️ Write to us"), WriteAppeal(), Tone.primary),
        )
    return screen(
        bold(talk.t("This message was sent: it is appeal No. {appeal}.", appeal=became.number)),
        Choice(talk.t("👀 See it"), OpenAppeal(became.id), Tone.primary),
        Choice(talk.t("📋 My appeals"), OpenAppeals()),
    )


async def _next(talk: Talk, draft: Draft) -> Detail | Letter:
    left = left_to_ask(talk, draft)
    return Detail(draft, left[0]) if left else Letter(draft)


async def send_draft(talk: Talk, draft: Draft, *, asked_now: bool = False) -> Sent | Detail | Letter:
    """With everything that cannot be left out; of somebody who is not registered the contact is asked once."""
    now = draft if asked_now else await fresh(talk, draft)
    if not isinstance(now, Draft) or not now.messages:
        return Letter(draft)
    if needed := lacking(talk, now):
        return Detail(now, needed[0].code)
    if not now.contact and talk.known is None and CONTACT not in now.asked:
        return Detail(now, CONTACT, "send")
    return await send(talk, now) or Letter(now)
