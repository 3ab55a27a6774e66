"""A person's requests to staff: where each stands, what was written in it, and more words for it."""

from __future__ import annotations

from typing import ClassVar

from core.appeals.service import MAX_MESSAGES
from fsm.action import Action
from fsm.actions import OpenAppeal, OpenAppeals, OpenPerson
from fsm.appeal_words import add, status, thread, title, too_many_files, who
from fsm.event import File, Text
from fsm.screen import Asks, Choice, Screen, Tone, bold, lines, paragraphs, screen
from fsm.state import State, entry
from fsm.talk import Talk

SHOWN = 8  # requests on one screen


class WriteMore(Action, frozen=True, tag="rq.more"):
    """More words in a request that was sent."""


class Older(Action, frozen=True, tag="rq.older"):
    """The next page of the list."""

    start: int


@entry(commands=("requests",), public=True)
async def open_requests(talk: Talk, action: OpenAppeals) -> Requests | NoRequests:
    return Requests() if await talk.core.appeals.of_person(*who(talk)) else NoRequests()


@entry(link="request", public=True)
async def open_request(talk: Talk, action: OpenAppeal) -> Request | NoRequests:
    found = await talk.core.appeals.get(action.appeal_id, *who(talk))
    if found is None:
        talk.tell(talk.t("I cannot find this request among yours."))
        return NoRequests()
    return Request(found.appeal.id)


class NoRequests(State, frozen=True):
    """Nothing was asked yet."""

    public: ClassVar[bool] = True
    returns: ClassVar[bool] = False

    async def show(self, talk: Talk) -> Screen:
        return screen(
            talk.t("Here you will see your requests to our staff and their answers."),
            Choice(talk.t("✍️ Write to our staff"), OpenPerson(), Tone.primary),
            Choice(talk.t("📋 My requests"), OpenAppeals()),
        )


class Requests(State, frozen=True):
    """The list, the newest first."""

    start: int = 0
    public: ClassVar[bool] = True

    async def show(self, talk: Talk) -> Screen:
        found = await talk.core.appeals.of_person(*who(talk))
        page = found[self.start : self.start + SHOWN]
        return screen(
            paragraphs(
                bold(talk.t("📋 My requests")),
                lines(*(bold(title(talk, one)) + f": {status(talk, one.status)}" for one in page)),
            ),
            *(Choice(title(talk, one), OpenAppeal(one.id)) for one in page),
            Choice(talk.t("Older ones"), Older(self.start + SHOWN)) if len(found) > self.start + SHOWN else None,
            Choice(talk.t("✍️ Write to our staff"), OpenPerson()),
        )

    async def on_older(self, talk: Talk, press: Older) -> Requests:
        return Requests(max(press.start, 0))


class Request(State, frozen=True):
    """One request with its thread."""

    appeal_id: str
    public: ClassVar[bool] = True

    async def show(self, talk: Talk) -> Screen:
        found = await talk.core.appeals.get(self.appeal_id, *who(talk))
        if found is None:
            return screen(talk.t("I cannot find this request among yours."))
        return screen(
            paragraphs(
                bold(title(talk, found.appeal)) + "\n" + status(talk, found.appeal.status),
                thread(talk, found),
            ),
            Choice(talk.t("✍️ Write more"), WriteMore(), Tone.primary),
            Choice(talk.t("📋 My requests"), OpenAppeals()),
        )

    def expects(self, talk: Talk) -> str:
        return talk.t("To add something to this request, press “Write more”.")

    async def on_more(self, talk: Talk, press: WriteMore) -> Adding | Request:
        found = await talk.core.appeals.get(self.appeal_id, *who(talk))
        if found is None:
            return self
        return Adding(found.appeal.id, found.appeal.number)


class Adding(State, frozen=True):
    """Waits for more words or a file; what comes is with staff at once."""

    appeal_id: str
    number: int
    public: ClassVar[bool] = True
    unfinished: ClassVar[bool] = True

    async def show(self, talk: Talk) -> Screen:
        return screen(
            bold(talk.t("What shall I add to request No. {appeal}? Write it, or send a photo.", appeal=self.number)),
            asks=Asks.file,
            hint=talk.t("Your message"),
        )

    def expects(self, talk: Talk) -> str:
        return talk.t("Write your message here, or send a photo or a document.")

    async def on_text(self, talk: Talk, said: Text) -> Added | Adding:
        return await _add(talk, self, said)

    async def on_file(self, talk: Talk, sent: File) -> Added | Adding:
        return await _add(talk, self, sent)


class Added(State, frozen=True):
    """It is with staff; more may follow."""

    appeal_id: str
    number: int
    public: ClassVar[bool] = True
    settles: ClassVar[bool] = True

    async def show(self, talk: Talk) -> Screen:
        return screen(
            paragraphs(
                bold(talk.t("✅ Added to request No. {appeal}.", appeal=self.number)),
                talk.t("Our staff see it. You may write more right here."),
            ),
            Choice(talk.t("See the request"), OpenAppeal(self.appeal_id)),
            asks=Asks.file,
        )

    def expects(self, talk: Talk) -> str:
        return talk.t("Write more here, or go on with a button.")

    async def on_text(self, talk: Talk, said: Text) -> Added | Adding:
        return await _add(talk, self, said)

    async def on_file(self, talk: Talk, sent: File) -> Added | Adding:
        return await _add(talk, self, sent)


async def _add(talk: Talk, here: Adding | Added, said: Text | File) -> Added | Adding:
    found = await talk.core.appeals.get(here.appeal_id, *who(talk))
    if found is None:
        talk.tell(talk.t("I cannot find this request among yours."))
        return here
    if len(found.messages) >= MAX_MESSAGES:
        talk.tell(talk.t("This request is very long already. Please begin a new one: press “A person”."))
        return here
    if await too_many_files(talk, said):
        return here
    add(talk, here.appeal_id, said)
    return Added(here.appeal_id, here.number)
