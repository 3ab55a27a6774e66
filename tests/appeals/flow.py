"""A conversation of a few words that does with appeals what a subscriber may do, without the real one's screens."""

from __future__ import annotations

from core.appeals.models import SETTLED, AppealStatus
from fsm.actions import OpenHelp, OpenMenu, OpenPerson, OpenRegistration
from fsm.appeal_words import who
from fsm.event import File, Text
from fsm.screen import Screen, screen
from fsm.state import State, entry
from fsm.talk import Talk


class Idle(State, frozen=True):
    """``new WORDS`` begins an appeal."""

    public = True

    async def show(self, talk: Talk) -> Screen:
        return screen("Say new and what it is about")

    async def on_text(self, talk: Talk, said: Text) -> Writing | Idle:
        verb, _, words = said.text.partition(" ")
        if verb != "new":
            return self
        me, chat_id = who(talk)
        appeal, create = await talk.core.appeals.create(me, chat_id, "technical", draft=True)
        talk.write(create, talk.core.appeals.append(appeal.id, words))
        return Writing(appeal.id, words)


class Writing(State, frozen=True):
    """Words and files until ``send``. ``last`` makes each answer another one."""

    appeal_id: str
    last: str
    public = True

    async def show(self, talk: Talk) -> Screen:
        return screen(f"Kept: {self.last}")

    async def on_text(self, talk: Talk, said: Text) -> Writing | Sent:
        if said.text == "send":
            talk.write(talk.core.appeals.send(self.appeal_id, "+79000000001"))
            return Sent(self.appeal_id, "sent")
        talk.write(talk.core.appeals.append(self.appeal_id, said.text))
        return Writing(self.appeal_id, said.text)

    async def on_file(self, talk: Talk, file: File) -> Writing:
        talk.write(*talk.core.appeals.attach(self.appeal_id, talk.chat.chat_id, file.ref, file.name, file.caption))
        return Writing(self.appeal_id, file.name)


class Sent(State, frozen=True):
    """More words, ``confirm``, ``rate 5 WORDS``, a new appeal, or ``join`` the newest one of the person's."""

    appeal_id: str
    last: str
    public = True

    async def show(self, talk: Talk) -> Screen:
        return screen(f"With our staff: {self.last}")

    async def on_text(self, talk: Talk, said: Text) -> Sent | Writing | Idle:
        verb, _, words = said.text.partition(" ")
        appeals = talk.core.appeals
        found = await appeals.get(self.appeal_id, *who(talk))
        assert found is not None
        status = found.appeal.status
        if verb == "new":
            return await Idle().on_text(talk, said)
        if verb == "join":
            newest, *_ = await appeals.of_person(*who(talk))
            return Sent(newest.id, said.text)
        # Staff or silence may be faster: then it cannot be confirmed, and the person sees that.
        if verb == "confirm" and status not in SETTLED:
            return Sent(self.appeal_id, f"not confirmed, {status}")
        if verb == "rate" and status not in (*SETTLED, AppealStatus.closed):
            return Sent(self.appeal_id, f"not rated, {status}")
        if verb == "confirm":
            talk.write(appeals.confirm(self.appeal_id))
        elif verb == "rate":
            number, _, why = words.partition(" ")
            talk.write(appeals.rate(self.appeal_id, int(number), why))
        else:
            talk.write(appeals.append(self.appeal_id, said.text))
        return Sent(self.appeal_id, said.text)


@entry(commands=("menu",), public=True)
async def menu(talk: Talk, action: OpenMenu) -> Idle:
    return Idle()


@entry(public=True)
async def registration(talk: Talk, action: OpenRegistration) -> Idle:
    return Idle()


@entry(public=True)
async def helps(talk: Talk, action: OpenHelp) -> Idle:
    return Idle()


@entry(public=True)
async def person(talk: Talk, action: OpenPerson) -> Idle:
    return Idle()
