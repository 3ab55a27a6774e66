"""An appeal has been sent, or thrown away: its number, by when it is answered, and what happens next."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from core.subscribers.activity import Did, did
from core.subscribers.phones import show_phone
from fsm.actions import GoOn, OpenAppeal, WriteAppeal
from fsm.appeal_state import AboutAppeal
from fsm.appeal_words import by_phone, who
from fsm.draft import Draft
from fsm.event import File, Text
from fsm.flows.appeal_answer import Added, NoSuchAppeal, TooLate, put
from fsm.screen import Asks, Choice, Screen, Tone, bold, paragraphs, screen
from fsm.state import State
from fsm.talk import Talk


class Sent(AboutAppeal, frozen=True):
    """The number, and what happens next. Whatever is written below goes into it as well."""

    number: int
    due: datetime
    contact: str = ""
    begun_id: str = ""  # another one that is not sent yet
    settles: ClassVar[bool] = True

    async def show(self, talk: Talk) -> Screen:
        call = talk.t("If a call is needed, we dial {phone}.", phone=show_phone(self.contact)) if self.contact else None
        return screen(
            paragraphs(
                bold(talk.t("📨 Your appeal has No. {appeal} and is with our staff.", appeal=self.number)),
                bold(talk.t("We answer by {moment}.", moment=talk.translator.moment(self.due))),
                talk.t("A person reads it and answers here, in this chat. You may write more right here."),
                call,
            ),
            Choice(talk.t("👀 See it"), OpenAppeal(self.appeal_id)),
            Choice(talk.t("✍️ The other message, not sent"), OpenAppeal(self.begun_id)) if self.begun_id else None,
            Choice(talk.t("▶️ Continue where you stopped"), GoOn()) if talk.parked and not self.begun_id else None,
            asks=Asks.file,
        )

    def expects(self, talk: Talk) -> str:
        return talk.t("Write more here, or go on with a button.")

    async def on_text(self, talk: Talk, said: Text) -> Sent | Added | TooLate | NoSuchAppeal:
        return await put(talk, self.appeal_id, said) or self

    async def on_file(self, talk: Talk, sent: File) -> Sent | Added | TooLate | NoSuchAppeal:
        return await put(talk, self.appeal_id, sent) or self


class Discarded(State, frozen=True):
    """Nothing was sent."""

    public: ClassVar[bool] = True
    settles: ClassVar[bool] = True

    async def show(self, talk: Talk) -> Screen:
        return screen(
            talk.t("Your message is deleted; nobody has seen it."),
            Choice(talk.t("✍️ Write to us"), WriteAppeal(), Tone.primary),
            Choice(talk.t("▶️ Continue where you stopped"), GoOn()) if talk.parked else None,
        )


async def send(talk: Talk, draft: Draft) -> Sent | None:
    """To staff with it; None with the reason when too much was sent today."""
    appeals, chat_id = talk.core.appeals, talk.chat.chat_id
    found = await appeals.get(draft.id, *who(talk))
    if found is None:
        return None
    if not await appeals.may_send(chat_id):
        talk.tell(
            paragraphs(
                talk.t("You have written a lot today. This message is kept: please send it tomorrow."), by_phone(talk)
            )
        )
        return None
    region = talk.known.region if talk.known is not None else ""
    talk.write(appeals.send(draft.id, draft.contact, region=region))
    if talk.known is not None:
        talk.write(did(talk.known.id, chat_id, Did.appealed, talk.now, str(found.appeal.number)))
    others = [one for one in await appeals.drafts(*who(talk)) if one.appeal.id != draft.id and one.messages]
    due = appeals.answer_by(found.appeal.kind if not draft.kind else draft.kind).due_at
    return Sent(draft.id, found.appeal.number, due, draft.contact, others[0].appeal.id if others else "")
