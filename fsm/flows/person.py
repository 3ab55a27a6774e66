"""A way to a living person, from anywhere: a phone to call, a message at any hour, and what was written so far."""

from __future__ import annotations

from typing import ClassVar

from core.appeals.kinds import PERSON
from fsm.action import Action
from fsm.actions import GoOn, OpenAppeal, OpenAppeals, OpenPerson
from fsm.appeal_words import by_phone, quoted, who
from fsm.draft import begin, keep, resumed
from fsm.event import File, Text
from fsm.flows.appeal import Detail, Letter, send_draft
from fsm.flows.appeal_sent import Sent
from fsm.screen import Asks, Choice, Screen, Tone, bold, lines, paragraphs, screen
from fsm.state import State, entry
from fsm.talk import Talk


class LeaveMessage(Action, frozen=True, tag="p.leave"):
    """Begins a message to staff."""


class SendBegun(Action, frozen=True, tag="p.send"):
    """To staff with what was written so far."""


@entry(commands=("person",), link="person", public=True)
async def open_person(talk: Talk, action: OpenPerson) -> Person:
    appeals, person = talk.core.appeals, who(talk)
    begun = await appeals.draft(*person)
    written = begun if begun is not None and begun.messages else None
    return Person(
        bool(await appeals.of_person(*person)),
        written.appeal.id if written is not None else "",
        resumed(written).words if written is not None else "",
    )


class Person(State, frozen=True):
    """How to reach a person: by phone now, by a message at any hour."""

    appeals: bool = False
    begun_id: str = ""  # a message that is not sent
    words: str = ""
    public: ClassVar[bool] = True

    async def show(self, talk: Talk) -> Screen:
        begun = bool(self.begun_id)
        return screen(
            paragraphs(
                bold(talk.t("A person will help you.")),
                by_phone(talk),
                talk.t("✍️ In writing, at any hour: leave a message, and our staff answer here, in this chat."),
                lines(talk.t("What you have written is kept:"), quoted(talk, self.words)) if self.words else None,
            ),
            Choice(talk.t("📨 Send it to a person"), SendBegun(), Tone.primary) if begun else None,
            Choice(talk.t("✍️ Go on with my message"), OpenAppeal(self.begun_id)) if begun else None,
            Choice(talk.t("➕ Write another one"), LeaveMessage()) if begun else None,
            Choice(talk.t("✍️ Leave a message"), LeaveMessage(), Tone.primary) if not begun else None,
            Choice(talk.t("📋 My appeals"), OpenAppeals()) if self.appeals else None,
            Choice(talk.t("▶️ Continue where you stopped"), GoOn()) if talk.parked and not begun else None,
            asks=Asks.file,
        )

    def expects(self, talk: Talk) -> str:
        return talk.t("Write your message here, or choose a button below.")

    async def on_leave(self, talk: Talk, press: LeaveMessage) -> Letter:
        return Letter(await begin(talk, PERSON))

    async def on_send(self, talk: Talk, press: SendBegun) -> Sent | Detail | Letter:
        begun = await talk.core.appeals.get(self.begun_id, *who(talk))
        return await send_draft(talk, resumed(begun)) if begun is not None else Letter(await begin(talk, PERSON))

    async def on_text(self, talk: Talk, said: Text) -> Letter:
        return await self._keep(talk, said)

    async def on_file(self, talk: Talk, sent: File) -> Letter:
        return await self._keep(talk, sent)

    async def _keep(self, talk: Talk, said: Text | File) -> Letter:
        """Whoever writes at once is not asked to press first; what was begun before is gone on with."""
        begun = await talk.core.appeals.get(self.begun_id, *who(talk)) if self.begun_id else None
        draft = resumed(begun) if begun is not None else await begin(talk, PERSON)
        return Letter(await keep(talk, draft, said))
