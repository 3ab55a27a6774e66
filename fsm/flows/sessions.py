"""Where am I signed in: the chats of one person, closed one by one or all at once, and "it was not me"."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from core.subscribers.activity import Did
from core.subscribers.service import BARRED_FOR, Session
from fsm import told_sessions
from fsm.action import Action
from fsm.actions import ManageLinks, NotMe, OpenProfile, OpenRegistration, OpenSessions
from fsm.screen import Choice, Rich, Screen, Tone, bold, lines, paragraphs, screen
from fsm.state import State, entry
from fsm.talk import Talk
from fsm.told_sessions import messenger

SHOWN = 10


class CloseChat(Action, frozen=True, tag="s.close"):
    chat_id: str


class CloseOthers(Action, frozen=True, tag="s.others"):
    """All but this one."""


class LeaveHere(Action, frozen=True, tag="s.leave"):
    """Signing out of this chat."""


class LetBack(Action, frozen=True, tag="s.letback"):
    """It was me after all."""


@entry(commands=("sessions",))
async def open_sessions(talk: Talk, action: OpenSessions) -> Sessions:
    return Sessions()


@entry()
async def not_me(talk: Talk, action: NotMe) -> CutOff | NotThere:
    """Cuts off a chat that joined after this one: a newcomer cannot throw out those who were there before."""
    sessions = await talk.core.subscribers.sessions(talk.subscriber.id)
    by_id = {session.chat.chat_id: session.chat for session in sessions}
    here, there = by_id.get(talk.chat.chat_id), by_id.get(action.chat_id)
    if here is None or there is None or here is there:
        return NotThere()
    if here.joined_at is not None and there.joined_at is not None and there.joined_at < here.joined_at:
        return NotThere()
    until = talk.now + BARRED_FOR
    service, person = talk.core.subscribers, talk.subscriber
    talk.write(
        service.cut_off(there.chat_id, person.id, talk.turn_id),
        service.did(person.id, talk.chat.chat_id, Did.cut_off, messenger(there.channel)),
    )
    talk.notify(there, lambda translator: told_sessions.cut_off(translator, until))
    return CutOff(there.chat_id, there.channel, until)


class Sessions(State, frozen=True):
    """The list."""

    async def show(self, talk: Talk) -> Screen:
        sessions = await talk.core.subscribers.sessions(talk.subscriber.id)
        others = [session for session in sessions if session.chat.chat_id != talk.chat.chat_id]
        return screen(
            paragraphs(
                bold(talk.t("Where you are signed in")),
                *(self._line(talk, session) for session in sessions[:SHOWN]),
                talk.t("If you do not know one of these chats, close it.") if others else None,
            ),
            *(
                Choice(talk.t("Close {chat}", chat=_title(session)), CloseChat(session.chat.chat_id))
                for session in others[:SHOWN]
            ),
            Choice(talk.t("Close all but this one"), CloseOthers(), Tone.danger) if len(others) > 1 else None,
            Choice(talk.t("Sign out here"), LeaveHere()),
            Choice(talk.t("👤 My profile"), OpenProfile()),
        )

    def _line(self, talk: Talk, session: Session) -> Rich:
        chat = session.chat
        here = chat.chat_id == talk.chat.chat_id
        since = chat.joined_at or chat.created_at
        return lines(
            bold(_title(session)) + (" — " + talk.t("this chat") if here else ""),
            talk.t("since {moment}", moment=talk.translator.moment(since)),
            None
            if here or session.seen_at is None
            else talk.t("last seen {moment}", moment=talk.translator.moment(session.seen_at)),
        )

    async def on_close(self, talk: Talk, press: CloseChat) -> Closed | Sessions | ConfirmLeaving:
        if press.chat_id == talk.chat.chat_id:
            return ConfirmLeaving()
        return await _close(talk, [press.chat_id]) or self

    async def on_others(self, talk: Talk, press: CloseOthers) -> Closed | Sessions:
        return await _close(talk) or self

    async def on_leave(self, talk: Talk, press: LeaveHere) -> ConfirmLeaving:
        return ConfirmLeaving()


class Closed(State, frozen=True):
    """So many chats were closed."""

    count: int
    settles: ClassVar[bool] = True

    async def show(self, talk: Talk) -> Screen:
        return screen(
            talk.n("✅ Done: {n} chat is closed.", "✅ Done: {n} chats are closed.", self.count),
            Choice(talk.t("💬 Where am I signed in"), OpenSessions()),
            Choice(talk.t("👤 My profile"), OpenProfile()),
        )


class ConfirmLeaving(State, frozen=True):
    """Asked once more, because coming back takes a minute."""

    async def show(self, talk: Talk) -> Screen:
        return screen(
            talk.t("Sign out of this chat? Nothing is deleted. To come back, you prove your phone number again."),
            Choice(talk.t("Yes, sign out"), LeaveHere(), Tone.danger),
            Choice(talk.t("No, stay"), OpenProfile()),
        )

    async def on_leave(self, talk: Talk, press: LeaveHere) -> SignedOut:
        service, person, chat_id = talk.core.subscribers, talk.subscriber, talk.chat.chat_id
        talk.write(
            service.close([chat_id], person.id, talk.turn_id, here=chat_id),
            service.did(person.id, chat_id, Did.signed_out, messenger(talk.chat.channel)),
        )
        talk.forget_what_was_left()
        return SignedOut()


class SignedOut(State, frozen=True):
    """This chat is nobody's now."""

    public: ClassVar[bool] = True
    settles: ClassVar[bool] = True

    async def show(self, talk: Talk) -> Screen:
        return screen(
            talk.t("You are signed out of this chat. Your accounts and settings are kept."),
            Choice(talk.t("Sign in again"), OpenRegistration(), Tone.primary),
        )


class CutOff(State, frozen=True):
    """The chat that was not theirs is closed and barred."""

    chat_id: str
    channel: str
    until: datetime
    settles: ClassVar[bool] = True

    async def show(self, talk: Talk) -> Screen:
        return screen(
            paragraphs(
                bold(talk.t("✅ That {messenger} chat is cut off.", messenger=messenger(self.channel))),
                talk.t("Nobody can sign in from it until {moment}.", moment=talk.translator.moment(self.until)),
                talk.t("Please look whether everything else is as you left it. And tell SMS codes to nobody."),
            ),
            Choice(talk.t("💬 Where am I signed in"), OpenSessions()),
            Choice(talk.t("👥 My accounts and access"), ManageLinks()),
            Choice(talk.t("It was me after all"), LetBack()),
        )

    async def on_let_back(self, talk: Talk, press: LetBack) -> LetIn:
        talk.write(talk.core.subscribers.let_back(self.chat_id))
        return LetIn(self.channel)


class LetIn(State, frozen=True):
    """The bar is taken away; the chat itself has to sign in again."""

    channel: str
    settles: ClassVar[bool] = True

    async def show(self, talk: Talk) -> Screen:
        return screen(
            talk.t("✅ Good. You can sign in again from that {messenger} chat.", messenger=messenger(self.channel)),
            Choice(talk.t("💬 Where am I signed in"), OpenSessions()),
        )


class NotThere(State, frozen=True):
    """Nothing to cut off: it is closed, or it is not this chat's to close."""

    returns: ClassVar[bool] = False

    async def show(self, talk: Talk) -> Screen:
        return screen(
            talk.t("I find no newer chat of yours to cut off: perhaps it is closed already. Here you see them all."),
            Choice(talk.t("💬 Where am I signed in"), OpenSessions(), Tone.primary),
        )


def _title(session: Session) -> str:
    """The messenger, and the name there where it helps to tell two apart."""
    name = session.chat.name
    return f"{messenger(session.chat.channel)} · {name[:16]}" if name else messenger(session.chat.channel)


async def _close(talk: Talk, only: list[str] | None = None) -> Closed | None:
    """Closes the person's other chats, or those named; None when there is none of them."""
    service, person = talk.core.subscribers, talk.subscriber
    others = [chat for chat in await service.chats_of(person.id) if chat.chat_id != talk.chat.chat_id]
    if only is not None:
        others = [chat for chat in others if chat.chat_id in only]
    if not others:
        talk.tell(talk.t("This chat is closed already."))
        return None
    talk.write(service.close([chat.chat_id for chat in others], person.id, talk.turn_id))
    for chat in others:
        talk.write(service.did(person.id, talk.chat.chat_id, Did.signed_out, messenger(chat.channel)))
        talk.notify(chat, told_sessions.closed)
    return Closed(len(others))
